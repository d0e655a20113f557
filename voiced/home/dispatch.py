"""PURE. From a verb on an entity to the MQTT message that does it, with Home Assistant's topics and payloads.

`COLOURS` are CSS's. A step that the entity has no topic for gives None: we know it, but cannot reach it.
"""

from __future__ import annotations

import colorsys
import json
from collections.abc import Mapping
from dataclasses import replace

from voiced.home.intents import Step
from voiced.home.model import Entity, Home, folded
from voiced.home.network.templates import TemplateError, parse
from voiced.home.states import UNKNOWN, EntityState
from voiced.messages import Call, Command, SlotValue

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "orange": (255, 165, 0), "yellow": (255, 255, 0),
    "green": (0, 255, 0), "blue": (0, 0, 255), "purple": (128, 0, 128), "brown": (165, 42, 42), "pink": (255, 192, 203),
    "turquoise": (64, 224, 208), "violet": (238, 130, 238), "cyan": (0, 255, 255), "magenta": (255, 0, 255),
    "gold": (255, 215, 0), "lime": (0, 255, 0),
}  # fmt: skip
"""Green and lime are what people mean by them in front of a lamp, which CSS's dark green is not."""

PAYLOADS: Mapping[str, str] = {
    "turn_on": "payload_on", "turn_off": "payload_off", "open": "payload_open", "close": "payload_close",
    "lock": "payload_lock", "unlock": "payload_unlock", "stop": "payload_stop", "run": "payload_on",
    "press": "payload_press", "arm": "payload_arm_away", "disarm": "payload_disarm", "pause": "payload_pause",
    "play": "payload_play", "next": "payload_next", "previous": "payload_previous", "mute": "payload_mute",
    "unmute": "payload_unmute", "start": "payload_start", "return_to_base": "payload_return_to_base",
    "start_mowing": "payload_start_mowing", "dock": "payload_dock",
}  # fmt: skip
"""verb -> key of the payload that is sent."""
_PROOFS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "turn_on"): ("state_on",), ("", "turn_off"): ("state_off",), ("", "lock"): ("state_locked",),
    ("", "unlock"): ("state_unlocked",), ("", "open"): ("state_open", "state_opening"),
    ("", "close"): ("state_closed", "state_closing"),
    ("vacuum", "start"): ("cleaning",), ("vacuum", "return_to_base"): ("returning", "docked"),
    ("vacuum", "pause"): ("paused",), ("vacuum", "stop"): ("idle", "paused"),
    ("lawn_mower", "start_mowing"): ("mowing",), ("lawn_mower", "dock"): ("docked", "returning"),
    ("lawn_mower", "pause"): ("paused",), ("alarm_control_panel", "disarm"): ("disarmed",),
}  # fmt: skip
"""(domain or any, verb) -> the states that confirm it: keys of an entity, or words that its platform fixes. What is
on its way there has understood.
"""

_NUMBERS: Mapping[str, tuple[str, str, str]] = {
    "set_temperature": ("temperature_command_topic", "temperature_state_topic", "temperature"),
    "set_volume": ("volume_command_topic", "volume_state_topic", "volume_level"),
    "set_humidity": ("target_humidity_command_topic", "target_humidity_state_topic", "humidity"),
    "set_number": ("command_topic", "state_topic", "value"),
}
"""verb -> (command topic, state topic, value)."""
_CHOICES: Mapping[tuple[str, str], tuple[str, str, str, str]] = {
    ("climate", "set_mode"): ("mode_command_topic", "mode_state_topic", "mode", "modes"),
    ("water_heater", "set_mode"): ("mode_command_topic", "mode_state_topic", "mode", "modes"),
    ("select", "select"): ("command_topic", "state_topic", "option", "options"),
    ("humidifier", "select"): ("mode_command_topic", "mode_state_topic", "option", "modes"),
    ("water_heater", "select"): ("mode_command_topic", "mode_state_topic", "option", "modes"),
    ("climate", "select"): ("preset_mode_command_topic", "preset_mode_state_topic", "option", "preset_modes"),
    ("fan", "select"): ("preset_mode_command_topic", "preset_mode_state_topic", "option", "preset_modes"),
}  # fmt: skip
"""(domain, verb) -> (command topic, state topic, value, what it can be)."""


