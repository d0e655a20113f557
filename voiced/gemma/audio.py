"""PCM -> audio embeddings while it arrives, the same to the last bit however the sound was chopped.

Sound is re-blocked into the encoder's own steps, whose places depend on nothing but the position. A step is encoded,
for good, once a sample after it has been heard: nothing that comes later changes it. What lies behind the last step is
encoded when somebody asks, provisionally.
"""

from __future__ import annotations

import copy
import time
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from voiced.arrays import F32
from voiced.errors import InferenceError
from voiced.messages import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ

TOKEN_SAMPLES = 640
"""40 ms of sound make one embedding."""
MAX_SAMPLES = 30 * SAMPLE_RATE_HZ
"""The encoder's own limit; the listener caps a turn at 15 s."""
POLE = 0.995


_POWERS = POLE ** np.arange(TOKEN_SAMPLES, dtype=np.float64)


class Encoder(Protocol):
    """What was heard is a value that only the encoder understands: steps take one and return the next."""

    def start(self) -> Any:
        """Before any sound."""

    def step_samples(self, heard: Any) -> int:
        """How much sound the next step takes: a multiple of 640."""

    def lengthen(self) -> None:
        """Longer steps from now on: less work in all, more of it after the last word. Between turns only."""

    def encode_step(self, heard: Any, sound: F32) -> tuple[F32, Any]:
        """A step's samples, with more sound to follow -> final embeddings float32 [n, width], and what was heard."""

    def encode_rest(self, heard: Any, sound: F32) -> F32:
        """All samples that are left, the last ones -> float32 [n, width]."""


class WholeEncoder(Protocol):
    """float32 samples, at most 30 s -> float32 [tokens, width], 640 samples a token."""

    def encode(self, sound: F32) -> F32: ...
    def close(self) -> None: ...


class Reencoder:
    """An encoder without a memory, as mtmd is: each step encodes all sound from the beginning.

    Steps grow with the position, so that long speech does not cost its square. One sample of silence stands for the
    sound that follows a step: llama.cpp counts a frame once the sample after it is there.
    """

    def __init__(self, encoder: WholeEncoder, step: int = 12) -> None:
        """`step` in tokens, a multiple of 4 (rows that ARM's repacked kernels want)."""
        if step % 4 or step <= 0:
            raise ValueError("a step is a multiple of 4 tokens")
        self._encoder, self._step = encoder, step

    def start(self) -> F32:
        return np.empty(0, np.float32)

    def step_samples(self, heard: F32) -> int:
        """About a third of the position."""
        return TOKEN_SAMPLES * self._step * max(1, round(len(heard) / TOKEN_SAMPLES / 3 / self._step))

    def lengthen(self) -> None:
        self._step *= 2

    def encode_step(self, heard: F32, sound: F32) -> tuple[F32, F32]:
        whole = np.concatenate([heard, sound])
        rows = self._encoder.encode(np.append(whole, np.float32(0)))
        return rows[len(heard) // TOKEN_SAMPLES :], whole

    def encode_rest(self, heard: F32, sound: F32) -> F32:
        return self._encoder.encode(np.concatenate([heard, sound]))[len(heard) // TOKEN_SAMPLES :]

    def close(self) -> None:
        self._encoder.close()


class HighPass:
    """Streaming DC removal, y[n] = x[n] - x[n-1] + 0.995 y[n-1] from zero: what nano is trained with.

    In blocks of 640 samples: y = a^n * (cumsum(d a^-n) + a y_before) with d the differences, which is the recursion
    without a loop. In float64 the powers (a^-640 = 24.7) cost nothing.
    """

    def __init__(self) -> None:
        self._x = 0.0
        self._y = 0.0

    def block(self, samples: npt.NDArray[np.int16]) -> F32:
        """int16 [n <= 640] -> float32 [n] in [-2, 2]."""
        if not len(samples):
            return np.empty(0, np.float32)
        x = np.empty(1 + len(samples))
        x[0] = self._x
        np.divide(samples, 32768, out=x[1:])
        powers = _POWERS[: len(samples)]
        y = powers * (np.cumsum((x[1:] - x[:-1]) / powers) + POLE * self._y)
        self._x, self._y = float(x[-1]), float(y[-1])
        return y.astype(np.float32)

    def ahead(self, samples: npt.NDArray[np.int16]) -> F32:
        """What these samples would give, any number of them. Changes nothing."""
        one = copy.copy(self)
        blocks = [samples[at : at + TOKEN_SAMPLES] for at in range(0, len(samples), TOKEN_SAMPLES)]
        return np.concatenate([one.block(block) for block in blocks])


class AudioStream:
    """One turn's sound. `feed` returns what became final, `tail` what is provisionally left."""

    def __init__(self, encoder: Encoder, silence_ms: int = 0) -> None:
        """`silence_ms` of silence are heard after the sound so far, whenever `tail` is asked."""
        self._encoder = encoder
        self._heard = encoder.start()
        self._step = encoder.step_samples(self._heard)
        self._silence = np.zeros(silence_ms * SAMPLE_RATE_HZ // 1000, np.int16)
        self._filter = HighPass()
        self._rest = b""
        self._pending: list[F32] = []
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
        out: list[F32] = []
        at = 0
        while len(data) - at >= size and self._samples < MAX_SAMPLES:
            out += self._step_if_full()
            self._pending.append(self._filter.block(np.frombuffer(data[at : at + size], np.int16)))
            self._samples += TOKEN_SAMPLES
            at += size
        self._rest = data[at:] if self._samples < MAX_SAMPLES else b""
        return out + self._step_if_full() if len(self._rest) >= BYTES_PER_SAMPLE else out

    def _step_if_full(self) -> list[F32]:
        """Encode a step if it is there. Called once more sound has been heard."""
        if len(self._pending) * TOKEN_SAMPLES < self._step:
            return []
        begun = time.perf_counter()
        rows, self._heard = self._encoder.encode_step(self._heard, np.concatenate(self._pending))
        self.encode_ms += (time.perf_counter() - begun) * 1000
        self._pending, self._step = [], self._encoder.step_samples(self._heard)
        self.final += len(rows)
        return [_finite(rows)]

    def tail(self) -> F32:
        """Embeddings [n, width] of all sound after the final ones. Changes nothing."""
        left = np.frombuffer(self._rest[: len(self._rest) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE], np.int16)
        least = np.zeros(max(0, TOKEN_SAMPLES - self.samples - len(self._silence)), np.int16)  # one token's worth
        ahead = np.concatenate([left, self._silence, least])[: MAX_SAMPLES - self._samples]
        begun = time.perf_counter()
        sound = [*self._pending, self._filter.ahead(ahead)] if len(ahead) else self._pending
        rows = self._encoder.encode_rest(self._heard, np.concatenate(sound))
        self.encode_ms += (time.perf_counter() - begun) * 1000
        return _finite(rows)


def _finite(rows: F32) -> F32:
    if not np.isfinite(rows).all():
        raise InferenceError("the audio encoder gave no finite numbers")
    return rows
