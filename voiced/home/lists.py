"""PURE. Lists that the house keeps itself: a `todo` of home.toml without topics. Others have a keeper of their own.

"Milk and eggs" are two items: what is said is parted at "and" and at commas. Four things stay whole: what is on the
list under that name, so that "bread and butter pudding" can be taken off again; pairs that are sold as one, which are
in `_PAIRS` ("mac and cheese"); numbers ("two and a half pounds", "one hundred and twenty grams"); and words without
an "and", for nobody hears whether "oat milk" are two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from voiced.home.language.spoken import ONES, TENS, without
from voiced.home.model import Home, folded
from voiced.home.replies import Reply
from voiced.messages import Call

MAX_ITEMS = 100
"""More are not put on one list."""
LIST_INTENTS = frozenset(["HassListAddItem", "HassListRemoveItem", "HassListCompleteItem", "ListRead", "ListClear"])
Lists = Mapping[str, tuple[str, ...]]
"""Items by entity id, the oldest first."""
_PAIRS = frozenset([
    ("mac", "cheese"), ("macaroni", "cheese"), ("fish", "chips"), ("half", "half"), ("salt", "vinegar"),
    ("sweet", "sour"), ("gin", "tonic"), ("cookies", "cream"), ("m", "m"), ("m", "ms"), ("head", "shoulders"),
    ("arm", "hammer"), ("pork", "beans"), ("surf", "turf"), ("black", "white"), ("ben", "jerry's"), ("ben", "jerrys"),
])  # fmt: skip
"""The words beside an "and" that parts nothing."""
_COUNT = rf"(?:\d+|{'|'.join((*ONES[1:], *TENS[2:], 'hundred', 'thousand', 'dozen'))})\b"
_PART = r"(?:half|third|quarter)s?\b"
_AMOUNTS = re.compile(
    rf"\b(?:hundred|thousand)\0{_COUNT}"
    rf"|\b{_COUNT}\0(?:an?|one|two|three) {_PART}"
    rf"|^(?:an?|{_COUNT}) [^ ]+\0an? {_PART}(?: of\b|$)",
    re.IGNORECASE,
)
"""What is around an "and", here NUL, inside a number: one hundred and twenty, two and a half, a pound and a half of."""


def kept_here(call: Call, home: Home) -> str:
    """The id of the list of ours that a call is about; "" where it is about none."""
    if call.intent not in LIST_INTENTS or "name" not in call.slots:
        return ""
    found = (e.id for e in home.called(str(call.slots["name"])) if e.domain == "todo" and not e.text("command_topic"))
    return next(found, "")


def _parted(said: str, known: Sequence[str]) -> tuple[str, ...]:
    """The items that are named, each once; `known` are those on the list."""
    names = {folded(item) for item in known}
    pieces = [piece for piece in (p.strip() for p in re.split(r",|\band\b", said)) if piece]
    found: dict[str, str] = {}
    while pieces:
        count = next(n for n in range(len(pieces), 0, -1) if n == 1 or _is_one(pieces[:n], names))
        item = " and ".join(pieces[:count])
        found.setdefault(folded(item), item)
        pieces = pieces[count:]
    return tuple(found.values())


_ALL = (["everything"], ["all"], ["all items"])
_POINTING = ("the", "my", "our", "some")
_ARTICLES = (*_POINTING, "a", "an")


def _on(name: str, items: Sequence[str]) -> str:
    """What is meant of what is on the list: "the eggs" are its eggs, "the loaf of bread" its "a loaf of bread"."""
    exact = (item for item in items if folded(item) == folded(name))
    alike = (item for item in items if folded(without(_ARTICLES, item)) == folded(without(_ARTICLES, name)))
    return next(exact, next(alike, without(_ARTICLES, name)))


def _is_one(pieces: Sequence[str], names: set[str]) -> bool:
    return folded(" and ".join(pieces)) in names or all(_belong(left, right) for left, right in pairwise(pieces))


def _belong(left: str, right: str) -> bool:
    beside = left.split()[-1].casefold(), right.split()[0].casefold()
    return beside in _PAIRS or _AMOUNTS.search(f"{left}\0{right}") is not None


def apply(lists: Lists, call: Call, home: Home) -> tuple[Lists, Reply]:
    """Do what the call asks of a list that is `kept_here`; what was done."""
    entity = home.entity(kept_here(call, home))
    assert entity is not None
    items, said = lists.get(entity.id, ()), {"name": entity.name}
    if call.intent == "ListRead":
        return lists, Reply("list", {**said, "items": list(items)})
    if call.intent == "ListClear":
        return {**lists, entity.id: ()}, Reply("list_cleared", said)
    named = _parted(str(call.slots.get("item", "")), items)
    if call.intent == "HassListAddItem":
        named = tuple(dict.fromkeys(without(_POINTING, name) for name in named))
    else:
        named = tuple(dict.fromkeys(_on(name, items) for name in named))
        if [folded(n) for n in named] in _ALL:
            return {**lists, entity.id: ()}, Reply("list_cleared", said)
    if not named:
        return lists, Reply("dont_know")
    on = {folded(item) for item in items}
    there, others = [n for n in named if folded(n) in on], [n for n in named if folded(n) not in on]
    if call.intent == "HassListAddItem":
        new = others[: max(0, MAX_ITEMS - len(items))]
        items = (*items, *new)
        done = {"list_added": new, "list_has": there, "list_full": others[len(new) :]}
    else:
        gone = {folded(n) for n in there}
        items = tuple(i for i in items if folded(i) not in gone)
        done = {"list_removed": there, "list_lacks": others}
    replies = [Reply(key, {**said, "items": which}) for key, which in done.items() if which]
    return {**lists, entity.id: items}, replies[0] if len(replies) == 1 else Reply("several", {"replies": replies})


def to_dict(lists: Lists) -> dict[str, Any]:
    """Plain values."""
    return {name: list(items) for name, items in lists.items()}


def from_dict(data: object) -> Lists:
    """ValueError on what `to_dict` never gave."""
    if not isinstance(data, Mapping):
        raise ValueError("these are no lists")
    for items in data.values():
        if not isinstance(items, list) or not all(isinstance(i, str) for i in items):
            raise ValueError("this is no list")
    return {str(name): tuple(items) for name, items in data.items()}
