"""PURE. Names of one home that a listener, human or not, would mix up: for the owner, before it happens at night."""

from __future__ import annotations

import re
from itertools import combinations

from voiced.home.model import Home, folded

_SOUNDS = (
    (r"(?<=[a-z]{2})e\b", ""), (r"(?<=\w)gh(?=t)|(?<=[aeiou])h", ""), (r"ph", "f"), (r"ck|q|c(?![eiy])|k", "k"),
    (r"c|z|s", "s"), (r"[dt]h?", "t"), (r"[vf]", "f"), (r"[bp]", "p"), (r"wh?", "w"), (r"[mn]", "n"), (r"[jg]", "g"),
    (r"[aeiouy]+", "a"), (r"(.)\1+", r"\1"),
)  # fmt: skip
"""English spelling to what is left of it at the other end of a room, rule by rule."""


def sound_of(name: str) -> str:
    """Two names with one sound are one name to the ear."""
    text = re.sub(r"[^a-z ]", "", folded(name).removeprefix("the "))
    for pattern, sound in _SOUNDS:
        text = re.sub(pattern, sound, text)
    return text.replace(" ", "")


def alike(home: Home) -> tuple[str, ...]:
    """A line for each two things (or areas) whose names or aliases sound the same."""
    things = [(e.name, name, "") for e in home.entities for name in (e.name, *e.aliases)]
    places = [(a.name, name, "area ") for a in home.areas for name in (a.name, *a.aliases)]
    found: dict[tuple[str, str], str] = {}
    for (one, said, kind), (other, heard, other_kind) in combinations([*things, *places], 2):
        if one != other and kind == other_kind and sound_of(said) and sound_of(said) == sound_of(heard):
            found.setdefault((one, other), f"{kind}'{said}' and {other_kind}'{heard}' sound alike: rename one of them")
    return tuple(found.values())
