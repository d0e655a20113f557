"""PURE. What calls come to in a house, in a form that can be compared: what `voiced evaluate` calls `exact`.

Calls on entities become the set of (entity id, verb, values); everything else becomes (intent, slots) with texts
case-folded, numbers as numbers, and the names of entities, areas and floors as ids. Compared before policy.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

from voiced.home import dialogue, policy
from voiced.home.intents import normal, resolve
from voiced.home.language.questions import HOW
from voiced.home.model import Home
from voiced.home.ruling import Answer, Ask, Refuse
from voiced.messages import Call, Decision, SlotValue, Verdict

Values = tuple[tuple[str, SlotValue], ...]
Effect = tuple[str, str, Values]
"""(entity id, verb, values) or (intent, "", slots); values and slots sorted by key."""

_NOTHING_DONE = frozenset(["unknown", "not_in_groups", "range", "lacks", "unreachable"])
"""Reasons of a refusal that hold whatever the things of a house say of themselves."""


class Result(enum.StrEnum):
    """What came of an utterance."""

    EXACT = "exact"
    WRONG_ACTION = "wrong_action"
    """Something else would have been done."""
    WRONG_REPLY = "wrong_reply"
    """Nothing would have been done, but something else said: an answer, a question, that it does not know what."""
    REJECTED = "rejected"
    """Nothing would have been done or said."""


def result(calls: Sequence[Call], expect: Sequence[Call] | None, home: Home, area: str = "") -> Result:
    """`calls`: what was understood, none where nothing was; `expect`: what was meant, None where nothing may happen."""
    if not calls:
        return Result.EXACT if expect is None else Result.REJECTED
    if expect is not None and outcome(calls, home, area) == outcome(expect, home, area):
        return Result.EXACT
    return Result.WRONG_REPLY if only_replies(calls, home, area) else Result.WRONG_ACTION


def only_replies(calls: Sequence[Call], home: Home, area: str = "") -> bool:
    """Whether a house in which nothing was said before has but words for these calls, however certain they are."""
    decision = Decision(Verdict.CALLS, dialogue.alone(dialogue.completed(calls)), certainty=1.0)
    match policy.judge(decision, home, area=area, code="00"):
        case Answer() | Ask(then=None):
            return True
        case Refuse(reason=reason):
            return reason in _NOTHING_DONE
        case _:
            return False


def outcome(calls: Iterable[Call], home: Home, area: str = "") -> frozenset[Effect]:
    """Equal for two ways of saying the same. `area` is the id of the room that the device is assumed in."""
    effects: set[Effect] = set()
    for call in calls:
        resolved = resolve(call, home, area)
        if resolved is not None and resolved.steps:
            effects.update((s.entity, s.verb, tuple(sorted(s.values.items()))) for s in resolved.steps)
        else:
            effects.add((call.intent, "", _slots(call, home)))
    return frozenset(effects)


def _slots(call: Call, home: Home) -> Values:
    found: dict[str, SlotValue] = {}
    for key, value in call.slots.items():
        if key == HOW:  # "are any" and "which are" ask the same
            continue
        found[key] = normal(value)
        if key == "name" and len(named := home.called(str(value))) == 1:
            found[key] = named[0].id
            found.pop("domain", None)
        elif key == "area" and (place := home.area_called(str(value))):
            found[key] = place.id
        elif key == "floor" and (level := home.floor_called(str(value))):
            found[key] = level.id
    if "." in str(found.get("name", "")):
        found.pop("domain", None)  # the name says it
    return tuple(sorted(found.items()))
