"""PURE. What there is to say, without language: a key and what it speaks of. `speak/` has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing to say. The keys and their values are listed in `speak/en.py`."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


NOTHING = Reply("nothing")
DONT_KNOW = Reply("dont_know")
