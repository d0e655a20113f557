"""PURE. Tasmota's own discovery, which its firmware publishes since it gave up Home Assistant's.

    tasmota/discovery/<mac>/config    retained: names, topics, relays, lights, shutters
    tasmota/discovery/<mac>/sensors   retained: what it measures, by an example

A description becomes the configuration that MQTT discovery would have: from there on the way is one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from voiced.home.network.discovery import MAX_PAYLOAD_BYTES, Found, describe, json_object

TASMOTA = "tasmota/discovery"
_RELAY, _LIGHT, _SHUTTER = 1, 2, 3
_INVERTED = 1
"""Bit of a shutter's options."""
_DIMMER, _WHITE, _COLOURED = 1, (2, 5), (3, 4, 5)
"""Kinds of light: from one channel on they dim; two and five have white tones, three and more colours."""


_MEASURES: Mapping[str, tuple[str, str, str]] = {
    "Temperature": ("temperature", "", ""), "Humidity": ("humidity", "%", ""), "Illuminance": ("illuminance", "lx", ""),
    "Pressure": ("pressure", "hPa", "diagnostic"), "CarbonDioxide": ("carbon_dioxide", "ppm", ""),
    "Power": ("power", "W", ""), "Today": ("energy", "kWh", ""), "Voltage": ("voltage", "V", "diagnostic"),
    "Current": ("current", "A", "diagnostic"),
}  # fmt: skip
"""What Tasmota calls it -> (device class, unit, category). The rest (dew points, factors, counters) nobody asks for."""
_KEY = re.compile(r"[A-Za-z0-9_-]{1,32}")
_MOST_SENSORS = 32


def tasmota(topic: str, payload: bytes, config: bytes = b"") -> tuple[Found, ...]:
    """All relays, lights and shutters of a device, or what it measures; that needs its `config`, too. None where a
    message is empty or no description.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        return ()
    if topic.endswith("/sensors"):
        return tuple(itertools.islice(_sensors(topic, json_object(payload), json_object(config)), _MOST_SENSORS))
    return tuple(_things(topic, json_object(payload))) if topic.endswith("/config") else ()


def _topics(about: Mapping[str, object]) -> tuple[str, ...]:
    """Where it takes commands, answers and tells; none where it does not say."""
    own, pattern, prefixes = about.get("t"), about.get("ft"), about.get("tp")
    if not (isinstance(own, str) and isinstance(pattern, str)):
        return ()
    said = [str(p) for p in prefixes] if isinstance(prefixes, list) and len(prefixes) == 3 else ["cmnd", "stat", "tele"]
    return tuple(pattern.replace("%topic%", own).replace("%prefix%", one) for one in said)


def _sensors(topic: str, about: Mapping[str, object], config: Mapping[str, object]) -> Iterator[Found]:
    topics, example = _topics(config), about.get("sn")
    if not topics or not isinstance(example, dict):
        return
    degrees = "°F" if example.get("TempUnit") == "F" else "°C"
    unique = str(config.get("mac") or config.get("t"))[:32]
    for chip, values in example.items():
        if not _KEY.fullmatch(str(chip)) or not isinstance(values, dict):
            continue
        for what, (device_class, unit, category) in _MEASURES.items():
            if isinstance(values.get(what), int | float):
                yield describe("sensor", topic, f"{chip}_{what}", {
                    "unique_id": f"{unique}_{chip}_{what}", "device_class": device_class,
                    "unit_of_measurement": unit or degrees, "entity_category": category,
                    "device": {"name": config.get("dn"), "manufacturer": "Tasmota"},
                    "state_topic": f"{topics[2]}SENSOR",
                    "value_template": f"{{{{ value_json['{chip}']['{what}'] }}}}",
                })  # fmt: skip


def _things(topic: str, about: Mapping[str, object]) -> Iterator[Found]:
    relays, names, words = about.get("rl"), about.get("fn"), about.get("state")
    topics = _topics(about)
    if not topics or not isinstance(relays, list):
        return
    commands, states, _ = topics
    off, on = (str(word) for word in words[:2]) if isinstance(words, list) and len(words) >= 2 else ("OFF", "ON")
    friendly = names if isinstance(names, list) else []
    used = [i for i, kind in enumerate(relays[:32], start=1) if kind in (_RELAY, _LIGHT)]
    options = about.get("so")
    numbered = len(used) > 1 or (isinstance(options, dict) and options.get("26") == 1)
    unique, device = str(about.get("mac") or about.get("t"))[:32], about.get("dn")
    yield from _shutters(topic, about, relays, commands, states)
    for number, (kind, name) in enumerate(zip_longest(relays[:32], friendly[:32]), start=1):
        if number not in used:
            continue
        power = f"POWER{number}" if numbered else "POWER"
        config: dict[str, object] = {
            "name": name or (f"{number}" if len(used) > 1 else None),
            "unique_id": f"{unique}_{number}",
            # a friendly name is a name by itself
            "device": {"name": None if name else device, "manufacturer": "Tasmota"},
            "command_topic": f"{commands}{power}", "state_topic": f"{states}{power}",
            "payload_on": on, "payload_off": off,
        }  # fmt: skip
        if kind == _LIGHT and number == used[-1]:
            config |= _light(about.get("lt_st"), commands, f"{states}RESULT")
        yield describe("light" if kind == _LIGHT else "switch", topic, str(number), config)


def _shutters(
    topic: str, about: Mapping[str, object], relays: list[object], commands: str, states: str
) -> Iterator[Found]:
    """Two relays in a row are one."""
    given, device = about.get("sho"), {"name": about.get("dn"), "manufacturer": "Tasmota"}
    options = given if isinstance(given, list) else []
    pairs = sum(1 for kind in relays[:8] if kind == _SHUTTER) // 2
    for number in range(1, pairs + 1):
        option = options[number - 1] if number <= len(options) else 0
        inverted = isinstance(option, int) and bool(option & _INVERTED)
        yield describe("cover", topic, f"shutter_{number}", {
            "name": f"shutter {number}" if pairs > 1 else None, "device": device, "device_class": "shutter",
            "unique_id": f"{about.get('mac') or about.get('t')}_shutter_{number}"[:64],
            "command_topic": f"{commands}Backlog", "payload_open": f"ShutterOpen{number}",
            "payload_close": f"ShutterClose{number}", "payload_stop": f"ShutterStop{number}",
            "set_position_topic": f"{commands}ShutterPosition{number}", "position_topic": f"{states}RESULT",
            "position_template": f"{{{{ value_json.Shutter{number}.Position }}}}",
            "position_open": 0 if inverted else 100, "position_closed": 100 if inverted else 0,
        })  # fmt: skip


def _light(kind: object, commands: str, result: str) -> Iterator[tuple[str, object]]:
    if not isinstance(kind, int) or kind < _DIMMER:
        return
    yield from (("brightness_command_topic", f"{commands}Dimmer"), ("brightness_scale", 100))
    yield "on_command_type", "itself"
    yield from (("brightness_state_topic", result), ("brightness_value_template", "{{ value_json.Dimmer }}"))
    if kind in _COLOURED:
        yield "rgb_command_topic", f"{commands}Color2"
    if kind in _WHITE:
        yield from (("color_temp_command_topic", f"{commands}CT"), ("color_temp_state_topic", result))
        yield "color_temp_value_template", "{{ value_json.CT }}"
