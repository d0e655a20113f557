"""The tiny random model of the tests: written once per checkout's run into a temporary folder, the same every time."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np

from tools.replica.__main__ import NAMES, describe
from tools.replica.write import TINY, write_audio, write_text
from voiced.gemma.models import ModelPair, from_folder

_folders: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def tiny_folder(dialect: str = "sentences", talks: bool = False) -> Path:
    """A folder with the tiny pair and its description; gone when the process ends."""
    _folders.append(tempfile.TemporaryDirectory(prefix="voiced-tiny-"))
    folder = Path(_folders[-1].name)
    text, audio = (folder / name for name in NAMES[True])
    write_text(text, TINY)
    write_audio(audio, TINY)
    describe(folder, text, audio, dialect)
    if talks:
        description = folder / "replica.toml"
        description.write_text("talks = true\n" + description.read_text("utf-8"), "utf-8")
    return folder


def tiny_pair(dialect: str = "sentences", talks: bool = False) -> ModelPair:
    return from_folder(tiny_folder(dialect, talks))


def sound(seconds: float, seed: int = 0, level: float = 3000) -> bytes:
    """Noise with a swell, s16: no speech, but no two pieces of it are alike."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 16000)
    swell = 0.6 + 0.4 * np.sin(np.arange(n) / 4000)
    return (rng.standard_normal(n) * level * swell).clip(-32767, 32767).astype(np.int16).tobytes()
