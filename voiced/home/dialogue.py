"""PURE. What one call leaves to another: "and the kitchen too", "turn it off again", "all lights except the hall".

Inside a sentence the calls before are meant, at its beginning those of the sentence before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from voiced.home.intents import ACTIONS, EXCEPT_SEPARATOR
from voiced.messages import Call, SlotValue

ALSO = "AlsoThis"
"""The same as the call before, for another thing or place."""
EXCEPT = "ExceptThis"
"""The call before, without this thing or place."""
_IT = {"yes": ACTIONS.keys(), "maybe": frozenset(["HassTurnOn", "HassTurnOff", "HassLightSet", "Toggle"])}
"""How "it" was said -> what it may stand for: "brighter" says nothing of a thermostat."""
PLACES = ("name", "area", "floor", "domain", "device_class", "everywhere", "except")
"""The slots that say what is meant; all others say how."""


def completed(calls: Iterable[Call], before: Sequence[Call] = ()) -> tuple[Call, ...]:
    """`calls` with what they leave to others filled in, as far as it is known. What is not known stays as it is."""
    done: list[Call] = []
    for call in calls:
        last = done[-1] if done else before[-1] if before else None
        if call.intent == EXCEPT and done:
            done[-1] = _without(done[-1], call)
        elif call.intent == ALSO and last and last.intent in ACTIONS:
            done.append(_also(last, call))
        elif last and last.intent in _IT.get(str(call.slots.get("it")), ()) and (meant := _meant(last)):
            done.append(Call(call.intent, {k: v for k, v in how(call).items() if k != "it"} | meant))
        else:
            done.append(call)
    return tuple(done)


def alone(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Where there was nothing before: "make it brighter" means this room."""
    return tuple(
        Call(c.intent, {k: v for k, v in c.slots.items() if k != "it"}) if c.slots.get("it") == "maybe" else c
        for c in calls
    )


def open_ended(call: Call) -> bool:
    """It still leaves something to a call that nobody made."""
    return call.intent in (ALSO, EXCEPT) or "it" in call.slots


def how(call: Call) -> dict[str, SlotValue]:
    """The slots that say how."""
    return {k: v for k, v in call.slots.items() if k not in PLACES}


def _meant(call: Call) -> dict[str, SlotValue]:
    return {k: v for k, v in call.slots.items() if k in PLACES}


def _also(last: Call, call: Call) -> Call:
    """A name says all; a place keeps the kind of thing that was meant."""
    kept = how(last)
    if "name" not in call.slots:
        kept |= {k: v for k, v in last.slots.items() if k in ("domain", "device_class")}
        if "name" in last.slots and "domain" not in kept:
            kept["domain"] = "light"
    return Call(last.intent, {**kept, **call.slots})


def _without(last: Call, call: Call) -> Call:
    left_out = [str(last.slots["except"])] if "except" in last.slots else []
    left_out += [str(v) for k, v in call.slots.items() if k in ("name", "area")]
    return Call(last.intent, {**last.slots, "except": EXCEPT_SEPARATOR.join(left_out)})
