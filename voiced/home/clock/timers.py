"""PURE. Timers: arithmetic on values. Time comes in as seconds of a monotonic clock, and nothing here waits.

A timer runs (`ends_at_s` is set) or is paused (`left_s` is set). `apply` does what a call of `TIMER_INTENTS` asks and
gives the reply; `due` takes out what has ended; `next_due_s` says when to look again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from voiced.home.language.spoken import without
from voiced.home.model import folded
from voiced.home.replies import Reply
from voiced.messages import Call

MAX_TIMERS = 20
"""More are not started. What is snoozed comes on top."""
MAX_SECONDS = 7 * 24 * 3600
_ARTICLES = ("a", "an", "the", "my", "our")
_NAMING = ("name", "area", "start_hours", "start_minutes", "start_seconds")
"""The slots that say which timer is meant."""


@dataclass(frozen=True, slots=True)
class Timer:
    id: int
    name: str
    """Empty where it was given none."""
    set_s: float
    """What it was started with: "the five minute timer" is known by it."""
    ends_at_s: float | None
    left_s: float = 0.0
    """Where it is paused: what remains."""

    def remaining_s(self, now_s: float) -> float:
        return self.left_s if self.ends_at_s is None else max(0.0, self.ends_at_s - now_s)

    @property
    def paused(self) -> bool:
        return self.ends_at_s is None


@dataclass(frozen=True, slots=True)
class Timers:
    """All timers, the oldest first."""

    timers: tuple[Timer, ...] = ()
    next_id: int = 1

    def next_due_s(self) -> float | None:
        """When the next one ends; None where none runs."""
        return min((t.ends_at_s for t in self.timers if t.ends_at_s is not None), default=None)

    def due(self, now_s: float) -> tuple[Timers, tuple[Timer, ...]]:
        """(what is left, what has ended, in the order of ending)."""
        over = sorted(
            (t for t in self.timers if t.ends_at_s is not None and t.ends_at_s <= now_s),
            key=lambda t: t.ends_at_s or 0.0,
        )
        return replace(self, timers=tuple(t for t in self.timers if t not in over)), tuple(over)

    def snoozed(self, name: str, set_s: float, ends_at_s: float) -> Timers:
        """With one more that ends then, and is called as the one that rang."""
        return Timers((*self.timers, Timer(self.next_id, name, set_s, ends_at_s)), self.next_id + 1)

    def to_dict(self, now_s: float) -> dict[str, Any]:
        """Plain values, with what remains instead of a clock that starts anew at every boot."""
        rows = [
            {"id": t.id, "name": t.name, "set_s": t.set_s, "left_s": t.remaining_s(now_s), "paused": t.paused}
            for t in self.timers
        ]
        return {"timers": rows, "next_id": self.next_id}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], now_s: float, away_s: float = 0.0) -> Timers:
        """`away_s` passed in between; what ended meanwhile is due at once. ValueError on what `to_dict` never gave."""
        try:
            timers = tuple(
                Timer(int(r["id"]), str(r["name"]), _seconds(r["set_s"]), None, _seconds(r["left_s"]))
                if r["paused"]
                else Timer(int(r["id"]), str(r["name"]), _seconds(r["set_s"]), now_s + _seconds(r["left_s"]) - away_s)
                for r in data["timers"]
            )
            next_id = int(data["next_id"])
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"these are no timers: {error!r}") from error
        if len({t.id for t in timers} | {next_id}) != len(timers) + 1:
            raise ValueError("these are no timers of ours: two with one number")
        return cls(timers, next_id)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SECONDS:
        raise ValueError(f"no duration of a timer: {value!r}")
    return float(value)


def seconds_of(call: Call, prefix: str = "") -> float:
    """The duration in the slots hours, minutes and seconds (or start_hours ...); 0 where there is none."""
    total = 0.0
    for unit, factor in (("hours", 3600), ("minutes", 60), ("seconds", 1)):
        value = call.slots.get(prefix + unit, 0)
        total += factor * float(value) if isinstance(value, int | float) else 0.0
    return total if 0 <= total <= MAX_SECONDS else 0.0


def fits(name: str, set_s: float, call: Call) -> bool:
    """Whether a call can mean the timer of that name and length: where it names none it means any. Timers stand in no
    room, so "the kitchen timer" is the one with that name.
    """
    called = (str(call.slots[key]) for key in ("name", "area") if key in call.slots)
    long = not any(slot in call.slots for slot in _NAMING[2:]) or set_s == seconds_of(call, "start_")
    return long and all(folded(_bare(name)) == folded(_bare(one)) for one in called)


def _bare(name: str) -> str:
    """A ten minute timer "for the pasta" is the pasta timer."""
    return without(_ARTICLES, name)


def _meant(timers: Timers, call: Call) -> tuple[Timer, ...]:
    return tuple(t for t in timers.timers if fits(t.name, t.set_s, call))


def _start(timers: Timers, call: Call, now_s: float) -> tuple[Timers, Reply]:
    seconds = seconds_of(call)
    if seconds <= 0:
        return timers, Reply("timer_how_long")
    if len(timers.timers) >= MAX_TIMERS:
        return timers, Reply("timer_too_many")
    timer = Timer(timers.next_id, _bare(str(call.slots.get("name", ""))), seconds, now_s + seconds)
    return Timers((*timers.timers, timer), timers.next_id + 1), Reply(
        "timer_set", {"name": timer.name, "seconds": seconds}
    )


def _cancel(_timer: Timer, _call: Call, _now_s: float) -> Timer | None:
    return None


def _pause(timer: Timer, _call: Call, now_s: float) -> Timer:
    return timer if timer.paused else replace(timer, ends_at_s=None, left_s=timer.remaining_s(now_s))


def _resume(timer: Timer, _call: Call, now_s: float) -> Timer:
    return replace(timer, ends_at_s=now_s + timer.left_s, left_s=0.0) if timer.paused else timer


def _change(timer: Timer, by_s: float, now_s: float) -> Timer:
    left = min(float(MAX_SECONDS), max(0.0, timer.remaining_s(now_s) + by_s))
    return replace(timer, left_s=left) if timer.paused else replace(timer, ends_at_s=now_s + left)


def _more(timer: Timer, call: Call, now_s: float) -> Timer:
    return _change(timer, seconds_of(call), now_s)


def _less(timer: Timer, call: Call, now_s: float) -> Timer:
    return _change(timer, -seconds_of(call), now_s)


def _same(timer: Timer, _call: Call, _now_s: float) -> Timer:
    return timer


def _told(timer: Timer, now_s: float) -> dict[str, object]:
    """What a reply says of a timer."""
    left_s = timer.remaining_s(now_s)
    return {"name": timer.name, "set_s": timer.set_s, "seconds": left_s, "paused": timer.paused}


_CHANGES = {
    "HassCancelTimer": (_cancel, "timer_cancelled"),
    "HassPauseTimer": (_pause, "timer_paused"),
    "HassUnpauseTimer": (_resume, "timer_resumed"),
    "HassIncreaseTimer": (_more, "timer_left"),
    "HassDecreaseTimer": (_less, "timer_left"),
    "HassTimerStatus": (_same, "timer_left"),
}
"""intent -> (what it makes of the one timer it means, what is said then)."""

TIMER_INTENTS = frozenset(["HassStartTimer", "HassCancelAllTimers", *_CHANGES])


def apply(timers: Timers, call: Call, now_s: float) -> tuple[Timers, Reply]:
    """Do what the call asks; the reply says what was done, or what is missing."""
    if call.intent == "HassStartTimer":
        return _start(timers, call, now_s)
    meant, named = _meant(timers, call), any(slot in call.slots for slot in _NAMING)
    if not meant:
        return timers, Reply("timer_none", {"named": named})
    if call.intent == "HassCancelAllTimers":
        rest = tuple(t for t in timers.timers if t not in meant)
        return replace(timers, timers=rest), Reply("timers_cancelled", {"count": len(meant)})
    change, key = _CHANGES[call.intent]
    if call.intent == "HassTimerStatus" and len(meant) > 1:
        return timers, Reply("timers_left", {"timers": [_told(t, now_s) for t in meant]})
    if len(meant) > 1:
        # "resume the timer" with one paused means that one, and so does "pause" with one running.
        wanted = {"HassUnpauseTimer": True, "HassPauseTimer": False}.get(call.intent)
        fitting = tuple(t for t in meant if t.paused is wanted) or meant
        if len({(t.name, t.set_s) for t in fitting}) != 1:
            return timers, Reply("timer_which", {"count": len(meant)})
        meant = fitting
    old = meant[-1]  # of several that nobody can tell apart
    new = change(old, call, now_s)
    kept = tuple(n for t in timers.timers if (n := new if t is old else t) is not None)
    return replace(timers, timers=kept), Reply(key, {**_told(new or old, now_s), "named": named})
