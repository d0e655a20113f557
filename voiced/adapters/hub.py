"""Files from a model hub through huggingface_hub: gone on with where they broke off, with its progress bar.

Its own `hf_hub_download` forgets what a killed process had (since 2.0); its `http_get`, which that is made of, goes on.
HF_ENDPOINT names another hub, HF_TOKEN an account: its own variables.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from voiced.errors import ModelFileError

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import huggingface_hub
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, disable_progress_bars


def partial(file: str, folder: Path) -> Path:
    """Where a download lies until it is whole."""
    return folder / f"{file}.part"


def fetch(repository: str, file: str, folder: Path, quiet: bool = False) -> Path:
    """Download `file` of a repository into `folder`. ModelFileError in one line if it cannot be had."""
    if quiet:
        disable_progress_bars()
    where, target, part = f"{file} of {repository}", folder / file, partial(file, folder)
    url, headers = huggingface_hub.hf_hub_url(repository, file), build_hf_headers()
    try:
        facts = huggingface_hub.get_hf_file_metadata(url, headers=headers)
        if urlsplit(facts.location).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)
        with part.open("ab") as out:
            if facts.size is not None and out.tell() > facts.size:
                out.truncate(0)
            http_get(
                facts.location, out, resume_size=out.tell(), headers=headers, expected_size=facts.size,
                displayed_filename=file,
            )  # fmt: skip
        part.replace(target)
    except GatedRepoError as error:
        raise ModelFileError(
            f"{where}: its licence must be accepted first, at https://huggingface.co/{repository}; then set HF_TOKEN"
        ) from error
    except HfHubHTTPError as error:
        raise ModelFileError(f"{where}: the hub says {error.response.status_code}") from error
    except Exception as error:  # disk, connection, and the HTTP library's own errors
        number = error.errno if isinstance(error, OSError) else None
        why = os.strerror(number) if number else f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        raise ModelFileError(f"{where}: {why}; call again to go on from here") from error
    return target
