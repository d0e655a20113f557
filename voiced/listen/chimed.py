"""Whether 20 ms of sound are little else than our own chime for a wake. Pure.

The voice activity detector takes each of our chimes for speech, and the ear is open while that one sounds, for the
command may follow in the same breath. It is two notes and their octaves, and nobody speaks in those alone.
"""

from __future__ import annotations

import functools
import math
import operator
from array import array

from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

NOTES_HZ = (587.33, 880.0)
"""Of `Chime.WOKEN`."""
_SHARE = 0.75
"""Of a frame's energy, in which it sounds alone."""


def is_chime(pcm: bytes) -> bool:
    """Of 640 bytes, 16 kHz mono s16."""
    sound = array("h", pcm)
    if len(sound) != FRAME_SAMPLES:
        return False
    mean = sum(sound) / FRAME_SAMPLES
    energy = _dot(sound, sound) - mean * mean * FRAME_SAMPLES
    return sum(_dot(wave, sound) ** 2 for wave in _waves()) > _SHARE * energy > 0


def _dot(one: array[float] | array[int], other: array[float] | array[int]) -> float:
    total: float = sum(map(operator.mul, one, other))
    return total


@functools.cache
def _waves() -> tuple[array[float], ...]:
    """Orthonormal waves that span what the notes and their octaves can be within a frame, whatever their phase and
    decay, and orthogonal to a constant (Gram and Schmidt).
    """
    times = [index / SAMPLE_RATE_HZ for index in range(FRAME_SAMPLES)]
    found = [array("d", [FRAME_SAMPLES**-0.5] * FRAME_SAMPLES)]
    for hz in (note * octave for note in NOTES_HZ for octave in (1, 2)):
        for phase in (0.0, math.pi / 2):
            for ramp in (0, 1):
                wave = array("d", [t**ramp * math.cos(2 * math.pi * hz * t + phase) for t in times])
                for other in found:
                    share = _dot(other, wave)
                    wave = array("d", [x - share * y for x, y in zip(wave, other, strict=True)])
                size = math.sqrt(_dot(wave, wave))
                found.append(array("d", [x / size for x in wave]))
    return tuple(found[1:])
