"""PURE. What rings: timers and alarms whose time has come, until somebody stops them.

A ring that nobody stops ends by itself after LONGEST_S. What is told long after its time is told once, and rings only
where it still may wake somebody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from voiced.home.clock import alarms, timers
from voiced.home.dialogue import UNDO
from voiced.home.language.spoken import edits
from voiced.messages import Call

LONGEST_S = 15 * 60
"""The limit that other assistants have."""
SNOOZE_S = 9 * 60
STOP = "StopRinging"
SNOOZE = "AlarmSnooze"
STOPPING = frozenset([STOP, UNDO, "HassNevermind", "HassCancelTimer", "AlarmCancel"])
"""What silences all that rings, where it names nothing."""
RING_INTENTS = frozenset([STOP, SNOOZE])
TALK = "TalkAtARing"
"""What sounds like "stop" and was said to somebody else."""
_CANCEL_TIMER = frozenset(["HassCancelTimer", "HassCancelAllTimers"])
_CANCEL_ALARM = frozenset(["AlarmCancel", "AlarmCancelAll"])
_MOST_UNLIKE = 0.4
_STOPPED = frozenset(["that", "this", "the"])


def is_whole(sentence: str, heard: str) -> bool:
    """Whether nothing but that sentence was said: a model that may only hear "stop" finds it in "the timer is off",
    too. `heard` is the same sound without that restriction.
    """
    more = len(heard.split()) - len(sentence.split())
    unlike = edits(sentence, heard) / max(len(sentence), len(heard), 1)
    return more < 1 or (more == 1 and unlike <= _MOST_UNLIKE)


def is_other_stop(heard: str) -> bool:
    """In words of one's own: "stop that terrible noise", but not "stop by the shop"."""
    first, *rest = heard.split() or [""]
    return first == "stop" and 1 <= len(rest) <= 3 and rest[0] in _STOPPED


@dataclass(frozen=True, slots=True)
class Ring:
    text: str
    alarm: bool
    """Else it is a timer."""
    since_s: float = 0.0
    """Since when somebody may have heard it, by the wall's clock; 0 where nobody may have."""
    once: bool = False
    """It is said until somebody may have heard it, and that is all."""
    name: str = ""
    """The timer's, or of what the alarm reminds."""
    set_s: float = 0.0
    """What the timer was started with."""
    at: dt.datetime | None = None
    """When the alarm was to ring: local wall time, without a zone. None for a timer, and where an old state did not
    say.
    """

    def lasts(self, now_s: float) -> bool:
        return self.once or not self.since_s or now_s - self.since_s < LONGEST_S

    def is_meant(self, call: Call) -> bool:
        """Whether a call that cancels means what rings: by the timer's name and length, or by the alarm's time. One
        that names nothing means all of its kind.
        """
        if call.intent in _CANCEL_TIMER:
            return not self.alarm and timers.fits(self.name, self.set_s, call)
        if self.alarm and call.intent in _CANCEL_ALARM:
            return not call.slots or (self.at is not None and alarms.rings_at(self.at, call))
        return False

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {**asdict(self), "at": self.at.isoformat() if self.at else ""}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ring:
        """ValueError on what `to_dict` never gave, today's or that of a version that did not say what it was for."""
        try:
            at = dt.datetime.fromisoformat(data["at"]) if data.get("at") else None
            return cls(
                str(data["text"]), bool(data["alarm"]), float(data["since_s"]), bool(data["once"]),
                str(data.get("name", "")), float(data.get("set_s", 0.0)), at,
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this rings nothing: {error!r}") from error