def half_up(value: float) -> int:
    return int(value + 0.5)


def scaled(percent: float, scale: float) -> int:
    """A percentage on the device's own scale, rounded half up; more than nothing is never nothing."""
    level = half_up(percent * scale / 100)
    return max(1, level) if percent > 0 else 0


def number_text(value: SlotValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def proofs(entity: Entity, verb: str) -> tuple[str, ...]:
    """The states that say that a verb was carried out, what it leads to first; none where nothing can say so."""
    keys = _PROOFS.get((entity.domain, verb)) or _PROOFS.get(("", verb), ())
    return tuple(entity.text(key) if key.startswith("state_") else key for key in keys)


def command(step: Step, home: Home, now: EntityState = UNKNOWN) -> Command | None:
    """The message for one step, or None where the entity has no topic for it. `now` is how the entity is."""
    entity = home.entity(step.entity)
    if entity is None:
        return None
    if entity.domain == "light" and (step.verb == "set" or (step.verb in PAYLOADS and entity.text("schema") == "json")):
        return _light(entity, step)
    if step.verb in _NUMBERS:
        topic, state, value = _NUMBERS[step.verb]
        return _number(entity, step, topic, state, number_text(step.values.get(value, "")))
    if step.verb == "set_mode" and step.values.get("mode") in ("on", "off"):
        return _climate_power(entity, replace(step, verb=f"turn_{step.values['mode']}"))
    if (entity.domain, step.verb) in _CHOICES:
        topic, state, value, choices = _CHOICES[entity.domain, step.verb]
        chosen = _chosen(entity, choices, str(step.values.get(value, "")))
        return _message(entity, step, topic, chosen, state, {"state": [chosen]})
    if step.verb == "set_speed":
        low, high = entity.number("speed_range_min"), entity.number("speed_range_max")
        speed = half_up(float(step.values.get("percentage", 0)) * (high - low + 1) / 100)
        return _number(entity, step, "percentage_command_topic", "percentage_state_topic", str(speed))
    if step.verb == "set_position":
        return _position(entity, step, now)
    if step.verb == "change_volume":
        payload = entity.text("payload_volume_up" if step.values.get("volume_step") == "up" else "payload_volume_down")
        return _message(entity, step, "command_topic", payload, "", {})
    if entity.domain == "climate" and step.verb in ("turn_on", "turn_off"):
        return _climate_power(entity, step)
    if step.verb not in PAYLOADS:
        return None
    if step.verb == "arm":
        return _arm(entity, step)
    own_topic = f"{step.verb}_command_topic"
    topic = own_topic if entity.text(own_topic) else "command_topic"
    states = list(proofs(entity, step.verb))
    made = _message(entity, step, topic, entity.text(PAYLOADS[step.verb]), "state_topic", {"state": states})
    return _moving(made, entity, 100.0 if step.verb == "open" else 0.0, now) if step.verb in ("open", "close") else made


def _arm(entity: Entity, step: Step) -> Command | None:
    mode = str(step.values.get("mode", "away"))
    states = {"state": [f"armed_{mode}", "arming", "pending"]}
    return _message(entity, step, "command_topic", entity.text(f"payload_arm_{mode}"), "state_topic", states)


def _position(entity: Entity, step: Step, now: EntityState) -> Command | None:
    percent = float(step.values.get("position", 0))
    place = str(half_up(_place(entity, percent)))
    if entity.domain == "valve":
        topic = "command_topic" if entity.flag("reports_position") else ""
        return _number(entity, step, topic, "state_topic", place)
    return _moving(_message(entity, step, "set_position_topic", place, "", {}), entity, percent, now)


def _place(entity: Entity, percent: float) -> float:
    """A position on the thing's own scale."""
    closed, opened = entity.number("position_closed"), entity.number("position_open")
    return closed + percent * (opened - closed) / 100


def _moving(made: Command | None, entity: Entity, percent: float, now: EntityState) -> Command | None:
    """A command that its position topic confirms, too: there, or on the way there from where it is known to be."""
    topic = entity.text("position_topic")
    if made is None or not topic:
        return made
    expected: dict[str, object] = {"number": _place(entity, percent)}
    if now.position_percent is not None:
        expected["from"] = _place(entity, now.position_percent)
    if template := entity.text("position_template"):
        expected["template"] = template
    if not made.state_topic:
        return replace(made, state_topic=topic, expected_state=expected)
    return replace(made, or_position_topic=topic, or_expected_position=expected)


def commands(step: Step, home: Home, now: EntityState = UNKNOWN) -> tuple[Command, ...]:
    """All messages of a step: a light of the default schema has a topic for each value. None where one is missing."""
    parts = [step]
    entity = home.entity(step.entity)
    if entity and entity.domain == "light" and step.verb == "set" and entity.text("schema") != "json":
        parts = [replace(step, values={key: value}) for key, value in step.values.items()] or parts
    made = [command(part, home, now) for part in parts]
    return tuple(c for c in made if c is not None) if None not in made else ()


def _chosen(entity: Entity, choices: str, said: str) -> str:
    """A choice as the thing calls it; "" where it has no such choice."""
    known = entity.choices(choices)
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
    "set_volume": "volume", "set_temperature": "target temperature", "select": "options",
}  # fmt: skip
"""verb -> what a thing that can be reached, though not for this, does not have."""


