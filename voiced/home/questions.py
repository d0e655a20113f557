"""PURE. Questions about states: of one thing, of a part of it, of all of a kind. What is not known is not guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from voiced.home.colours import COLOURS
from voiced.home.facts import Facts
from voiced.home.intents import SWITCHABLE, candidates
from voiced.home.language.questions import HOW
from voiced.home.manner import Manner
from voiced.home.model import Entity, Home
from voiced.home.replies import DONT_KNOW, Reply
from voiced.home.senses import ASKED_FOR, OPENINGS, can_be, in_words, is_so
from voiced.home.states import EntityState
from voiced.messages import Call

DEGREES = ("°C", "°F", "C", "F")
MOST_MEASURES = 4


def state_of(call: Call, known: Facts) -> Reply:
    """The answer to HassGetState."""
    wanted = str(call.slots.get("state", "")).casefold()
    what = str(call.slots.get("what", ""))
    if "name" in call.slots:
        return _named(call, known, wanted, what)
    found = _meant(call, known, wanted)
    if what or not wanted:
        return _measured([e for e in found if not known.of(e).silent], known, what)
    return _of_all(call, found, known, wanted)


def _named(call: Call, known: Facts, wanted: str, what: str) -> Reply:
    """Several things may have the name, a door's lock and its sensor: the one that can be in that state is meant."""
    found, _, _ = candidates(call, known.home, _domains(known.home), known.area)
    fitting = [e for e in found if not known.of(e).silent and (not wanted or can_be(e, wanted))]
    if not fitting:
        gone = [e.name for e in found if known.gone(e)]
        return Reply("offline", {"names": gone}) if gone else DONT_KNOW
    entity, state = fitting[0], known.of(fitting[0])
    if what:
        return _part(entity, state, what, known.manner)
    if not wanted:
        return what_is(entity, state, known.manner)
    if not state.state:
        return DONT_KNOW
    yes = is_so(entity, state.state, wanted)
    said = in_words(entity, wanted)
    return Reply("is_state", {"name": entity.name, "yes": yes, "state": in_words(entity, state.state), "wanted": said})


def _domains(home: Home) -> tuple[str, ...]:
    return tuple(sorted({e.domain for e in home.entities}))


_SHUTTING: Mapping[str, tuple[str, ...]] = {
    "on": SWITCHABLE, "off": SWITCHABLE, "open": ("cover", "valve", "binary_sensor"),
    "closed": ("cover", "valve", "binary_sensor"), "locked": ("lock", "binary_sensor"),
    "unlocked": ("lock", "binary_sensor"),
}  # fmt: skip
"""A state -> what "everything" and "anything" mean with it."""


def _meant(call: Call, known: Facts, wanted: str) -> list[Entity]:
    """The things of a kind, in a place if one was said; windows and doors are known by what moves them and by
    sensors on them.
    """
    slots = {key: call.slots[key] for key in ("area", "floor") if key in call.slots}
    anywhere = {**slots, "everywhere": "yes"}
    domain, device_class = str(call.slots.get("domain", "")), str(call.slots.get("device_class", ""))

    def of(domains: Iterable[str], fits: Callable[[Entity], bool] = lambda _: True) -> list[Entity]:
        some, _, _ = candidates(Call(call.intent, anywhere), known.home, tuple(domains), known.area)
        return [e for e in some if fits(e)]

    if "everything" in call.slots:
        return of(_SHUTTING.get(wanted, SWITCHABLE), lambda e: e.domain != "binary_sensor" or can_be(e, wanted))
    sensed = ASKED_FOR.get(device_class, frozenset([device_class]))
    if domain == "binary_sensor":
        return of(["binary_sensor"], lambda e: e.device_class in sensed)
    if domain == "cover":
        moved = of(["cover"], lambda e: not device_class or e.device_class == device_class)
        return moved + of(["binary_sensor"], lambda e: e.device_class in sensed & OPENINGS)
    if domain == "lock":
        return of(["lock"]) + of(["binary_sensor"], lambda e: e.device_class == "lock")
    fitting = of([domain] if domain else _domains(known.home), lambda e: device_class in ("", e.device_class))
    here = [e for e in fitting if e.area == known.area] if known.area and not slots else []
    return here if here and domain in ("sensor", "climate") else fitting


def _of_all(call: Call, found: list[Entity], known: Facts, wanted: str) -> Reply:
    told = [e for e in found if known.of(e).state]
    if not told:
        return DONT_KNOW
    so = [e for e in told if is_so(e, known.of(e).state, wanted)]
    others = [e.name for e in told if e not in so]
    domain = str(call.slots.get("domain", ""))
    kind = "thing" if "everything" in call.slots else str(call.slots.get("device_class") or domain or told[0].domain)
    if domain == "binary_sensor":
        return Reply("sensed", {"names": [e.name for e in so], "unknown": len(found) - len(told)})
    asked = {"kind": kind, "state": wanted, "how": str(call.slots.get(HOW, "which"))}
    counted = {"names": [e.name for e in so], "others": others, "unknown": len(found) - len(told)}
    there = not call.slots.keys().isdisjoint(("area", "floor"))
    return Reply("which_are", {**asked, **counted, "there": there})


def _measured(found: list[Entity], known: Facts, what: str) -> Reply:
    """One by its number alone, several with their names."""
    all_of = (
        _part(e, known.of(e), what, known.manner) if what else what_is(e, known.of(e), known.manner) for e in found
    )
    told = [reply for reply in all_of if reply is not DONT_KNOW][:MOST_MEASURES]
    return Reply("several", {"replies": told}) if len(told) > 1 else told[0] if told else DONT_KNOW


def what_is(entity: Entity, state: EntityState, manner: Manner) -> Reply:
    """A thing's state in general."""
    if entity.domain in ("climate", "water_heater") and state.temperature_degrees is not None:
        degrees = manner.degrees(state.temperature_degrees, entity)
        return Reply("temperature", {"name": entity.name, "degrees": degrees})
    if state.number is not None and entity.unit in DEGREES:
        return Reply("temperature", {"name": entity.name, "degrees": manner.degrees(state.number, entity)})
    if state.number is not None:
        return Reply("measures", {"name": entity.name, "number": state.number, "unit": entity.unit})
    if state.state:
        return Reply("is", {"name": entity.name, "state": in_words(entity, state.state)})
    return DONT_KNOW


def _part(entity: Entity, state: EntityState, what: str, manner: Manner) -> Reply:
    """One of the numbers that a thing tells besides its state."""
    if what == "color" and state.color is not None:
        return Reply("is", {"name": entity.name, "state": _colour(state.color)})
    if what == "target" and state.target_degrees is not None:
        return Reply("target", {"name": entity.name, "degrees": manner.degrees(state.target_degrees, entity)})
    if what == "brightness" and state.state == "off":
        return Reply("is", {"name": entity.name, "state": "off"})
    number = {
        "brightness": state.brightness_percent, "speed": state.percentage, "volume": state.percentage,
        "position": state.position_percent, "target": state.percentage,
    }.get(what)  # fmt: skip
    return (
        DONT_KNOW if number is None else Reply("measures", {"name": entity.name, "number": round(number), "unit": "%"})
    )


def _colour(rgb: tuple[int, int, int]) -> str:
    """The nearest colour that has a name."""
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], rgb, strict=True)))
