"""PURE. What is said relatively ("brighter", "a bit warmer", "toggle") as what it leads to from how it is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from voiced.home.facts import Facts
from voiced.home.intents import Step, normal
from voiced.home.manner import unit_of
from voiced.home.model import Entity
from voiced.home.senses import is_so
from voiced.home.states import EntityState
from voiced.messages import SlotValue

_DIRECTIONS: Mapping[str, int] = {"up": 1, "down": -1}
WARMER_DEGREES: Mapping[str, float] = {"C": 1.0, "F": 2.0}
"""By the owner's degrees."""
_TOGGLED = {"on": "turn_off", "off": "turn_on"}
_ANY = 50
"""A value that everything can be set to which has such a value at all."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a relative value changes, by how much where that was not said, and no further than where: what is beyond
    already stays as it is.
    """

    value: str
    now: Callable[[EntityState], float | None]
    by: float
    least: float
    most: float
    of_power: bool = False
    """What is off has none of it, and cannot have less."""


def _kelvin(state: EntityState) -> float | None:
    """Whole ones: a lamp that counts in mireds has few that are, and nobody wants to hear the others."""
    return None if state.kelvin is None else round(state.kelvin)


_BRIGHTER = _Change("brightness", lambda s: s.brightness_percent, 20, 1, 100, of_power=True)
_CHANGES: Mapping[str, _Change] = {
    "brightness_step": _BRIGHTER,
    "brightness_by": _BRIGHTER,
    "kelvin_step": _Change("temperature", _kelvin, -500, 2000, 6500),  # the warmer, the fewer
    "percentage_step": _Change("percentage", lambda s: s.percentage, 25, 10, 100, of_power=True),
}


def difference(change: SlotValue, usual: float) -> float:
    """Up, down or a number as a number: `usual` is by how much something goes up. 0 for any other word."""
    return usual * _DIRECTIONS.get(change, 0) if isinstance(change, str) else change


def nominal(step: Step) -> Step:
    """A step of the same kind that asks for no state: a thing that cannot do it cannot do the relative one either."""
    values = {_value(key): _ANY if _value(key) != key else value for key, value in step.values.items()}
    return replace(step, verb="turn_on" if step.verb == "toggle" else step.verb, values=values)


def _value(key: str) -> str:
    if key in ("temperature_step", "temperature_by"):
        return "temperature"
    return _CHANGES[key].value if key in _CHANGES else key


def absolute(step: Step, facts: Facts) -> Step | str:
    """A relative value as what it leads to; else why it leads nowhere: `unknown_state` where nobody knows from where,
    `already_off` where what is off would have to be less.
    """
    entity = facts.home.entity(step.entity)
    assert entity is not None
    state, values = facts.of(entity), dict(step.values)
    if step.verb == "toggle":
        return _toggled(step, entity, state)
    if step.verb == "change_volume":
        return _louder(step, entity, state)
    for key, change in _CHANGES.items():
        if (way := values.pop(key, None)) is None:
            continue
        now = 0.0 if change.of_power and state.state == "off" else change.now(state)
        if now is None:
            return "unknown_state"
        by = difference(way, change.by)
        if change.of_power and now == 0 and by < 0:
            return "already_off"
        wanted = min(max(change.most, now), max(min(change.least, now), now + by))
        values[change.value] = normal(now) if wanted == now else round(wanted)  # rounding is a step, too
    if way := values.pop("temperature_step", None) or values.pop("temperature_by", None):
        if state.target_degrees is None:
            return "unknown_state"
        usual = WARMER_DEGREES[facts.manner.temperature_unit or unit_of(entity)]
        now = facts.manner.degrees(state.target_degrees, entity)
        values["temperature"] = normal(round(now + difference(way, usual), 1))
    return replace(step, values=values)


def _toggled(step: Step, entity: Entity, state: EntityState) -> Step | str:
    was = next((way for way in _TOGGLED if is_so(entity, state.state, way)), "") if state.state else ""
    return replace(step, verb=_TOGGLED[was]) if was else "unknown_state"


def _louder(step: Step, entity: Entity, state: EntityState) -> Step:
    """By a number of percent, as the volume that this leads to; a press of a button where nobody knows how loud it is,
    or no volume can be set.
    """
    by = step.values.get("volume_step")
    if not isinstance(by, int | float) or state.percentage is None or not entity.text("volume_command_topic"):
        return step
    return replace(step, verb="set_volume", values={"volume_level": round(min(100, max(0, state.percentage + by)))})
