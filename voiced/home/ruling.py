"""PURE. What `policy.judge` decides about what was understood: one of five, without language."""

from __future__ import annotations

from dataclasses import dataclass

from voiced.home.replies import Reply
from voiced.messages import Call, Command


@dataclass(frozen=True, slots=True)
class Act:
    """Publish `commands`, do what is `ours`; say `said.result(...)` when the state topics had their time."""

    commands: tuple[Command, ...]
    reply: Reply
    ours: tuple[Call, ...] = ()
    """What the assistant does itself: timers, alarms, its own volume."""
    already: frozenset[str] = frozenset()
    """Ids of what was so before, as far as is known: it need not say so again."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Say `reply` and open a turn for the answer: digits where `code` is set, else a name (`choose`)."""

    reply: Reply
    code: str = ""
    then: Act | None = None
    """What the code allows."""
    options: tuple[str, ...] = ()
    """Entity ids to choose from."""
    calls: tuple[Call, ...] = ()
    """What was wanted of one of them."""
    about: int = 0
    """Which of `calls` it is that has to be told more exactly."""
    close: bool = False
    """Not the house has several such things: two readings of the sound are about as certain."""


@dataclass(frozen=True, slots=True)
class Answer:
    reply: Reply


@dataclass(frozen=True, slots=True)
class Refuse:
    """Understood, and not done: `reply` says why."""

    reason: str
    """unreachable | offline | lacks | unknown | not_in_groups | no_code | range | unknown_state | already_off"""
    reply: Reply


@dataclass(frozen=True, slots=True)
class Ignore:
    """Not for us, or not certain enough: no words, at most a chime."""

    reason: str
    """not_for_me | incomplete | uncertain | digits"""


Ruling = Act | Ask | Answer | Refuse | Ignore
