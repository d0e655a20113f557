"""PURE. The home: floors, areas, entities, lists and the owner's own sentences. Made by `load.py`, never changed.

Ids of areas and floors are slugs of their names (`living_room`); an entity's id is Home Assistant's (`light.bed`),
whose first part is its domain. Names are compared without regard to case, spelling of numbers and punctuation.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from voiced.home.language.spoken import spoken
from voiced.home.network.mqtt import Setting, setting


class Risk(enum.StrEnum):
    """What a mistake costs."""

    HARMLESS = "harmless"
    """A light that should not be on."""
    NOTICED = "noticed"
    """The window is open, the heating off: somebody will notice, later."""
    SENSITIVE = "sensitive"
    """In the risky direction only: opened or unlocked for somebody who must not come in."""


_GUARDED_DOMAINS = frozenset(["lock", "alarm_control_panel"])
_GUARDED_COVERS = frozenset(["garage", "gate", "door"])
_NOTICED_DOMAINS = frozenset([
    "cover", "valve", "climate", "siren", "humidifier", "vacuum", "lawn_mower", "water_heater",
])  # fmt: skip


def default_risk(domain: str, device_class: str) -> Risk:
    if domain in _GUARDED_DOMAINS or (domain == "cover" and device_class in _GUARDED_COVERS):
        return Risk.SENSITIVE
    return Risk.NOTICED if domain in _NOTICED_DOMAINS else Risk.HARMLESS


def slug(name: str) -> str:
    """The id that a name makes: Living Room -> living_room."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") or re.sub(r"\s+", "_", name.casefold().strip())


@lru_cache(8192)
def folded(name: str) -> str:
    """A name as it is compared: "TV 2" and "tv two" are one."""
    return spoken(name) or " ".join(name.casefold().split())


@dataclass(frozen=True, slots=True)
class Floor:
    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    floor: str = ""
    """Floor id, or empty."""


