"""PURE. The text of home.toml -> Home. All faults of the file in one ConfigError, a line each.

A fault that is told here cannot surprise anyone at night: unknown keys, unknown areas, names that cannot be spoken, two
things in one room with one name, topics that MQTT forbids, a lock that is said to be harmless.
"""

from __future__ import annotations

import re

from voiced.home.model import Area, Entity, Floor, Home, OwnSentence, Risk, default_risk, folded, slug
from voiced.home.mqtt import PLATFORMS, Setting
from voiced.home.spoken import spoken
from voiced.home.templates import TemplateError, parse
from voiced.tables import Table, did_you_mean

_ENTITY_ID = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_INTENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LIST_NAME = re.compile(r"[a-z][a-zA-Z0-9_]*")
_LIGHT_SCHEMAS = ("default", "json")


def load_home(text: str, file: str = "home.toml") -> Home:
    """Raises ConfigError with every fault of the file."""
    root = Table.parse(text, file)
    floors = _floors(root)
    areas = _areas(root, floors)
    entities = _entities(root, areas)
    lists = _lists(root.table("lists"))
    sentences = _sentences(root)
    root.done()
    root.raise_faults()
    return Home(floors, areas, entities, lists, sentences)


def _name(table: Table, key: str = "name") -> str:
    name = table.string(key).strip()
    if table.has(key) and isinstance(name, str) and not spoken(name):
        table.fault(key, f"'{name}' cannot be spoken: it needs letters or digits")
    return name


def _aliases(table: Table) -> tuple[str, ...]:
    aliases = table.strings("aliases", ())
    for i, alias in enumerate(aliases):
        if not spoken(alias):
            table.fault(f"aliases[{i}]", f"'{alias}' cannot be spoken: it needs letters or digits")
    return aliases


