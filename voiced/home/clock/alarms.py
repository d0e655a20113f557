"""PURE. Alarms: times at which something rings, once or on days of the week.

An alarm that was named by the clock keeps local wall time: seven o'clock stays seven o'clock when the clocks change.
One in half an hour is an instant: see `when.py`. `apply` does what a call of `ALARM_INTENTS` asks and gives the reply;
`due` takes out what has to ring.

Whoever cancels the alarm for a time on one day cancels one that rings once; one that repeats stays and leaves out that
day. A time without a day cancels either. Setting a repeated alarm again takes back the days that it leaves out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from voiced.home.clock.timers import seconds_of
from voiced.home.clock.when import AHEAD, MIDNIGHT, REPEATED, WEEKDAYS, When, instant_s, later, local, when_of
from voiced.home.replies import Reply
from voiced.messages import Call

MAX_ALARMS = 20
"""More are not set. What is snoozed comes on top: nobody who sleeps on is told that there are too many."""


@dataclass(frozen=True, slots=True)
class Alarm:
    id: int
    at: dt.datetime
    """When it rings next: local wall time without a zone where it was named by the clock, else an instant in UTC."""
    days: tuple[int, ...] = ()
    """Days of the week (Monday is 0) on which it repeats; empty: once."""
    text: str = ""
    """Of what it reminds."""
    skips: tuple[dt.date, ...] = ()
    """Dates on which a repeated one does not ring."""

    @property
    def rule(self) -> tuple[dt.datetime | dt.time, tuple[int, ...], str]:
        """What was asked for: who asks for the same again wants it once, and on every day."""
        return self.at.time() if self.days else self.at, self.days, self.text

    def wall(self, now: dt.datetime) -> dt.datetime:
        """`at` on the wall's clock, without a zone."""
        return local(self.at, now) if self.at.tzinfo else self.at

    def ahead(self, start: dt.date) -> Iterator[dt.datetime]:
        """When a repeated one rings from that date on."""
        for n in range(7 * (len(self.skips) + 1) + AHEAD):
            at = dt.datetime.combine(start + dt.timedelta(days=n), self.at.time())
            if at.weekday() in self.days and at.date() not in self.skips:
                yield at

    def after(self, now: dt.datetime) -> Alarm:
        """A repeated one, after it has rung."""
        at = next(at for at in self.ahead(now.date()) if instant_s(at, now) > now.timestamp())
        return replace(self, at=at, skips=tuple(d for d in self.skips if d >= now.date()))

    def without(self, date: dt.date) -> Alarm:
        """A repeated one that does not ring on that date."""
        less = replace(self, skips=(*self.skips, date))
        return replace(less, at=next(less.ahead(self.at.date())))


