"""An engine in this process hears along with a listener: for measurements, where no process and no clock is between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voiced.adapters.wavfile import Recording
from voiced.config import WakeConfig
from voiced.listen.listener import Listener
from voiced.messages import AudioHeard, Decision, Frame, Hushed, ListenerEvent, Woken
from voiced.workers.earoptions import EarOptions
from voiced.workers.engine import EngineCore
from voiced.workers.hearing import frames_of

RECORDED_WORDS = ("hey_jarvis", "alexa")
"""With one of these recordings begin that have a wake word."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was decided at a hush, and what that took."""

    hush: Hushed
    decision: Decision
    wall_ms: float
    cpu_ms: float


def frames_for(
    core: EngineCore, path: Path, *, wake: bool, silence_ms: int, config: WakeConfig | None = None
) -> Iterator[Frame]:
    """A recording as the ear hands it to this engine, and silence behind it. `wake`: wake words are scored, those of
    `config` too.
    """
    config = config or WakeConfig(words=())
    words = tuple(dict.fromkeys((*RECORDED_WORDS, *config.words)))
    options = EarOptions(
        wake_words=words if wake else (), wake_backend=config.backend, noise_suppression=core.noise_suppression
    )
    return frames_of(Recording(path=path).frames(silence_ms=silence_ms), options)


def open_turn(core: EngineCore, listener: Listener, window_ms: int) -> None:
    """A turn that no wake word opened."""
    deque(follow(core, listener.open_turn(window_ms=window_ms)), maxlen=0)


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
