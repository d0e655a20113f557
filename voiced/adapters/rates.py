"""Whole utterances from one rate to another, with soxr (the ear's streaming resampler is `resample.py`)."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from voiced.arrays import I16


def resample(pcm: I16, from_hz: int, to_hz: int) -> I16:
    """`pcm` at another rate; the same array where the rates are equal."""
    if from_hz == to_hz or not len(pcm):
        return pcm
    out: NDArray[np.float32] = soxr.resample(pcm.astype(np.float32), from_hz, to_hz)
    rounded: I16 = np.clip(np.rint(out), -32768, 32767).astype(np.int16)
    return rounded
