"""What is laid over training speech does what it is called, and leaves the words where they were."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is installed only where nano is trained, and beside openwakeword")

from tools.nano.augment import Room, coded, hurried, shifted_formants, suppressed
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


@pytest.mark.parametrize("tempo", [0.85, 1.0, 1.3, 1.8])
def test_who_hurries_keeps_pitch_and_level(tempo: float) -> None:
    x = voice(seconds=2.0)
    y = hurried(x, tempo)
    assert len(y) == int(len(x) / tempo)
    hz = np.fft.rfftfreq(len(y) - 4000, 1 / RATE)
    harmonics = power(y)[np.abs(hz / 120 - np.round(hz / 120)) < 0.06]
    assert harmonics.sum() > 0.9 * power(y).sum()
    assert abs(20 * np.log10(np.std(y[2000:-2000]) / np.std(x[2000:-2000]))) < 4


@pytest.mark.parametrize("tempo", [0.85, 1.3, 1.8])
def test_who_hurries_says_each_word_that_much_earlier(tempo: float) -> None:
    """Bursts of a tenth of a second lie where they are looked for, within 15 ms: a third of a token of sound."""
    x = np.zeros(3 * RATE, np.float32)
    for at in (0.4, 1.1, 2.3):
        x[int(at * RATE) : int((at + 0.1) * RATE)] = voice(seconds=0.1)
    energy = np.convolve(hurried(x, tempo) ** 2, np.ones(400) / 400, "same")
    for at in (0.4, 1.1, 2.3):
        expected = (at + 0.05) / tempo * RATE
        near = slice(int(expected - 0.12 * RATE), int(expected + 0.12 * RATE))
        middle = near.start + float((energy[near] * np.arange(len(energy[near]))).sum() / energy[near].sum())
        assert abs(middle - expected) < 0.015 * RATE


def test_what_is_trained_on_is_what_the_ear_leaves() -> None:
    from voiced.workers.earoptions import EarOptions
    from voiced.workers.hearing import frames_of

    rng = np.random.default_rng(0)
    x = (voice(seconds=2.0) * 0.3 + 0.03 * rng.standard_normal(2 * RATE)).astype(np.float32)
    pcm = (np.clip(x, -1, 1) * 32767).astype(np.int16).tobytes()
    frames = frames_of((pcm[at : at + 640] for at in range(0, len(pcm), 640)), EarOptions(noise_suppression=2))
    heard = np.frombuffer(b"".join(frame.pcm for frame in frames), np.int16).astype(np.float32) / 32768
    assert np.array_equal(suppressed(x), heard)
