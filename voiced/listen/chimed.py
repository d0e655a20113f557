"""Whether 20 ms of sound are little else than our own chime for a wake. Pure.

The voice activity detector takes each of our chimes for speech, and the ear is open while that one sounds, for the
command may follow in the same breath. It is two notes and their octaves, and nobody speaks in those alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

NOTES_HZ = (587.33, 880.0)
"""Of `Chime.WOKEN`."""
_SHARE = 0.75
"""Of a frame's energy, in which it sounds alone."""


def _lines() -> NDArray[np.float64]:
    """Orthonormal waves in the space that the notes and their octaves span within a frame, whatever their phase and
    decay: [lines, samples].
    """
    times = np.arange(FRAME_SAMPLES) / SAMPLE_RATE_HZ
    ramp = np.linspace(-1, 1, FRAME_SAMPLES)
    waves = [
        wave * shape
        for hz in NOTES_HZ
        for octave in (1, 2)
        for wave in (np.cos(2 * np.pi * hz * octave * times), np.sin(2 * np.pi * hz * octave * times))
        for shape in (np.ones(FRAME_SAMPLES), ramp)
    ]
    return np.linalg.qr(np.array(waves).T)[0].T


_LINES = _lines()


def is_chime(pcm: bytes) -> bool:
    """Of 640 bytes, 16 kHz mono s16."""
    sound = np.frombuffer(pcm, np.int16).astype(np.float64)
    sound -= sound.mean()
    return len(sound) == FRAME_SAMPLES and float(np.sum((_LINES @ sound) ** 2)) > _SHARE * float(sound @ sound) > 0
