"""PURE. Home Assistant's MQTT discovery: a retained configuration -> what the device says it is.

    <prefix>/<component>/[<node>/]<object>/config      one thing
    <prefix>/device/[<node>/]<object>/config           a device with all its `components`

What comes in is anybody's text: sizes are bounded, names are cleaned, topics checked, templates limited to those that
`templates` understands. What cannot be read is left out and said in `problems`; nothing is guessed, nothing raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from voiced.home.colours import SPACES
from voiced.home.load import MARKUP, topic_fault
from voiced.home.model import slug
from voiced.home.network.mqtt import MOST_SOURCES, PLATFORMS, Setting
from voiced.home.network.templates import TemplateError, parse
from voiced.home.network.words import DEVICE_KEYS, KEYS, ORIGIN_KEYS, spelled_out, written
from voiced.home.numbers import finite

MAX_PAYLOAD_BYTES = 64 * 1024
MAX_COMPONENTS = 200
MAX_TEXT_CHARS = 512
"""Of a topic or payload that a device may ask for."""
MAX_CHOICES, MAX_CHOICE_CHARS = 40, 40
"""Of a select's options, a thermostat's modes."""

COMPONENTS = frozenset([
    "alarm_control_panel", "binary_sensor", "button", "climate", "cover", "fan", "humidifier", "lawn_mower", "light",
    "lock", "number", "scene", "select", "sensor", "siren", "switch", "vacuum", "valve", "water_heater",
])  # fmt: skip
"""The rest (cameras, updates, triggers, tags, events, texts) is nothing to talk to."""

_TOPIC = re.compile(r"(?:[a-zA-Z0-9_-]+/)?([a-zA-Z0-9_-]+)/config")
_ENTITY_ID = re.compile(r"[a-z0-9_]{1,128}")


@dataclass(frozen=True, slots=True)
class Found:
    """A thing on the network, as it describes itself; texts are cleaned."""

    key: str
    """Stays the same as long as the device calls itself the same."""
    topic: str
    """The discovery topic."""
    domain: str
    object_id: str = ""
    """The second half of the entity id that it asks for; "" where it does not."""
    name: str = ""
    """Within its device; "" for the device's main function."""
    device: str = ""
    area: str = ""
    device_class: str = ""
    unit: str = ""
    secondary: bool = False
    """A setting, a diagnosis, or off by default: not for talking to."""
    mqtt: Mapping[str, Setting] = field(default_factory=dict)
    origin: str = ""
    """Who speaks for it: Zigbee2MQTT, ESPHome ..."""
    problems: tuple[str, ...] = ()
    """What of it could not be read, and why."""
    beyond: bool = False
    """A template of it is not understood: it is known, though perhaps out of reach."""


def discover(prefix: str, topic: str, payload: bytes) -> tuple[Found, ...]:
    """All that this message describes; none where it is empty (the device is gone) or not for us."""
    component, _, rest = topic.removeprefix(f"{prefix}/").partition("/")
    match = _TOPIC.fullmatch(rest)
    if match is None or not topic.startswith(f"{prefix}/") or len(payload) > MAX_PAYLOAD_BYTES:
        return ()
    config = json_object(payload)
    if component == "device":
        return tuple(_components(topic, spelled_out(config, KEYS)))
    if component not in COMPONENTS or not config or "migrate_discovery" in config:
        return ()
    return (describe(component, topic, match[1], spelled_out(config, KEYS)),)


def json_object(payload: bytes) -> Mapping[str, object]:
    """Empty where it is none, or holds half a character (a lone surrogate), which nobody could pass on."""
    try:
        value = json.loads(payload)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _components(topic: str, root: Mapping[str, object]) -> Iterator[Found]:
    components = root.get("components")
    if not isinstance(components, dict):
        return
    shared = {k: v for k, v in root.items() if k != "components"}
    for key, one in list(components.items())[:MAX_COMPONENTS]:
        if not isinstance(one, dict):
            continue
        config = spelled_out(one, KEYS)
        platform = config.pop("platform", "")
        if isinstance(platform, str) and platform in COMPONENTS and config:
            yield describe(platform, topic, str(key)[:64], {**shared, **config})


