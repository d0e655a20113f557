"""What an owner tunes a threshold by: how often it woke, nearly woke, and came where it does not count."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from voiced.listen.listener import Listener
from voiced.listen.wakecount import WakeCount
from voiced.messages import FRAME_SAMPLES, Frame, Woken

WORD = "hey_jarvis"


def counted(scores: Sequence[float], *, apart_frames: int = 4) -> tuple[WakeCount, int]:
    """The count after these scores, and how many turns they opened."""
    listener, opened = Listener(), 0
    for at in range(len(scores) * apart_frames):
        wake = {WORD: scores[at // apart_frames]} if at % apart_frames == 0 else None
        events = listener.hear(Frame(at * FRAME_SAMPLES, bytes(2 * FRAME_SAMPLES), False, wake))
        opened += sum(isinstance(event, Woken) for event in events)
    return listener.wakes[WORD], opened


def test_a_rise_that_does_not_reach_the_threshold_is_one_near_miss() -> None:
    assert counted([0.0, 0.3, 0.44, 0.26, 0.1, 0.0]) == (WakeCount(near=1, best_near=0.44), 0)
    assert counted([0.0, 0.24, 0.2, 0.0]) == (WakeCount(), 0)
    assert counted([0.3, 0.1, 0.4, 0.1, 0.35, 0.1])[0] == WakeCount(near=3, best_near=0.4)


def test_a_wake_is_no_near_miss_on_its_way_up_or_down() -> None:
    assert counted([0.0, 0.3, 0.7, 0.9, 0.45, 0.3, 0.0]) == (WakeCount(woken=1), 1)


def test_the_word_again_at_once_comes_too_soon() -> None:
    assert counted([0.9, 0.1, 0.9, 0.1]) == (WakeCount(woken=1, refractory=1), 1)
    assert counted([0.9, *[0.1] * 15, 0.9, 0.1]) == (WakeCount(woken=2), 2)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_every_turn_is_counted_and_every_rise_at_most_once_beside_them(scores: list[float]) -> None:
    count, opened = counted(scores)
    assert count.woken == opened
    rises = sum(a < 0.25 <= b for a, b in zip([0.0, *scores], scores, strict=False))
    assert count.near + count.refractory <= rises
    assert count.woken + count.near + count.refractory >= rises - 1, "but the one that has not ended"
    assert 0.25 <= count.best_near < 0.5 if count.near else count.best_near == 0