@dataclass(frozen=True, slots=True)
class Alarms:
    """All alarms, the next one first. `now` is the wall's clock, with its zone, here and below."""

    alarms: tuple[Alarm, ...] = ()
    next_id: int = 1

    def next_due_s(self, now: dt.datetime) -> float | None:
        """Seconds from `now` to the next one; None where none is set."""
        due_s = min((instant_s(a.at, now) for a in self.alarms), default=None)
        return None if due_s is None else max(0.0, due_s - now.timestamp())

    def due(self, now: dt.datetime) -> tuple[Alarms, tuple[Alarm, ...]]:
        """(what is left, what has to ring, in the order of the clock)."""
        over = tuple(a for a in self._sorted(now) if instant_s(a.at, now) <= now.timestamp())
        again = [a.after(now) for a in over if a.days]
        return self.holding([*(a for a in self.alarms if a not in over), *again], now), over

    def snoozed(self, seconds: float, text: str, now: dt.datetime) -> Alarms:
        """With one more that rings `seconds` from now, for what the old one rang."""
        return self._more(Alarm(self.next_id, later(now, seconds), text=text), now)

    def _more(self, alarm: Alarm, now: dt.datetime) -> Alarms:
        return replace(self.holding([*self.alarms, alarm], now), next_id=self.next_id + 1)

    def holding(self, alarms: Iterable[Alarm], now: dt.datetime) -> Alarms:
        """With these instead, in their order."""
        new = replace(self, alarms=tuple(alarms))
        return replace(new, alarms=new._sorted(now))

    def _sorted(self, now: dt.datetime) -> tuple[Alarm, ...]:
        return tuple(sorted(self.alarms, key=lambda a: (instant_s(a.at, now), a.id)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        rows = [
            {
                "id": a.id, "at": a.at.isoformat(), "days": list(a.days), "text": a.text,
                "skips": [d.isoformat() for d in a.skips],
            }
            for a in self.alarms
        ]  # fmt: skip
        return {"alarms": rows, "next_id": self.next_id}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Alarms:
        """ValueError on what `to_dict` never gave, today's or that of a version without reminders or skipped days."""
        try:
            alarms = tuple(map(_alarm, data["alarms"]))
            next_id = int(data["next_id"])
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"these are no alarms: {error!r}") from error
        if len({a.id for a in alarms} | {next_id}) != len(alarms) + 1:
            raise ValueError("these are no alarms of ours: two with one number")
        if any(not {*a.days} <= {*range(7)} or (a.days and a.at.tzinfo) for a in alarms):
            raise ValueError("these are no alarms of ours: no day of the week, or an instant that repeats")
        if any(not 1970 <= a.at.year < 9000 for a in alarms):
            raise ValueError("these are no alarms of ours: of no year that a clock shows")
        return cls(alarms, next_id)


def _alarm(row: Mapping[str, Any]) -> Alarm:
    at, skips = dt.datetime.fromisoformat(row["at"]), map(dt.date.fromisoformat, row.get("skips", ()))
    return Alarm(int(row["id"]), at, tuple(map(int, row["days"])), str(row.get("text", "")), tuple(skips))


def _day(date: dt.date, time: dt.time, now: dt.datetime) -> str:
    """Tonight's midnight is on tomorrow's date."""
    ends = time == MIDNIGHT
    ahead, first = (date - now.date()).days - ends, "tonight" if ends else "today"
    return (first, "tomorrow")[ahead] if ahead in (0, 1) else WEEKDAYS[date.weekday()]


def told(alarm: Alarm, now: dt.datetime) -> dict[str, object]:
    """What a reply says of an alarm."""
    at = alarm.wall(now)
    days = next((name for name, days in REPEATED.items() if days == alarm.days), "") if alarm.days else ""
    skipped = [_day(d, at.time(), now) for d in sorted(alarm.skips) if d >= now.date()]
    said = {"hour": at.hour, "minute": at.minute, "day": days or _day(at.date(), at.time(), now), "text": alarm.text}
    return {**said, "skipped": skipped}


def _set(alarms: Alarms, call: Call, now: dt.datetime) -> tuple[Alarms, Reply]:
    when, seconds, text = when_of(call), seconds_of(call), str(call.slots.get("text", ""))
    timed = when is not None and bool(when.minutes)
    if not timed and seconds <= 0:
        return alarms, Reply("alarm_when")
    if when is None or not timed:
        alarm = Alarm(alarms.next_id, later(now, seconds), (), text)
    elif at := when.next(now):
        alarm = Alarm(alarms.next_id, at, when.days, text)
    else:
        hour, minute = divmod(max(when.minutes), 60)
        return alarms, Reply("alarm_past", {"hour": hour, "minute": minute})
    others = tuple(a for a in alarms.alarms if a.rule != alarm.rule)
    if len(others) >= MAX_ALARMS:
        return alarms, Reply("alarm_too_many")
    return replace(alarms, alarms=others)._more(alarm, now), Reply("alarm_set", told(alarm, now))


def rings_at(at: dt.datetime, call: Call) -> bool:
    """Whether a call names this time: local wall time, of what rings once or on that day."""
    when = when_of(call)
    before = at - dt.timedelta(seconds=1)
    return when is None or (when.has(at.time()) and at.date() in when.dates(at.time(), before))


def _meant(alarms: Alarms, when: When, now: dt.datetime) -> tuple[tuple[Alarm, dt.date | None], ...]:
    """(an alarm that is meant, the date on which it is; None where it is on all)."""
    found: list[tuple[Alarm, dt.date | None]] = []
    for alarm in alarms.alarms:
        at = alarm.wall(now)
        if not when.has(at.time()) or (when.days and when.days != alarm.days):
            continue
        if when.days or not when.day:
            found.append((alarm, None))
            continue
        dates = when.dates(at.time(), now)
        times = alarm.ahead(at.date()) if alarm.days else (at,)
        found += [(alarm, t.date()) for t in times if t.date() in dates][:1]
    return tuple(found)


def _cancel(alarms: Alarms, call: Call, now: dt.datetime) -> tuple[Alarms, Reply]:
    meant = _meant(alarms, when_of(call) or When(()), now)
    if not meant:
        return alarms, Reply("alarm_none", {"named": bool(call.slots)})
    if len(meant) > 1:
        return alarms, Reply("alarm_which", {"alarms": [told(a, now) for a, _ in meant]})
    ((alarm, date),) = meant
    rest = [a for a in alarms.alarms if a is not alarm]
    said = {**told(alarm, now), "skipped": []}
    if alarm.days and date:
        once = {**said, "on": _day(date, alarm.at.time(), now)}
        return alarms.holding([*rest, alarm.without(date)], now), Reply("alarm_skipped", once)
    return alarms.holding(rest, now), Reply("alarm_cancelled", said)


ALARM_INTENTS = frozenset(["AlarmSet", "AlarmCancel", "AlarmCancelAll", "AlarmStatus"])


def apply(alarms: Alarms, call: Call, now: dt.datetime) -> tuple[Alarms, Reply]:
    """Do what the call asks; the reply says what was done."""
    if call.intent == "AlarmSet":
        return _set(alarms, call, now)
    if call.intent == "AlarmCancel":
        return _cancel(alarms, call, now)
    if not alarms.alarms:
        return alarms, Reply("alarm_none")
    if call.intent == "AlarmCancelAll":
        return replace(alarms, alarms=()), Reply("alarms_cancelled", {"count": len(alarms.alarms)})
    return alarms, Reply("alarms", {"alarms": [told(a, now) for a in alarms.alarms]})
