"""PURE. Tasmota's own discovery, which its firmware publishes since it gave up Home Assistant's.

    tasmota/discovery/<mac>/config    retained: names, topics, relays, lights

A description becomes the configuration that MQTT discovery would have: from there on the way is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from voiced.home.discovery import MAX_PAYLOAD_BYTES, Found, describe, json_object

TASMOTA = "tasmota/discovery"
_RELAY, _LIGHT = 1, 2
_DIMMER, _WHITE, _COLOURED = 1, (2, 5), (3, 4, 5)
"""Kinds of light: from one channel on they dim; two and five have white tones, three and more colours."""


def tasmota(topic: str, payload: bytes) -> tuple[Found, ...]:
    """All relays and lights of a device; none where the message is empty or no description."""
    if len(payload) > MAX_PAYLOAD_BYTES or not topic.endswith("/config"):
        return ()
    return tuple(_things(topic, json_object(payload)))


def _things(topic: str, about: Mapping[str, object]) -> Iterator[Found]:
    own, pattern, prefixes = about.get("t"), about.get("ft"), about.get("tp")
    relays, names, words = about.get("rl"), about.get("fn"), about.get("state")
    if not (isinstance(own, str) and isinstance(pattern, str) and isinstance(relays, list)):
        return
    said = [str(p) for p in prefixes] if isinstance(prefixes, list) and len(prefixes) == 3 else ["cmnd", "stat", "tele"]
    commands, states, _ = (pattern.replace("%topic%", own).replace("%prefix%", one) for one in said)
    off, on = (str(word) for word in words[:2]) if isinstance(words, list) and len(words) >= 2 else ("OFF", "ON")
    friendly = names if isinstance(names, list) else []
    used = [i for i, kind in enumerate(relays[:32], start=1) if kind in (_RELAY, _LIGHT)]
    options = about.get("so")
    numbered = len(used) > 1 or (isinstance(options, dict) and options.get("26") == 1)
    unique, device = str(about.get("mac") or own)[:32], about.get("dn")
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


def _light(kind: object, commands: str, result: str) -> Iterator[tuple[str, object]]:
    if not isinstance(kind, int) or kind < _DIMMER:
        return
    yield from (("brightness_command_topic", f"{commands}Dimmer"), ("brightness_scale", 100))
    yield from (("brightness_state_topic", result), ("brightness_value_template", "{{ value_json.Dimmer }}"))
    if kind in _COLOURED:
        yield "rgb_command_topic", f"{commands}Color2"
    if kind in _WHITE:
        yield from (("color_temp_command_topic", f"{commands}CT"), ("color_temp_state_topic", result))
        yield "color_temp_value_template", "{{ value_json.CT }}"
