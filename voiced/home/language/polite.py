"""PURE. Words around a command that say nothing of what is to be done, and those between two commands."""

from __future__ import annotations

from collections.abc import Sequence

from voiced.home.language.spoken import spoken

POLITE_FRONT = (
    "please", "can you", "could you", "would you", "will you", "can you please", "could you please", "would you please",
    "i'd like you to", "i want you to", "okay", "now", "and", "hey", "just", "go ahead and", "i'd like to", "i want to",
    "um", "uh", "so", "alright",
)  # fmt: skip
POLITE_BACK = ("please", "for me", "now", "right now", "thanks", "thank you", "for me please", "again", "today")
AND = ("and", "and then", "then", "and also")
FOLLOW_UP = ("and", "what about", "how about", "also", "now")
I_MEANT = ("i meant", "i mean", "i said", "no i meant", "no i mean", "no i said", "sorry i meant", "no sorry i meant")
"""Before what was meant instead of what was done."""
NO = ("no", "no not that", "no sorry", *I_MEANT)
"""The same, before a name or a place alone: "no turn on" sounds too much like "now turn on"."""
_AROUND_NAMES = ("the my our this that", "all of in", "too as well", "light lights lamp lamps")
"""What may stand beside a name or a place that is told alone."""
_EMPTY = frozenset(" ".join((*POLITE_FRONT, *POLITE_BACK, *AND, *FOLLOW_UP, *NO, *_AROUND_NAMES)).split())


def says_only(sentence: str, names: Sequence[Sequence[str]]) -> bool:
    """Whether these words are names and nothing else; `names` are, for each, the ways in which it may be said. True,
    too, where `sentence` is no words: nobody knows better.
    """
    if spoken(sentence) != sentence:
        return True
    rest = f" {sentence} "
    for ways in names:
        way = max((way for way in ways if f" {way} " in rest), key=len, default="")
        if sentence and not way:
            return False
        rest = rest.replace(f" {way} ", " ", 1)
    return _EMPTY.issuperset(rest.split())
