"""openWakeWord's models on onnxruntime: 0.035 of a core, 194 MB. The wheel of openwakeword 0.5.1 brings the files.

Only its files are used, found without importing the package: importing it pulls in scikit-learn and pickled
verifiers, and its feature buffer starts from random numbers, so that the same recording scores differently each
time. Here the buffers start from silence, as in `wakeword_pyopen`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from voiced.adapters.wakeword_head import EMBEDDING, WakeHead, session
from voiced.arrays import F32
from voiced.messages import FRAME_SAMPLES, WAKE_FRAMES

_STEP = FRAME_SAMPLES * WAKE_FRAMES
_CONTEXT = 480
"""Samples before the step that the mel spectrogram's windows reach back."""
_MEL_WINDOW = 76
_MEL_STEP = 8


def builtin_path(word: str) -> Path | None:
    """Where the model of a shipped wake word lies; None where openwakeword's wheel is not installed."""
    found = sorted(_resources().glob(f"{word}_v*.onnx")) if _resources().is_dir() else []
    return found[-1] if found else None


def _resources() -> Path:
    spec = importlib.util.find_spec("openwakeword")
    places = (spec.submodule_search_locations or []) if spec else []
    return Path(next(iter(places), "openwakeword-is-not-installed")) / "resources" / "models"


class OnnxWakeWords:
    """Scores several wake words at once from shared embeddings.

    `models` names the ONNX head of each word: input (1, n, 96) embeddings, output one score. ModelFileError where a
    file is missing or is no such head.
    """

    def __init__(self, *, models: Mapping[str, Path]) -> None:
        self._mel = session(_resources() / "melspectrogram.onnx")
        self._embed = session(_resources() / "embedding_model.onnx")
        self._heads = {word: WakeHead(word, path) for word, path in models.items()}
        self._history = max((head.frames for head in self._heads.values()), default=16)
        self._after_silence: tuple[F32, F32] | None = None
        self.reset()

    def score(self, pcm: bytes) -> dict[str, float]:
        """Scores in [0, 1] after 80 ms more sound (16 kHz mono s16, exactly 1280 samples)."""
        self.embed(pcm)
        return {word: head.score(self._embeddings) for word, head in self._heads.items()}

    def embed(self, pcm: bytes) -> F32:
        """The embedding [96] after 80 ms more sound: what the heads look at."""
        if len(pcm) != 2 * _STEP:
            raise ValueError(f"the wake word is scored every {_STEP} samples, not {len(pcm) // 2}")
        self._advance(np.frombuffer(pcm, np.int16).astype(np.float32))
        last: F32 = self._embeddings[-1]
        return last

    def reset(self) -> None:
        """As if only silence had been heard so far."""
        self._sound: F32 = np.zeros(_CONTEXT, np.float32)
        if self._after_silence is None:
            self._mels: F32 = np.zeros((_MEL_WINDOW, 32), np.float32)
            self._embeddings: F32 = np.zeros((self._history, EMBEDDING), np.float32)
            for _ in range(self._history + _MEL_WINDOW // _MEL_STEP + 1):
                self._advance(np.zeros(_STEP, np.float32))
            self._after_silence = (self._mels, self._embeddings)
        self._mels, self._embeddings = self._after_silence

    def _advance(self, step: F32) -> None:
        sound = np.concatenate([self._sound, step])
        self._sound = sound[-_CONTEXT:]
        mels = np.asarray(self._mel.run(None, {"input": sound[None]})[0], np.float32).reshape(-1, 32)
        self._mels = np.concatenate([self._mels, mels / 10 + 2])[-_MEL_WINDOW:]
        embedding = self._embed.run(None, {"input_1": self._mels[None, :, :, None]})[0]
        self._embeddings = np.concatenate([self._embeddings, np.asarray(embedding).reshape(1, EMBEDDING)])[
            -self._history :
        ]