class _Once:
    """Notices what is there twice."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def add(self, table: Table, key: str, what: str, said: str) -> None:
        if not what:
            return
        if what in self.seen:
            table.fault(key, f"'{said}' is already {self.seen[what]}")
        else:
            self.seen[what] = table.at(key)


def _floors(root: Table) -> tuple[Floor, ...]:
    found, once = [], _Once()
    for table in root.tables("floors"):
        name, aliases = _name(table), _aliases(table)
        for said in (name, *aliases):
            once.add(table, "name", folded(said), said)
        found.append(Floor(slug(name), name, aliases))
        table.done()
    return tuple(found)


def _areas(root: Table, floors: tuple[Floor, ...]) -> tuple[Area, ...]:
    found, once = [], _Once()
    by_name = {folded(n): f.id for f in floors for n in (f.name, *f.aliases)}
    for table in root.tables("areas"):
        name, aliases = _name(table), _aliases(table)
        for said in (name, *aliases):
            once.add(table, "name", folded(said), said)
        floor = table.string("floor", "")
        if floor and folded(floor) not in by_name:
            near = did_you_mean(floor, [f.name for f in floors]) or "; write it as one of [[floors]]"
            table.fault("floor", f"unknown floor '{floor}'{near}")
        found.append(Area(slug(name), name, aliases, by_name.get(folded(floor), "")))
        table.done()
    return tuple(found)


def _entities(root: Table, areas: tuple[Area, ...]) -> tuple[Entity, ...]:
    found, ids, names = [], _Once(), _Once()
    by_name = {folded(n): a.id for a in areas for n in (a.name, *a.aliases)}
    for table in root.tables("entities"):
        entity_id = table.string("id")
        domain = entity_id.partition(".")[0]
        known = bool(entity_id)
        if entity_id and not _ENTITY_ID.fullmatch(entity_id):
            known = False
            table.fault("id", f"'{entity_id}' must look like light.bed: domain, dot, a-z, 0-9 and _")
        elif entity_id and domain not in PLATFORMS:
            known = False
            near = did_you_mean(domain, PLATFORMS) or f"; known: {', '.join(sorted(PLATFORMS))}"
            table.fault("id", f"unknown domain '{domain}'{near}")
        ids.add(table, "id", entity_id, entity_id)
        name, aliases = _name(table), _aliases(table)
        said_area = table.string("area", "")
        if said_area and folded(said_area) not in by_name:
            near = did_you_mean(said_area, [a.name for a in areas]) or "; write it as one of [[areas]]"
            table.fault("area", f"unknown area '{said_area}'{near}")
        area = by_name.get(folded(said_area), "")
        for said in dict.fromkeys((name, *aliases)):
            # The same name in another room, or for a thing of another kind, is told apart when it is said.
            names.add(table, "name", f"{domain} {area} {folded(said)}" if said else "", said)
        device_class = table.string("device_class", "")
        unit = table.string("unit", "")
        least = default_risk(domain, device_class)
        risk = Risk(table.string("risk", least.value, choices=[r.value for r in Risk]))
        if least is Risk.SENSITIVE and risk is not least:
            table.fault("risk", f"a {device_class or domain} is always sensitive: leave the line out")
        mqtt = _mqtt(table, domain) if known else {}
        if not known:
            table.table("mqtt")
        found.append(Entity(entity_id, name, aliases, area, device_class, unit, risk, mqtt))
        table.done()
    return tuple(found)


def topic_fault(topic: str, *, publish: bool) -> str:
    """What is wrong with a topic, or ""."""
    if "\0" in topic:
        return "a topic cannot hold a null character"
    if publish and any(c in topic for c in "+#"):
        return f"'{topic}' is a pattern (+ or #), not a topic to publish to"
    if any(c in topic for c in "+#"):
        return f"'{topic}' is a pattern (+ or #): name one topic"
    return "a topic has at most 65535 bytes" if len(topic.encode(errors="replace")) > 65535 else ""


def _mqtt(table: Table, domain: str) -> dict[str, Setting]:
    mqtt = table.table("mqtt")
    found: dict[str, Setting] = {}
    for key, default in PLATFORMS.get(domain, {}).items():
        if not mqtt.has(key):
            mqtt.string(key, "")  # known, though not written
            continue
        if isinstance(default, bool):
            found[key] = mqtt.boolean(key, default)
        elif isinstance(default, float):
            low = 1.0 if key == "brightness_scale" else float("-inf")
            found[key] = mqtt.number(key, default, low=low)
        elif key == "schema":
            found[key] = mqtt.string(key, default, choices=_LIGHT_SCHEMAS)
        else:
            found[key] = value = mqtt.string(key, default)
            if key.endswith("_topic") and (fault := topic_fault(value, publish=key.endswith("command_topic"))):
                mqtt.fault(key, fault)
            if key.endswith("_template"):
                try:
                    parse(value)
                except TemplateError as error:
                    mqtt.fault(key, str(error))
    mqtt.done()
    return found


def _lists(table: Table) -> dict[str, tuple[str, ...]]:
    found = {}
    for name in table:
        values = found[name] = table.strings(name)
        if not _LIST_NAME.fullmatch(name):
            table.fault(name, "a list's name has letters, digits and _ only, and begins with a small letter")
        if not values:
            table.fault(name, "the list is empty")
        for i, value in enumerate(values):
            if not spoken(value):
                table.fault(f"{name}[{i}]", f"'{value}' cannot be spoken: it needs letters or digits")
    return found


def _sentences(root: Table) -> tuple[OwnSentence, ...]:
    found, once = [], _Once()
    for table in root.tables("sentences"):
        intent = table.string("intent")
        if intent and not _INTENT.fullmatch(intent):
            table.fault("intent", f"'{intent}' must be letters, digits and _ only: it becomes a topic")
        if intent.startswith("Hass"):
            table.fault("intent", f"'{intent}': names that begin with Hass are Home Assistant's")
        once.add(table, "intent", intent, intent)
        templates = table.strings("templates")
        if table.has("templates") and not templates:
            table.fault("templates", "there must be at least one")
        topic = payload = ""
        if table.has("publish"):
            publish = table.table("publish")
            topic, payload = publish.string("topic"), publish.string("payload", "")
            if fault := topic_fault(topic, publish=True):
                publish.fault("topic", fault)
            publish.done()
        else:
            table.table("publish")
        found.append(OwnSentence(intent, templates, topic, payload, table.string("say", "")))
        table.done()
    return tuple(found)
