"""PURE. What may still be named behind a whole command. Whoever goes on after a breath is to be waited for (`listen/
endpoint.py` says how long); nobody is where nothing can follow that would change what is done.

Of 16 whole commands of 170 synthetic ones that words followed after a pause, five were of the kinds below, and none of
the 156 that ended. In most of the others the pause fell into the last word.
"""

from __future__ import annotations

from collections.abc import Sequence

from voiced.home.model import Home
from voiced.home.slotorder import goes_on
from voiced.messages import Call

_SPREADING = frozenset([
    "HassTurnOn", "HassTurnOff", "HassLightSet", "HassOpenCover", "HassCloseCover", "HassSetPosition", "Toggle",
])  # fmt: skip
"""Without a place they are done in the device's own area; where it has none, in the whole house: too much to be done
for want of a breath."""
_WHERE = frozenset(["name", "area", "floor", "everything", "everywhere", "except"])
_TIMERS = frozenset(["HassStartTimer", "HassIncreaseTimer", "HassDecreaseTimer"])
_BEGINNING = frozenset(["HassNevermind"])
"""Said in a word, with which others begin: "cancel", "cancel the timer"."""


def slots_left(home: Home, calls: Sequence[Call], area: str = "") -> bool:
    """Whether whoever said `calls`, of which the last decides, is likely to name something more. `area`: the id of the
    one in which the device stands, "" if none.

    That is so where a template of an owner's sentence has slots behind those that were said; where nobody said what
    "it" is ("close it" sounds like the beginning of "close the curtain"); where the place is missing and the whole
    house would be meant; where a timer's hours have no minutes yet; where the only word is one that others begin with.
    """
    if not calls:
        return False
    last = calls[-1]
    said = last.slots.keys()
    own = (template for one in home.sentences if one.intent == last.intent for template in one.templates)
    if any(goes_on(template, said) for template in own):
        return True
    if last.intent in _SPREADING and not area and "it" not in said and _WHERE.isdisjoint(said):
        return True
    if last.intent in _TIMERS and "hours" in said and "minutes" not in said:
        return True
    return last.slots.get("it") in ("yes", "all") or last.intent in _BEGINNING
