"""openWakeWord's models through pyopen-wakeword (TensorFlow Lite): 0.15 of a core, 42 MB, every Python version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyopen_wakeword

from voiced.arrays import F32
from voiced.errors import ModelFileError
from voiced.messages import FRAME_SAMPLES, WAKE_FRAMES

_STEP_BYTES = FRAME_SAMPLES * WAKE_FRAMES * 2
_CONTEXT_SAMPLES = 480
_CONTEXT_MELS = 76 - 8
_WARM_UP_STEPS = 40
_EMBEDDING = 96


def builtin_path(word: str) -> Path | None:
    """Where the model of a shipped wake word lies."""
    path = Path(pyopen_wakeword.__file__).parent / "models" / f"{word}.tflite"
    return path if path.is_file() else None


class PyOpenWakeWords:
    """Scores several wake words at once from shared embeddings.

    `models` names the head of each word: TensorFlow Lite, or ONNX for a word of one's own. ModelFileError where a file
    is missing or cannot be loaded.
    """

    def __init__(self, *, models: Mapping[str, Path]) -> None:
        own = {word: path for word, path in models.items() if path.suffix == ".onnx"}
        self._own: dict[str, Any] = {}
        if own:  # onnxruntime is as large as all the rest: only who has a word of their own loads it
            from voiced.adapters.wakeword_head import WakeHead

            self._own |= {word: WakeHead(word, path) for word, path in own.items()}
        self._history = max((head.frames for head in self._own.values()), default=1)
        lite = {word: path for word, path in models.items() if word not in self._own}
        for path in lite.values():
            if not path.is_file():
                raise ModelFileError(f"the wake word model {path} is missing")
            # The C library does not survive another file: it is handed a null pointer and goes on.
            if path.read_bytes()[4:8] != b"TFL3":
                raise ModelFileError(f"{path} is no TensorFlow Lite model")
        try:
            self._features = pyopen_wakeword.OpenWakeWordFeatures.from_builtin()
            self._heads = {word: pyopen_wakeword.OpenWakeWord.from_model(path) for word, path in lite.items()}
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelFileError(f"the wake word models cannot be loaded: {error}") from error
        self._embeddings: F32 = np.zeros((self._history, _EMBEDDING), np.float32)
        self._scores: dict[str, float] = {}
        self.reset()

    def score(self, pcm: bytes) -> dict[str, float]:
        """Scores in [0, 1] after 80 ms more sound (16 kHz mono s16, exactly 1280 samples)."""
        if len(pcm) != _STEP_BYTES:
            raise ValueError(f"the wake word is scored every {_STEP_BYTES // 2} samples, not {len(pcm) // 2}")
        for embedding in self._features.process_streaming(pcm):
            for word, head in self._heads.items():
                for score in head.process_streaming(embedding):
                    self._scores[word] = min(1.0, max(0.0, float(score)))
            self._embeddings = np.concatenate([self._embeddings, embedding.reshape(-1, _EMBEDDING)])[-self._history :]
            for word, own in self._own.items():
                self._scores[word] = own.score(self._embeddings)
        return dict(self._scores)

    def embed(self, pcm: bytes) -> F32:
        """The embedding [96] after 80 ms more sound: what the heads look at."""
        self.score(pcm)
        last: F32 = self._embeddings[-1]
        return last

    def reset(self) -> None:
        """As if only silence had been heard so far."""
        self._embeddings = np.zeros((self._history, _EMBEDDING), np.float32)
        self._scores = {}
        self._features.reset()
        # Left alone, the library first works through eight seconds of silence, and then stays 50 ms behind the sound
        # for good (and another 40 ms in its mel windows), because what it holds back never adds up to a step. Starting
        # with exactly the context that its windows reach back makes every step score up to its last sample.
        self._features.new_audio_samples = _CONTEXT_SAMPLES
        self._features.new_mels = _CONTEXT_MELS
        for head in self._heads.values():
            head.reset()
        for _ in range(_WARM_UP_STEPS):
            self.score(bytes(_STEP_BYTES))
        self._scores = dict.fromkeys([*self._heads, *self._own], 0.0)