def lacking(step: Step, home: Home) -> str:
    """What a thing was asked for and does not have: "colour", "eco"; empty where it is not that."""
    entity = home.entity(step.entity)
    choice = _CHOICES.get((entity.domain, step.verb)) if entity is not None else None
    if entity is not None and choice is not None and entity.text(choice[0]):
        said = str(step.values.get(choice[2], ""))
        return "" if said in ("on", "off") or _chosen(entity, choice[3], said) else said
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
    state_topic = entity.text(state_key) if state_key and any(expected.values()) else ""
    if read := entity.text(state_key.removesuffix("_topic") + "_template"):
        expected = {**expected, "template": read}
    return Command(entity.id, step.verb, topic, payload, state_topic, expected if state_topic else {})


def _templated(template: str, payload: str) -> str:
    """The payload that a device wants for a value; "" where its template makes none of it."""
    try:
        value: object = int(payload) if payload.lstrip("-").isdigit() else float(payload)
    except ValueError:
        value = payload
    more: dict[str, object] = {"value": value, "position": value, "action": value}
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
                body["color"] = _hue(colour) if entity.flag("color_hs") else dict(zip("rgb", colour, strict=True))
            if kelvin:
                if not (entity.flag("color_temp") or entity.flag("color_temp_kelvin")):
                    return None
                body["color_temp"] = _white(entity, kelvin)
        return _message(entity, step, "command_topic", json.dumps(body), "state_topic", {"json": body})
    if level is not None:
        return _number(entity, step, "brightness_command_topic", "brightness_state_topic", str(scaled(level, scale)))
    if colour:
        text = ",".join(map(str, colour))
        return _message(entity, step, "rgb_command_topic", text, "rgb_state_topic", {"color": text})
    if not kelvin:
        return None
    white = str(_white(entity, kelvin))
    return _number(entity, step, "color_temp_command_topic", "color_temp_state_topic", white)


def _white(entity: Entity, kelvin: float) -> int:
    """In mireds, or in kelvin where the lamp counts those; no warmer and no colder than it goes."""
    unit = "kelvin" if entity.flag("color_temp_kelvin") else "mireds"
    wanted = kelvin if unit == "kelvin" else 1e6 / max(kelvin, 1)
    least, most = entity.number(f"min_{unit}"), entity.number(f"max_{unit}") or wanted
    return half_up(max(least, min(most, wanted)))


def _hue(colour: tuple[int, int, int]) -> dict[str, int]:
    """Degrees and percent."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*colour)
    return {"h": half_up(hue * 360), "s": half_up(saturation * 100)}


def own_command(call: Call, home: Home, device_id: str) -> Command:
    """The message of an owner's own sentence, or of an intent that somebody else on the broker serves."""
    own = home.own(call.intent)
    if own and own.publish_topic:
        return Command(call.intent, "publish", own.publish_topic, own.publish_payload)
    body = json.dumps(call.to_json(), ensure_ascii=False, sort_keys=True)
    return Command(call.intent, "publish", f"voiced/{device_id}/intent/{call.intent}", body)
