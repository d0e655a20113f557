"""PURE. English: what is said of lists."""

from __future__ import annotations

from voiced.speak.en_names import Phrases, Values, few, first_upper, the
from voiced.speak.numbers import joined

_ONE = ("a", "an", "one")
_MOST_ITEMS = 12
"""Whoever asks for a list wants to hear it: more of it than of what only answers."""


def _are(items: list[str]) -> str:
    """Milk is, eggs are, a bag of apples is, milk and bread are."""
    words = items[0].split()
    head = words[: words.index("of")] if "of" in words[1:] else words
    several = head[-1].endswith("s") and not head[-1].endswith(("ss", "us", "is", "'s")) and words[0] not in _ONE
    return "are" if len(items) > 1 or several else "is"


def _list(v: Values) -> str:
    """The to do list, the shopping list."""
    name = the(v["name"])
    return name if name.split()[-1] in ("list", "lists") else f"{name} list"


def _where(v: Values, where: str) -> str:
    return f"{first_upper(joined(v['items']))} {_are(v['items'])} {where} {_list(v)}"


PHRASES: Phrases = {
    "list": lambda v: (
        f"On {_list(v)}: {few(v['items'], _MOST_ITEMS)}." if v["items"] else f"There is nothing on {_list(v)}."
    ),
    "list_added": lambda v: f"{_where(v, 'on')}.",
    "list_has": lambda v: f"{_where(v, 'on')} already.",
    "list_removed": lambda v: f"{_where(v, 'off')}.",
    "list_lacks": lambda v: f"There {_are(v['items'][:1])} no {' and no '.join(v['items'])} on {_list(v)}.",
    "list_cleared": lambda v: f"{first_upper(_list(v))} is empty now.",
    "list_full": lambda v: f"{first_upper(_list(v))} is full.",
}
