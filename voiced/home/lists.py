"""PURE. Lists that the house keeps itself: a `todo` of home.toml without topics. Others have a keeper of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voiced.home.model import Home, folded
from voiced.home.replies import Reply
from voiced.messages import Call

MAX_ITEMS = 100
"""On each list."""
MAX_LISTS = 20
LIST_INTENTS = frozenset(["HassListAddItem", "HassListRemoveItem", "HassListCompleteItem", "ListRead", "ListClear"])
Lists = Mapping[str, tuple[str, ...]]
"""Items by entity id, the oldest first."""


def kept_here(call: Call, home: Home) -> str:
    """The id of the list of ours that a call is about; "" where it is about none."""
    if call.intent not in LIST_INTENTS or "name" not in call.slots:
        return ""
    found = (e.id for e in home.called(str(call.slots["name"])) if e.domain == "todo" and not e.text("command_topic"))
    return next(found, "")


def apply(lists: Lists, call: Call, home: Home) -> tuple[Lists, Reply]:
    """Do what the call asks of a list that is `kept_here`; what was done."""
    entity = home.entity(kept_here(call, home))
    assert entity is not None
    items, item = lists.get(entity.id, ()), str(call.slots.get("item", "")).strip()
    said = {"name": entity.name, "item": item}
    matching = tuple(i for i in items if folded(i) == folded(item))
    match call.intent:
        case "ListRead":
            return lists, Reply("list", {**said, "items": list(items)})
        case "ListClear":
            return {**lists, entity.id: ()}, Reply("list_cleared", said)
        case _ if not item:
            return lists, Reply("dont_know")
        case "HassListAddItem" if matching:
            return lists, Reply("list_has", said)
        case "HassListAddItem" if len(items) >= MAX_ITEMS:
            return lists, Reply("list_full", said)
        case "HassListAddItem":
            return {**lists, entity.id: (*items, item)}, Reply("list_added", said)
        case _ if not matching:
            return lists, Reply("list_lacks", said)
    left = tuple(i for i in items if i not in matching)
    return {**lists, entity.id: left}, Reply("list_removed", said)


def to_dict(lists: Lists) -> dict[str, Any]:
    """Plain values."""
    return {name: list(items) for name, items in lists.items()}


def from_dict(data: object) -> Lists:
    """ValueError on what `to_dict` never gave."""
    if not isinstance(data, Mapping) or len(data) > MAX_LISTS:
        raise ValueError("these are no lists")
    for items in data.values():
        if not isinstance(items, list) or len(items) > MAX_ITEMS or not all(isinstance(i, str) for i in items):
            raise ValueError("this is no list")
    return {str(name): tuple(items) for name, items in data.items()}
