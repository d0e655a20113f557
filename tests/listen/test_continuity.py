"""Sound's place in time, whatever the device and the sound server do to it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.listen.continuity import Continuity, Promptest
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

PCM = bytes(FRAME_SAMPLES * 2)
FRAME_S = 0.02


def places(continuity: Continuity, arrivals: list[float]) -> list[int]:
    return [first for at in arrivals for first, _ in continuity.push(PCM, at)]


@given(st.integers(1, 9), st.floats(-4e-4, 4e-4), st.integers(0, 2**32))
def test_steady_sound_in_any_chunks_is_without_a_gap(chunk: int, drift: float, seed: int) -> None:
    """Devices hand over 1 to 9 frames at once, their clocks are off, and readers are late by some milliseconds."""
    chance, arrivals = random.Random(seed), []
    for index in range(3000):
        due = (index // chunk + 1) * chunk * FRAME_S * (1 + drift)
        arrivals.append(due + chance.uniform(0, 0.008))
    arrivals = sorted(arrivals)
    continuity = Continuity()

    found = places(continuity, arrivals)

    assert continuity.lost_samples == continuity.dropped_frames == 0
    assert found == list(range(0, len(found) * FRAME_SAMPLES, FRAME_SAMPLES))
    assert len(found) > 3000 - 10


@pytest.mark.row("A4")
def test_gaps_are_found_where_they_are_and_time_stays_true() -> None:
    """Row A4: 200 gaps of 50 ms to 2 s; at least 99 % are found, and the count stays with the clock."""
    chance = random.Random(1)
    continuity = Continuity()
    now, found, index = 100.0, 0, 0
    gaps: list[float] = []
    last = -FRAME_SAMPLES
    for _ in range(200):
        for _ in range(chance.randint(20, 80)):
            now += FRAME_S
            index += 1
            for first, _ in continuity.push(PCM, now + chance.uniform(0, 0.004)):
                jumped = first - last - FRAME_SAMPLES
                if jumped:
                    assert abs(jumped / SAMPLE_RATE_HZ - gaps[-1]) < 0.02
                    found += 1
                last = first
        gaps.append(chance.uniform(0.05, 0.9))
        now += gaps[-1]
    assert found >= 198
    assert abs(last / SAMPLE_RATE_HZ - (now - 100.0)) < 0.001 * (now - 100.0) + 1.0
    assert abs(continuity.lost_samples / SAMPLE_RATE_HZ - sum(gaps[:-1])) < 0.01 * sum(gaps)


@given(st.floats(0.05, 0.9))
def test_what_was_only_delayed_keeps_its_place(hang_s: float) -> None:
    arrivals = [max(index * FRAME_S, min(1.0 + hang_s, 10)) if index > 50 else index * FRAME_S for index in range(400)]
    continuity = Continuity()

    assert places(continuity, arrivals) == list(range(0, 400 * FRAME_SAMPLES, FRAME_SAMPLES))
    assert continuity.lost_samples == 0


@given(st.integers(0, 2**32), st.floats(0.02, 0.4))
def test_a_busy_machine_has_lost_nothing(seed: int, most_s: float) -> None:
    """Others have the core for up to `most_s` at a time, ours for some milliseconds in between: row A4's other half."""
    chance, now, ours_s = random.Random(seed), 0.0, 0.0
    continuity, arrivals = Continuity(), []
    for index in range(1000):
        if now < (index + 1) * FRAME_S:
            now, ours_s = (index + 1) * FRAME_S, chance.uniform(0, 0.03)
        ours_s -= (cost_s := chance.uniform(0.0002, 0.006))
        if ours_s < 0:
            now += chance.uniform(0, most_s) * chance.random()
            ours_s = chance.uniform(0.004, 0.06)
        now += cost_s
        arrivals.append(now)

    found = places(continuity, arrivals)

    assert continuity.lost_samples == 0
    assert len(found) > 1000 - 10 - continuity.dropped_frames


def test_a_device_of_long_pieces_that_loses_sound_is_caught_up_with() -> None:
    """In pieces of six frames nothing shows at once that 300 ms are missing; the count does not stay behind."""
    arrivals = [(index // 6 + 1) * 6 * FRAME_S + (0.3 if index > 500 else 0.0) for index in range(1000)]
    continuity = Continuity()
    places(continuity, arrivals)

    assert abs(continuity.lost_samples / SAMPLE_RATE_HZ - 0.3) < 0.02


@given(st.integers(0, 2**32))
def test_the_clock_at_the_first_sample_is_known_by_the_promptest(seed: int) -> None:
    chance, clock = random.Random(seed), Promptest()
    for index in range(2000):
        clock.saw(index * FRAME_SAMPLES, 100 + index * FRAME_S + chance.choice((0.0, 0.01, 0.3)))
    assert clock.zero_s == pytest.approx(100, abs=1e-6)
    for index in range(2000, 4000):
        clock.saw(index * FRAME_SAMPLES, 101 + index * FRAME_S + chance.choice((0.0, 0.01, 0.3)))
    assert clock.zero_s == pytest.approx(101, abs=1e-6), "a second was lost, and is not counted"


def test_old_sound_is_dropped_and_counts_as_time() -> None:
    """A server that was stopped for 3 s and hands over all of it: a second's worth is used, the rest is not."""
    arrivals = [index * FRAME_S if index <= 100 else max(index * FRAME_S, 100 * FRAME_S + 3.0) for index in range(500)]
    continuity = Continuity()

    found = places(continuity, arrivals)

    assert 95 <= continuity.dropped_frames <= 105
    assert continuity.lost_samples == 0
    assert found[-1] == 499 * FRAME_SAMPLES


def test_a_slow_device_is_not_late() -> None:
    continuity = Continuity()
    places(continuity, [100 + index * FRAME_S * 1.0005 for index in range(50_000)])
    assert continuity.lost_samples == continuity.dropped_frames == 0
