"""Short, soft sounds, computed: woken rises, done is one round note, not understood falls, error falls twice, and what
rings strikes twice.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from voiced.ports import Chime

RATE_HZ = 22_050
LONGEST_MS = 200

_NOTES: dict[Chime, tuple[tuple[float, float, float], ...]] = {
    # (start ms, length ms, Hz): fifths and thirds, which nobody minds hearing forty times a day
    Chime.WOKEN: ((0, 100, 587.33), (60, 130, 880.0)),
    Chime.DONE: ((0, 150, 783.99),),
    Chime.NOT_UNDERSTOOD: ((0, 100, 659.26), (70, 125, 523.25)),
    Chime.ERROR: ((0, 90, 392.0), (90, 110, 311.13)),
    Chime.RING: ((0, 95, 880.0), (100, 100, 880.0)),
}


@functools.cache
def chime(kind: Chime, rate_hz: int = RATE_HZ, level: float = 0.25) -> NDArray[np.int16]:
    """At most 200 ms of mono s16, beginning and ending at zero. The same array at every call: do not write into it."""
    out = np.zeros(round(LONGEST_MS * rate_hz / 1000))
    for start_ms, length_ms, hz in _NOTES[kind]:
        t = np.arange(round(length_ms * rate_hz / 1000)) / rate_hz
        # A struck bar: quick but not sudden attack, exponential decay, a little of the octave, faded to nothing.
        envelope = np.minimum(t / 0.008, 1.0) * np.exp(-t / (length_ms / 3000)) * np.minimum((t[::-1]) / 0.015, 1.0)
        note = (np.sin(2 * np.pi * hz * t) + 0.2 * np.sin(4 * np.pi * hz * t)) * envelope
        at = round(start_ms * rate_hz / 1000)
        out[at : at + len(note)] += note[: len(out) - at]
    loudest = float(np.max(np.abs(out)))
    pcm: NDArray[np.int16] = np.rint(out / loudest * level * 32767).astype(np.int16)
    pcm.setflags(write=False)
    return pcm
