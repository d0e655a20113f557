"""PURE. Lights, in the three ways in which they take commands (Home Assistant's schemas):

default     a topic for each value, and one for on and off
json        one topic, an object
template    one topic, and whatever the device's templates make of the values
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from voiced.home.colours import BLACK, COLOURS, SPACES, Rgb, in_space
from voiced.home.intents import Step
from voiced.home.model import Entity
from voiced.home.outgoing import chosen, filled, half_up, message, number, scaled
from voiced.home.states import EntityState
from voiced.messages import Command, SlotValue

VERBS = frozenset(["turn_on", "turn_off", "set", "select"])
_OFF_BY_ONE = 0.01
"""Share by which a lamp that counts otherwise than its topics may be off what it was set to."""

_PARTS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "brightness": ("brightness", ("brightness",), ("brightness_command_topic",)),
    "color": ("colour", ("color",), tuple(f"{space}_command_topic" for space in SPACES)),
    "temperature": ("colour temperature", ("color_temp", "color_temp_kelvin"), ("color_temp_command_topic",)),
    "option": ("effects", ("effect",), ("effect_command_topic",)),
}  # fmt: skip
"""A value -> (what it is called, flags that allow it, topics of the default schema that do)."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a light is to be."""

    on: bool
    percent: float | None = None
    colour: Rgb | None = None
    kelvin: float = 0.0
    effect: str = ""


def messages(entity: Entity, step: Step, now: EntityState) -> tuple[Command, ...]:
    """All messages of a step of VERBS; none where this light cannot do all of it. `now` is how it is."""
    look = _look(entity, step)
    if look is None or lacks(entity, step.values):
        return ()
    match entity.text("schema"):
        case "json":
            made = (_in_json(entity, step, look),)
        case "template":
            made = (_in_template(entity, step, look),)
        case _:
            return _by_topics(entity, step, look, now)
    return tuple(one for one in made if one is not None)


def lacks(entity: Entity, values: Mapping[str, SlotValue]) -> str:
    """What of these values this light has no way to be set to; "" where it can do all of it."""
    by_flags = entity.text("schema") in ("json", "template")
    for value, (called, flags, topics) in _PARTS.items():
        has = any(map(entity.flag, flags)) if by_flags else any(map(entity.text, topics))
        if value in values and not has:
            return called
    effect = str(values.get("option", ""))
    return "" if chosen(entity, "effect_list", effect) else effect


def sets_colour(entity: Entity, sent: Command) -> bool:
    """Whether a message of "set" changes more than how bright the light is. What templates make is not read: it may."""
    match entity.text("schema"):
        case "json":
            return '"color' in sent.payload or '"effect' in sent.payload
        case "template":
            return True
        case _:
            return sent.topic not in (entity.text("command_topic"), entity.text("brightness_command_topic"))


def _look(entity: Entity, step: Step) -> _Look | None:
    values = step.values
    if step.verb in ("turn_on", "turn_off"):
        return _Look(step.verb == "turn_on")
    percent = float(values["brightness"]) if "brightness" in values else None
    colour = COLOURS.get(str(values.get("color", "")))
    kelvin = float(values.get("temperature", 0))
    if not values or ("color" in values and colour is None) or ("temperature" in values and not kelvin):
        return None
    dark = percent == 0 or colour == BLACK
    return _Look(not dark, percent, colour, kelvin, chosen(entity, "effect_list", str(values.get("option", ""))))


def _in_json(entity: Entity, step: Step, look: _Look) -> Command | None:
    body: dict[str, object] = {"state": "ON" if look.on else "OFF"}
    if look.on and look.percent is not None:
        body["brightness"] = scaled(look.percent, entity.number("brightness_scale"))
    if look.on and look.colour:
        space = entity.text("color_space")
        names = "rgbcw" if space == "rgbww" else space
        body["color"] = dict(zip(names, in_space(look.colour, space), strict=True))
    if look.on and look.kelvin:
        body["color_temp"] = _white(entity, look.kelvin)
    if look.on and look.effect:
        body["effect"] = look.effect
    return message(entity, step, "command_topic", json.dumps(body), "state_topic", {"json": body})


