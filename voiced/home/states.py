"""PURE. What a state topic says. Payloads come from any device on the network: nothing here ever raises.

`EntityState` is what is known of one entity, folded from its messages by `heard`; `confirms` tells whether a payload is
what a command asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from voiced.home.colours import SPACES, from_text, rgb, same
from voiced.home.model import Entity, Home, is_state_topic
from voiced.home.network.templates import TemplateError, parse
from voiced.home.numbers import finite
from voiced.messages import Command

MAX_PAYLOAD_BYTES = 65_536
NUMBER_TOLERANCE = 0.51
"""A device may round what it is set to."""


@dataclass(frozen=True, slots=True)
class EntityState:
    """What is known of an entity; None and "" where nothing is."""

    state: str = ""
    """on, off, locked, unlocked, open, closed, opening, closing ..., or a sensor's text."""
    number: float | None = None
    """A sensor's number."""
    brightness_percent: float | None = None
    color: tuple[int, int, int] | None = None
    kelvin: float | None = None
    """A light's colour temperature."""
    temperature_degrees: float | None = None
    """Measured now."""
    target_degrees: float | None = None
    position_percent: float | None = None
    percentage: float | None = None
    """Fan speed or volume, of 100."""
    presence: tuple[tuple[str, bool], ...] = ()
    """By availability topic's key, whether it was there, the newest last."""
    told_at_s: float | None = None
    """When, by a steady clock; only of what expires."""

    @property
    def silent(self) -> bool:
        """Nothing is known of it, but perhaps whether it is there."""
        return replace(self, presence=(), told_at_s=None) == UNKNOWN

    def expired(self, entity: Entity, now_s: float) -> bool:
        """Its own device says that what it told last is true no more."""
        return self.told_at_s is not None and now_s - self.told_at_s > entity.number("expire_after")


UNKNOWN = EntityState()
States = Mapping[str, EntityState]
"""By entity id."""

_STATE_KEYS: Mapping[str, str] = {
    "state_on": "on", "state_off": "off", "state_locked": "locked", "state_unlocked": "unlocked",
    "state_locking": "locking", "state_unlocking": "unlocking", "state_jammed": "jammed", "state_open": "open",
    "state_closed": "closed", "state_opening": "opening", "state_closing": "closing", "state_stopped": "stopped",
}  # fmt: skip
_BINARY_KEYS = {"payload_on": "on", "payload_off": "off"}
_NOTHING_KNOWN = frozenset(["", "none", "unknown", "unavailable"])
_OF_PARTS = object()
"""Stands for the state in a message that tells only of others: of a brightness."""


def _text(payload: bytes) -> str | None:
    if len(payload) > MAX_PAYLOAD_BYTES:
        return None
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        return None


