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
UNDO = "UndoThat"
"""What was done last is to be as it was before: see `undo.py`."""
ASKED = "HassGetState"
"""A question: "it" may be what was asked about."""
_IT = {
    "yes": ACTIONS.keys(), "all": ACTIONS.keys(),
    "maybe": frozenset(["HassTurnOn", "HassTurnOff", "HassLightSet", "Toggle"]),
}  # fmt: skip
"""How "it" was said ("all" is "them") -> what it may stand for: "brighter" says nothing of a thermostat."""
_STATES = {
    "HassTurnOn": ("on", "off"), "HassTurnOff": ("on", "off"), "HassLightSet": ("on", "off"),
    "HassOpenCover": ("open", "closed", "opening", "closing"),
    "HassCloseCover": ("open", "closed", "opening", "closing"), "HassLock": ("locked", "unlocked"),
}  # fmt: skip
"""What is done to it -> the states that were asked for: whether the door is locked tells nothing of "turn it off"."""
PLACES = ("name", "area", "floor", "domain", "device_class", "everywhere", "except")
"""The slots that say what is meant; all others say how."""


def completed(calls: Iterable[Call], before: Sequence[Call] = ()) -> tuple[Call, ...]:
    """`calls` with what they leave to others filled in, as far as it is known. What is not known stays as it is."""
    done: list[Call] = []
    for call in calls:
        told = [one for one in done if one.intent != UNDO] or before
        last = told[-1] if told else None
        if call.intent == EXCEPT and done:
            done[-1] = _without(done[-1], call)
        elif call.intent == ALSO and last and (last.intent in ACTIONS or last.intent == ASKED):
            done.append(_also(last, call))
        else:
            done += _instead(call, told) or [call]
    return tuple(done)


def asked(question: Call, before: Sequence[Call]) -> tuple[Call, ...]:
    """What "it" may be after a question: what it asked about, or else what was done before it."""
    return (*(c for c in before if c.intent in ACTIONS), question)


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


def _instead(call: Call, told: Sequence[Call]) -> list[Call]:
    """What "it" stands for, the last such thing, or "them", all of what was said at once; none where it is unsaid."""
    it = str(call.slots.get("it", ""))
    if told and told[-1].intent == ASKED and _may_be(call, told[-1], it):
        told = told[-1:]
    kept = {k: v for k, v in how(call).items() if k != "it"}
    meant = [Call(call.intent, kept | places) for last in told if _may_be(call, last, it) and (places := _meant(last))]
    return [c for n, c in enumerate(meant) if c not in meant[:n]] if it == "all" else meant[-1:]


def _may_be(call: Call, last: Call, it: str) -> bool:
    if last.intent == ASKED and it in ("yes", "all"):
        return last.slots.get("state") in _STATES.get(call.intent, ())
    return last.intent in _IT.get(it, ())


def _meant(call: Call) -> dict[str, SlotValue]:
    """Who asks about all windows and names no place, means those of the house."""
    places = {k: v for k, v in call.slots.items() if k in PLACES}
    kind = call.intent == ASKED and places.keys() <= {"domain", "device_class"}
    return {**places, "everywhere": "yes"} if places and kind else places


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
