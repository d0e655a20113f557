"""Which audio encoder hears: our own with a memory, or llama.cpp's, where its owner says so; and the letters that come
with some of them.
"""

from __future__ import annotations

import logging
from pathlib import Path

import gguf
import numpy as np

from voiced.errors import ModelFileError
from voiced.gemma.audio import Reencoder
from voiced.gemma.incremental import IncrementalEncoder
from voiced.gemma.letters import Letters
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


def open_letters(path: Path, width: int) -> Letters | None:
    """The letters over the embeddings of an mmproj GGUF: its key `letters.alphabet`, its tensors `letters.weight` and
    `letters.bias`, which llama.cpp passes over. None where it has none. ModelFileError if they are not for this width.
    """
    try:
        reader = gguf.GGUFReader(path)
        alphabet = reader.get_field("letters.alphabet")
        tensors = {one.name: one.data for one in reader.tensors if one.name in {"letters.weight", "letters.bias"}}
    except (OSError, ValueError, IndexError, KeyError, UnicodeDecodeError, OverflowError) as error:
        raise ModelFileError(f"{path.name}: not a GGUF file that can be read: {error}") from error
    if alphabet is None:
        return None
    if len(tensors) != 2 or tensors["letters.weight"].shape[-1:] != (width,):
        raise ModelFileError(f"{path.name}: its letters are not for embeddings of width {width}")
    weight, bias = (np.array(tensors[f"letters.{name}"], np.float32) for name in ("weight", "bias"))
    return Letters(str(alphabet.contents()), weight, bias)
