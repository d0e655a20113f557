"""PURE. What Home Assistant's intents do in this house: from a call to entities, a verb and values.

`ACTIONS` is the table of all intents that act on entities. Everything else (questions, timers, lists, own sentences) is
not in it. `resolve` finds the entities of a call; it decides nothing about whether that may happen: policy does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from voiced.home.model import Entity, Home
from voiced.messages import Call, SlotValue

EXCEPT_SEPARATOR = "; "
"""Between the names in the slot `except`."""
SWITCHABLE = ("light", "switch", "fan", "media_player", "input_boolean", "humidifier", "siren")


LEFT_ON = ("light", "fan", "media_player")
"""What "turn everything off" means: never a plug, for a freezer may hang on it."""


@dataclass(frozen=True, slots=True)
class Action:
    verb: str
    domains: tuple[str, ...] = ()
    """Which entities it can act on; empty: any with this name, and `SWITCHABLE` for a group."""
    values: tuple[str, ...] = ()
    """The slots that say how."""
    by_name: tuple[str, ...] = ()
    """More domains of things that it can act on, where one is named."""


ACTIONS: Mapping[str, Action] = {
    "HassTurnOn": Action("turn_on"),
    "HassTurnOff": Action("turn_off"),
    "HassOpenCover": Action("open", ("cover",), by_name=("valve",)),
    "HassCloseCover": Action("close", ("cover",), by_name=("valve",)),
    "HassStopMoving": Action("stop", ("cover",), by_name=("valve", "vacuum")),
    "HassSetPosition": Action("set_position", ("cover",), ("position",), ("valve",)),
    "HassLock": Action("lock", ("lock",)),
    "HassUnlock": Action("unlock", ("lock",)),
    "HassLightSet": Action(
        "set", ("light",), ("brightness", "color", "temperature", "brightness_step", "brightness_by", "kelvin_step")
    ),
    "HassClimateSetTemperature": Action(
        "set_temperature",
        ("climate",),
        ("temperature", "temperature_step", "temperature_by", "unit"),
        ("water_heater",),
    ),
    "ClimateSetMode": Action("set_mode", ("climate",), ("mode",), ("water_heater",)),
    "HumiditySet": Action("set_humidity", ("humidifier",), ("humidity",)),
    "HassFanSetSpeed": Action("set_speed", ("fan",), ("percentage", "percentage_step")),
    "SelectOption": Action(
        "select", ("select",), ("option",), ("humidifier", "fan", "climate", "water_heater", "light")
    ),
    "NumberSet": Action("set_number", ("number",), ("value",)),
    "Toggle": Action("toggle", ("light", "switch", "fan", "media_player", "input_boolean", "humidifier")),
    "HassMediaPause": Action("pause", ("media_player",)),
    "HassMediaUnpause": Action("play", ("media_player",)),
    "HassMediaNext": Action("next", ("media_player",)),
    "HassMediaPrevious": Action("previous", ("media_player",)),
    "HassMediaPlayerMute": Action("mute", ("media_player",)),
    "HassMediaPlayerUnmute": Action("unmute", ("media_player",)),
    "HassSetVolume": Action("set_volume", ("media_player",), ("volume_level",)),
    "HassSetVolumeRelative": Action("change_volume", ("media_player",), ("volume_step",)),
    "HassVacuumStart": Action("start", ("vacuum",)),
    "HassVacuumReturnToBase": Action("return_to_base", ("vacuum",)),
    "VacuumPause": Action("pause", ("vacuum",)),
    "HassLawnMowerStartMowing": Action("start_mowing", ("lawn_mower",)),
    "HassLawnMowerDock": Action("dock", ("lawn_mower",)),
    "LawnMowerPause": Action("pause", ("lawn_mower",)),
    "PanelArm": Action("arm", ("alarm_control_panel",), ("mode",)),
    "PanelDisarm": Action("disarm", ("alarm_control_panel",)),
}

_VERB_OF_DOMAIN: Mapping[tuple[str, str], str] = {
    ("turn_on", "cover"): "open", ("turn_off", "cover"): "close",
    ("turn_on", "valve"): "open", ("turn_off", "valve"): "close",
    ("turn_on", "lock"): "lock", ("turn_off", "lock"): "unlock",
    ("turn_on", "scene"): "run", ("turn_on", "script"): "run",
    ("turn_on", "button"): "press", ("turn_on", "input_button"): "press",
    ("turn_on", "alarm_control_panel"): "arm", ("turn_off", "alarm_control_panel"): "disarm",
    ("turn_on", "vacuum"): "start", ("turn_off", "vacuum"): "return_to_base",
}  # fmt: skip
"""Home Assistant's HassTurnOn means another thing for each of these."""

_SAFE_VERBS = frozenset(["lock", "close", "stop", "arm"])
"""What never lets anybody in. Every other verb on a sensitive entity needs the code, even one nobody thought of."""


_WORDS = frozenset([
    "color", "volume_step", "brightness_step", "temperature_step", "kelvin_step", "percentage_step", "mode", "option",
    "unit",
])  # fmt: skip
"""The values that are words; all others are numbers."""
_WORDS_OR_NUMBERS = frozenset(["volume_step"])
"""Louder, and louder by ten percent."""


