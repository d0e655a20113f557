"""PCM -> audio embeddings while it arrives, the same to the last bit however the sound was chopped.

Sound is re-blocked into fixed steps. Gemma 4's audio encoder is causal but for its last token (two stride-2
convolutions look 30 ms ahead), so a prefix of n tokens gives n - 1 that never change: a step of `step` tokens is final
as soon as one token more has been heard. mtmd can only encode from the beginning, so each step encodes the whole
prefix; steps grow with the position so that long speech does not cost its square.
"""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voiced.errors import InferenceError
from voiced.messages import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ

TOKEN_SAMPLES = 640
"""40 ms of sound make one embedding."""
MAX_SAMPLES = 30 * SAMPLE_RATE_HZ
"""The encoder's own limit; the listener caps a turn at 15 s."""
POLE = 0.995

F32 = npt.NDArray[np.float32]

_POWERS = POLE ** np.arange(TOKEN_SAMPLES, dtype=np.float64)


class Encoder(Protocol):
    def encode(self, sound: F32) -> F32: ...


class HighPass:
    """Streaming DC removal, y[n] = x[n] - x[n-1] + 0.995 y[n-1] from zero: what nano is trained with.

    In blocks of 640 samples: y = a^n * (cumsum(d a^-n) + a y_before) with d the differences, which is the recursion
    without a loop. In float64 the powers (a^-640 = 24.7) cost nothing.
    """

    def __init__(self) -> None:
        self._x = 0.0
        self._y = 0.0

    def block(self, samples: npt.NDArray[np.int16], keep: bool = True) -> F32:
        """int16 [n <= 640] -> float32 [n] in [-2, 2]. With `keep` false, the state stays as it was."""
        x = samples.astype(np.float64) / 32768
        powers = _POWERS[: len(x)]
        d = np.diff(x, prepend=self._x)
        y = powers * (np.cumsum(d / powers) + POLE * self._y)
        if keep and len(x):
            self._x, self._y = float(x[-1]), float(y[-1])
        return y.astype(np.float32)


def plan(step: int) -> list[int]:
    """Where steps end, in tokens: multiples of `step`, about a third of the position apart."""
    ends, at = [], 0
    while at * TOKEN_SAMPLES < MAX_SAMPLES:
        at += step * max(1, round(at / 3 / step))
        ends.append(at)
    return ends


class AudioStream:
    """One turn's sound. `feed` returns what became final, `tail` what is provisionally left."""

    def __init__(self, encoder: Encoder, step: int = 12) -> None:
        """`step` in tokens, a multiple of 4 (rows that ARM's repacked kernels want)."""
        if step % 4 or step <= 0:
            raise ValueError("a step is a multiple of 4 tokens")
        self._encoder = encoder
        self._ends = plan(step)
        self._next = 0
        self._filter = HighPass()
        self._rest = b""
        self._sound = np.zeros(MAX_SAMPLES, np.float32)
        self._samples = 0
        self.final = 0
        """Embeddings returned so far."""
        self.encode_ms = 0.0

    @property
    def samples(self) -> int:
        """Samples heard, those not yet filtered included."""
        return self._samples + len(self._rest) // BYTES_PER_SAMPLE

    def feed(self, pcm: bytes) -> list[F32]:
        """16 kHz mono s16, chopped anywhere (even within a sample). Final embeddings, one array [n, width] per step.

        What goes beyond 30 s is dropped.
        """
        data = self._rest + pcm
        size = TOKEN_SAMPLES * BYTES_PER_SAMPLE
        whole = len(data) // size * size
        self._rest = data[whole:]
        out: list[F32] = []
        for at in range(0, whole, size):
            block = data[at : at + size]
            if self._samples + TOKEN_SAMPLES > MAX_SAMPLES:
                continue
            self._sound[self._samples : self._samples + TOKEN_SAMPLES] = self._filter.block(
                np.frombuffer(block, np.int16)
            )
            self._samples += TOKEN_SAMPLES
            end = self._ends[self._next]
            if self._samples == (end + 1) * TOKEN_SAMPLES:
                out.append(self._encode(self._sound[: self._samples])[self.final : end])
                self.final = end
                self._next += 1
        return out

    def tail(self) -> F32:
        """Embeddings [n, width] of all sound after the final ones. Changes nothing."""
        left = np.frombuffer(self._rest[: len(self._rest) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE], np.int16)
        end = min(self._samples + len(left), MAX_SAMPLES)
        if end < TOKEN_SAMPLES:  # less than one token: mtmd has nothing to encode
            left, end = np.concatenate([left, np.zeros(TOKEN_SAMPLES - end, np.int16)]), TOKEN_SAMPLES
        sound = np.empty(end, np.float32)
        sound[: self._samples] = self._sound[: self._samples]
        sound[self._samples :] = self._filter.block(left, keep=False)[: end - self._samples]
        return self._encode(sound)[self.final :]

    def _encode(self, sound: F32) -> F32:
        begun = time.perf_counter()
        out = self._encoder.encode(sound)
        self.encode_ms += (time.perf_counter() - begun) * 1000
        if not np.isfinite(out).all():
            raise InferenceError("the audio encoder gave no finite numbers")
        return out
