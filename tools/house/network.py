"""PURE. Discovery messages of an invented house of any size, in the forms of the bridges that publish them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

ROOMS = (
    "Kitchen", "Living Room", "Bedroom", "Office", "Bathroom", "Hallway", "Garage", "Garden", "Cellar", "Attic",
    "Guest Room", "Nursery", "Dining Room", "Laundry", "Studio", "Terrace", "Workshop", "Library", "Pantry", "Gym",
)  # fmt: skip
_KINDS = (
    ("light", "Ceiling Light"), ("light", "Floor Lamp"), ("switch", "Outlet"), ("cover", "Blind"),
    ("climate", "Radiator"), ("sensor", "Thermometer"), ("light", "Wall Lamp"), ("fan", "Fan"),
    ("binary_sensor", "Window Sensor"), ("switch", "Heater"), ("light", "Desk Lamp"), ("sensor", "Humidity Meter"),
    ("light", "Shelf Light"), ("switch", "Speaker Plug"), ("cover", "Curtain"), ("light", "Night Light"),
    ("switch", "Charger"), ("light", "Picture Light"), ("sensor", "Power Meter"), ("light", "Spot"),
)  # fmt: skip
_EVERYWHERE = (
    ("lock", "Front Door", "Hallway"), ("cover", "Garage Door", "Garage"), ("lock", "Cellar Door", "Cellar"),
    ("scene", "Movie Night", ""), ("button", "Water the Plants", "Garden"), ("vacuum", "Robby", "Living Room"),
    ("siren", "Siren", "Hallway"), ("valve", "Garden Valve", "Garden"), ("select", "Washing Program", "Laundry"),
    ("number", "Pump Delay", "Garden"), ("humidifier", "Mister", "Nursery"), ("light", "Strip", "Hallway"),
)  # fmt: skip


def announce(entities: int) -> tuple[tuple[str, str], ...]:
    """(topic, payload) for so many entities, always the same ones: doors first, then room after room."""
    messages = itertools.chain(
        (_message(domain, name, room) for domain, name, room in _EVERYWHERE),
        (_message(domain, f"{room} {name}", room) for room, (domain, name) in _placed()),
    )
    return tuple(itertools.islice(messages, entities))


def _placed() -> Iterator[tuple[str, tuple[str, str]]]:
    """A few kinds in a few rooms first; a large house has more of both."""
    for kinds in (_KINDS[:9], _KINDS[9:]):
        for rooms in (ROOMS[:6], ROOMS[6:]):
            yield from itertools.product(rooms, kinds)
    for number in itertools.count(2):
        for room in ROOMS:
            yield room, ("light", f"Lamp {number}")


def _message(domain: str, name: str, room: str) -> tuple[str, str]:
    node = name.lower().replace(" ", "_")
    base = f"home/{node}"
    config: dict[str, object] = {
        "name": None,
        "default_entity_id": f"{domain}.{node}",
        "unique_id": f"{node}_{domain}",
        "device": {"identifiers": [node], "name": name, **({"suggested_area": room} if room else {})},
        "origin": {"name": "tools/house"},
        **_settings(domain, name, base),
    }
    return f"homeassistant/{domain}/{node}/{domain}/config", json.dumps(config)


def _settings(domain: str, name: str, base: str) -> dict[str, object]:
    both: dict[str, object] = {"command_topic": f"{base}/set", "state_topic": base}
    read = "{{ value_json.state }}"
    match domain:
        case "light" if name == "Strip":
            parts = {
                key: value for part in ("brightness", "rgb") for key, value in (
                    (f"{part}_command_topic", f"{base}/{part}/set"), (f"{part}_state_topic", base),
                    (f"{part}_value_template", f"{{{{ value_json.{part} }}}}"),
                )
            }  # fmt: skip
            return {**both, "state_value_template": read, "brightness_scale": 100, **parts}
        case "select":
            return {**both, "value_template": read, "options": ["Cotton", "Quick Wash", "Eco 40"]}
        case "number":
            return {**both, "value_template": read, "min": 0, "max": 60}
        case "humidifier":
            target = {"target_humidity_command_topic": f"{base}/humidity/set", "target_humidity_state_topic": base}
            reads = {"state_value_template": read, "target_humidity_state_template": "{{ value_json.humidity }}"}
            return {**both, **target, **reads}
        case "light":
            modes = ["xy", "color_temp"] if "Ceiling" in name else ["brightness"]
            return {**both, "schema": "json", "brightness": True, "brightness_scale": 254,
                    "supported_color_modes": modes}  # fmt: skip
        case "switch" | "fan":
            key = "value_template" if domain == "switch" else "state_value_template"
            speed = {"percentage_command_topic": f"{base}/speed/set", "percentage_state_topic": f"{base}/speed"}
            return {**both, key: read, **(speed if domain == "fan" else {})}
        case "cover":
            garage = {"device_class": "garage"} if "Garage" in name else {}
            place = {"position_topic": f"{base}/position", "set_position_topic": f"{base}/position/set"}
            return {**both, **garage, **({} if garage else place)}
        case "climate":
            return {
                "mode_command_topic": f"{base}/set/mode", "mode_state_topic": base, "modes": ["off", "heat", "auto"],
                "mode_state_template": "{{ value_json.mode }}",
                "temperature_command_topic": f"{base}/set/setpoint", "temperature_state_topic": base,
                "temperature_state_template": "{{ value_json.setpoint }}", "current_temperature_topic": base,
                "current_temperature_template": "{{ value_json.temperature }}", "min_temp": 5, "max_temp": 30,
            }  # fmt: skip
        case "lock":
            return {**both, "value_template": read, "state_locked": "LOCK", "state_unlocked": "UNLOCK"}
        case "sensor":
            kind, unit = {
                "Thermometer": ("temperature", "°C"), "Meter": ("power", "W"), "Humidity": ("humidity", "%")
            }["Thermometer" if "Thermo" in name else "Humidity" if "Humidity" in name else "Meter"]  # fmt: skip
            return {
                "state_topic": base, "device_class": kind, "unit_of_measurement": unit,
                "value_template": f"{{{{ value_json.{kind} }}}}",
            }  # fmt: skip
        case "binary_sensor":
            return {
                "state_topic": base, "device_class": "window", "payload_on": False, "payload_off": True,
                "value_template": "{{ value_json.contact }}",
            }  # fmt: skip
        case "scene" | "button":
            return {"command_topic": f"{base}/set"}
    return both