def verb_for(verb: str, domain: str) -> str:
    return _VERB_OF_DOMAIN.get((verb, domain), verb)


def risky(entity: Entity, verb: str, values: Mapping[str, SlotValue]) -> bool:
    """Sensitive, and in the direction that lets somebody in."""
    shut = verb == "set_position" and values.get("position") == 0
    return entity.sensitive and verb not in _SAFE_VERBS and not shut


@dataclass(frozen=True, slots=True)
class Step:
    """One verb on one entity."""

    entity: str
    verb: str
    values: Mapping[str, SlotValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a call means in this house."""

    steps: tuple[Step, ...] = ()
    group: bool = False
    """Meant by place or kind, not by name: sensitive entities are not part of it in the risky direction."""
    ambiguous: bool = False
    """The steps are the possibilities, and it was not said which."""


def normal(value: SlotValue) -> SlotValue:
    """Texts case-folded, numbers as numbers (22.0 is 22)."""
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    return int(value) if math.isfinite(value) and value == int(value) else value


def candidates(call: Call, home: Home, domains: tuple[str, ...], area: str) -> tuple[tuple[Entity, ...], bool, bool]:
    """(entities, group, ambiguous) that the slots name, area, floor, domain and device_class mean."""
    said = {
        key: str(call.slots[key]) for key in ("name", "area", "floor", "domain", "device_class") if key in call.slots
    }
    place = home.area_called(said["area"]) if "area" in said else None
    floor = home.floor_called(said["floor"]) if "floor" in said else None
    if "it" in call.slots:  # nobody said what
        return (), False, False
    left_out = _left_out(str(call.slots.get("except", "")), home)
    if ("area" in said and place is None) or ("floor" in said and floor is None) or left_out is None:
        return (), False, False
    pool = home.where(
        area=place.id if place else "", floor=floor.id if floor else "", device_class=said.get("device_class", "")
    )
    pool = tuple(e for e in pool if e.id not in left_out)
    if "name" in said:
        named = [e for e in home.called(said["name"]) if e in pool and (not domains or e.domain in domains)]
        return _one_of(named, area)
    if "everything" in call.slots:
        return tuple(e for e in pool if e.domain in LEFT_ON and not e.members), True, False
    wanted = (said["domain"],) if "domain" in said else domains or SWITCHABLE
    pool = tuple(e for e in pool if e.domain in wanted and not e.members)
    if "domain" not in said and not domains and any(e.domain == "light" for e in pool):
        pool = tuple(e for e in pool if e.domain == "light")
    if place or floor or call.slots.get("everywhere"):
        return pool, True, False
    here = tuple(e for e in pool if area and e.area == area)
    if here:
        return here, True, False
    return pool, len(pool) > 1, len(pool) > 1


def _left_out(text: str, home: Home) -> frozenset[str] | None:
    """The ids of the slot `except`; None where one of its names is not known: never more than was meant."""
    found: set[str] = set()
    for name in filter(None, text.split(EXCEPT_SEPARATOR)):
        place = home.area_called(name)
        ids = {e.id for e in home.called(name)} | (
            {e.id for e in home.entities if e.area == place.id} if place else set()
        )
        if not ids and place is None:
            return None
        found |= ids
    return frozenset(found)


def _one_of(named: list[Entity], area: str) -> tuple[tuple[Entity, ...], bool, bool]:
    """Several with one name: the one in the own room, else nobody knows."""
    here = [e for e in named if area and e.area == area]
    if len(named) > 1 and len(here) == 1:
        named = here
    return tuple(named), False, len(named) > 1


def resolve(call: Call, home: Home, area: str = "") -> Resolved | None:
    """The steps of a call that acts on entities; None for any other call. `area` is the device's own area id."""
    action = ACTIONS.get(call.intent)
    if action is None:
        return None
    domains = action.domains + (action.by_name if "name" in call.slots else ())
    entities, group, ambiguous = candidates(call, home, domains, area)
    values = {key: normal(call.slots[key]) for key in action.values if key in call.slots}
    values = {
        k: v
        for k, v in values.items()
        if (k in _WORDS_OR_NUMBERS or isinstance(v, str) == (k in _WORDS))
        and not (isinstance(v, float) and not math.isfinite(v))
    }  # a model may have said anything
    if not ambiguous and any(e.members for e in entities):
        left_out = _left_out(str(call.slots.get("except", "")), home) or frozenset()
        entities, group = tuple(e for e in _members(entities, home, action) if e.id not in left_out), True
    steps = tuple(Step(e.id, verb_for(action.verb, e.domain), values) for e in entities)
    return Resolved(steps, group, ambiguous)


def _members(entities: tuple[Entity, ...], home: Home, action: Action) -> tuple[Entity, ...]:
    """Groups replaced by what they stand for, as far as it can do this; a group in a group stands for nothing."""
    ids = dict.fromkeys(i for e in entities for i in (e.members or (e.id,)))
    found = (e for i in ids if (e := home.entity(i)) is not None and not e.members)
    return tuple(e for e in found if not action.domains or e.domain in action.domains)
