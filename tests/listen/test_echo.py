"""Our own voice in a room of our own making, taken out again; somebody else's stays."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from voiced.config import DEMO_HOME
from voiced.listen.echo import EchoCanceller
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

Sound = np.ndarray[Any, np.dtype[np.float64]]
RECORDINGS = DEMO_HOME.parent / "demo"
REPLIES = ("espeak-us-kitchen-lights-on", "espeak-us-close-garage-door", "espeak-us-timer-five-minutes")


def spoken(name: str) -> Sound:
    samples, rate_hz = soundfile.read(RECORDINGS / f"{name}.flac")
    assert rate_hz == SAMPLE_RATE_HZ
    return np.asarray(samples, np.float64)


@functools.cache
def room() -> Sound:
    """Direct sound after 2.5 ms, some walls, and 0.35 s of reverberation."""
    rng = np.random.default_rng(7)
    times = np.arange(6400) / SAMPLE_RATE_HZ
    response = rng.standard_normal(6400) * 10 ** (-3 * times / 0.35) * 0.2
    response[:40] = 0
    response[40] = 1.0
    for _ in range(6):
        response[rng.integers(60, 500)] += rng.choice([-0.5, 0.5])
    return np.asarray(response / np.sqrt((response**2).sum()))


def echo_of(played: Sound) -> Sound:
    size = 1 << (len(played) + len(room())).bit_length()
    return np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(room(), size), size)[: len(played) + len(room())]


def pcm(samples: Sound) -> bytes:
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16).tobytes()


def level_db(samples: Sound) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


class Kitchen:
    """Replies one after the other, each `delay` samples after it was handed over in the microphone."""

    def __init__(self, delay: int = 2600) -> None:
        self.replies: list[tuple[int, Sound]] = []
        at = 8000
        for name in REPLIES:
            self.replies.append((at, spoken(name) * 0.5))
            at += len(self.replies[-1][1]) + 12_000
        self.echo = np.zeros(at + 8000)
        for first, reply in self.replies:
            back = echo_of(reply)
            self.echo[first + delay : first + delay + len(back)] += back
        self.noise = np.random.default_rng(1).standard_normal(len(self.echo)) * 0.0003
        self.last = slice(self.replies[-1][0] + delay, self.replies[-1][0] + delay + len(self.replies[-1][1]))

    def without_us(self, canceller: EchoCanceller, sound: Sound) -> Sound:
        waiting, heard = list(self.replies), pcm(sound)
        out = []
        for at in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            while waiting and waiting[0][0] <= at:
                first, reply = waiting.pop(0)
                canceller.playing(first, pcm(reply))
            out.append(canceller.cancel(at, heard[2 * at : 2 * (at + FRAME_SAMPLES)]))
        return np.frombuffer(b"".join(out), np.int16) / 32768


@pytest.mark.parametrize("delay", [400, 2600, 9000])
def test_after_two_replies_the_third_is_hardly_heard_any_more(delay: int) -> None:
    kitchen, canceller = Kitchen(delay), EchoCanceller()
    heard = kitchen.echo + kitchen.noise
    left = kitchen.without_us(canceller, heard)

    assert canceller.delay_samples == pytest.approx(delay + 40, abs=16)
    assert level_db(heard[kitchen.last]) - level_db(left[kitchen.last]) > 12


def test_who_speaks_at_the_same_time_is_heard_better_than_before() -> None:
    kitchen, canceller = Kitchen(), EchoCanceller()
    somebody = np.zeros(len(kitchen.echo))
    words = spoken("joe-kitchen-lights-on")[: kitchen.last.stop - kitchen.last.start]
    words *= 10 ** ((level_db(kitchen.echo[kitchen.last]) - level_db(words) - 5) / 20)
    somebody[kitchen.last.start : kitchen.last.start + len(words)] = words
    heard = kitchen.echo + kitchen.noise + somebody
    left = kitchen.without_us(canceller, heard)

    before = level_db(somebody[kitchen.last]) - level_db((heard - somebody)[kitchen.last])
    after = level_db(somebody[kitchen.last]) - level_db((left - somebody[: len(left)])[kitchen.last])
    assert before < -4
    assert after > before + 8


def test_another_delay_is_found_while_it_plays() -> None:
    kitchen, canceller = Kitchen(2600), EchoCanceller()
    kitchen.without_us(canceller, kitchen.echo + kitchen.noise)
    later = Kitchen(4200)
    left = later.without_us(canceller, later.echo + later.noise)

    assert canceller.delay_samples == pytest.approx(4240, abs=16)
    assert level_db(later.echo[later.last]) - level_db(left[later.last]) > 10


def test_a_loudspeaker_that_runs_dry_in_the_middle_is_followed() -> None:
    """The second half of the last reply is heard 70 ms later than was told; until that is known, nothing gets worse."""
    kitchen, canceller = Kitchen(), EchoCanceller()
    first, reply = kitchen.replies[-1]
    half, late = len(reply) // 2, 1120
    back = echo_of(reply[half:])
    kitchen.echo[first + 2600 :] = 0
    kitchen.echo[first + 2600 :][: half + len(room())] = echo_of(reply[:half])
    kitchen.echo[first + 2600 + half + late :][: len(back)] += back
    heard = kitchen.echo + kitchen.noise
    left = kitchen.without_us(canceller, heard)

    assert canceller.delay_samples == pytest.approx(2640 + late, abs=16)
    second = slice(first + 2600 + half + late + 12_800, first + 2600 + late + len(reply))
    assert level_db(heard[second]) - level_db(left[second]) > 12
    frames = heard[: len(left)].reshape(-1, FRAME_SAMPLES), left.reshape(-1, FRAME_SAMPLES)
    assert np.all(np.sum(frames[1] ** 2, axis=1) < np.sum(frames[0] ** 2, axis=1) + 1e-4)


@pytest.mark.parametrize("parts_in_a_million", [-100, 30, 100])
def test_two_clocks_that_drift_apart_are_followed(parts_in_a_million: int) -> None:
    """The loudspeaker's crystal is slower than the microphone's."""
    kitchen, canceller = Kitchen(), EchoCanceller()
    times = np.arange(len(kitchen.echo)) * (1 - parts_in_a_million * 1e-6)
    kitchen.echo = np.interp(times, np.arange(len(kitchen.echo)), kitchen.echo)
    heard = kitchen.echo + kitchen.noise
    left = kitchen.without_us(canceller, heard)

    assert level_db(heard[kitchen.last]) - level_db(left[kitchen.last]) > 12


@given(st.lists(st.binary(min_size=640, max_size=640), max_size=8))
def test_while_nothing_plays_not_a_bit_is_changed(frames: list[bytes]) -> None:
    canceller = EchoCanceller()
    for number, frame in enumerate(frames):
        assert canceller.cancel(number * FRAME_SAMPLES, frame) == frame


def test_what_was_not_played_after_all_is_not_taken_out() -> None:
    canceller = EchoCanceller()
    canceller.playing(0, pcm(spoken(REPLIES[0])))
    canceller.silenced(0)
    frame = pcm(spoken("joe-kitchen-lights-on")[8000:8320])

    assert canceller.cancel(0, frame) == frame


def test_an_ear_that_opens_anew_begins_anew() -> None:
    canceller = EchoCanceller()
    canceller.playing(0, pcm(spoken(REPLIES[0])))
    canceller.restart()
    frame = pcm(spoken("joe-kitchen-lights-on")[8000:8320])

    assert canceller.cancel(0, frame) == frame
    assert canceller.delay_samples is None


def test_noise_is_no_echo() -> None:
    """What does not come from us leads to no delay, and is not touched."""
    canceller = EchoCanceller()
    canceller.playing(0, pcm(spoken(REPLIES[0])))
    noise = pcm(np.random.default_rng(2).standard_normal(32_000) * 0.05)
    for at in range(0, 32_000, FRAME_SAMPLES):
        frame = noise[2 * at : 2 * at + 640]
        assert canceller.cancel(at, frame) == frame
