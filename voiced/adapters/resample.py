"""Any rate to 16 kHz, streaming, with soxr. However the sound is chopped, the same samples come out."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from voiced.arrays import F32
from voiced.messages import SAMPLE_RATE_HZ

_BLOCK = 4096
"""soxr's output depends on the blocks that it is fed in (in the last bits, and in when it comes): always this one."""


class Resampler:
    """Float samples at `rate_hz` in, at 16 kHz out."""

    def __init__(self, *, rate_hz: int, block: int = _BLOCK) -> None:
        self._soxr = None if rate_hz == SAMPLE_RATE_HZ else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, "float32")
        self._waiting: F32 = np.zeros(0, np.float32)
        self._block = block

    def push(self, samples: F32, *, last: bool = False) -> F32:
        """What can be said of the sound so far. `last` drains what is held back."""
        if self._soxr is None:
            return samples
        waiting = np.concatenate([self._waiting, samples])
        whole = len(waiting) // self._block * self._block
        out = [self._soxr.resample_chunk(waiting[at : at + self._block]) for at in range(0, whole, self._block)]
        self._waiting = waiting[whole:]
        if last:
            out.append(self._soxr.resample_chunk(self._waiting, last=True))
            self._waiting = self._waiting[:0]
        return np.concatenate(out) if out else np.zeros(0, np.float32)


def to_pcm(samples: F32) -> bytes:
    """Samples in [-1, 1] as s16; what is louder is clipped, what is no number is silence."""
    scaled = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0) * 32768.0
    pcm: NDArray[np.int16] = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return bytes(pcm)
