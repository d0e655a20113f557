"""PURE. Times as people say them, and what they are on the wall's clock and as instants.

"Seven" without more is whichever comes first, but nobody wants to be woken in the evening: see `_hours`. A time that
was named by the clock is wall time without a zone; one that is so far from now is an instant, in UTC. They differ on
the two nights of the year on which the clocks change, and then both are what was meant.

Everywhere `now` is the wall's clock with its zone; without one the system's is meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from voiced.messages import Call

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
REPEATED: Mapping[str, tuple[int, ...]] = {
    "daily": tuple(range(7)), "weekdays": tuple(range(5)), "weekends": (5, 6),
    **{f"every {name}": (i,) for i, name in enumerate(WEEKDAYS)},
}  # fmt: skip
_DAY_MINUTES = 24 * 60
_NIGHT_ENDS = 5
"""Up to this hour it is night still: "two at night" is the next morning's."""
_HALVES = {"morning": "am", "evening": "pm", "tonight": "night"}
AHEAD = 8
"""Days that are looked ahead."""
MIDNIGHT = dt.time()
"""It ends a day that is called today or tomorrow, as people say it; one with a name it begins, as calendars say."""


def instant_s(at: dt.datetime, now: dt.datetime) -> float:
    """Seconds since 1970. An hour that the clocks leave out begins when the clocks have gone on: 2:30 is 3:30."""
    return (at if at.tzinfo else at.replace(tzinfo=now.tzinfo)).timestamp()


def local(at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """As the wall's clock shows it: without a zone."""
    return dt.datetime.fromtimestamp(instant_s(at, now), now.tzinfo).replace(tzinfo=None)


def later(now: dt.datetime, seconds: float) -> dt.datetime:
    """The instant, to the second, in UTC."""
    return dt.datetime.fromtimestamp(int(now.timestamp() + seconds), dt.UTC)


@dataclass(frozen=True, slots=True)
class When:
    """What was said of a time of day and of the days; `minutes` is empty where only a day was named."""

    minutes: tuple[int, ...]
    """Of the day: two where it may be morning or evening."""
    day: str = ""
    """today, tonight, tomorrow, friday, next friday, or a key of REPEATED; "" where none was named."""

    @property
    def days(self) -> tuple[int, ...]:
        """Days of the week on which it repeats; Monday is 0."""
        return REPEATED.get(self.day, ())

    def has(self, at: dt.time) -> bool:
        """Whether this time of the day can be meant."""
        return not self.minutes or at.hour * 60 + at.minute in self.minutes

    def dates(self, at: dt.time, now: dt.datetime) -> tuple[dt.date, ...]:
        """The dates within `AHEAD` days on which this time of the day can be meant, the next one first. What is over
        today is among them.
        """
        ahead = [now.date() + dt.timedelta(days=n) for n in range(AHEAD + 1)]
        if self.day == "tonight":
            if not self.minutes and _NIGHT_ENDS <= at.hour < 12:
                return ()
            return (ahead[at.hour < 12 and at <= now.time()],)
        if self.day in ("today", "tomorrow"):
            return (ahead[(self.day == "tomorrow") + (at == MIDNIGHT)],)
        name = self.day.removeprefix("next ")
        if name in WEEKDAYS:
            return tuple(d for d in ahead[name != self.day :] if d.weekday() == WEEKDAYS.index(name))
        return tuple(d for d in ahead if not self.days or d.weekday() in self.days)

    def next(self, now: dt.datetime) -> dt.datetime | None:
        """The first such time after `now`; None where it is over. Wall time, but an instant for the second of two
        hours that the clocks call the same.
        """
        found = []
        for minutes in self.minutes:
            time = dt.time(*divmod(minutes, 60))
            found += [dt.datetime.combine(date, time) for date in self.dates(time, now)]
        for at in sorted(found):
            if instant_s(at, now) > now.timestamp():
                return at
            again = instant_s(at.replace(fold=1), now)
            if not self.days and again > now.timestamp():
                return dt.datetime.fromtimestamp(again, dt.UTC)
        return None


def _night(hour: int) -> int:
    early = hour % 12
    return early if early < _NIGHT_ENDS else early + 12


def _hours(call: Call) -> tuple[int, ...]:
    """The hours of the day that are meant."""
    hour = call.slots.get("hour")
    if hour == "noon" or hour == "midnight":
        return (12 if hour == "noon" else 0,)
    if isinstance(hour, bool) or not isinstance(hour, int | float) or not 0 <= hour < 24:
        return ()
    early, half = int(hour) % 12, _half(call)
    if hour > 12 or hour == 0:
        return (int(hour),)
    if half:
        return (_night(int(hour)) if half == "night" else early + (12 if half == "pm" else 0),)
    if "wake" in call.slots and hour < 12:
        return (early,)
    if call.slots.get("day", "today") != "today" and call.intent == "AlarmSet":
        return (early if early >= 5 else early + 12,)  # on a day that was named nothing comes first: waking hours
    if "text" in call.slots and early < 7:
        return (early + 12,)  # reminders wake nobody
    return (early, early + 12)


def _half(call: Call) -> str:
    """am, pm, night, or "" where nothing says which."""
    day = str(call.slots.get("day", ""))
    return str(call.slots.get("half", _HALVES.get(day.rpartition(" ")[2], "")))


def when_of(call: Call) -> When | None:
    """None where neither a time nor a day was named, or what makes no sense."""
    hours, past = _hours(call), call.slots.get("minute", 0)
    day = str(call.slots.get("day", "")).removesuffix(" morning").removesuffix(" evening")
    if not isinstance(past, int | float) or not -60 < past < 60 or ("hour" in call.slots and not hours):
        return None
    if day == "today" and (call.slots.get("hour") == "midnight" or _half(call) == "night"):
        day = "tonight"  # today's midnight, and two at night, lie ahead for everybody but a calendar
    minutes = tuple(int(h * 60 + past) % _DAY_MINUTES for h in hours)
    return When(minutes, day) if minutes or day else None
