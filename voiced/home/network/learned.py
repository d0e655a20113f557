"""PURE. The house as the network tells it and the owner corrects it.

`Network` keeps what discovery messages said; `merge` makes one Home of it and home.toml, which wins. For every thing
`Fact` tells where each part of it came from, and why it is not shown where it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from voiced.home.language.spoken import spoken
from voiced.home.load import HomeFile
from voiced.home.model import Area, Entity, Home, Risk, default_risk, folded, slug
from voiced.home.network.discovery import Found, discover, usable
from voiced.home.network.tasmota import TASMOTA, tasmota
from voiced.home.network.words import is_serial

MAX_TOPICS = 5000
MAX_ENTITIES = 1000
MAX_AREAS = 100

_DOORS = frozenset(["door", "gate", "garage", "lock", "unlock", "alarm", "entrance"])
_NO_DOORS = frozenset(["light", "lights", "lamp", "lamps", "bell", "doorbell", "heater", "fan", "led", "heating"])
_MAY_BE_DOORS = frozenset(["cover", "switch", "button", "valve", "scene", "siren", "number", "select"])


class Network:
    """The discovery messages that stand. Not ours: nothing with a topic of `voiced/` is learned."""

    def __init__(self, prefix: str = "homeassistant") -> None:
        self._prefix = prefix
        self._found: dict[str, tuple[Found, ...]] = {}
        self._payloads: dict[str, bytes] = {}
        self._recalled: set[str] = set()
        """Topics that nobody has told of since the start."""
        self.left_out = 0
        """Messages beyond MAX_TOPICS."""

    def topics(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return (
            f"{self._prefix}/+/+/config",
            f"{self._prefix}/+/+/+/config",
            f"{TASMOTA}/+/config",
            f"{TASMOTA}/+/sensors",
        )

    def hear(self, topic: str, payload: bytes) -> bool:
        """Whether this message changed what is known."""
        self._recalled.discard(topic)
        if not topic.startswith(TASMOTA):
            return self._take(topic, payload, discover(self._prefix, topic, payload))
        device, _, _ = topic.rpartition("/")
        config, sensors = f"{device}/config", f"{device}/sensors"
        changed = self._take(topic, payload, tasmota(topic, payload, self._payloads.get(config, b"")))
        if topic == config and sensors in self._payloads:
            told = self._payloads[sensors]
            changed |= self._take(sensors, told, tasmota(sensors, told, payload))
        return changed

    def _take(self, topic: str, payload: bytes, told: tuple[Found, ...]) -> bool:
        """Keep the message, as long as it says something or is Tasmota's: there, one needs the other."""
        found = tuple(f for f in told if not _ours(f))
        changed = found != self._found.get(topic, ())
        if not payload or not (found or topic.startswith(TASMOTA)):
            self._found.pop(topic, None)
            self._payloads.pop(topic, None)
        elif topic not in self._payloads and len(self._payloads) >= MAX_TOPICS:
            self.left_out += 1
            return False
        else:
            self._found[topic], self._payloads[topic] = found, payload
        return changed

    def to_dict(self) -> dict[str, object]:
        """The messages that stand, as plain texts."""
        return {topic: payload.decode("utf-8", "replace") for topic, payload in self._payloads.items()}

    def recall(self, messages: Mapping[str, object]) -> None:
        """What `to_dict` gave, read as carefully as if it came from the network."""
        for topic, payload in messages.items():
            if isinstance(payload, str):
                self.hear(topic, payload.encode())
        self._recalled = set(self._payloads)

    def forget_recalled(self) -> bool:
        """Without what was only recalled: the broker, which keeps such messages, does not have it any more. Whether
        there was any.
        """
        gone, self._recalled = self._recalled, set()
        for topic in gone:
            self._found.pop(topic, None)
            self._payloads.pop(topic, None)
        return bool(gone)

    @property
    def found(self) -> tuple[Found, ...]:
        """In an order that does not depend on which message came first."""
        by_key = {f.key: f for topic in sorted(self._found) for f in self._found[topic]}
        return tuple(by_key[key] for key in sorted(by_key))


def _ours(found: Found) -> bool:
    return any(k.endswith("_topic") and str(v).startswith("voiced/") for k, v in found.mqtt.items())


