"""PURE. Questions, answered from what the state topics said. What is not known is not guessed."""

from __future__ import annotations

from voiced.home.facts import Facts
from voiced.home.intents import candidates
from voiced.home.questions import DEGREES, state_of
from voiced.home.replies import DONT_KNOW, Reply
from voiced.messages import Call

ANSWERS = frozenset([
    "HassGetState", "HassClimateGetTemperature", "HassGetCurrentTime", "HassGetCurrentDate", "HassGetWeather",
    "HassNevermind", "HassRespond",
])  # fmt: skip


def answer(call: Call, facts: Facts) -> Reply:
    """The answer to a question of `ANSWERS`."""
    match call.intent:
        case "HassGetState":
            return state_of(call, facts)
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


def _temperature(call: Call, facts: Facts) -> Reply:
    named = "name" in call.slots
    domains = ("climate", "sensor", "water_heater") if named else ("climate", "sensor")
    found, _, _ = candidates(call, facts.home, domains, facts.area)
    measuring = [
        e for e in found if e.domain == "climate" or e.device_class == "temperature" or e.unit in DEGREES or named
    ]
    for entity in measuring:
        state = facts.of(entity)
        degrees = state.number if entity.domain == "sensor" else state.temperature_degrees
        if degrees is not None:
            name = entity.name if named else ""
            return Reply("temperature", {"name": name, "degrees": facts.manner.degrees(degrees, entity)})
    gone = [e.name for e in measuring if facts.gone(e)]
    return Reply("offline", {"names": gone}) if gone else DONT_KNOW


def _weather(call: Call, facts: Facts) -> Reply:
    found, _, _ = candidates(call, facts.home, ("weather",), facts.area)
    for entity in found:
        state = facts.of(entity)
        if state.state:
            return Reply("weather", {"name": entity.name, "state": state.state, "degrees": state.temperature_degrees})
    return DONT_KNOW
