"""PURE. A state that was kept, part by part: what cannot be read of it loses nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from voiced.home.numbers import finite

_Part = TypeVar("_Part")


def part(data: Mapping[str, Any], name: str, read: Callable[[Any], _Part], otherwise: _Part, lost: list[str]) -> _Part:
    """What `read` makes of the part with this name; `otherwise` where there is none. It is `otherwise`, too, where
    `read` raises what a wrong value raises, and then `lost` gets the name and the reason.
    """
    try:
        return read(data[name]) if name in data else otherwise
    except (ValueError, TypeError, OverflowError) as error:
        lost.append(f"{name}: {error}")
        return otherwise


def number(value: object) -> float:
    """ValueError on what is none, and on what no clock and no volume shows."""
    found = finite(value)
    if found is None:
        raise ValueError(f"this is no number: {value!r}")
    return found
