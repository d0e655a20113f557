"""What is laid over training speech does what it is called, and leaves the words where they were."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is installed only where nano is trained, and beside openwakeword")

from tools.nano.augment import Room, coded, shifted_formants
from tools.nano.voices import Pcm

RATE = 16000


def voice(pitch_hz: float = 120.0, seconds: float = 1.0) -> Pcm:
    """A buzz through two formants."""
    t = np.arange(int(seconds * RATE)) / RATE
    x = np.zeros(len(t))
    for f in (pitch_hz * k for k in range(1, 40)):
        x += sum(1 / (1 + ((f - formant) / 200) ** 2) for formant in (600, 1700)) * np.sin(2 * np.pi * f * t)
    buzz: Pcm = (x / np.abs(x).max() * 0.5).astype(np.float32)
    return buzz


def power(x: Pcm) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.abs(np.fft.rfft(x[2000:-2000] * np.hanning(len(x) - 4000))) ** 2


def test_formants_move_and_the_pitch_stays() -> None:
    x = voice()
    assert np.abs(shifted_formants(x, 1.0) - x)[600:-600].max() < 1e-3
    hz = np.fft.rfftfreq(len(x) - 4000, 1 / RATE)
    loud = [np.sqrt(power(y)) for y in (shifted_formants(x, 0.87), x, shifted_formants(x, 1.15))]
    centre = [(y * hz).sum() / y.sum() for y in loud]
    assert centre[0] * 1.05 < centre[1] < centre[2] / 1.05
    harmonics = power(shifted_formants(x, 1.15))[np.abs(hz / 120 - np.round(hz / 120)) < 0.06]
    assert harmonics.sum() > 0.9 * power(shifted_formants(x, 1.15)).sum()


@pytest.mark.parametrize("seed", range(6))
def test_a_codec_leaves_most_of_it_and_not_all(seed: int) -> None:
    x = voice() + np.random.default_rng(9).standard_normal(RATE).astype(np.float32) * np.float32(0.01)
    y = coded(x, np.random.default_rng(seed))
    assert len(y) == len(x)
    assert 1e-5 < np.mean((y - x) ** 2) / np.mean(x**2) < 0.2


def test_the_same_seed_makes_the_same_turn_and_another_another() -> None:
    noises = np.random.default_rng(1).standard_normal((4, RATE)).astype(np.float32)
    responses = np.eye(1, 2100, dtype=np.float32).repeat(3, 0)

    def turns(seed: int) -> list[bytes]:
        room = Room(np.random.default_rng(seed), responses, noises, [voice(200, 0.3)])
        return [room.hear(voice(), 1.0, True).pcm.tobytes() for _ in range(30)]

    assert turns(3) == turns(3)
    assert turns(3) != turns(4)