def describe(domain: str, topic: str, object_id: str, config: Mapping[str, object]) -> Found:
    """One thing from its configuration, whose keys are spelled out."""
    device = _part(config, "device", DEVICE_KEYS)
    origin = _part(config, "origin", ORIGIN_KEYS)
    unique = config.get("unique_id")
    settings = _Settings(domain, config)
    device_name = written(device.get("name"))
    named = written(config.get("name"))
    device_class = slug(written(config.get("device_class"))) if config.get("device_class") else ""
    if "name" not in config and domain in ("sensor", "binary_sensor", "number"):
        named = written(device_class)
    if device_name and named.casefold().startswith(device_name.casefold() + " "):
        named = named[len(device_name) :].strip()
    wanted = config.get("default_entity_id") or config.get("object_id") or ""
    wanted = str(wanted).removeprefix(f"{domain}.")
    return Found(
        key=f"{domain}/{unique}"[:200] if isinstance(unique, str) and unique else f"{topic}#{object_id}",
        topic=topic,
        domain=domain,
        object_id=wanted if _ENTITY_ID.fullmatch(wanted) else "",
        name="" if named.casefold() == device_name.casefold() else named,
        device=device_name,
        area=written(device.get("suggested_area")),
        device_class=device_class,
        unit=written(config.get("unit_of_measurement"))[:16],
        secondary=bool(config.get("entity_category")) or config.get("enabled_by_default") is False,
        mqtt=settings.read(),
        origin=written(origin.get("name")) or written(device.get("manufacturer")),
        problems=tuple(settings.problems),
        beyond=settings.beyond,
    )


def _part(config: Mapping[str, object], key: str, words: Mapping[str, str]) -> Mapping[str, object]:
    value = config.get(key)
    return spelled_out(value, words) if isinstance(value, dict) else {}


class _Settings:
    """The MQTT keys of one thing, with full topics and templates under our names: `state_topic`, `state_template`."""

    def __init__(self, domain: str, config: Mapping[str, object]) -> None:
        base = config.get("~")
        self._domain, self._config = domain, {**_our_names(domain, config), **config}
        self._base = base if isinstance(base, str) else ""
        self.problems: list[str] = []
        self.beyond = False

    def read(self) -> dict[str, Setting]:
        found: dict[str, Setting] = {}
        for key, default in PLATFORMS[self._domain].items():
            if key.endswith("_topic"):
                self._take_topic(key, found)
            elif not key.endswith("_template") and (value := self._value(key, default)) is not None:
                found[key] = value
        for state, payload in (("state_on", "payload_on"), ("state_off", "payload_off")):
            if state in PLATFORMS[self._domain] and payload in found:
                found.setdefault(state, found[payload])
        self._availability(found)
        if self._domain == "light":
            self._light(found)
        if self._domain == "siren" and "command_template" not in found:  # Home Assistant's default is JSON
            found |= {"payload_on": json.dumps({"state": found.get("payload_on", "ON")})}
            found |= {"payload_off": json.dumps({"state": found.get("payload_off", "OFF")})}
        if not usable(found) and not self.problems:
            self.problems.append("it has no topic that this house can use")
        return found

    def _availability(self, found: dict[str, Setting]) -> None:
        """A list of sources, each under keys of its own; it is there or one topic is."""
        sources = self._config.get("availability")
        for number, source in enumerate(sources[:MOST_SOURCES] if isinstance(sources, list) else (), start=1):
            about = spelled_out(source, KEYS) if isinstance(source, dict) else {}
            which = "" if number == 1 else str(number)
            names = {"topic": f"availability{which}_topic", "value_template": f"availability{which}_template"}
            names |= {key: f"{key}{which}" for key in ("payload_available", "payload_not_available")}
            self._config |= {names[key]: value for key, value in about.items() if key in names}
            self._take_topic(f"availability{which}_topic", found)
            for key in (f"payload_available{which}", f"payload_not_available{which}"):
                if (value := self._value(key, "")) is not None:
                    found[key] = value

    def _light(self, found: dict[str, Setting]) -> None:
        modes = self._config.get("supported_color_modes")
        names = {str(mode) for mode in modes} if isinstance(modes, list) else set()
        if found.get("schema", "default") == "json":
            colours = [space for space in SPACES if space in names]
            known = {"brightness": names - {"onoff"}, "color": colours, "color_temp": names & {"color_temp"}}
            found |= {key: True for key, given in known.items() if given}
            found |= {"color_space": colours[0]} if colours else {}
        if found.get("schema") == "template":
            self._both_ways(found)

    def _both_ways(self, found: dict[str, Setting]) -> None:
        """A light that can be switched on and not off, or off and not on, is not switched."""
        for key in ("command_on_template", "command_off_template"):
            template = self._config.get(key)
            if not isinstance(template, str) or not template:
                self.problems.append(f"{key} is missing")
            elif self._understood(key, template):
                found[key] = template
            if key not in found:
                found.pop("command_topic", None)

    def _understood(self, key: str, template: str) -> str:
        """The template; "" where it is beyond what is understood, which is told."""
        try:
            parse(template)
        except TemplateError as error:
            self.problems.append(f"{key} has a template that is not understood: {error}")
            self.beyond = True
            return ""
        return template

    def _take_topic(self, key: str, found: dict[str, Setting]) -> None:
        written_topic = self._config.get(key)
        if written_topic is None or written_topic == "":
            return
        topic = self._topic(written_topic)
        commands = key.endswith("command_topic") or key == "set_position_topic"
        if not topic or (commands and topic_fault(topic, publish=True)) or not _readable(topic):
            self.problems.append(f"{key} is not a topic that can be used")
            return
        template = self._template(key)
        if template is not None:
            if not self._understood(key, template):
                return
            found[key.removesuffix("_topic") + "_template"] = template
        found[key] = topic

    def _topic(self, value: object) -> str:
        if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
            return ""
        if self._base and value.startswith("~"):
            value = self._base + value[1:]
        elif self._base and value.endswith("~"):
            value = value[:-1] + self._base
        return "" if value.startswith("$") or any(ord(c) < 32 for c in value) else value

    def _template(self, key: str) -> str | None:
        """Its template, under any of the names that Home Assistant's platforms have for it."""
        stem = key.removesuffix("_topic")
        names = [f"{stem}_template", f"{stem.removesuffix('_state')}_value_template"]
        if stem == "state":
            names += ["state_value_template", "value_template"]
        elif self._domain == "climate" and not stem.endswith("command"):
            names.append("value_template")
        return next((str(self._config[name]) for name in names if self._config.get(name)), None)

    def _value(self, key: str, default: Setting) -> Setting | None:
        value = self._config.get(key)
        if value is None:
            return None
        if isinstance(default, tuple):
            texts = value[:MAX_CHOICES] if isinstance(value, list) else []
            return tuple(v for v in texts if isinstance(v, str) and _can_be_said(v))
        if isinstance(default, bool):
            return value if isinstance(value, bool) else None
        if isinstance(default, float):
            return None if isinstance(value, str) else finite(value)
        if isinstance(value, str | int | float) and len(str(value)) <= MAX_TEXT_CHARS:
            return str(value)
        self.problems.append(f"{key} is not a text")
        return None


