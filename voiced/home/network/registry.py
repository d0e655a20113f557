"""PURE. Home Assistant's registries and states -> the same Found things that MQTT discovery gives.

A thing of Home Assistant's has the topics `ha/<entity id>/...`: what is published there is an intent for its API, and
its states are read there as Home Assistant tells them. So policy, confirmation and everything else stay as they are.

Intents name their target by entity id, which Home Assistant takes for a name. A lock's HassTurnOn locks it and its
HassTurnOff unlocks it: that is how Home Assistant means them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from voiced.home.colours import COLOURS
from voiced.home.model import slug
from voiced.home.network.discovery import Found
from voiced.home.network.mqtt import PLATFORMS, Setting
from voiced.home.network.words import written

ROOT = "ha/"
EXPOSED = frozenset([
    "binary_sensor", "button", "climate", "cover", "fan", "humidifier", "input_boolean", "input_button", "lawn_mower",
    "light", "lock", "media_player", "scene", "script", "sensor", "siren", "switch", "vacuum", "valve",
])  # fmt: skip

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Registry:
    """What the WebSocket API lists, as it lists it; anything may be in it."""

    areas: Rows = ()
    devices: Rows = ()
    entities: Rows = ()
    states: Rows = ()
    exposed: Mapping[str, object] | None = None
    """Of `homeassistant/expose_entity/list`; None where the token may not see it."""


def registry_of(lists: Mapping[str, object]) -> Registry:
    """The API's answers by name (`areas` ... `exposed`). What is no list of objects is an empty one."""

    def rows(name: str) -> Rows:
        value = lists.get(name)
        return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

    exposed = lists.get("exposed")
    exposed = exposed.get("exposed_entities") if isinstance(exposed, dict) else None
    return Registry(
        rows("areas"), rows("devices"), rows("entities"), rows("states"), exposed if isinstance(exposed, dict) else None
    )


def things(registry: Registry) -> tuple[Found, ...]:
    """All that speech may know: exposed to assistants where that is known, without settings and diagnoses."""
    areas = {a.get("area_id"): written(a.get("name")) for a in registry.areas}
    devices = {d.get("id"): d for d in registry.devices}
    entities = {e.get("entity_id"): e for e in registry.entities}
    return tuple(_things(registry, areas, devices, entities))


def _things(
    registry: Registry,
    areas: Mapping[object, str],
    devices: Mapping[object, Mapping[str, object]],
    entities: Mapping[object, Mapping[str, object]],
) -> Iterator[Found]:
    for state in registry.states:
        entity_id, attributes = str(state.get("entity_id")), state.get("attributes")
        domain, _, object_id = entity_id.partition(".")
        if domain not in EXPOSED or domain not in PLATFORMS or not isinstance(attributes, dict):
            continue
        entry = entities.get(entity_id, {})
        device = devices.get(entry.get("device_id"), {})
        area = areas.get(entry.get("area_id") or device.get("area_id"), "")
        yield Found(
            key=entity_id,
            topic=f"{ROOT}{entity_id}",
            domain=domain,
            object_id=object_id,
            name=written(attributes.get("friendly_name")) or written(object_id),
            area=area,
            device_class=slug(written(attributes.get("device_class"))) if attributes.get("device_class") else "",
            unit=written(attributes.get("unit_of_measurement"))[:16],
            secondary=bool(entry.get("entity_category") or entry.get("hidden_by")) or not _exposed(registry, entity_id),
            mqtt=dict(_settings(domain, entity_id, attributes)),
            origin="Home Assistant",
        )


def _exposed(registry: Registry, entity_id: str) -> bool:
    if registry.exposed is None:
        return True
    to = registry.exposed.get(entity_id)
    return isinstance(to, dict) and to.get("conversation") is True


def _intent(name: str, entity_id: str, **more: object) -> str:
    """An intent as text; values that are templates stay what they are."""
    data = {"name": entity_id, **more}
    text = json.dumps({"name": name, "data": data})
    return text.replace('"{{', "{{").replace('}}"', "}}")


