"""Timers, as people use them in a kitchen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.home.clock.timers import MAX_TIMERS, TIMER_INTENTS, Timers, apply
from voiced.home.replies import Reply
from voiced.messages import Call, SlotValue
from voiced.speak.phrases import say


class Kitchen:
    """A clock and what is said to it."""

    def __init__(self) -> None:
        self.timers, self.now_s = Timers(), 1000.0

    def say(self, intent: str, /, **slots: SlotValue) -> str:
        self.timers, reply = apply(self.timers, Call(intent, slots), self.now_s)
        return say(reply)

    def left(self) -> list[float]:
        return [t.remaining_s(self.now_s) for t in self.timers.timers]


def test_eggs_and_pasta() -> None:
    k = Kitchen()
    assert k.say("HassStartTimer", minutes=5, name="egg") == "Egg timer set for five minutes."
    assert k.say("HassStartTimer", minutes=10, name="pasta") == "Pasta timer set for ten minutes."
    k.now_s += 60
    assert k.say("HassTimerStatus", name="egg") == "Four minutes left."
    assert k.say("HassTimerStatus") == "Four minutes on the egg timer and nine minutes on the pasta timer."
    assert k.say("HassCancelTimer") == "There are two timers. Say which."
    assert k.say("HassCancelTimer", start_minutes=10) == "Pasta timer cancelled."
    assert k.timers.next_due_s() == 1300
    assert k.timers.due(1299.9)[1] == ()
    rest, over = k.timers.due(1300.0)
    assert ([t.name for t in over], rest.timers) == (["egg"], ())


def test_the_timer_for_the_pasta_is_the_pasta_timer() -> None:
    k = Kitchen()
    assert k.say("HassStartTimer", minutes=10, name="the pasta") == "Pasta timer set for ten minutes."
    assert k.say("HassStartTimer", minutes=2, name="my") == "My timer set for two minutes."
    assert k.say("HassTimerStatus", name="pasta") == "Ten minutes left."
    assert k.say("HassCancelTimer", name="my") == "My timer cancelled."
    assert k.say("HassTimerStatus") == "Ten minutes left on the pasta timer."
    assert k.say("HassCancelTimer", name="our pasta") == "Pasta timer cancelled."


def test_one_that_stands_still_is_told_so() -> None:
    k = Kitchen()
    k.say("HassStartTimer", minutes=5)
    k.say("HassPauseTimer")
    assert k.say("HassTimerStatus") == "Five minutes left on the paused five minute timer."
    k.say("HassStartTimer", minutes=2, name="egg")
    assert k.say("HassTimerStatus") == "Five minutes on the paused five minute timer and two minutes on the egg timer."


def test_of_timers_that_nobody_can_tell_apart_the_newest_is_meant() -> None:
    k = Kitchen()
    k.say("HassStartTimer", minutes=10)
    k.now_s += 60
    k.say("HassStartTimer", minutes=10)
    assert k.say("HassCancelTimer") == "Timer cancelled."
    assert k.left() == [540]
    k.say("HassStartTimer", minutes=10)
    assert k.say("HassPauseTimer", start_minutes=10) == "Timer paused."
    assert k.say("HassPauseTimer") == "Timer paused."
    assert [t.paused for t in k.timers.timers] == [True, True]
    assert k.say("HassUnpauseTimer") == "Timer goes on."
    k.say("HassStartTimer", minutes=5)
    assert k.say("HassCancelTimer") == "There are three timers. Say which."


def test_a_paused_timer_stands_still() -> None:
    k = Kitchen()
    k.say("HassStartTimer", minutes=2)
    k.now_s += 30
    assert k.say("HassPauseTimer") == "Timer paused."
    k.now_s += 3600
    assert (k.left(), k.timers.next_due_s()) == ([90], None)
    assert k.say("HassUnpauseTimer") == "Timer goes on."
    assert k.timers.next_due_s() == k.now_s + 90


def test_of_two_the_one_that_can_be_resumed_is_meant() -> None:
    k = Kitchen()
    k.say("HassStartTimer", minutes=2)
    k.say("HassPauseTimer")
    k.say("HassStartTimer", minutes=3)
    k.say("HassUnpauseTimer")
    assert [t.paused for t in k.timers.timers] == [False, False]


def test_more_and_less() -> None:
    k = Kitchen()
    k.say("HassStartTimer", seconds=90)
    assert k.say("HassIncreaseTimer", minutes=1) == "Two minutes and thirty seconds left."
    assert k.say("HassDecreaseTimer", hours=1) == "One second left."
    assert len(k.timers.due(k.now_s)[1]) == 1


def test_what_is_missing_is_said() -> None:
    k = Kitchen()
    assert k.say("HassStartTimer") == "For how long?"
    assert k.say("HassCancelTimer") == k.say("HassTimerStatus") == "There are no timers."
    assert k.say("HassCancelTimer", name="egg") == "There is no such timer."
    for _ in range(MAX_TIMERS):
        k.say("HassStartTimer", hours=1)
    assert k.say("HassStartTimer", hours=1) == "There are too many timers."
    assert k.say("HassCancelAllTimers") == "Twenty timers cancelled."
    assert k.left() == []


_SLOTS = st.dictionaries(
    st.sampled_from(["hours", "minutes", "seconds", "start_minutes", "name"]),
    st.one_of(st.integers(-5, 100), st.floats(), st.sampled_from(["egg", "tea"])),
    max_size=3,
)
_SAID = st.tuples(st.sampled_from(sorted(TIMER_INTENTS)), _SLOTS, st.floats(0, 5000))


@given(st.lists(_SAID, max_size=15))
def test_whatever_is_said_no_timer_is_lost_negative_or_unsayable(
    said: list[tuple[str, dict[str, SlotValue], float]],
) -> None:
    k = Kitchen()
    for intent, slots, wait_s in said:
        before = len(k.timers.timers)
        assert k.say(intent, **slots)
        if "Cancel" not in intent:
            assert len(k.timers.timers) >= before
        assert all(left >= 0 for left in k.left())
        assert len({t.id for t in k.timers.timers}) == len(k.timers.timers)
        k.now_s += wait_s
        k.timers, over = k.timers.due(k.now_s)
        assert all(t.ends_at_s is not None and t.ends_at_s <= k.now_s for t in over)
    # A reboot: another clock, three seconds away.
    later = Timers.from_dict(json.loads(json.dumps(k.timers.to_dict(k.now_s))), 50.0, away_s=3.0)
    for old, new in zip(k.timers.timers, later.timers, strict=True):
        gone = 0.0 if old.paused else 3.0
        assert abs(new.remaining_s(50.0) - max(0.0, old.remaining_s(k.now_s) - gone)) < 1e-6
        assert (new.id, new.name, new.paused) == (old.id, old.name, old.paused)


@pytest.mark.parametrize(
    ("name", "seconds", "called"),
    [
        ("", 180, "three minute"), ("", 60, "one minute"), ("", 45, "forty five second"),
        ("", 5400, "one hour and thirty minute"),
        ("three minutes", 10, "three minute"), ("happy hours", 10, "happy hour"), ("eggs", 10, "eggs"),
    ],
)  # fmt: skip
def test_a_timer_is_called_by_its_length_as_people_say_it(name: str, seconds: int, called: str) -> None:
    set_to = {"name": name, "seconds": seconds, "set_s": seconds}
    over = f"{called.capitalize()} timer" if name else f"The {called} timer"
    assert say(Reply("timer_over", set_to)) == f"{over} is over."
    assert say(Reply("timer_missed", {**set_to, "ago_s": 180})) == f"Your {called} timer ended three minutes ago."
    assert say(Reply("timers_left", {"timers": [{**set_to, "seconds": 9}]})) == f"Nine seconds on the {called} timer."
    assert say(Reply("timer_cancelled", set_to)) == f"{called.capitalize() + ' timer' if name else 'Timer'} cancelled."


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"timers": [{}], "next_id": 1},
        {"timers": [{"id": 1, "name": "", "set_s": "long", "left_s": 1, "paused": False}], "next_id": 2},
        {"timers": [{"id": 1, "name": "", "set_s": 9, "left_s": 1, "paused": False}], "next_id": 1},
        {"timers": [], "next_id": float("inf")},
    ],
)
def test_a_damaged_state_is_no_timer(damaged: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="timer"):
        Timers.from_dict(damaged, 0.0)