def _object(text: str) -> Mapping[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def covers(pattern: str, topic: str) -> bool:
    """Whether a topic is one of a pattern's: `+` stands for any one level."""
    if pattern == topic:
        return True
    if "+" not in pattern:
        return False
    levels, said = pattern.split("/"), topic.split("/")
    return len(levels) == len(said) and all(a in ("+", b) for a, b in zip(levels, said, strict=True))


def confirms(command: Command, topic: str, payload: bytes) -> bool:
    """Whether this message says that the command was carried out, or that its thing is on the way."""
    proofs = (command.state_topic, command.expected_state), (command.or_position_topic, command.or_expected_position)
    return any(topic == where and _proves(expected, payload) for where, expected in proofs)


def _proves(expected: Mapping[str, object], payload: bytes) -> bool:
    if isinstance(parts := expected.get("all"), list):
        return all(_proves(part, payload) for part in parts)
    text = _text(payload)
    if text is not None and (template := expected.get("template")):
        text = _read(str(template), text)
    if text is None or not expected:
        return False
    if isinstance(states := expected.get("state"), list | tuple):
        said = text.casefold()
        if any(said == str(s).casefold() for s in states):
            return True
        return str(_object(text).get("state", "")).casefold() in {str(s).casefold() for s in states}
    if (wanted := finite(expected.get("number"))) is not None:
        said_number, begun = finite(text), finite(expected.get("from"))
        if said_number is None:
            return False
        nearer = begun is not None and (said_number - begun) * (wanted - begun) > 0
        within = finite(expected.get("within")) or NUMBER_TOLERANCE
        return abs(said_number - wanted) <= within or nearer
    for space in SPACES:
        if isinstance(colour := expected.get(space), str):
            return same(rgb(from_text(space, colour)), rgb(from_text(space, text)))
    if isinstance(body := expected.get("json"), dict):
        return _confirms_json(body, _object(text))
    return False


def _confirms_json(wanted: Mapping[str, object], said: Mapping[str, object]) -> bool:
    for key, value in wanted.items():
        if key == "state":
            if str(said.get("state", "")).casefold() != str(value).casefold():
                return False
        elif key == "color":
            if not same(rgb(value), rgb(said.get("color"))):
                return False
        elif key == "effect":  # some last a moment, and are not told
            if said.get("effect") not in (None, value):
                return False
        else:
            target, now = finite(value), finite(said.get(key))
            if target is None or now is None or abs(target - now) > max(1.0, abs(target) * 0.01):
                return False
    return True


def heard(
    entity: Entity, old: EntityState, topic: str, payload: bytes, now_s: float = 0.0, *, retained: bool = False
) -> EntityState:
    """`old` with what this message says of `entity`; the same where it says nothing."""
    text = _text(payload)
    if text is None:
        return old
    for key, value in entity.mqtt.items():
        if is_state_topic(key) and covers(str(value), topic):
            template = entity.text(key.removesuffix("_topic") + "_template")
            said = _read(template, text) if template else text
            if said is not None:
                before, old = old, _take(entity, old, key, said)
                repeated = retained and old == before  # only because we subscribed again
                if key == "state_topic" and entity.number("expire_after") > 0 and not repeated:
                    old = replace(old, told_at_s=now_s)
    return old


def _read(template: str, text: str) -> str | None:
    try:
        said = parse(template).read(text)
    except TemplateError:  # told when the home was read
        return None
    return said or None


def _take(entity: Entity, old: EntityState, key: str, text: str) -> EntityState:
    number = finite(text)
    if key.startswith("availability"):
        return _present(entity, old, key, text)
    if key == "state_topic":
        return _main(entity, old, text)
    if key in ("current_temperature_topic", "temperature_topic"):
        return replace(old, temperature_degrees=number)
    if key == "temperature_state_topic":
        return replace(old, target_degrees=number)
    if key == "position_topic" and number is not None:
        closed, opened = entity.number("position_closed"), entity.number("position_open")
        percent = (number - closed) * 100 / (opened - closed) if opened != closed else 0.0
        state = old.state if entity.text("state_topic") else ("closed" if percent <= 0 else "open")
        return replace(old, position_percent=percent, state=state)
    if key == "brightness_state_topic" and number is not None:
        return replace(old, brightness_percent=_percent(entity, number))
    if (space := key.removesuffix("_state_topic")) in SPACES:
        return replace(old, color=rgb(from_text(space, text)))
    if key == "color_temp_state_topic" and number:
        return replace(old, kelvin=number if entity.flag("color_temp_kelvin") else 1e6 / number)
    if key == "percentage_state_topic" and number is not None:
        span = entity.number("speed_range_max") - entity.number("speed_range_min") + 1
        return replace(old, percentage=min(100.0, max(0.0, number * 100 / span))) if span > 0 else old
    if key == "volume_state_topic":
        return replace(old, percentage=number)
    if key == "mode_state_topic":
        return replace(old, state=text.casefold()[:255])
    return old


def _present(entity: Entity, old: EntityState, key: str, text: str) -> EntityState:
    number = key.removeprefix("availability").removesuffix("_topic")
    words = {entity.text(f"payload_available{number}"): True, entity.text(f"payload_not_available{number}"): False}
    if text not in words:
        return old
    return replace(old, presence=(*(p for p in old.presence if p[0] != key), (key, words[text])))


def is_gone(entity: Entity, state: EntityState) -> bool:
    """Its availability topics say that it is not there now; where they say nothing, it is taken to be."""
    if not state.presence:
        return False
    told = [there for _, there in state.presence]
    match entity.text("availability_mode"):
        case "all":
            return not all(told)
        case "any":
            sources = [k for k in entity.mqtt if k.startswith("availability") and k.endswith("_topic")]
            return len(told) == len(sources) and not any(told)
    return not told[-1]


def _percent(entity: Entity, level: float) -> float:
    scale = entity.number("brightness_scale") or 255.0
    return min(100.0, max(0.0, level * 100 / scale))


def _main(entity: Entity, old: EntityState, text: str) -> EntityState:
    body = _object(text)
    told = body.get("state", _OF_PARTS) if body else text
    if told is None or str(told).casefold() in _NOTHING_KNOWN:
        return EntityState(presence=old.presence)
    if body:
        state = old.state if told is _OF_PARTS else _word(entity, str(told))
        level, colour = finite(body.get("brightness")), rgb(body.get("color"))
        white = finite(body.get("color_temp"))
        own = entity.flag("color_temp_kelvin")
        return replace(
            old,
            state=state,
            brightness_percent=_percent(entity, level) if level is not None else old.brightness_percent,
            color=colour or old.color,
            kelvin=(white if own else 1e6 / white) if white else old.kelvin,
        )
    number = finite(text)
    if entity.domain == "valve" and entity.flag("reports_position"):
        return replace(old, position_percent=number, state="open" if number else "closed")
    return replace(old, state=_word(entity, text), number=number)


def _word(entity: Entity, said: str) -> str:
    """Home Assistant's word for what the device says; its own word where there is none."""
    folded = said.casefold()
    keys = _BINARY_KEYS if entity.domain == "binary_sensor" else _STATE_KEYS
    for key, word in keys.items():
        value = entity.text(key)
        if value and value.casefold() == folded:
            return word
    return folded[:255].encode(errors="ignore").decode()  # JSON may hold half a character: nobody could say it


class _Listeners:
    """Who of a house listens to which topic: by exact topic a look-up, only patterns are tried one by one."""

    def __init__(self, home: Home) -> None:
        self._exact: dict[str, dict[str, Entity]] = {}
        self._patterns: dict[str, dict[str, Entity]] = {}
        self.expiring = tuple(e for e in home.entities if e.number("expire_after") > 0)
        for entity in home.entities:
            for key, value in entity.mqtt.items():
                if is_state_topic(key) and value:
                    topics = self._patterns if "+" in str(value) else self._exact
                    topics.setdefault(str(value), {})[entity.id] = entity

    def of(self, topic: str) -> Mapping[str, Entity]:
        """By entity id."""
        found = dict(self._exact.get(topic, {}))
        for pattern, entities in self._patterns.items():
            if covers(pattern, topic):
                found |= entities
        return found


class StateBook:
    """All that is known of a house: push messages in, get the next book."""

    def __init__(self, home: Home, states: States | None = None, listeners: _Listeners | None = None) -> None:
        """`listeners` are those of another book of the same house."""
        self.home: Final = home
        self.states: Final[States] = states or {}
        self._listeners = listeners or _Listeners(home)

    def at(self, now_s: float) -> States:
        """What still holds then; of what has expired only whether it is there."""
        known = ((e, s) for e in self._listeners.expiring if (s := self.states.get(e.id)) is not None)
        old = {e.id: EntityState(presence=s.presence) for e, s in known if s.expired(e, now_s)}
        return {**self.states, **old} if old else self.states

    def heard(self, topic: str, payload: bytes, now_s: float = 0.0, *, retained: bool = False) -> StateBook:
        """`now_s` of a steady clock, the one that `at` is asked with."""
        told = {
            entity_id: heard(entity, self.states.get(entity_id, UNKNOWN), topic, payload, now_s, retained=retained)
            for entity_id, entity in self._listeners.of(topic).items()
        }
        new = {entity_id: state for entity_id, state in told.items() if state != self.states.get(entity_id)}
        return StateBook(self.home, {**self.states, **new}, self._listeners) if new else self
