"""PURE. From a verb on an entity to the MQTT message that does it, with Home Assistant's topics and payloads.

`COLOURS` are CSS's. A step that the entity has no topic for gives None: we know it, but cannot reach it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from voiced.home.intents import Step
from voiced.home.model import Entity, Home, folded
from voiced.home.templates import TemplateError, parse
from voiced.messages import Call, Command, SlotValue

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "orange": (255, 165, 0), "yellow": (255, 255, 0),
    "green": (0, 255, 0), "blue": (0, 0, 255), "purple": (128, 0, 128), "brown": (165, 42, 42), "pink": (255, 192, 203),
    "turquoise": (64, 224, 208), "violet": (238, 130, 238), "cyan": (0, 255, 255), "magenta": (255, 0, 255),
    "gold": (255, 215, 0), "lime": (0, 255, 0),
}  # fmt: skip
"""Green and lime are what people mean by them in front of a lamp, which CSS's dark green is not."""

_PAYLOADS: Mapping[str, tuple[str, str]] = {
    "turn_on": ("payload_on", "state_on"), "turn_off": ("payload_off", "state_off"),
    "open": ("payload_open", "state_open"), "close": ("payload_close", "state_closed"),
    "lock": ("payload_lock", "state_locked"), "unlock": ("payload_unlock", "state_unlocked"),
    "stop": ("payload_stop", ""), "run": ("payload_on", ""), "press": ("payload_press", ""),
    "arm": ("payload_arm_away", ""), "disarm": ("payload_disarm", ""),
    "pause": ("payload_pause", ""), "play": ("payload_play", ""), "next": ("payload_next", ""),
    "previous": ("payload_previous", ""), "mute": ("payload_mute", ""), "unmute": ("payload_unmute", ""),
    "start": ("payload_start", ""), "return_to_base": ("payload_return_to_base", ""),
    "start_mowing": ("payload_start_mowing", ""), "dock": ("payload_dock", ""),
}  # fmt: skip
"""verb -> (key of the payload that is sent, key of the state that confirms it)."""

_NUMBERS: Mapping[str, tuple[str, str, str]] = {
    "set_temperature": ("temperature_command_topic", "temperature_state_topic", "temperature"),
    "set_volume": ("volume_command_topic", "volume_state_topic", "volume_level"),
    "set_humidity": ("target_humidity_command_topic", "target_humidity_state_topic", "humidity"),
    "set_number": ("command_topic", "state_topic", "value"),
}
"""verb -> (command topic, state topic, value)."""
_CHOICES: Mapping[str, tuple[str, str, str]] = {
    "set_mode": ("mode_command_topic", "mode_state_topic", "mode"),
    "select": ("command_topic", "state_topic", "option"),
}

_MOVING = {"open": "state_opening", "close": "state_closing"}
"""A cover that moves the right way has understood."""


def half_up(value: float) -> int:
    return int(value + 0.5)


def scaled(percent: float, scale: float) -> int:
    """A percentage on the device's own scale, rounded half up; more than nothing is never nothing."""
    level = half_up(percent * scale / 100)
    return max(1, level) if percent > 0 else 0


