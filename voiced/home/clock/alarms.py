"""PURE. Alarms: times of the wall's clock at which something rings, once or on days of the week.

An alarm keeps local wall time, not a count of seconds: seven o'clock stays seven o'clock when the clocks change.
"Seven" without more is whichever comes first, but nobody wants to be woken in the evening: see `_hours`. `apply` does
what a call of `ALARM_INTENTS` asks and gives the reply; `due` takes out what has to ring.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from voiced.home.clock.timers import seconds_of
from voiced.home.replies import Reply
from voiced.messages import Call

MAX_ALARMS = 20
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_REPEATED: Mapping[str, tuple[int, ...]] = {
    "daily": tuple(range(7)), "weekdays": tuple(range(5)), "weekends": (5, 6),
    **{f"every {name}": (i,) for i, name in enumerate(WEEKDAYS)},
}  # fmt: skip
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Alarm:
    id: int
    at: dt.datetime
    """When it rings next: local wall time, without a zone."""
    days: tuple[int, ...] = ()
    """Days of the week (Monday is 0) on which it repeats; empty: once."""
    text: str = ""
    """Of what it reminds."""

    def after(self, now: dt.datetime) -> Alarm:
        """A repeated one, after it has rung."""
        ahead = (dt.datetime.combine(now.date() + dt.timedelta(days=n), self.at.time()) for n in range(9))
        return replace(self, at=next(at for at in ahead if at > now and at.weekday() in self.days))


@dataclass(frozen=True, slots=True)
class Alarms:
    """All alarms, the next one first."""

    alarms: tuple[Alarm, ...] = ()
    next_id: int = 1

    def next_due_s(self, now: dt.datetime) -> float | None:
        """Seconds from `now` (local, without a zone) to the next one; None where none is set."""
        return max(0.0, (self.alarms[0].at - now).total_seconds()) if self.alarms else None

    def due(self, now: dt.datetime) -> tuple[Alarms, tuple[Alarm, ...]]:
        """(what is left, what has to ring, in the order of the clock)."""
        over = tuple(a for a in self.alarms if a.at <= now)
        again = [a.after(now) for a in over if a.days]
        return self._with([a for a in self.alarms if a not in over] + again), over

    def snoozed(self, at: dt.datetime) -> Alarms:
        """With one more that rings at `at`."""
        new = Alarm(self.next_id, at.replace(microsecond=0))
        return replace(self._with([*self.alarms, new]), next_id=self.next_id + 1)

    def _with(self, alarms: list[Alarm]) -> Alarms:
        return replace(self, alarms=tuple(sorted(alarms, key=lambda a: (a.at, a.id))))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        rows = [{"id": a.id, "at": a.at.isoformat(), "days": list(a.days), "text": a.text} for a in self.alarms]
        return {"alarms": rows, "next_id": self.next_id}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Alarms:
        """ValueError on what `to_dict` never gave."""
        try:
            alarms = [
                Alarm(
                    int(r["id"]), dt.datetime.fromisoformat(r["at"]), tuple(map(int, r["days"])), str(r.get("text", ""))
                )
                for r in data["alarms"]
            ]
            next_id = int(data["next_id"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are no alarms: {error!r}") from error
        if len(alarms) > MAX_ALARMS or len({a.id for a in alarms} | {next_id}) != len(alarms) + 1:
            raise ValueError("these are no alarms of ours: too many, or two with one number")
        if any(a.at.tzinfo or not {*a.days} <= {*range(7)} for a in alarms):
            raise ValueError("these are no alarms of ours: no local time, or no day of the week")
        return cls((), next_id)._with(alarms)


@dataclass(frozen=True, slots=True)
class _When:
    """What was said of a time."""

    minutes: tuple[int, ...]
    """Of the day: two where it may be morning or evening."""
    day: str = ""

    @property
    def days(self) -> tuple[int, ...]:
        return _REPEATED.get(self.day, ())


def _hours(call: Call) -> tuple[int, ...]:
    """The hours of the day that are meant."""
    hour = call.slots.get("hour")
    if hour == "noon" or hour == "midnight":
        return (12 if hour == "noon" else 0,)
    if isinstance(hour, bool) or not isinstance(hour, int | float) or not 0 <= hour < 24:
        return ()
    early, half = int(hour) % 12, _half(call)
    if half:
        return (early + (12 if half == "pm" else 0),)
    if hour > 12 or hour == 0:
        return (int(hour),)
    if "wake" in call.slots and hour < 12:
        return (early,)
    if call.slots.get("day", "today") != "today" and call.intent == "AlarmSet":
        return (early if early >= 5 else early + 12,)  # on a day that was named nothing comes first: waking hours
    if "text" in call.slots and early < 7:
        return (early + 12,)  # reminders wake nobody
    return (early, early + 12)


def _half(call: Call) -> str:
    day = str(call.slots.get("day", ""))
    said = "am" if day.endswith("morning") else "pm" if day.endswith(("evening", "tonight")) else ""
    return str(call.slots.get("half", said))


def _when(call: Call) -> _When | None:
    hours, past = _hours(call), call.slots.get("minute", 0)
    if not hours or not isinstance(past, int | float) or not -60 < past < 60:
        return None
    day = str(call.slots.get("day", "")).removesuffix(" morning").removesuffix(" evening")
    return _When(tuple(int(h * 60 + past) % _DAY_MINUTES for h in hours), "today" if day == "tonight" else day)


def _next(when: _When, now: dt.datetime) -> dt.datetime:
    """The first such time after `now`."""
    days = when.days or ((WEEKDAYS.index(when.day),) if when.day in WEEKDAYS else tuple(range(7)))
    first = 1 if when.day == "tomorrow" else 0
    return min(
        at
        for n in range(first, 9)
        for minutes in when.minutes
        if (at := dt.datetime.combine(now.date() + dt.timedelta(days=n), dt.time(*divmod(minutes, 60)))) > now
        and at.weekday() in days
    )


def told(alarm: Alarm, now: dt.datetime) -> dict[str, object]:
    """What a reply says of an alarm."""
    days = next((name for name, days in _REPEATED.items() if days == alarm.days), "") if alarm.days else ""
    ahead = (alarm.at.date() - now.date()).days
    once = ("today", "tomorrow")[ahead] if ahead in (0, 1) else WEEKDAYS[alarm.at.weekday()]
    return {"hour": alarm.at.hour, "minute": alarm.at.minute, "day": days or once, "text": alarm.text}


def _set(alarms: Alarms, call: Call, now: dt.datetime) -> tuple[Alarms, Reply]:
    when, seconds = _when(call), seconds_of(call)
    if when is None and seconds <= 0:
        return alarms, Reply("alarm_when")
    if len(alarms.alarms) >= MAX_ALARMS:
        return alarms, Reply("alarm_too_many")
    at = _next(when, now) if when else (now + dt.timedelta(seconds=seconds)).replace(microsecond=0)
    alarm = Alarm(alarms.next_id, at, when.days if when else (), str(call.slots.get("text", "")))
    more = replace(alarms._with([*alarms.alarms, alarm]), next_id=alarms.next_id + 1)
    return more, Reply("alarm_set", told(alarm, now))


def _meant(alarms: Alarms, call: Call) -> tuple[Alarm, ...]:
    when, day = _when(call), str(call.slots.get("day", ""))
    found = alarms.alarms
    if when:
        found = tuple(a for a in found if a.at.hour * 60 + a.at.minute in when.minutes)
    if day in _REPEATED:
        found = tuple(a for a in found if a.days == _REPEATED[day])
    elif day in WEEKDAYS:
        found = tuple(a for a in found if a.at.weekday() == WEEKDAYS.index(day))
    return found


def _cancel(alarms: Alarms, call: Call, now: dt.datetime) -> tuple[Alarms, Reply]:
    meant = _meant(alarms, call)
    if not meant:
        return alarms, Reply("alarm_none")
    if len(meant) > 1:
        return alarms, Reply("alarm_which", {"alarms": [told(a, now) for a in meant]})
    return alarms._with([a for a in alarms.alarms if a not in meant]), Reply("alarm_cancelled", told(meant[0], now))


ALARM_INTENTS = frozenset(["AlarmSet", "AlarmCancel", "AlarmCancelAll", "AlarmStatus"])


def apply(alarms: Alarms, call: Call, now: dt.datetime) -> tuple[Alarms, Reply]:
    """Do what the call asks; the reply says what was done. `now` is local wall time, without a zone."""
    if call.intent == "AlarmSet":
        return _set(alarms, call, now)
    if call.intent == "AlarmCancel":
        return _cancel(alarms, call, now)
    if not alarms.alarms:
        return alarms, Reply("alarm_none")
    if call.intent == "AlarmCancelAll":
        return replace(alarms, alarms=()), Reply("alarms_cancelled", {"count": len(alarms.alarms)})
    return alarms, Reply("alarms", {"alarms": [told(a, now) for a in alarms.alarms]})
