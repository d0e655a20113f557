"""Speech into a room and into noise. Pure: one generator draws, arrays come back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tools.mix.level import RATE_HZ, Sound, active_db, rms_db
from voiced.errors import AudioFileError

_PEAK = 0.99


@dataclass(frozen=True, slots=True)
class Mixture:
    sound: Sound
    speech_db: float
    """Active level of the speech in it, dB of full scale."""
    noise_db: float
    offset_s: float
    """Where in the noise's file its stretch begins."""
    gain_db: float
    """What the speech was changed by, so that nothing is clipped; 0 where it is as it was."""


def in_room(speech: Sound, response: Sound) -> Sound:
    """`speech` in a room of this impulse response: as long and as loud (active level) as before, and not delayed."""
    direct = int(np.argmax(np.abs(response)))
    size = 1 << (len(speech) + len(response)).bit_length()
    spectrum = np.fft.rfft(speech, size) * np.fft.rfft(response, size)
    wet: Sound = np.fft.irfft(spectrum, size)[direct : direct + len(speech)]
    before, after = active_db(speech), active_db(wet)
    return wet * 10 ** ((before - after) / 20) if math.isfinite(before) and math.isfinite(after) else wet


def mixed(speech: Sound, noise: Sound, snr_db: float, rng: np.random.Generator) -> Mixture:
    """`speech` with a stretch of `noise` below it: its active level lies `snr_db` above the noise's power there.

    AudioFileError where one of them is silent.
    """
    level = active_db(speech)
    if not math.isfinite(level):
        raise AudioFileError("there is no speech in it")
    start = int(rng.integers(max(1, len(noise) - len(speech) + 1))) if len(noise) else 0
    stretch = np.resize(noise[start:], len(speech)) if len(noise) else noise
    loud = rms_db(stretch)
    if not math.isfinite(loud):
        raise AudioFileError("the noise is silent here")
    added = stretch * 10 ** ((level - snr_db - loud) / 20)
    peak = float(np.max(np.abs(speech + added)))
    gain = min(1.0, _PEAK / peak)
    gain_db = 20 * math.log10(gain)
    return Mixture((speech + added) * gain, level + gain_db, level - snr_db + gain_db, start / RATE_HZ, gain_db)