_OPTIONS = {
    "climate": "preset_modes", "fan": "preset_modes", "humidifier": "modes", "water_heater": "modes",
    "light": "effect_list",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that can be commanded or asked about."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    area: str = ""
    """Area id, or empty."""
    device_class: str = ""
    unit: str = ""
    risk: Risk = Risk.HARMLESS
    mqtt: Mapping[str, Setting] = field(default_factory=dict)
    """As written; defaults come through `text`, `number` and `flag`."""
    members: tuple[str, ...] = ()
    """A group: the ids that its name stands for."""

    @property
    def domain(self) -> str:
        return self.id.partition(".")[0]

    @property
    def sensitive(self) -> bool:
        """Whatever the file says, a lock stays a lock."""
        return Risk.SENSITIVE in (self.risk, default_risk(self.domain, self.device_class))

    def text(self, key: str) -> str:
        """An MQTT setting that is text: topics, payloads, states. "" where it has none."""
        return str(setting(self.domain, self.mqtt, key))

    def number(self, key: str) -> float:
        value = setting(self.domain, self.mqtt, key)
        return 0.0 if value == "" or isinstance(value, tuple) else float(value)

    def flag(self, key: str) -> bool:
        return setting(self.domain, self.mqtt, key) is True

    def choices(self, key: str) -> tuple[str, ...]:
        """A setting that is a list of texts."""
        value = setting(self.domain, self.mqtt, key)
        return value if isinstance(value, tuple) else ()

    @property
    def options(self) -> tuple[str, ...]:
        """What it can be set to by name, beside a thermostat's modes: a select's options, a fan's presets, effects."""
        return self.choices(_OPTIONS.get(self.domain, "options"))

    @property
    def reachable(self) -> bool:
        """It has any topic that a command could be sent to."""
        return any(key.endswith(("command_topic", "set_position_topic")) and value for key, value in self.mqtt.items())

    def called(self, name: str) -> bool:
        wanted = folded(name)
        return any(folded(n) == wanted for n in (self.name, *self.aliases))


@dataclass(frozen=True, slots=True)
class OwnSentence:
    """What the owner added: sentences with an intent of their own."""

    intent: str
    templates: tuple[str, ...]
    publish_topic: str = ""
    """Empty: the call goes as JSON to `voiced/<id>/intent/<intent>`."""
    publish_payload: str = ""
    say: str = ""


def placeholders(template: str) -> tuple[tuple[str, str], ...]:
    """List and slot of each `{list}` or `{list:slot}`, in their order."""
    parts = (part.partition("}")[0].partition(":") for part in template.split("{")[1:])
    return tuple((values, slot or values) for values, _, slot in parts)


@dataclass(frozen=True, slots=True)
class Home:
    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    entities: tuple[Entity, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sentences: tuple[OwnSentence, ...] = ()

    def entity(self, entity_id: str) -> Entity | None:
        return next((e for e in self.entities if e.id == entity_id), None)

    def area(self, area_id: str) -> Area | None:
        return next((a for a in self.areas if a.id == area_id), None)

    def floor(self, floor_id: str) -> Floor | None:
        return next((f for f in self.floors if f.id == floor_id), None)

    def area_called(self, name: str) -> Area | None:
        """By name, alias or id."""
        return _called(self.areas, name)

    def floor_called(self, name: str) -> Floor | None:
        return _called(self.floors, name)

    def called(self, name: str) -> tuple[Entity, ...]:
        """All entities that go by this name or id."""
        exact = self.entity(name)
        return (exact,) if exact else tuple(e for e in self.entities if e.called(name))

    def own(self, intent: str) -> OwnSentence | None:
        return next((s for s in self.sentences if s.intent == intent), None)

    def where(
        self, *, area: str = "", floor: str = "", domains: Collection[str] = (), device_class: str = ""
    ) -> tuple[Entity, ...]:
        """Entities of an area id, floor id, domains and device class; what is empty does not matter."""
        on_floor = {a.id for a in self.areas if a.floor == floor}
        return tuple(
            e
            for e in self.entities
            if (not area or e.area == area)
            and (not floor or e.area in on_floor)
            and (not domains or e.domain in domains)
            and (not device_class or e.device_class == device_class)
        )

    def topics(self) -> tuple[str, ...]:
        """Every topic on which an entity tells its state, once."""
        found = (v for e in self.entities for k, v in e.mqtt.items() if is_state_topic(k) and v)
        return tuple(dict.fromkeys(str(topic) for topic in found))

    def to_dict(self) -> dict[str, Any]:
        """Lists, dicts, texts, numbers and booleans only."""
        return {
            "floors": [{"id": f.id, "name": f.name, "aliases": list(f.aliases)} for f in self.floors],
            "areas": [{"id": a.id, "name": a.name, "aliases": list(a.aliases), "floor": a.floor} for a in self.areas],
            "entities": [
                {
                    "id": e.id, "name": e.name, "aliases": list(e.aliases), "area": e.area,
                    "device_class": e.device_class, "unit": e.unit, "risk": e.risk.value, "mqtt": dict(e.mqtt),
                    "members": list(e.members),
                }
                for e in self.entities
            ],
            "lists": {name: list(values) for name, values in self.lists.items()},
            "sentences": [
                {
                    "intent": s.intent, "templates": list(s.templates), "publish_topic": s.publish_topic,
                    "publish_payload": s.publish_payload, "say": s.say,
                }
                for s in self.sentences
            ],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Home:
        """The inverse of `to_dict`. Trusts its input: it came from there."""

        def tupled(item: Mapping[str, Any]) -> dict[str, Any]:
            return {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}

        return cls(
            floors=tuple(Floor(**tupled(f)) for f in data["floors"]),
            areas=tuple(Area(**tupled(a)) for a in data["areas"]),
            entities=tuple(
                Entity(**{**tupled(e), "risk": Risk(e["risk"]), "mqtt": tupled(e["mqtt"])}) for e in data["entities"]
            ),
            lists={name: tuple(values) for name, values in data["lists"].items()},
            sentences=tuple(OwnSentence(**tupled(s)) for s in data["sentences"]),
        )


def is_state_topic(key: str) -> bool:
    """Of the mqtt keys, those whose topic the entity itself writes to."""
    return key.endswith("_topic") and not key.endswith(("command_topic", "set_position_topic"))


_Place = TypeVar("_Place", bound=Area | Floor)


def _called(places: Iterable[_Place], name: str) -> _Place | None:
    wanted = folded(name)
    for place in places:
        if place.id == name or any(folded(n) == wanted for n in (place.name, *place.aliases)):
            return place
    return None
