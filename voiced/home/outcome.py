"""PURE. What calls come to in a house, in a form that can be compared: what `voiced evaluate` calls `exact`.

Calls on entities become the set of (entity id, verb, values); everything else becomes (intent, slots) with texts
case-folded, numbers as numbers, and the names of entities, areas and floors as ids. Compared before policy.
"""

from __future__ import annotations

from collections.abc import Iterable

from voiced.home.intents import normal, resolve
from voiced.home.language.questions import HOW
from voiced.home.model import Home
from voiced.messages import Call, SlotValue

Values = tuple[tuple[str, SlotValue], ...]
Effect = tuple[str, str, Values]
"""(entity id, verb, values) or (intent, "", slots); values and slots sorted by key."""


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
