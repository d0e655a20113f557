"""Which audio encoder hears: our own with a memory, or llama.cpp's, where its owner says so."""

from __future__ import annotations

import logging
from pathlib import Path

from voiced.errors import ModelFileError
from voiced.gemma.audio import Reencoder
from voiced.gemma.incremental import IncrementalEncoder
from voiced.gemma.llama import AudioEncoder, TextModel

log = logging.getLogger(__name__)


def open_ear(kind: str, path: Path, model: TextModel, threads: int) -> IncrementalEncoder | Reencoder:
    """`kind` is "incremental" or "mtmd". ModelFileError if the file is not for it, or not for this text model."""
    if kind == "mtmd":
        log.warning('encoder = "mtmd": the time to encode grows with the square of what was said')
        return Reencoder(AudioEncoder(path, model, threads))
    if kind != "incremental":
        raise ModelFileError(f'encoder is "incremental" or "mtmd", not {kind!r}')
    made = IncrementalEncoder(path, threads)
    if made.width != model.width:
        made.close()
        raise ModelFileError(f"{path.name}: made for a text model of width {made.width}, not {model.width}")
    return made
