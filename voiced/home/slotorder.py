"""PURE. In which order a template names its slots. Read by hand, for the core does without the library that reads whole
templates (hassil, which the engine has): of `[with {milk}] (please|now)` only brackets and braces matter here.
Slots inside a `<rule>` are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from voiced.home.model import placeholders

Named = frozenset[str] | None
"""Slots that were said, and no other; None: all of them, and then another."""


@dataclass(frozen=True, slots=True)
class _Group:
    """One of `ways`; of a way all parts, in any order; of a part all items, one after the other."""

    ways: tuple[tuple[tuple[str | _Group, ...], ...], ...]
    optional: bool = False


def goes_on(template: str, said: AbstractSet[str]) -> bool:
    """Whether one who has named the slots `said`, all of them, may come to another one of the template. One that could
    only have been named before them is none; where nothing was named, any is one.
    """
    return None in _behind(_read(template), {frozenset()}, frozenset(said))


def _behind(one: str | _Group, before: AbstractSet[Named], said: frozenset[str]) -> set[Named]:
    """What may have been named behind `one`, of what may have been before it."""
    if isinstance(one, str):
        if one in said:
            return {None if named is None else named | {one} for named in before}
        return {None for named in before if named in {None, said}}
    after: set[Named] = {*before} if one.optional else set()
    for way in one.ways:
        every = (1 << len(way)) - 1
        behind: list[set[Named]] = [{*before}, *(set[Named]() for _ in range(every))]
        """By which of the parts were said, a bit each."""
        for parts in range(every):
            for number, part in enumerate(way):
                if not parts >> number & 1:
                    here: AbstractSet[Named] = behind[parts]
                    for item in part:
                        here = _behind(item, here, said)
                    behind[parts | 1 << number] |= here
        after |= behind[every]
    return after


@lru_cache(maxsize=256)
def _read(template: str) -> _Group:
    return _group(iter(re.findall(r"[()\[\]|;]|\{[^}]*\}", template)))


def _group(marks: Iterator[str], optional: bool = False) -> _Group:
    """Up to the bracket that closes it."""
    ways: list[list[list[str | _Group]]] = [[[]]]
    for mark in marks:
        if mark in ")]":
            break
        if mark in "([":
            ways[-1][-1].append(_group(marks, mark == "["))
        elif mark == "|":
            ways.append([[]])
        elif mark == ";":
            ways[-1].append([])
        else:
            ways[-1][-1] += [slot for _, slot in placeholders(mark)]
    return _Group(tuple(tuple(map(tuple, way)) for way in ways), optional)
