"""PURE. From a verb on an entity to the MQTT message that does it, with Home Assistant's topics and payloads.

A step that the entity has no topic for gives no message: we know it, but cannot reach it. Lights: lights.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from voiced.home import lights
from voiced.home.intents import Step
from voiced.home.model import Entity, Home
from voiced.home.outgoing import chosen, half_up, message, number, number_text, scaled
from voiced.home.relative import difference
from voiced.home.states import UNKNOWN, EntityState
from voiced.messages import Call, Command

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
    ("media_player", "turn_on"): ("state_on", "idle", "playing", "paused", "buffering"),
    ("media_player", "turn_off"): ("state_off", "standby"),
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


def proofs(entity: Entity, verb: str) -> tuple[str, ...]:
    """The states that say that a verb was carried out, what it leads to first; none where nothing can say so."""
    keys = _PROOFS.get((entity.domain, verb)) or _PROOFS.get(("", verb), ())
    return tuple(entity.text(key) if key.startswith("state_") else key for key in keys)


def commands(step: Step, home: Home, now: EntityState = UNKNOWN) -> tuple[Command, ...]:
    """All messages of a step; none where the entity has no topic for part of it. `now` is how the entity is."""
    entity = home.entity(step.entity)
    if entity is None:
        return ()
    if entity.domain == "light" and step.verb in lights.VERBS:
        return lights.messages(entity, step, now)
    made = _command(entity, step, now)
    return (made,) if made is not None else ()


def command(step: Step, home: Home, now: EntityState = UNKNOWN) -> Command | None:
    """The first of its messages, which is the only one of all but lights; None where there is none."""
    return next(iter(commands(step, home, now)), None)


def _command(entity: Entity, step: Step, now: EntityState) -> Command | None:
    if step.verb in _NUMBERS:
        topic, state, value = _NUMBERS[step.verb]
        return number(entity, step, topic, state, number_text(step.values.get(value, "")))
    if step.verb == "set_mode" and step.values.get("mode") in ("on", "off"):
        return _climate_power(entity, replace(step, verb=f"turn_{step.values['mode']}"))
    if (entity.domain, step.verb) in _CHOICES:
        topic, state, value, choices = _CHOICES[entity.domain, step.verb]
        choice = chosen(entity, choices, str(step.values.get(value, "")))
        return message(entity, step, topic, choice, state, {"state": [choice]})
    if step.verb == "set_speed":
        low, high = entity.number("speed_range_min"), entity.number("speed_range_max")
        speed = scaled(float(step.values.get("percentage", 0)), high - low + 1)
        return number(entity, step, "percentage_command_topic", "percentage_state_topic", str(speed))
    if step.verb == "set_position":
        return _position(entity, step, now)
    if step.verb == "change_volume":
        by = difference(step.values.get("volume_step", 0), 1)
        payload = entity.text("payload_volume_up" if by > 0 else "payload_volume_down") if by else ""
        return message(entity, step, "command_topic", payload, "", {})
    if entity.domain == "climate" and step.verb in ("turn_on", "turn_off"):
        return _climate_power(entity, step)
    if step.verb not in PAYLOADS:
        return None
    if step.verb == "arm":
        return _arm(entity, step)
    own_topic = f"{step.verb}_command_topic"
    topic = own_topic if entity.text(own_topic) else "command_topic"
    states = list(proofs(entity, step.verb))
    made = message(entity, step, topic, entity.text(PAYLOADS[step.verb]), "state_topic", {"state": states})
    return _moving(made, entity, 100.0 if step.verb == "open" else 0.0, now) if step.verb in ("open", "close") else made


def _arm(entity: Entity, step: Step) -> Command | None:
    mode = str(step.values.get("mode", "away"))
    states = {"state": [f"armed_{mode}", "arming", "pending"]}
    return message(entity, step, "command_topic", entity.text(f"payload_arm_{mode}"), "state_topic", states)


def _position(entity: Entity, step: Step, now: EntityState) -> Command | None:
    percent = float(step.values.get("position", 0))
    place = str(half_up(_place(entity, percent)))
    if entity.domain == "valve":
        topic = "command_topic" if entity.flag("reports_position") else ""
        return number(entity, step, topic, "state_topic", place)
    return _moving(message(entity, step, "set_position_topic", place, "", {}), entity, percent, now)


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


def _climate_power(entity: Entity, step: Step) -> Command | None:
    """By its power topic, else by its mode: on is what it decides itself, or heat."""
    on = step.verb == "turn_on"
    if entity.text("power_command_topic"):
        return message(entity, step, "power_command_topic", entity.text("payload_on" if on else "payload_off"), "", {})
    wanted = ("auto", "heat_cool", "heat", "cool") if on else ("off",)
    mode = next((mode for mode in wanted if mode in entity.choices("modes")), "")
    return message(entity, step, "mode_command_topic", mode, "mode_state_topic", {"state": [mode]})


_LACKED: Mapping[str, str] = {
    "set_mode": "modes", "set_speed": "speeds", "set_position": "position", "set_humidity": "target humidity",
    "set_volume": "volume", "set_temperature": "target temperature", "select": "options", "turn_on": "power switch",
    "turn_off": "power switch",
}  # fmt: skip
"""verb -> what a thing that can be reached, though not for this, does not have."""


def lacking(step: Step, home: Home) -> str:
    """What a thing would need for a step that gave no message, and does not have: "colour", "eco"; "" where the step
    failed for another reason.
    """
    entity = home.entity(step.entity)
    if entity is None:
        return ""
    if entity.domain == "light":
        return lights.lacks(entity, step.values) if entity.text("command_topic") else ""
    choice = _CHOICES.get((entity.domain, step.verb))
    if choice is not None and entity.text(choice[0]):
        said = str(step.values.get(choice[2], ""))
        return _LACKED["turn_off"] if said in ("on", "off") else "" if chosen(entity, choice[3], said) else said
    return _LACKED.get(step.verb, "way to do that") if entity.reachable else ""


def own_command(call: Call, home: Home, device_id: str) -> Command:
    """The message of an owner's own sentence, or of an intent that somebody else on the broker serves."""
    own = home.own(call.intent)
    if own and own.publish_topic:
        return Command(call.intent, "publish", own.publish_topic, own.publish_payload)
    body = json.dumps(call.to_json(), ensure_ascii=False, sort_keys=True)
    return Command(call.intent, "publish", f"voiced/{device_id}/intent/{call.intent}", body)
