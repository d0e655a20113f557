"""An engine in this process hears along with a listener: for measurements, where no process and no clock is between."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from voiced.messages import AudioHeard, Decision, Hushed, ListenerEvent, Woken
from voiced.workers.engine import EngineCore


@dataclass(frozen=True, slots=True)
class Asked:
    """What was decided at a hush, and what that took."""

    hush: Hushed
    decision: Decision
    wall_ms: float
    cpu_ms: float


def follow(core: EngineCore, events: Iterable[ListenerEvent]) -> Iterator[ListenerEvent | Asked]:
    """Each event once the engine has heard it; in place of a Hushed what the engine decided."""
    for event in events:
        match event:
            case Hushed():
                wall, cpu = time.perf_counter(), time.process_time()
                decision, _ = core.decide(event.turn)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                yield Asked(event, decision, wall * 1000, cpu * 1000)
                continue
            case Woken():
                core.begin(event.turn)
            case AudioHeard():
                core.feed(event.turn, event.pcm)
        yield event


def final(core: EngineCore, turn: int, decision: Decision) -> Decision:
    """What the turn, over now, ends with, where `decision` was the last one."""
    heard = core.again(turn) if decision.unsure else None
    return heard[0] if heard else decision
