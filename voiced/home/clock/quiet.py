"""PURE. Quiet hours: when nothing is announced and replies are soft or chimes. Alarms and timers ring all the same."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


class Replies(enum.StrEnum):
    SOFT = "soft"
    """At the volume of the quiet hours."""
    NONE = "none"
    """What was done is not said; what was asked is, softly."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    begin: dt.time
    end: dt.time
    """The next day where it is not after `begin`."""
    replies: Replies = Replies.SOFT
    volume: int = 30
    """Percent: nothing is said louder."""

    def at(self, now: dt.time) -> bool:
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end
