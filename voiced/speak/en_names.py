"""PURE. How names of things and kinds of things stand in an English sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voiced.speak.numbers import counted, joined

Values = Mapping[str, Any]
"""Of a reply, by their names."""
Phrases = Mapping[str, Callable[[Values], str]]
MOST_NAMES = 4
"""More than these are not listened to."""

_KINDS = {
    "switch": "switches", "media_player": "players", "input_boolean": "switches", "valve": "valves",
    "climate": "thermostats",
}  # fmt: skip


def first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """An owner's words with an end, for others may follow."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def the(name: str) -> str:
    """A name inside a sentence: the front door, but the TV keeps its capitals."""
    words = [w if any(c.isupper() for c in w[1:]) else w.lower() for w in name.split()]
    said = " ".join(words)
    return said if said.startswith(("the ", "my ")) or "'s " in said else f"the {said}"


def bare(name: str) -> str:
    """A name at the beginning: Kitchen ceiling."""
    return first_upper(the(name).removeprefix("the "))


_SEVERAL = frozenset([
    "lights", "lamps", "spots", "bulbs", "leds", "candles", "blinds", "shades", "shutters", "curtains", "covers",
    "windows", "doors", "fans", "plugs", "sockets", "switches", "speakers", "heaters", "radiators",
])  # fmt: skip


def is_or_are(name: str) -> str:
    """The kitchen lights are, the bus is."""
    return "are" if _SEVERAL.issuperset(name.casefold().split()[-1:] or [""]) else "is"


def few(items: list[str], most: int = MOST_NAMES) -> str:
    """As many as are listened to, and how many more there are."""
    more = len(items) - most
    return joined([*items[:most], counted(more, "other")] if more > 0 else items)


def listed(names: list[str]) -> str:
    return few([the(name) for name in names])


def plural(kind: str) -> str:
    if kind in _KINDS:
        return _KINDS[kind]
    said = kind.replace("_", " ")
    said = "garage door" if said == "garage" else said
    return said + ("es" if said.endswith(("s", "sh", "ch")) else "s")


def are(names: list[str]) -> str:
    return f"{listed(names)} {'are' if many(names) else 'is'}"


def many(names: list[str]) -> bool:
    """They are, and not it is: several, or one with several's name."""
    return len(names) != 1 or is_or_are(names[0]) == "are"
