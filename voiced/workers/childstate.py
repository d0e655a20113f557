"""What may become of a child.

DOWN      not running: before the start, or waiting for the next one (backoff, doubled each time, with jitter)
STARTING  running, has not said Ready yet, or is being told what it must know (`hello`)
READY     works. A Ping every second; a child that owes a Pong for too long hangs, and is killed with SIGKILL, for
one that hangs in C hears nothing else.
STOPPED   for good, because we said so
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class State(enum.StrEnum):
    DOWN = "down"
    STARTING = "starting"
    READY = "ready"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ChildState:
    name: str
    state: State
    what: str = ""
    """Ready: model, device or voice. Down: why, in words."""
    restarts: int = 0
    facts: Mapping[str, object] = field(default_factory=dict)
