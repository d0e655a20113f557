"""Gemma 4's audio encoder with a memory: each step costs its own tokens only, however long the sound before it.

What later sound needs to know of earlier sound is a `Heard`, a value: a step takes one and returns the next. The same
step from the same `Heard` gives the same bits, so a provisional end is a step whose `Heard` is thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voiced.arrays import F32
from voiced.errors import InferenceError, ModelFileError
from voiced.gemma import features
from voiced.gemma.conformer import CHUNK, MELS_PER_TOKEN, Memory, Step, distances
from voiced.gemma.ggml import Cpu, Weights
from voiced.gemma.layout import PREFIXES, shape_of

TOKEN_SAMPLES = MELS_PER_TOKEN * features.HOP
ROWS = 4
"""Rows are computed in multiples of this: what ARM's repacked kernels want, and no kernel for single rows is met."""
LONG = 2 * CHUNK
LONG_FROM = 7 * CHUNK
"""After 3.4 s of speech steps are twice as long: each of them reads all weights once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is kept of the sound up to here: the conformer's memory, the last mel frame and the last 160 samples."""

    tokens: int
    memory: F32
    mel: F32
    sound: F32


class IncrementalEncoder:
    """The audio half of an mmproj GGUF, computed straight from the file. Not thread-safe."""

    def __init__(self, path: Path, threads: int) -> None:
        """ModelFileError if the file is no GGUF or its layout is not known."""
        self._weights = Weights(path, PREFIXES)
        try:
            self._shape = shape_of(self._weights)
        except ModelFileError:
            self._weights.close()
            raise
        self.width = self._shape.out
        self._long_from = LONG_FROM
        self._cpu = Cpu(threads)
        self._distances = distances(self._cpu, self._weights, self._shape)
        self._final = {rows: self._step(rows, final=True) for rows in (CHUNK, LONG)}
        self._provisional = {rows: self._step(rows, final=False) for rows in range(ROWS, CHUNK + 1, ROWS)}

    def _step(self, rows: int, final: bool) -> Step:
        nodes = list(self._distances.nodes.values())
        return Step(self._cpu, self._weights, self._shape, nodes, rows, final)

    def close(self) -> None:
        for step in (*self._final.values(), *self._provisional.values()):
            step.close()
        self._final, self._provisional = {}, {}
        self._distances.close()
        self._cpu.close()
        self._weights.close()

    def start(self) -> Heard:
        """Before any sound."""
        memory, mel = np.zeros(Memory(self._shape).size, np.float32), np.zeros(features.MELS, np.float32)
        return Heard(0, memory, mel, np.zeros(features.HOP, np.float32))

    def step_samples(self, heard: Heard) -> int:
        """How much sound the next step takes."""
        return (LONG if heard.tokens >= self._long_from else CHUNK) * TOKEN_SAMPLES

    def lengthen(self) -> None:
        """Long steps from the first one on."""
        self._long_from = 0

    def encode_step(self, heard: Heard, sound: F32) -> tuple[F32, Heard]:
        """A step's samples, with more sound to follow -> float32 [tokens, width], and what was heard with them."""
        tokens = len(sound) // TOKEN_SAMPLES
        if len(sound) % TOKEN_SAMPLES or tokens not in self._final:
            raise InferenceError(f"no step of the audio encoder takes {len(sound)} samples")
        mel = self._mel(heard, sound)
        rows, memory = self._final[tokens].run(mel, len(mel) - 1, heard.tokens == 0, heard.memory)
        return rows, Heard(heard.tokens + tokens, memory, mel[-1].copy(), sound[-features.HOP :].copy())

    def encode_rest(self, heard: Heard, sound: F32) -> F32:
        """All samples that are left -> float32 [tokens, width]; a token begins every 640 samples."""
        out = []
        while len(sound) > CHUNK * TOKEN_SAMPLES:
            rows, heard = self.encode_step(heard, sound[: CHUNK * TOKEN_SAMPLES])
            out.append(rows)
            sound = sound[CHUNK * TOKEN_SAMPLES :]
        out.append(self._end(heard, sound))
        return np.concatenate(out)

    def _end(self, heard: Heard, sound: F32) -> F32:
        count = max(features.frames(len(sound)), 0 if heard.tokens else 1)
        tokens = -(-count // MELS_PER_TOKEN)
        if not tokens:
            return np.empty((0, self.width), np.float32)
        rows = -(-tokens // ROWS) * ROWS
        padded = np.zeros(rows * TOKEN_SAMPLES, np.float32)
        padded[: len(sound)] = sound[: len(padded)]
        mel = self._mel(heard, padded)
        mel[1 + count :] = 0
        return self._provisional[rows].run(mel, count, heard.tokens == 0, heard.memory)[0][:tokens]

    def _mel(self, heard: Heard, sound: F32) -> F32:
        """The last frame before this sound, and its own: float32 [1 + samples / 160, 128]."""
        return np.concatenate([heard.mel[None], features.log_mel(np.concatenate([heard.sound, sound]))])
