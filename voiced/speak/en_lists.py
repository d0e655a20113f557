"""PURE. English: what is said of lists."""

from __future__ import annotations

from voiced.speak.en_names import Phrases, Values, few, first_upper, the
from voiced.speak.numbers import joined

_ONE = ("a", "an", "one")


def _are(items: list[str]) -> str:
    """Milk is, eggs are, a bag of apples is, milk and bread are."""
    words = items[0].split()
    several = words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is")) and words[0] not in _ONE
    return "are" if len(items) > 1 or several else "is"


def _where(v: Values, where: str) -> str:
    return f"{first_upper(joined(v['items']))} {_are(v['items'])} {where} {the(v['name'])}"


PHRASES: Phrases = {
    "list": lambda v: (
        f"On {the(v['name'])}: {few(v['items'])}." if v["items"] else f"There is nothing on {the(v['name'])}."
    ),
    "list_added": lambda v: f"{_where(v, 'on')}.",
    "list_has": lambda v: f"{_where(v, 'on')} already.",
    "list_removed": lambda v: f"{_where(v, 'off')}.",
    "list_lacks": lambda v: f"There {_are(v['items'][:1])} no {' and no '.join(v['items'])} on {the(v['name'])}.",
    "list_cleared": lambda v: f"{first_upper(the(v['name']))} is empty now.",
    "list_full": lambda v: f"{first_upper(the(v['name']))} is full.",
}
