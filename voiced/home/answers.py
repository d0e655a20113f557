"""PURE. Questions, answered from what the state topics said. What is not known is not guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voiced.home.intents import candidates
from voiced.home.manner import AS_MEASURED, Manner
from voiced.home.model import Entity, Home
from voiced.home.replies import DONT_KNOW, Reply
from voiced.home.states import EntityState, States
from voiced.messages import Call

ANSWERS = frozenset([
    "HassGetState", "HassClimateGetTemperature", "HassGetCurrentTime", "HassGetCurrentDate", "HassGetWeather",
    "HassNevermind", "HassRespond",
])  # fmt: skip


DEGREES = ("°C", "°F", "C", "F")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer may draw on."""

    home: Home
    area: str
    states: States
    now: datetime | None
    manner: Manner = AS_MEASURED

    def of(self, entity: Entity) -> EntityState:
        return self.states.get(entity.id, EntityState())


def answer(call: Call, facts: Facts) -> Reply:
    """The answer to a question of `ANSWERS`."""
    match call.intent:
        case "HassGetState":
            return _state(call, facts)
        case "HassClimateGetTemperature":
            return _temperature(call, facts)
        case "HassGetWeather":
            return _weather(call, facts)
        case "HassGetCurrentTime" if facts.now:
            now = facts.now
            return Reply("time", {"hour": now.hour, "minute": now.minute, "twelve": facts.manner.twelve_hours})
        case "HassGetCurrentDate" if facts.now:
            now = facts.now
            return Reply("date", {"weekday": now.weekday(), "day": now.day, "month": now.month, "year": now.year})
        case "HassNevermind":
            return Reply("okay")
        case "HassRespond":
            return Reply("hello")
    return DONT_KNOW


def _state(call: Call, facts: Facts) -> Reply:
    wanted = str(call.slots.get("state", "")).casefold()
    domains = tuple(sorted({e.domain for e in facts.home.entities}))
    if "name" in call.slots:
        # Several things may have the name, a door's lock and its sensor: the one that can be in that state is meant.
        found, _, _ = candidates(call, facts.home, domains, facts.area)
        known = [e for e in found if facts.of(e) != EntityState()]
        fitting = [e for e in known if not wanted or can_be(e, wanted)]
        if not fitting:
            return DONT_KNOW
        entity, state = fitting[0], facts.of(fitting[0])
        if wanted:
            if not state.state:
                return DONT_KNOW
            yes = state.state == wanted
            return Reply("is_state", {"name": entity.name, "yes": yes, "state": state.state, "wanted": wanted})
        return _what_is(entity, state, facts.manner)
    anywhere = Call(call.intent, {**call.slots, "everywhere": "yes"})
    found, _, _ = candidates(anywhere, facts.home, domains, facts.area)
    known = [e for e in found if facts.of(e).state]
    if not known or not wanted:
        return DONT_KNOW
    names = [e.name for e in known if facts.of(e).state == wanted]
    kind = str(call.slots.get("device_class") or call.slots.get("domain") or known[0].domain)
    unknown = len(found) - len(known)
    return Reply("which_are", {"kind": kind, "state": wanted, "names": names, "of": len(known), "unknown": unknown})


_CAN_BE = {
    "lock": frozenset(["locked", "unlocked", "locking", "unlocking", "jammed"]),
    "cover": frozenset(["open", "closed", "opening", "closing", "stopped"]),
    "valve": frozenset(["open", "closed", "opening", "closing"]),
}


def can_be(entity: Entity, state: str) -> bool:
    """A lock is never "open", a cover never "locked"; for other things nothing is ruled out."""
    return state in _CAN_BE.get(entity.domain, frozenset([state]))


def _what_is(entity: Entity, state: EntityState, manner: Manner) -> Reply:
    if entity.domain == "climate" and state.temperature_degrees is not None:
        degrees = manner.degrees(state.temperature_degrees, entity)
        return Reply("temperature", {"name": entity.name, "degrees": degrees})
    if state.number is not None and entity.unit in DEGREES:
        return Reply("temperature", {"name": entity.name, "degrees": manner.degrees(state.number, entity)})
    if state.number is not None:
        return Reply("measures", {"name": entity.name, "number": state.number, "unit": entity.unit})
    if state.state:
        return Reply("is", {"name": entity.name, "state": state.state})
    return DONT_KNOW


def _temperature(call: Call, facts: Facts) -> Reply:
    found, _, _ = candidates(call, facts.home, ("climate", "sensor"), facts.area)
    measuring = [
        e
        for e in found
        if e.domain == "climate" or e.device_class == "temperature" or e.unit in DEGREES or "name" in call.slots
    ]
    for entity in measuring:
        state = facts.of(entity)
        degrees = state.temperature_degrees if entity.domain == "climate" else state.number
        if degrees is not None:
            name = entity.name if "name" in call.slots else ""
            return Reply("temperature", {"name": name, "degrees": facts.manner.degrees(degrees, entity)})
    return DONT_KNOW


def _weather(call: Call, facts: Facts) -> Reply:
    found, _, _ = candidates(call, facts.home, ("weather",), facts.area)
    for entity in found:
        state = facts.of(entity)
        if state.state:
            return Reply("weather", {"name": entity.name, "state": state.state, "degrees": state.temperature_degrees})
    return DONT_KNOW
