"""PURE. What one step on one thing comes to: its messages, or why it is not done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voiced.home.dispatch import commands, lacking
from voiced.home.facts import Facts
from voiced.home.intents import Step
from voiced.home.model import Entity, Home
from voiced.home.relative import absolute, nominal
from voiced.home.replies import Reply
from voiced.home.states import UNKNOWN
from voiced.messages import Command

REASONS = ("offline", "unknown_state", "already_off", "range", "lacks", "unreachable")
"""Why a step is not done, what may be otherwise the next time first. Each is the key of what is said of it."""


@dataclass(frozen=True, slots=True)
class Reached:
    step: Step
    """As it is spoken of: what was said relatively is a value, degrees are the owner's."""
    messages: tuple[Command, ...]
    """At least one."""


@dataclass(frozen=True, slots=True)
class Missed:
    entity: str
    reason: str
    """One of REASONS."""
    what: str = ""
    """Of "lacks": colour, brightness."""


def tried(step: Step, facts: Facts) -> Reached | Missed:
    """The messages of a step, as things are now."""
    entity = facts.home.entity(step.entity)
    assert entity is not None
    if facts.gone(entity):
        return Missed(entity.id, "offline")
    if not _messages(nominal(step), entity, facts):
        return _beyond(step, facts.home)
    plain = absolute(step, facts)
    if isinstance(plain, str):
        return Missed(entity.id, plain)
    if not _in_range(facts.manner.sent(plain, entity), entity):
        return Missed(entity.id, "range")
    messages = _messages(plain, entity, facts)
    return Reached(plain, messages) if messages else _beyond(plain, facts.home)


def told(missed: Iterable[Missed], home: Home) -> tuple[Reply, ...]:
    """What is to be said of them: each reason once, with the names of all that it holds for."""
    alike: dict[tuple[int, str], list[str]] = {}
    for one in missed:
        alike.setdefault((REASONS.index(one.reason), one.what), []).append(one.entity)
    return tuple(
        Reply(REASONS[at], {"names": [e.name for i in ids if (e := home.entity(i))], "what": what})
        for (at, what), ids in sorted(alike.items())
    )


def _messages(step: Step, entity: Entity, facts: Facts) -> tuple[Command, ...]:
    return commands(facts.manner.sent(step, entity), facts.home, facts.states.get(entity.id, UNKNOWN))


def _beyond(step: Step, home: Home) -> Missed:
    what = lacking(nominal(step), home)
    return Missed(step.entity, "lacks" if what else "unreachable", what)


_RANGES = {
    "set_temperature": ("temperature", "min_temp", "max_temp"), "set_number": ("value", "min", "max"),
    "set_humidity": ("humidity", "min_humidity", "max_humidity"),
}  # fmt: skip


def _in_range(step: Step, entity: Entity) -> bool:
    """Only by what a thing itself tells of its range: the defaults are no reason to refuse."""
    value, *ends = _RANGES.get(step.verb, ("", "", ""))
    if value not in step.values:
        return True
    low, high = (float(str(entity.mqtt[end])) if end in entity.mqtt else None for end in ends)
    wanted = float(step.values[value])
    return (low is None or wanted >= low) and (high is None or wanted <= high)