def _settings(domain: str, entity_id: str, attributes: Mapping[str, object]) -> Iterator[tuple[str, Setting]]:
    base = f"{ROOT}{entity_id}"
    on, off = _intent("HassTurnOn", entity_id), _intent("HassTurnOff", entity_id)

    def sets(what: str, intent: str, state: str = "", **slots: object) -> Iterator[tuple[str, Setting]]:
        yield f"{what}_command_topic", f"{base}/{what}"
        yield f"{what}_command_template", _intent(intent, entity_id, **slots)
        if state:
            yield f"{what}_state_topic", f"{base}/state"
            yield f"{what}_state_template", state

    yield "availability_topic", f"{base}/state"
    yield "availability_template", "{{ 'offline' if value_json.state == 'unavailable' else 'online' }}"
    if domain != "climate":
        yield "state_topic", f"{base}/state"
        yield "state_template", "{{ value_json.state }}"
    if domain in ("sensor", "binary_sensor"):
        if domain == "binary_sensor":
            yield from (("payload_on", "on"), ("payload_off", "off"))
        return
    if domain != "climate":
        yield "command_topic", f"{base}/set"
    match domain:
        case "lock":
            yield from (("payload_lock", on), ("payload_unlock", off))
            yield from ((f"state_{word}", word) for word in ("locked", "unlocked", "locking", "unlocking", "jammed"))
        case "cover" | "valve":
            yield from (("payload_open", on), ("payload_close", off), ("payload_stop", _stop(entity_id)))
            if domain == "cover" and "current_position" in attributes:
                yield "position_topic", f"{base}/state"
                yield "position_template", "{{ value_json.attributes.current_position }}"
                yield "set_position_topic", f"{base}/position"
                yield "set_position_template", _intent("HassSetPosition", entity_id, position="{{ value }}")
        case "climate":
            now = "{{ value_json.attributes.current_temperature }}"
            target = "{{ value_json.attributes.temperature }}"
            yield from sets("temperature", "HassClimateSetTemperature", target, temperature="{{ value }}")
            yield from (("current_temperature_topic", f"{base}/state"), ("current_temperature_template", now))
            yield from (("power_command_topic", f"{base}/set"), ("payload_on", on), ("payload_off", off))
            mode = "{{ '' if value_json.state == 'unknown' else value_json.state }}"
            yield from (("mode_state_topic", f"{base}/state"), ("mode_state_template", mode))
        case "vacuum":
            yield "payload_start", _intent("HassVacuumStart", entity_id)
            yield "payload_return_to_base", _intent("HassVacuumReturnToBase", entity_id)
            yield from (("payload_stop", ""), ("payload_pause", ""))  # Home Assistant has no intent for these
        case "lawn_mower":
            yield "payload_start_mowing", _intent("HassLawnMowerStartMowing", entity_id)
            yield "payload_dock", _intent("HassLawnMowerDock", entity_id)
            yield "payload_pause", ""
        case "button" | "input_button":
            yield "payload_press", on
        case "media_player":
            yield from _media(entity_id, on, off)
            volume = "{{ (value_json.attributes.volume_level * 100) | round(0) | int }}"
            yield from sets("volume", "HassSetVolume", volume, volume_level="{{ value }}")
        case _:
            yield from (("payload_on", on), ("payload_off", off), ("state_on", "on"), ("state_off", "off"))
    if domain == "fan" and "percentage" in attributes:
        speed = "{{ value_json.attributes.percentage }}"
        yield from sets("percentage", "HassFanSetSpeed", speed, percentage="{{ value }}")
    if domain == "light":
        yield from _light(attributes, sets)


class _Sets(Protocol):
    """The command and the state of one value."""

    def __call__(self, what: str, intent: str, state: str = "", **slots: object) -> Iterator[tuple[str, Setting]]: ...


def _stop(entity_id: str) -> str:
    return _intent("HassStopMoving", entity_id)


def _media(entity_id: str, on: str, off: str) -> Iterator[tuple[str, Setting]]:
    yield from (("payload_on", on), ("payload_off", off))
    for key, intent in (
        ("play", "HassMediaUnpause"), ("pause", "HassMediaPause"), ("next", "HassMediaNext"),
        ("previous", "HassMediaPrevious"), ("mute", "HassMediaPlayerMute"), ("unmute", "HassMediaPlayerUnmute"),
    ):  # fmt: skip
        yield f"payload_{key}", _intent(intent, entity_id)
    for direction in ("up", "down"):
        yield f"payload_volume_{direction}", _intent("HassSetVolumeRelative", entity_id, volume_step=direction)


def _light(attributes: Mapping[str, object], sets: _Sets) -> Iterator[tuple[str, Setting]]:
    modes = attributes.get("supported_color_modes")
    names = {str(mode) for mode in modes} if isinstance(modes, list) else set()
    yield "on_command_type", "itself"
    if names - {"onoff"}:
        yield "brightness_scale", 100.0
        level = "{{ (value_json.attributes.brightness / 2.55) | round(0) | int }}"
        yield from sets("brightness", "HassLightSet", level, brightness="{{ value }}")
    if names & {"hs", "xy", "rgb", "rgbw", "rgbww"}:
        red, green, blue = (f"value_json.attributes.rgb_color[{i}]" for i in range(3))
        named = {",".join(map(str, rgb)): name for name, rgb in COLOURS.items()}
        rgb = f"{{{{ {red} ~ ',' ~ {green} ~ ',' ~ {blue} }}}}"
        yield from sets("rgb", "HassLightSet", rgb, color=f"{{{{ {named!r}[value] | tojson }}}}")
    if "color_temp" in names:
        kelvin = "{{ (1000000 / value) | round(0) | int }}"
        mireds = "{{ (1000000 / value_json.attributes.color_temp_kelvin) | round(0) | int }}"
        yield from sets("color_temp", "HassLightSet", mireds, temperature=kelvin)
