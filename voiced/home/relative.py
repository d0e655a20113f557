"""PURE. What is said relatively ("brighter", "a bit warmer", "toggle") as what it leads to from how it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voiced.home.facts import Facts
from voiced.home.intents import Step, normal
from voiced.home.manner import unit_of

BRIGHTER_PERCENT = 20
FASTER_PERCENT, SLOWEST_PERCENT = 25, 10
WARMER_KELVIN = 500
WARMEST_KELVIN, COLDEST_KELVIN = 2000, 6500
WARMER_DEGREES: Mapping[str, float] = {"C": 1.0, "F": 2.0}
"""By the owner's degrees."""
_TOGGLED = {"on": "turn_off", "off": "turn_on"}


def absolute(step: Step, facts: Facts) -> Step | None:
    """A relative value as the value that it leads to; None where nobody knows from where."""
    entity = facts.home.entity(step.entity)
    assert entity is not None
    state, values = facts.of(entity), dict(step.values)
    if way := values.pop("brightness_step", None):
        now = 0.0 if state.state == "off" else state.brightness_percent
        if now is None:
            return None
        values["brightness"] = round(min(100, max(1, now + (BRIGHTER_PERCENT if way == "up" else -BRIGHTER_PERCENT))))
    if way := values.pop("kelvin_step", None):
        if state.kelvin is None:
            return None
        white = state.kelvin + (-WARMER_KELVIN if way == "up" else WARMER_KELVIN)  # the warmer, the fewer
        values["temperature"] = round(min(COLDEST_KELVIN, max(WARMEST_KELVIN, white)))
    if way := values.pop("percentage_step", None):
        if state.percentage is None:
            return None
        faster = state.percentage + (FASTER_PERCENT if way == "up" else -FASTER_PERCENT)
        values["percentage"] = round(min(100, max(SLOWEST_PERCENT, faster)))
    way, by = values.pop("temperature_step", None), values.pop("temperature_by", None)
    if way or by:
        if state.target_degrees is None:
            return None
        usual = WARMER_DEGREES[facts.manner.temperature_unit or unit_of(entity)]
        now = facts.manner.degrees(state.target_degrees, entity)
        values["temperature"] = normal(round(now + float(by or (usual if way == "up" else -usual)), 1))
    if step.verb != "toggle":
        return replace(step, values=values)
    return replace(step, verb=_TOGGLED[state.state]) if state.state in _TOGGLED else None