def number_text(value: SlotValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def command(step: Step, home: Home) -> Command | None:
    """The message for one step, or None where the entity has no topic for it."""
    entity = home.entity(step.entity)
    if entity is None:
        return None
    if entity.domain == "light" and (
        step.verb == "set" or (step.verb in _PAYLOADS and entity.text("schema") == "json")
    ):
        return _light(entity, step)
    if step.verb in _NUMBERS:
        topic, state, value = _NUMBERS[step.verb]
        return _number(entity, step, topic, state, number_text(step.values.get(value, "")))
    if step.verb == "set_mode" and step.values.get("mode") in ("on", "off"):
        return _climate_power(entity, replace(step, verb=f"turn_{step.values['mode']}"))
    if step.verb in _CHOICES:
        topic, state, value = _CHOICES[step.verb]
        chosen = _chosen(entity, str(step.values.get(value, "")))
        return _message(entity, step, topic, chosen, state, {"state": [chosen]})
    if step.verb == "set_speed":
        low, high = entity.number("speed_range_min"), entity.number("speed_range_max")
        speed = half_up(float(step.values.get("percentage", 0)) * (high - low + 1) / 100)
        return _number(entity, step, "percentage_command_topic", "percentage_state_topic", str(speed))
    if step.verb == "set_position":
        closed, opened = entity.number("position_closed"), entity.number("position_open")
        place = half_up(closed + float(step.values.get("position", 0)) * (opened - closed) / 100)
        if entity.domain == "valve":
            topic = "command_topic" if entity.flag("reports_position") else ""
            return _number(entity, step, topic, "state_topic", str(place))
        return _number(entity, step, "set_position_topic", "position_topic", str(place))
    if step.verb == "change_volume":
        payload = entity.text("payload_volume_up" if step.values.get("volume_step") == "up" else "payload_volume_down")
        return _message(entity, step, "command_topic", payload, "", {})
    if entity.domain == "climate" and step.verb in ("turn_on", "turn_off"):
        return _climate_power(entity, step)
    if step.verb not in _PAYLOADS:
        return None
    payload_key, state_key = _PAYLOADS[step.verb]
    payload, state = entity.text(payload_key), entity.text(state_key) if state_key else ""
    states = [state, entity.text(_MOVING[step.verb])] if step.verb in _MOVING else [state]
    return _message(entity, step, "command_topic", payload, "state_topic", {"state": states} if state else {})


def commands(step: Step, home: Home) -> tuple[Command, ...]:
    """All messages of a step: a light of the default schema has a topic for each value. None where one is missing."""
    parts = [step]
    entity = home.entity(step.entity)
    if entity and entity.domain == "light" and step.verb == "set" and entity.text("schema") != "json":
        parts = [replace(step, values={key: value}) for key, value in step.values.items()] or parts
    made = [command(part, home) for part in parts]
    return tuple(c for c in made if c is not None) if None not in made else ()


def _chosen(entity: Entity, said: str) -> str:
    """A choice as the thing calls it; "" where it has no such choice."""
    known = entity.choices("modes" if entity.domain == "climate" else "options")
    return next((choice for choice in known if folded(choice.replace("_", " ")) == folded(said)), "")


def _climate_power(entity: Entity, step: Step) -> Command | None:
    """By its power topic, else by its mode: on is what it decides itself, or heat."""
    on = step.verb == "turn_on"
    if entity.text("power_command_topic"):
        return _message(entity, step, "power_command_topic", entity.text("payload_on" if on else "payload_off"), "", {})
    wanted = ("auto", "heat_cool", "heat", "cool") if on else ("off",)
    mode = next((mode for mode in wanted if mode in entity.choices("modes")), "")
    return _message(entity, step, "mode_command_topic", mode, "mode_state_topic", {"state": [mode]})


_LIGHT_PARTS = {
    "brightness": ("brightness", ("brightness",), "brightness_command_topic"),
    "color": ("colour", ("color",), "rgb_command_topic"),
    "temperature": ("colour temperature", ("color_temp", "color_temp_kelvin"), "color_temp_command_topic"),
}
"""value of a light's `set` -> (what it is called, flags of the json schema that allow it, topic of the default one)."""


_LACKED: Mapping[str, str] = {
    "set_mode": "modes", "set_speed": "speeds", "set_position": "position", "set_humidity": "target humidity",
    "set_volume": "volume", "set_temperature": "target temperature",
}  # fmt: skip
"""verb -> what a thing that can be reached, though not for this, does not have."""


def lacking(step: Step, home: Home) -> str:
    """What a thing was asked for and does not have: "colour", "eco"; empty where it is not that."""
    entity = home.entity(step.entity)
    if entity is not None and step.verb in _CHOICES and entity.text(_CHOICES[step.verb][0]):
        said = str(step.values.get(_CHOICES[step.verb][2], ""))
        return "" if said in ("on", "off") or _chosen(entity, said) else said
    if entity is not None and entity.reachable and step.verb in _LACKED:
        return _LACKED[step.verb]
    if entity is None or entity.domain != "light" or step.verb != "set" or not entity.text("command_topic"):
        return ""
    by_flags = entity.text("schema") == "json"
    for value, (called, flags, topic) in _LIGHT_PARTS.items():
        has = any(map(entity.flag, flags)) if by_flags else bool(entity.text(topic))
        if value in step.values and not has:
            return called
    return ""


def _message(
    entity: Entity, step: Step, topic_key: str, payload: str, state_key: str, expected: Mapping[str, object]
) -> Command | None:
    topic = entity.text(topic_key) if topic_key else ""
    if template := entity.text(topic_key.removesuffix("_topic") + "_template"):
        payload = _templated(template, payload)
    if not topic or not payload:
        return None
    state_topic = entity.text(state_key) if state_key and expected else ""
    if read := entity.text(state_key.removesuffix("_topic") + "_template"):
        expected = {**expected, "template": read}
    return Command(entity.id, step.verb, topic, payload, state_topic, expected if state_topic else {})


def _templated(template: str, payload: str) -> str:
    """The payload that a device wants for a value; "" where its template makes none of it."""
    try:
        value: object = int(payload) if payload.lstrip("-").isdigit() else float(payload)
    except ValueError:
        value = payload
    more: dict[str, object] = {"value": value, "position": value}
    if len(parts := payload.split(",")) == 3 and all(part.isdigit() for part in parts):
        more |= dict(zip(("red", "green", "blue"), map(int, parts), strict=True))
    try:
        return parse(template).read(payload, more) or ""
    except TemplateError:  # told when the home was read
        return ""


def _number(entity: Entity, step: Step, topic: str, state: str, payload: str) -> Command | None:
    return _message(entity, step, topic, payload, state, {"number": float(payload)}) if payload else None


def _light(entity: Entity, step: Step) -> Command | None:
    """A light's `set`, and on/off of the json schema."""
    values = step.values
    level = float(values["brightness"]) if "brightness" in values else None
    colour = COLOURS.get(str(values.get("color", "")))
    kelvin = float(values["temperature"]) if "temperature" in values else None
    if (colour is None and "color" in values) or (step.verb == "set" and not values):
        return None
    scale = entity.number("brightness_scale")
    if entity.text("schema") == "json":
        off = step.verb == "turn_off" or level == 0 or colour == (0, 0, 0)
        body: dict[str, object] = {"state": "OFF" if off else "ON"}
        if not off:
            if (level is not None and not entity.flag("brightness")) or (colour and not entity.flag("color")):
                return None
            if level is not None:
                body["brightness"] = scaled(level, scale)
            if colour:
                body["color"] = dict(zip("rgb", colour, strict=True))
            if kelvin:
                if not (entity.flag("color_temp") or entity.flag("color_temp_kelvin")):
                    return None
                body["color_temp"] = (
                    half_up(kelvin) if entity.flag("color_temp_kelvin") else half_up(1e6 / max(kelvin, 1))
                )
        return _message(entity, step, "command_topic", json.dumps(body), "state_topic", {"json": body})
    if level is not None:
        return _number(entity, step, "brightness_command_topic", "brightness_state_topic", str(scaled(level, scale)))
    if colour:
        text = ",".join(map(str, colour))
        return _message(entity, step, "rgb_command_topic", text, "rgb_state_topic", {"state": [text]})
    mireds = half_up(1e6 / max(kelvin, 1)) if kelvin else 0
    return _number(entity, step, "color_temp_command_topic", "color_temp_state_topic", str(mireds)) if mireds else None


def own_command(call: Call, home: Home, device_id: str) -> Command:
    """The message of an owner's own sentence, or of an intent that somebody else on the broker serves."""
    own = home.own(call.intent)
    if own and own.publish_topic:
        return Command(call.intent, "publish", own.publish_topic, own.publish_payload)
    body = json.dumps(call.to_json(), ensure_ascii=False, sort_keys=True)
    return Command(call.intent, "publish", f"voiced/{device_id}/intent/{call.intent}", body)