def _our_names(domain: str, config: Mapping[str, object]) -> dict[str, object]:
    """What one platform calls otherwise than all others."""
    if domain == "light" and config.get("schema") == "template":
        return _of_template_light(config)
    theirs = {"activity_state_topic": "state_topic", "activity_value_template": "state_template"}
    return {ours: config[key] for key, ours in theirs.items() if domain == "lawn_mower" and key in config}


def _of_template_light(config: Mapping[str, object]) -> dict[str, object]:
    """One topic tells all, and each template one part of it: as if each part had a topic."""
    told = {
        f"{part}_state": template
        for part in ("brightness", "color_temp", "effect")
        if (template := config.get(f"{part}_template"))
    }
    colours = [str(config[key]) for key in ("red_template", "green_template", "blue_template") if config.get(key)]
    if len(colours) == 3:
        told["rgb_state"] = ",".join(colours)
    ours: dict[str, object] = {"state_on": "on", "state_off": "off", "effect": bool(config.get("effect_list"))}
    ours |= {"brightness": "brightness_state" in told, "color_temp": "color_temp_state" in told}
    ours["color"] = "rgb_state" in told
    for part, template in told.items():
        ours |= {f"{part}_topic": config.get("state_topic"), f"{part}_template": template}
    return ours


def _can_be_said(choice: str) -> bool:
    """It stands in the prompt as it is, for as it is it must be sent."""
    return 0 < len(choice) <= MAX_CHOICE_CHARS and choice.isprintable() and not set(choice) & MARKUP


def usable(mqtt: Mapping[str, Setting]) -> bool:
    """Any topic is more than a sign of life."""
    return any(key.endswith("_topic") and not key.startswith("availability") for key in mqtt)


def _readable(topic: str) -> bool:
    """Patterns are allowed that name something: `+/+/BTtoMQTT/AB12`, never `#`."""
    levels = topic.split("/")
    return "#" not in topic and levels[-1] not in ("+", "") and all(lv == "+" or "+" not in lv for lv in levels)