def _in_template(entity: Entity, step: Step, look: _Look) -> Command | None:
    """One message, which each template of the state topic that is concerned must confirm."""
    known: dict[str, object] = {"state": look.on}
    proofs: list[dict[str, object]] = []

    def proved(by: str, **expected: object) -> None:
        if entity.text(f"{by}_topic"):
            proofs.append({**expected, "template": entity.text(f"{by}_template")})

    proved("state", state=[entity.text("state_on" if look.on else "state_off")])
    if look.on and look.percent is not None:
        known["brightness"] = level = scaled(look.percent, 255)
        proved("brightness_state", number=level, within=255 * _OFF_BY_ONE)
    if look.on and look.colour:
        for space in ("rgb", "hs"):
            known |= dict(zip(SPACES[space], in_space(look.colour, space), strict=True))
        proved("rgb_state", rgb=_text(look.colour))
    if look.on and look.kelvin:
        known["color_temp"] = white = _white(entity, look.kelvin)
        proved("color_temp_state", number=white, within=white * _OFF_BY_ONE)
    if look.on and look.effect:
        known["effect"] = look.effect
        proved("effect_state", state=[look.effect])
    payload = filled(entity.text("command_on_template" if look.on else "command_off_template"), known)
    topic, state = entity.text("command_topic"), entity.text("state_topic")
    if not topic or not payload:
        return None
    return Command(entity.id, step.verb, topic, payload, state, {"all": proofs} if state else {})


def _by_topics(entity: Entity, step: Step, look: _Look, now: EntityState) -> tuple[Command, ...]:
    """Values, and "on" where it is not on already: `on_command_type` says when."""
    if not look.on:
        off = _power(entity, step, "off")
        return (off,) if off else ()
    on_by = entity.text("on_command_type")
    if on_by == "brightness" and look.percent is None and entity.text("brightness_command_topic"):
        look = replace(look, percent=now.brightness_percent or 100.0)
    made = _values(entity, step, look)
    if None in made:
        return ()
    values = tuple(one for one in made if one is not None)
    power = _power(entity, step, "on")
    if power is None or (values and (on_by in ("brightness", "itself") or now.state == "on")):
        return values
    return (power, *values) if on_by == "first" else (*values, power)


def _power(entity: Entity, step: Step, state: str) -> Command | None:
    expected = {"state": [entity.text(f"state_{state}")]}
    return message(entity, step, "command_topic", entity.text(f"payload_{state}"), "state_topic", expected)


def _values(entity: Entity, step: Step, look: _Look) -> tuple[Command | None, ...]:
    made: list[Command | None] = []
    if look.percent is not None:
        scale = entity.number("brightness_scale")
        topics = ("brightness_command_topic", "brightness_state_topic")
        made.append(number(entity, step, *topics, str(scaled(look.percent, scale)), scale * _OFF_BY_ONE))
    if look.colour:
        made.append(_colour(entity, step, look.colour))
    if look.kelvin:
        white = _white(entity, look.kelvin)
        topics = ("color_temp_command_topic", "color_temp_state_topic")
        made.append(number(entity, step, *topics, str(white), white * _OFF_BY_ONE))
    if look.effect:
        expected = {"state": [look.effect]}
        made.append(message(entity, step, "effect_command_topic", look.effect, "effect_state_topic", expected))
    return tuple(made)


def _colour(entity: Entity, step: Step, colour: Rgb) -> Command | None:
    """In the first space that it has a topic for."""
    space = next(space for space in SPACES if entity.text(f"{space}_command_topic"))
    parts = in_space(colour, space)
    named = dict(zip(SPACES[space], parts, strict=True))
    topics = (f"{space}_command_topic", f"{space}_state_topic")
    return message(entity, step, topics[0], _text(parts), topics[1], {space: _text(parts)}, named)


def _text(parts: tuple[float, ...]) -> str:
    return ",".join(map(str, parts))


def _white(entity: Entity, kelvin: float) -> int:
    """In mireds, or in kelvin where the lamp counts those; no warmer and no colder than it goes."""
    unit = "kelvin" if entity.flag("color_temp_kelvin") else "mireds"
    wanted = kelvin if unit == "kelvin" else 1e6 / max(kelvin, 1)
    least, most = entity.number(f"min_{unit}"), entity.number(f"max_{unit}") or wanted
    return half_up(max(least, min(most, wanted)))
