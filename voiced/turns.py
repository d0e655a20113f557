"""What the assistant keeps of a turn, and what it may be told about turns."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from voiced.ledger import Ledger
from voiced.listen.endpoint import Endpoint
from voiced.messages import Command, Decision, EngineTimes
from voiced.ports import Expect

Happening = dict[str, object]
"""One event for people and programs: `event`, `t_ms` on the audio's clock, `turn`, and the event's own fields."""


@dataclass(frozen=True, slots=True)
class TurnSettings:
    endpoint: Endpoint = field(default_factory=Endpoint)
    confirm_s: float = 2.0
    """How long the state topic may take before a command counts as unconfirmed."""
    gate_tail_ms: int = 200
    """After our own voice the room still rings: what is heard then is not listened to."""
    chimes: bool = True


@dataclass(slots=True)
class OpenTurn:
    number: int
    expect: Expect
    ledger: Ledger
    speech_end: int = 0
    """t0 as of the last hush."""
    speculation: asyncio.Task[tuple[Decision, EngineTimes]] | None = None
    words: bool = False
    reopened: bool = False


@dataclass(slots=True)
class Waiter:
    command: Command
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
