"""Which library scores the wake words. Both score alike; they differ in what they cost (see their files)."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voiced.errors import ConfigError, ModelFileError

SHIPPED = ("alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy")
BACKENDS = ("pyopen", "onnx")
_READS = {"pyopen": (".onnx", ".tflite"), "onnx": (".onnx",)}
_SUFFIXES = (".onnx", ".tflite")


class WakeWords(Protocol):
    def score(self, pcm: bytes) -> dict[str, float]:
        """Scores in [0, 1] by word, after 80 ms more sound."""
        ...

    def embed(self, pcm: bytes) -> NDArray[np.float32]:
        """The embedding [96] that the heads look at, after 80 ms more sound; for making a head of one's own."""
        ...

    def reset(self) -> None: ...


def word_name(word: str) -> str:
    """Under which it is scored: a model of one's own has its file's."""
    return Path(word).stem if Path(word).suffix in _SUFFIXES else word


def open_wake_words(*, words: Sequence[str], backend: str = "") -> WakeWords:
    """Score `words`: names of shipped ones, or paths of models of one's own (.onnx or .tflite, named by the stem).

    `backend` empty takes pyopen (it is everywhere), else onnx. ConfigError for a word that does not exist,
    ModelFileError for a file that is missing or no model.
    """
    own = {Path(word).stem: Path(word) for word in words if Path(word).suffix in _SUFFIXES}
    backend = backend or ("pyopen" if importlib.util.find_spec("pyopen_wakeword") else "onnx")
    if backend not in BACKENDS:
        raise ConfigError(f"wake word backend {backend!r} does not exist: {' or '.join(BACKENDS)}")
    for path in own.values():
        if path.suffix not in _READS[backend]:
            raise ConfigError(f"the wake word backend {backend} reads .onnx files, not {path.name}")
    # Imported only now, so that the library of the other backend need not even be installed.
    module = importlib.import_module(f"voiced.adapters.wakeword_{backend}")
    models: dict[str, Path] = dict(own)
    for word in words:
        if Path(word).suffix in _SUFFIXES:
            continue
        if word not in SHIPPED:
            raise ConfigError(f"there is no wake word {word!r}: {', '.join(SHIPPED)}, or the path of a model")
        found = module.builtin_path(word)
        if found is None:
            raise ModelFileError(f"the model of the wake word {word!r} is not installed (backend {backend})")
        models[word] = found
    made: WakeWords = (module.PyOpenWakeWords if backend == "pyopen" else module.OnnxWakeWords)(models=models)
    return made
