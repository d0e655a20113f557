"""`voiced recordings`: what lies on the disk of what was said, and how to erase it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from voiced.app import recordings
from voiced.configfile import read_config
from voiced.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="voiced.toml, which names state_dir")
    parser.add_argument("--erase", action="store_true", help="remove all of them")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config)
    kept = recordings(config)
    try:
        erased = kept.erase() if options.erase else 0
        files = [(path.name, path.stat().st_size) for path in kept.files()]
    except OSError as error:
        raise UsageError(f"{kept.folder}: {error.strerror}: try with sudo") from error
    if options.json:
        told = [{"file": name, "bytes": size} for name, size in files]
        print(json.dumps({"folder": str(kept.folder), "erased": erased, "kept": told}))
        return 0
    console = Console(highlight=False)
    for name, size in files:
        console.print(f"{name}  {size / 1000:.0f} kB", soft_wrap=True)
    limit = f"at most {config.recording.most_mb} MB, {config.recording.keep_hours} hours"
    now = f"Recording is on ({limit})" if config.recording.most_mb else "Recording is off"
    what = f"{erased} recordings erased" if options.erase else f"{len(files)} recordings in {kept.folder}"
    console.print(f"{what}. {now}: see [recording] in voiced.toml.", soft_wrap=True, markup=False)
    return 0
