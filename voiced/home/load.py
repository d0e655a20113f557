"""PURE. The text of home.toml -> Home, or HomeFile where the network tells the rest. All faults in one ConfigError.

A fault that is told here cannot surprise anyone at night: unknown keys, unknown areas, names that cannot be spoken, two
things in one room with one name, topics that MQTT forbids, a lock that is said to be harmless.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voiced.home.colours import SPACES
from voiced.home.language.spoken import spoken
from voiced.home.model import Area, Entity, Floor, Home, OwnSentence, Risk, default_risk, folded, slug
from voiced.home.network.mqtt import PLATFORMS, Setting
from voiced.home.network.templates import TemplateError, parse
from voiced.tables import Table, did_you_mean

_ENTITY_ID = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_INTENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LIST_NAME = re.compile(r"[a-z][a-zA-Z0-9_]*")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "schema": ("default", "json", "template"), "color_space": tuple(SPACES),
    "on_command_type": ("last", "first", "brightness", "itself"),
}  # fmt: skip
"""Of settings that are words, those that are known."""


@dataclass(frozen=True, slots=True)
class HomeFile:
    """What the owner wrote. Entities without a name are words about things that the network tells of."""

    home: Home = field(default_factory=Home)
    hidden: Mapping[str, bool] = field(default_factory=dict)
    """Of the ids about which `hide` was written."""
    risks: Mapping[str, Risk] = field(default_factory=dict)
    """Of the ids about which `risk` was written."""


def load_home(text: str, file: str = "home.toml") -> Home:
    """A house without a network to learn from: everything must be written. ConfigError with every fault of the file."""
    read = read_home_file(text, file, learns=False)
    shown = tuple(e for e in read.home.entities if not read.hidden.get(e.id))
    return replace(read.home, entities=shown)


def read_home_file(text: str, file: str = "home.toml", *, learns: bool) -> HomeFile:
    """ConfigError with every fault of the file. Where the house `learns` from the network, names may be missing."""
    root = Table.parse(text, file)
    floors = _floors(root)
    areas = _areas(root, floors)
    entities, hidden, risks = _entities(root, areas, learns)
    groups = _groups(root, areas, entities, learns)
    lists = _lists(root.table("lists"))
    sentences = _sentences(root)
    root.done()
    root.raise_faults()
    return HomeFile(Home(floors, areas, (*entities, *groups), lists, sentences), hidden, risks)


def _name(table: Table, key: str = "name") -> str:
    name = table.string(key).strip()
    if table.has(key) and isinstance(name, str):
        _can_be_said(table, key, name)
    return name


def _aliases(table: Table) -> tuple[str, ...]:
    aliases = table.strings("aliases", ())
    for i, alias in enumerate(aliases):
        _can_be_said(table, f"aliases[{i}]", alias)
    return aliases


def _can_be_said(table: Table, key: str, name: str) -> None:
    if not spoken(name):
        table.fault(key, f"'{name}' cannot be spoken: it needs letters or digits")
    elif not name.isprintable() or set(name) & MARKUP:
        table.fault(
            key, f"{name!r} holds what nobody says, and what a model may take for an order: brackets, bars, quotes"
        )


MARKUP = frozenset('<>{}[]|"')
"""Names stand in the prompt of a model that knows tokens like <|turn>."""


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


def _area(table: Table, areas: tuple[Area, ...], learns: bool) -> str:
    """The id of the area that is named; a room that only the network knows has the id that its name makes."""
    said = table.string("area", "")
    by_name = {folded(n): a.id for a in areas for n in (a.name, *a.aliases)}
    if not said or folded(said) in by_name:
        return by_name.get(folded(said), "")
    if not learns:
        near = did_you_mean(said, [a.name for a in areas]) or "; write it as one of [[areas]]"
        table.fault("area", f"unknown area '{said}'{near}")
    return slug(said)


def _entities(
    root: Table, areas: tuple[Area, ...], learns: bool
) -> tuple[tuple[Entity, ...], dict[str, bool], dict[str, Risk]]:
    """(what is written of each, hidden, risks)."""
    found, ids, names = [], _Once(), _Once()
    hidden: dict[str, bool] = {}
    risks: dict[str, Risk] = {}
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
        if table.has("hide"):
            hidden[entity_id] = table.boolean("hide")
        else:
            table.boolean("hide", default=False)
        unnamed = learns or hidden.get(entity_id, False)
        name = _name(table) if table.has("name") or not unnamed else table.string("name", "")
        aliases = _aliases(table)
        area = _area(table, areas, learns)
        for said in dict.fromkeys((name, *aliases)):
            # The same name in another room, or for a thing of another kind, is told apart when it is said.
            names.add(table, "name", f"{domain} {area} {folded(said)}" if said else "", said)
        device_class = table.string("device_class", "")
        unit = table.string("unit", "")
        least = default_risk(domain, device_class)
        risk = Risk(table.string("risk", least.value, choices=[r.value for r in Risk]))
        if least is Risk.SENSITIVE and risk is not least:
            table.fault("risk", f"a {device_class or domain} is always sensitive: leave the line out")
        if table.has("risk"):
            risks[entity_id] = risk
        mqtt = _mqtt(table, domain) if known else {}
        if not known:
            table.table("mqtt")
        found.append(Entity(entity_id, name, aliases, area, device_class, unit, risk, mqtt))
        table.done()
    return tuple(found), hidden, risks


def _groups(root: Table, areas: tuple[Area, ...], entities: tuple[Entity, ...], learns: bool) -> tuple[Entity, ...]:
    """Names for several things at once. A group is of its members' domain where they share one."""
    found, ids = [], _Once()
    known = {e.id for e in entities}
    for table in root.tables("groups"):
        name, aliases = _name(table), _aliases(table)
        members = table.strings("members")
        if table.has("members") and len(members) < 2:
            table.fault("members", "a group has at least two members")
        for i, member in enumerate(members):
            if not _ENTITY_ID.fullmatch(member) or (not learns and member not in known):
                near = did_you_mean(member, known) or "; write the id of one of [[entities]]"
                table.fault(f"members[{i}]", f"unknown entity '{member}'{near}")
        domains = {member.partition(".")[0] for member in members}
        entity_id = f"{domains.pop() if len(domains) == 1 else 'group'}.{slug(name)}"
        ids.add(table, "name", entity_id, name)
        if entity_id in known:
            table.fault("name", f"'{entity_id}' is one of [[entities]] already")
        found.append(Entity(entity_id, name, aliases, _area(table, areas, learns), members=members))
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
        if isinstance(default, tuple):
            found[key] = mqtt.strings(key)
        elif isinstance(default, bool):
            found[key] = mqtt.boolean(key, default)
        elif isinstance(default, float):
            low = 1.0 if key == "brightness_scale" else float("-inf")
            found[key] = mqtt.number(key, default, low=low)
        elif key in _CHOICES:
            found[key] = mqtt.string(key, default, choices=_CHOICES[key])
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
