"""Makes the replica once: `python -m tools.replica [--tiny] [--vocab GGUF] [FOLDER]`."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

from tools.replica.write import E2B, TINY, write_audio, write_text

NAMES = {False: ("replica-e2b-q4_0.gguf", "replica-e2b-mmproj-q8_0.gguf"), True: ("tiny-text.gguf", "tiny-mmproj.gguf")}


def cache_folder() -> Path:
    """Where models that are made or fetched are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "voiced" / "models"


def describe(folder: Path, text: Path, audio: Path, dialect: str) -> None:
    """The description that the engine looks for beside the files (voiced/gemma/models.py)."""
    lines = [f'dialect = "{dialect}"', "[sha256]"]
    for path in (text, audio):
        with path.open("rb") as file:
            lines.append(f'"{path.name}" = "{hashlib.file_digest(file, "sha256").hexdigest()}"')
    (folder / "replica.toml").write_text("\n".join(lines) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.replica", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the two files go (default: the models' cache)")
    parser.add_argument(
        "--tiny", action="store_true", help="a few hundred kilobytes of the same architecture instead of 3 GB"
    )
    parser.add_argument(
        "--vocab",
        type=Path,
        help="ggml-vocab-gemma-4.gguf, from llama-cpp-python's source distribution; else $VOICED_VOCAB",
    )
    given = parser.parse_args()
    folder: Path = given.folder or cache_folder()
    text, audio = (folder / name for name in NAMES[given.tiny])
    vocabulary = given.vocab or (Path(os.environ["VOICED_VOCAB"]) if os.environ.get("VOICED_VOCAB") else None)
    if not given.tiny and not text.exists() and (vocabulary is None or not vocabulary.exists()):
        parser.error(
            "the full replica needs --vocab ggml-vocab-gemma-4.gguf "
            "(in llama-cpp-python's source distribution: vendor/llama.cpp/models)"
        )
    folder.mkdir(parents=True, exist_ok=True)
    shape = TINY if given.tiny else E2B
    if not text.exists():
        write_text(text, shape, None if given.tiny else vocabulary)
    if not audio.exists():
        write_audio(audio, shape)
    describe(folder, text, audio, "sentences" if given.tiny else "calls")
    sys.stdout.write(f"{text}\n{audio}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
