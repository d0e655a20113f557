"""Which library scores the wake words. Both score alike; they differ in what they cost (see their files)."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from voiced.errors import ConfigError, ModelFileError

SHIPPED = ("alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy")
BACKENDS = ("pyopen", "onnx")
_SUFFIX = {"pyopen": ".tflite", "onnx": ".onnx"}


class WakeWords(Protocol):
    def score(self, pcm: bytes) -> dict[str, float]:
        """Scores in [0, 1] by word, after 80 ms more sound."""
        ...

    def reset(self) -> None: ...


def open_wake_words(*, words: Sequence[str], backend: str = "") -> WakeWords:
    """Score `words`: names of shipped ones, or paths of models of one's own (.onnx or .tflite, named by the stem).

    `backend` empty takes what the models' files ask for, else pyopen (it is everywhere), else onnx. ConfigError for a
    word that does not exist, ModelFileError for a file that is missing or no model.
    """
    own = {Path(word).stem: Path(word) for word in words if Path(word).suffix in _SUFFIX.values()}
    backend = backend or _fitting(own)
    if backend not in BACKENDS:
        raise ConfigError(f"wake word backend {backend!r} does not exist: {' or '.join(BACKENDS)}")
    for path in own.values():
        if path.suffix != _SUFFIX[backend]:
            raise ConfigError(f"the wake word backend {backend} reads {_SUFFIX[backend]} files, not {path.name}")
    # Imported only now, so that the library of the other backend need not even be installed.
    module = importlib.import_module(f"voiced.adapters.wakeword_{backend}")
    models: dict[str, Path] = dict(own)
    for word in words:
        if Path(word).suffix in _SUFFIX.values():
            continue
        if word not in SHIPPED:
            raise ConfigError(f"there is no wake word {word!r}: {', '.join(SHIPPED)}, or the path of a model")
        found = module.builtin_path(word)
        if found is None:
            raise ModelFileError(f"the model of the wake word {word!r} is not installed (backend {backend})")
        models[word] = found
    made: WakeWords = (module.PyOpenWakeWords if backend == "pyopen" else module.OnnxWakeWords)(models=models)
    return made


def _fitting(own: dict[str, Path]) -> str:
    if any(path.suffix == ".onnx" for path in own.values()):
        return "onnx"
    return "pyopen" if importlib.util.find_spec("pyopen_wakeword") else "onnx"
