"""What the assistant keeps of a turn, and the sound's clock on which everything about turns is told and measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voiced.ledger import Ledger
from voiced.listen.endpoint import Endpoint
from voiced.listen.listener import Listener
from voiced.messages import Decision, EngineTimes, samples_to_ms
from voiced.ports import Expect

Happening = dict[str, object]
"""One event for people and programs: `event`, `t_ms` on the audio's clock, `turn`, and the event's own fields."""

Speculation = asyncio.Task[tuple[Decision, EngineTimes]]


@dataclass(frozen=True, slots=True)
class TurnSettings:
    endpoint: Endpoint = field(default_factory=Endpoint)
    confirm_s: float = 2.0
    """How long the state topic may take before a command counts as unconfirmed."""
    gate_tail_ms: int = 200
    """After our own voice the room still rings: what is heard then is not listened to."""
    go_on_ms: int = 4000
    """How long somebody may think who broke off in the middle of a command."""
    goes_on: int = 2
    """How often in one turn."""
    interpret_end_ms: int = 900
    """Silence that ends what is to be interpreted: 4 % of pauses within speech are longer (listen/endpoint.py)."""
    chimes: bool = True
    stop_word: str = "stop"
    stop_threshold: float = 0.5
    """The score from which on it was said."""
    recorded: bool = False
    """What is said is kept on the disk: the chime for a wake sounds twice."""


@dataclass(slots=True)
class OpenTurn:
    number: int
    expect: Expect
    ledger: Ledger
    speech_end: int | None = 0
    """t0 as of the last hush; None of typed words, whose t0 is the moment at which they came."""
    speculation: Speculation | None = None
    woken: bool = False
    """By the wake word."""
    words: bool = False
    broke_off: int = 0
    """How often its words ended in the middle, and it was opened again."""

    def resumed(self) -> bool:
        """Speech goes on: what was decided so far is forgotten. Whether anything was being decided."""
        if self.speculation is None:
            return False
        self.speculation.cancel()
        self.speculation, self.ledger = None, self.ledger.abandoned()
        return True


class Timeline:
    """The sound's clock. `paced` says whether sound arrives at its own pace: if it does, what a turn takes is measured
    on the wall's clock from the last frame; if not, as sound heard plus work done.
    """

    def __init__(self, listener: Listener, tell: Callable[[Happening], None], *, paced: bool) -> None:
        self._listener, self._tell, self.paced = listener, tell, paced
        self._heard_at = time.monotonic()

    @property
    def now(self) -> int:
        """Samples heard since the ear opened."""
        return self._listener.now

    @property
    def in_turn(self) -> bool:
        """Whether somebody is being listened to."""
        return self._listener.turn is not None

    def frame_arrived(self) -> None:
        self._heard_at = time.monotonic()

    def ms_after(self, t0_sample: int | None, begun: float) -> float:
        """Milliseconds since t0; `begun` is when, on the monotonic clock, the work began."""
        if t0_sample is None:
            return (time.monotonic() - begun) * 1000
        since = self._heard_at if self.paced else begun
        return samples_to_ms(self.now - t0_sample) + (time.monotonic() - since) * 1000

    def tell(self, event: str, at_sample: int | None = None, **fields: object) -> None:
        self._tell({"event": event, "t_ms": ms(self.now if at_sample is None else at_sample), **fields})


def ms(samples: int) -> float:
    """As it is told: a tenth of a millisecond."""
    return round(samples_to_ms(samples), 1)