@dataclass(frozen=True, slots=True)
class Fact:
    """Where an entity came from."""

    entity: Entity
    origin: str = "home.toml"
    """Who tells of it: home.toml, or Zigbee2MQTT, ESPHome ..."""
    topic: str = ""
    """The discovery topic; "" where only home.toml tells of it."""
    corrected: tuple[str, ...] = ()
    """What of it home.toml says otherwise: name, area, risk ..."""
    hidden: str = ""
    """Why it can be neither commanded nor asked about; "" where it can."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Learned:
    home: Home = field(default_factory=Home)
    facts: tuple[Fact, ...] = ()
    """In the order of ids."""


def merge(file: HomeFile, found: Sequence[Found]) -> Learned:
    """One house of what was written and what was found. The same for the same input, in any order of messages."""
    written = {e.id: e for e in file.home.entities}
    areas = {a.id: a for a in file.home.areas}
    by_name = {folded(n): a.id for a in file.home.areas for n in (a.name, *a.aliases)}
    facts: dict[str, Fact] = {}
    main = Counter(f.device for f in found if f.device and not f.secondary)
    taken: set[str] = set()
    for one in found:
        entity_id = _id(one, taken)
        taken.add(entity_id)
        area = by_name.get(folded(one.area), "") if one.area else ""
        if one.area and not area and len(areas) < MAX_AREAS and spoken(one.area):
            area = slug(one.area)
            areas.setdefault(area, Area(area, one.area))
        facts[entity_id] = _fact(one, entity_id, area, alone=main[one.device] == 1, file=file, said=written)
    for entity in file.home.entities:
        if entity.id not in facts:
            facts[entity.id] = Fact(entity, hidden=_why_written_is_hidden(entity, file))
        if entity.area and entity.area not in areas:  # the room of a learned thing, named by the owner
            areas[entity.area] = Area(entity.area, entity.area.replace("_", " "))
    told = _guarded(_told_apart(_bounded(facts.values()), written), file.risks)
    order = {e.id: i for i, e in enumerate(file.home.entities)}
    shown = sorted(
        (f.entity for f in told if not f.hidden), key=lambda e: (order.get(e.id, len(order)), e.id)
    )  # the owner's order first
    home = replace(file.home, areas=tuple(areas.values()), entities=tuple(shown))
    return Learned(home, tuple(sorted(told, key=lambda f: f.entity.id)))


def _id(one: Found, taken: set[str]) -> str:
    named = one.object_id or slug(f"{one.device} {one.name}".strip())
    plain = "".join(c for c in named if c.isascii() and (c.isalnum() or c == "_")).strip("_") or slug(one.key)
    entity_id, number = f"{one.domain}.{plain[:100]}", 2
    while entity_id in taken:
        entity_id, number = f"{one.domain}.{plain[:100]}_{number}", number + 1
    return entity_id


def _fact(one: Found, entity_id: str, area: str, *, alone: bool, file: HomeFile, said: Mapping[str, Entity]) -> Fact:
    full = f"{one.device} {one.name}".strip()
    name = one.device if alone and one.device else full
    aliases = (full,) if full != name else ()
    learned = Entity(
        entity_id, name, aliases, area, one.device_class, one.unit, default_risk(one.domain, one.device_class), one.mqtt
    )
    own = said.get(entity_id)
    entity = learned if own is None else _corrected(learned, own, file)
    fields = ("name", "aliases", "area", "device_class", "unit", "risk", "mqtt")
    corrected = tuple(f for f in fields if getattr(entity, f) != getattr(learned, f))
    return Fact(
        entity, one.origin or "unknown", one.topic, corrected, _why_hidden(one, entity, own, file), one.problems
    )


def _corrected(learned: Entity, own: Entity, file: HomeFile) -> Entity:
    device_class = own.device_class or learned.device_class
    return replace(
        learned,
        name=own.name or learned.name,
        aliases=own.aliases or (() if own.name else learned.aliases),
        area=own.area or learned.area,
        device_class=device_class,
        unit=own.unit or learned.unit,
        risk=file.risks.get(own.id, default_risk(learned.domain, device_class)),
        mqtt={**learned.mqtt, **own.mqtt},
    )


def _why_hidden(one: Found, entity: Entity, own: Entity | None, file: HomeFile) -> str:
    if file.hidden.get(entity.id):
        return "hidden in home.toml"
    if not usable(entity.mqtt) and not one.beyond:
        return "unreadable: " + "; ".join(one.problems)
    if one.secondary and own is None:
        return "a setting or a diagnosis of its device"
    if not spoken(entity.name):
        return "it has no name that can be said: give it one in home.toml"
    if is_serial(entity.name):
        return "its name is a number of its maker: give it one in home.toml"
    return ""


def _why_written_is_hidden(entity: Entity, file: HomeFile) -> str:
    if file.hidden.get(entity.id):
        return "hidden in home.toml"
    return "" if entity.name else "written in home.toml without a name, and not seen on the network"


def _bounded(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """At most MAX_ENTITIES things are shown, the owner's own before all others."""
    kept, room = [], MAX_ENTITIES
    for fact in sorted(facts, key=lambda f: (bool(f.topic) and not f.corrected, f.entity.id)):
        full = not fact.hidden and room == 0
        kept.append(replace(fact, hidden=f"there are more than {MAX_ENTITIES} things") if full else fact)
        room -= not kept[-1].hidden
    return tuple(kept)


def _told_apart(facts: Iterable[Fact], written: Mapping[str, Entity]) -> tuple[Fact, ...]:
    """Two things of one kind in one room with one name: the later one gets a number; the owner's keep theirs."""
    seen: set[tuple[str, str, str]] = set()
    kept = []
    for fact in sorted(facts, key=lambda f: (f.entity.id not in written, f.entity.id)):
        entity, number = fact.entity, 2
        while not fact.hidden and _said(entity) in seen:
            entity = replace(fact.entity, name=f"{fact.entity.name} {number}", aliases=())
            number += 1
        if not fact.hidden:
            seen.add(_said(entity))
        kept.append(replace(fact, entity=entity))
    return tuple(kept)


def _said(entity: Entity) -> tuple[str, str, str]:
    return entity.domain, entity.area, folded(entity.name)


def _guarded(facts: Sequence[Fact], risks: Mapping[str, Risk]) -> tuple[Fact, ...]:
    """What works a door by another way is as sensitive as the door: by its topic always, by its name unless the owner
    said otherwise.
    """
    doors = {t for f in facts if f.entity.sensitive for t in _commands(f.entity)}

    def guarded(fact: Fact) -> Fact:
        entity = fact.entity
        by_topic = any(topic in doors for topic in _commands(entity))
        by_name = fact.topic and entity.id not in risks and _sounds_like_a_door(entity)
        return replace(fact, entity=replace(entity, risk=Risk.SENSITIVE)) if by_topic or by_name else fact

    return tuple(guarded(fact) for fact in facts)


def _commands(entity: Entity) -> tuple[str, ...]:
    return tuple(str(v) for k, v in entity.mqtt.items() if k.endswith("command_topic") and v)


def _sounds_like_a_door(entity: Entity) -> bool:
    words = set(spoken(entity.name).split())
    return entity.domain in _MAY_BE_DOORS and bool(words & _DOORS) and not words & _NO_DOORS
