"""PURE. Timers, alarms and what rings of them: all that the house does by the clock, in one state that can be kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from voiced.home.clock import alarms, timers
from voiced.home.clock.alarms import ALARM_INTENTS, Alarms
from voiced.home.clock.rings import LONGEST_S, RING_INTENTS, SNOOZE, SNOOZE_S, STOP, STOPPING, Ring
from voiced.home.clock.timers import TIMER_INTENTS, Timers, seconds_of
from voiced.home.clock.when import instant_s, local, when_of
from voiced.home.parts import part
from voiced.home.replies import Reply
from voiced.messages import Call

CLOCK_INTENTS = TIMER_INTENTS | ALARM_INTENTS | RING_INTENTS
LATE_S = 15.0
"""What is said later than this after its time says so."""
_NONE = frozenset(["timer_none", "alarm_none"])
MISSED_S = 3600.0
"""An alarm that could not ring for so long (the power was off) wakes nobody any more: it is told."""


class Clockwork:
    """Clocks are given in: `now_s` counts steadily, `today` is the wall's clock with its zone."""

    def __init__(
        self, now_s: Callable[[], float], today: Callable[[], dt.datetime], say: Callable[[Reply], str]
    ) -> None:
        self._now_s, self._today, self._say = now_s, today, say
        self.timers, self.alarms = Timers(), Alarms()
        self.ringing: tuple[Ring, ...] = ()
        """The oldest first."""

    def meant(self, call: Call) -> Call:
        """While something rings, "stop" and "cancel the timer" mean that."""
        return Call(STOP) if self.ringing and call.intent in STOPPING and not call.slots else call

    def names_one(self, call: Call) -> bool:
        """Whether a timer is called as the call says, running or ringing; one that is about all timers calls none."""
        if call.intent not in TIMER_INTENTS or call.intent == "HassCancelAllTimers":
            return False
        rings = any(timers.fits(r.name, r.set_s, call) for r in self.ringing if not r.alarm)
        return rings or any(timers.fits(t.name, t.set_s, call) for t in self.timers.timers)

    def do(self, call: Call) -> Reply:
        """What a call of CLOCK_INTENTS asks for; what was done."""
        if call.intent in RING_INTENTS:
            return self._answered(call)
        meant = tuple(r for r in self.ringing if r.is_meant(call))
        self.ringing = tuple(r for r in self.ringing if r not in meant)
        when = when_of(call)
        if meant and call.intent in STOPPING and not (when and when.days):
            return Reply("okay")  # that ring and no more: a series rings again tomorrow
        if call.intent in TIMER_INTENTS:
            self.timers, reply = timers.apply(self.timers, call, self._now_s())
        else:
            self.alarms, reply = alarms.apply(self.alarms, call, self._today())
        return Reply("okay") if meant and reply.key in _NONE else reply

    def _answered(self, call: Call) -> Reply:
        """Stop or snooze: it is about all that rings. What is snoozed rings again for what it rang."""
        rang = self.ringing
        if not self.silence():
            return Reply("nothing_rings")
        if call.intent != SNOOZE:
            return Reply("okay")
        seconds = seconds_of(call) or SNOOZE_S
        for name, set_s in dict.fromkeys((r.name, r.set_s) for r in rang):
            if set_s:
                self.timers = self.timers.snoozed(name, set_s, self._now_s() + seconds)
            else:
                self.alarms = self.alarms.snoozed(seconds, name, self._today())
        return Reply("snoozed", {"seconds": seconds})

    # --- ringing ----------------------------------------------------------------------------------------------------

    def next_timer_s(self) -> float | None:
        """Seconds until a timer ends; None where none runs."""
        due = self.timers.next_due_s()
        return None if due is None else max(0.0, due - self._now_s())

    def next_alarm_s(self) -> float | None:
        """Seconds until an alarm rings; None where none is set."""
        return self.alarms.next_due_s(self._today())

    def next_s(self) -> float | None:
        """Seconds until something rings; None where nothing will."""
        return min((s for s in (self.next_timer_s(), self.next_alarm_s()) if s is not None), default=None)

    def rings(self) -> tuple[Ring, ...]:
        """What has begun to ring since this was asked last."""
        self.timers, over = self.timers.due(self._now_s())
        self.alarms, rung = self.alarms.due(self._today())
        new = (*map(self._of_timer, over), *map(self._of_alarm, rung))
        self.ringing += new
        return new

    def rings_now(self) -> Ring | None:
        """The ring that is to be heard; None where all is silent. What nobody stopped in time is over."""
        self.ringing = tuple(r for r in self.ringing if r.lasts(self._wall_s()))
        return self.ringing[0] if self.ringing else None

    def told(self, ring: Ring) -> None:
        """Somebody may have heard it: what is said once has been said, and the others take turns."""
        rest = tuple(r for r in self.ringing if r is not ring)
        if len(rest) < len(self.ringing):
            heard = replace(ring, since_s=ring.since_s or self._wall_s())
            self.ringing = rest if ring.once else (*rest, heard)

    def silence(self) -> bool:
        """Whether anything rang."""
        rang, self.ringing = bool(self.ringing), ()
        return rang

    def _of_timer(self, timer: timers.Timer) -> Ring:
        late_s = self._now_s() - (timer.ends_at_s or self._now_s())
        said = {"name": timer.name, "seconds": timer.set_s}
        missed = late_s > LATE_S
        reply = Reply("timer_missed", {**said, "ago_s": late_s}) if missed else Reply("timer_over", said)
        once = late_s > LONGEST_S
        return Ring(self._say(reply), alarm=False, once=once, name=timer.name, set_s=timer.set_s)

    def _of_alarm(self, alarm: alarms.Alarm) -> Ring:
        now = self._today()
        at, late_s = local(alarm.at, now), now.timestamp() - instant_s(alarm.at, now)
        said = {"hour": at.hour, "minute": at.minute, "ago_s": late_s, "text": alarm.text}
        reply = Reply("alarm_missed" if late_s > LATE_S else "alarm_rings", said)
        once = late_s > MISSED_S
        return Ring(self._say(reply), alarm=True, once=once, name=alarm.text, at=alarm.wall(now))

    def _wall_s(self) -> float:
        return self._today().timestamp()

    # --- what outlasts a restart ------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {
            "timers": self.timers.to_dict(self._now_s()),
            "alarms": self.alarms.to_dict(),
            "ringing": [r.to_dict() for r in self.ringing],
        }

    def restore(self, data: Mapping[str, object], away_s: float) -> tuple[str, ...]:
        """What `to_dict` gave, `away_s` ago, each part by itself. A part that cannot be read is left as it is here, and
        told of; one that an older version did not have is none.
        """
        lost: list[str] = []
        now_s = self._now_s()
        self.timers = part(data, "timers", lambda v: Timers.from_dict(v, now_s, away_s), self.timers, lost)
        self.alarms = part(data, "alarms", Alarms.from_dict, self.alarms, lost)
        rings = part(data, "ringing", lambda v: tuple(map(Ring.from_dict, v)), self.ringing, lost)
        self.ringing = tuple(replace(r, since_s=min(r.since_s, self._wall_s())) for r in rings)
        return tuple(lost)
