"""What rings, and somebody who says which of it is enough."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from tests.home.saying import HOME
from voiced.home.clock.alarms import MAX_ALARMS
from voiced.home.clock.rings import Ring
from voiced.home.house import House
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.language.wordgraph import WordGraph

MORNING = dt.datetime(2026, 11, 24, 6, 59, tzinfo=dt.UTC)
"""A Tuesday."""


@pytest.fixture(scope="module")
def graph() -> WordGraph:
    return word_graph(HOME)


class Day:
    """A house, its two clocks, and what is said to it."""

    def __init__(self, graph: WordGraph, now: dt.datetime = MORNING, area: str = "") -> None:
        self.graph, self.now, self.up_s = graph, now, 1000.0
        self.house = self.moved_in(area)

    def moved_in(self, area: str = "") -> House:
        return House(HOME, area=area, random_digits=lambda: "47", now_s=lambda: self.up_s, today=lambda: self.now)

    def hears(self, *texts: str) -> str:
        said = ""
        for text in texts:
            said = self.house.judge(typed(self.graph, text)).say
        return said

    def after(self, *, minutes: float) -> tuple[str, ...]:
        """What has begun to ring when so much time has passed."""
        later = self.now.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)
        self.now, self.up_s = later.astimezone(self.now.tzinfo), self.up_s + 60 * minutes
        return tuple(ring.text for ring in self.house.rings())

    @property
    def rings(self) -> list[str]:
        return [ring.text for ring in self.house.clocks.ringing]

    @property
    def counts(self) -> tuple[int, int]:
        """Timers that run, alarms that are set."""
        return len(self.house.clocks.timers.timers), len(self.house.clocks.alarms.alarms)


@pytest.mark.parametrize(
    ("started", "enough"),
    [
        ("set a pasta timer for 5 minutes", "stop the pasta timer"),
        ("set a pasta timer for 5 minutes", "cancel the timer"),
        ("set a timer for 5 minutes", "cancel the 5 minute timer"),
        ("set an alarm for 7:04 am", "turn off the 7:04 alarm"),
        ("set an alarm for 7:04 am", "cancel the alarm for 7:04 today"),
        ("set an alarm for 7:04 am", "turn off the alarm"),
        ("wake me in 5 minutes", "cancel all alarms"),
        ("set a timer for 5 minutes", "cancel all timers"),
    ],
)
def test_what_rings_can_be_called_by_its_name(graph: WordGraph, started: str, enough: str) -> None:
    day = Day(graph)
    day.hears(started)
    day.after(minutes=5)
    assert len(day.rings) == 1
    assert day.hears(enough) == "Okay."
    assert (day.rings, day.counts) == ([], (0, 0))


def test_only_what_was_named_is_silent(graph: WordGraph) -> None:
    day = Day(graph)
    day.hears("set a pasta timer for 5 minutes", "set an egg timer for 5 minutes", "set an alarm for 7:04 am")
    day.after(minutes=5)
    assert day.hears("cancel the 7:05 alarm") == "There is no such alarm."
    assert day.hears("cancel the tea timer") == "There is no such timer."
    day.hears("stop the egg timer")
    assert day.rings == ["Pasta timer is over.", "It is seven oh four a m."]
    day.hears("turn off the 7:04 am alarm")
    assert day.rings == ["Pasta timer is over."]


def test_a_series_is_silent_today_and_rings_tomorrow(graph: WordGraph) -> None:
    day = Day(graph)
    day.hears("set an alarm for 7 am on weekdays")
    day.after(minutes=2)
    assert day.hears("turn off the 7 am alarm") == "Okay."
    assert (day.rings, day.counts) == ([], (0, 1))
    assert day.after(minutes=24 * 60 - 1) == ("It is seven a m.",)
    assert day.hears("cancel the alarm for 7 on weekdays").endswith("on weekdays is cancelled.")
    assert (day.rings, day.counts) == ([], (0, 0))


def test_tomorrows_alarm_is_cancelled_while_todays_rings(graph: WordGraph) -> None:
    day = Day(graph)
    day.hears("set an alarm for 7 am on weekdays")
    day.after(minutes=1)
    assert day.hears("cancel the alarm for 7 tomorrow").endswith("does not ring tomorrow.")
    assert day.rings == ["It is seven a m."]


def test_all_timers_are_those_that_ring_and_those_that_run(graph: WordGraph) -> None:
    day = Day(graph)
    day.hears("set a timer for 5 minutes", "set a timer for 30 minutes", "set an alarm for 7:04 am")
    day.after(minutes=5)
    assert day.hears("cancel all timers") == "One timer cancelled."
    assert (day.rings, day.counts) == (["It is seven oh four a m."], (0, 0))
    day.hears("set an alarm for 9 am")
    assert day.hears("cancel all alarms") == "One alarm cancelled."
    assert (day.rings, day.counts) == ([], (0, 0))


def test_timers_of_another_room_are_none_of_ours(graph: WordGraph) -> None:
    day = Day(graph, area="bedroom")
    day.hears("set a pasta timer for 5 minutes", "set a timer for 10 minutes")
    assert day.hears("cancel all timers in the kitchen") == "There is no such timer."
    assert day.counts == (2, 0)
    assert day.hears("cancel all timers in the bedroom") == "Two timers cancelled."
    day.hears("set a kitchen timer for 5 minutes", "set a timer for 10 minutes")
    assert day.hears("cancel the kitchen timer") == "Kitchen timer cancelled."


def test_in_the_kitchen_the_kitchen_timer_is_the_one_with_that_name(graph: WordGraph) -> None:
    day = Day(graph, area="kitchen")
    day.hears("set a kitchen timer for 5 minutes", "set an egg timer for 9 minutes")
    assert day.hears("pause the kitchen timer") == "Kitchen timer paused."
    assert day.hears("cancel the kitchen timer") == "Kitchen timer cancelled."
    assert day.hears("how long is left on the egg timer") == "Nine minutes left."
    day.hears("cancel all timers")
    day.hears("set a kitchen timer for 5 minutes", "set an egg timer for 5 minutes", "set a timer for 10 minutes")
    day.after(minutes=5)
    day.hears("stop the kitchen timer")
    assert day.rings == ["Egg timer is over."]
    day.hears("set a kitchen timer for 5 minutes")
    assert day.hears("cancel all timers in the kitchen") == "Two timers cancelled."
    assert (day.rings, day.counts) == ([], (0, 0))


# --- snoozed ----------------------------------------------------------------------------------------------------------


def test_what_was_snoozed_rings_again_for_the_same_thing(graph: WordGraph) -> None:
    day = Day(graph)
    day.hears("remind me to take the pills in 5 minutes", "set a pasta timer for 5 minutes", "set an alarm for 7:04 am")
    day.after(minutes=5)
    assert day.hears("snooze for 10 minutes") == "I ring again in ten minutes."
    assert day.rings == []
    assert day.hears("how long is left on the pasta timer") == "Ten minutes left."
    day.house, kept = day.moved_in(), json.loads(json.dumps(day.house.to_dict()))
    assert day.house.restore(kept) == ()
    assert day.after(minutes=9) == ()
    assert day.after(minutes=1) == ("Pasta timer is over.", "Remember to take the pills.", "It is seven fourteen a m.")
    day.hears("snooze")
    assert day.after(minutes=9) == (
        "Pasta timer is over.", "Remember to take the pills.", "It is seven twenty three a m."
    )  # fmt: skip


def test_nine_minutes_are_nine_minutes_when_the_clocks_change(graph: WordGraph) -> None:
    day = Day(graph, dt.datetime(2026, 11, 1, 1, 54, tzinfo=ZoneInfo("America/New_York")))
    day.hears("set an alarm for 1:55 am")
    assert day.after(minutes=1) == ("It is one fifty five a m.",)
    day.hears("snooze")
    assert day.house.next_ring_s() == 9 * 60
    assert day.after(minutes=9) == ("It is one oh four a m.",)


def test_an_alarm_in_the_hour_that_is_left_out_says_what_the_clock_shows(graph: WordGraph) -> None:
    day = Day(graph, dt.datetime(2026, 3, 8, 1, 45, tzinfo=ZoneInfo("America/New_York")))
    day.hears("set an alarm for 2:30 am")
    assert day.after(minutes=44) == ()
    assert day.after(minutes=1) == ("It is three thirty a m.",)


def test_with_as_many_alarms_as_may_be_snoozing_loses_nothing(graph: WordGraph) -> None:
    day = Day(graph)
    day.hears("set an alarm for 7 am on weekdays", *(f"set an alarm for 8 {10 + n} on weekdays" for n in range(19)))
    assert day.hears("set an alarm for 9 pm") == "There are too many alarms."
    day.after(minutes=1)
    assert day.hears("snooze") == "I ring again in nine minutes."
    day.hears("set a pasta timer for 10 minutes")
    after = day.moved_in()
    assert after.restore(json.loads(json.dumps(day.house.to_dict()))) == ()
    assert (len(after.clocks.alarms.alarms), len(after.clocks.timers.timers)) == (MAX_ALARMS + 1, 1)


def test_a_ring_of_an_older_version_is_stopped_and_snoozed(graph: WordGraph) -> None:
    old = {"text": "Remember to eat.", "alarm": True, "since_s": 0.0, "once": False}
    timer = {**old, "text": "The five minute timer is over.", "alarm": False}
    assert Ring.from_dict(old) == Ring("Remember to eat.", alarm=True)
    day = Day(graph)
    assert day.house.restore({"ringing": [old, timer]}) == ()
    assert day.hears("cancel the 7 am alarm") == "There is no such alarm."
    assert len(day.rings) == 2
    day.hears("snooze")
    assert day.after(minutes=9) == ("It is seven oh eight a m.",)
