"""What was done and asked a moment ago: for "and the kitchen too", "turn it off again", "undo that"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voiced.home import dialogue
from voiced.home.model import Home
from voiced.home.undo import Ids, WayBack, acted_on, expanded
from voiced.messages import Call

CONTEXT_S = 180.0
"""For how long "it", "too" and "undo that" mean what was done last."""


class Memory:
    """`now_s` counts steadily."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._calls: tuple[Call, ...] = ()
        self._calls_at_s = self._back_at_s = 0.0
        self._back: WayBack | None = None
        self._just_done = False
        self._anew: Ids | None = None
        """Of a correction: the things that it does something else to."""
        self._corrected: WayBack | None = None

    def did(self, calls: Sequence[Call], *, done: bool = True) -> None:
        """These; where not `done`, the code for them was asked for: that is no time to undo what was before."""
        self._calls, self._calls_at_s = tuple(calls), self._now_s()
        self._back = self._back if done else None

    def asked(self, question: Call) -> None:
        self.did(dialogue.asked(question, self._recent()))

    def next_turn(self) -> None:
        """What was meant is judged now; whatever it is, what was done before it was not just done any more."""
        self._corrected = self._just if self._anew is not None else None
        self._just_done = False

    def leads_back(self, back: WayBack) -> None:
        """From what was done in this turn."""
        if self._corrected and self._anew is not None:
            back = back.instead_of(self._corrected, self._anew)
        self._back, self._back_at_s, self._just_done = back, self._now_s(), True

    @property
    def back(self) -> WayBack | None:
        """None where nothing was done."""
        return self._back if self._now_s() - self._back_at_s <= CONTEXT_S else None

    def completed(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """`calls` with what they leave to those before them."""
        return dialogue.completed(calls, self._recent())

    def undoing(self, calls: Sequence[Call], home: Home, area: str) -> tuple[Call, ...]:
        """`calls` with what "undo that" stands for, and the "no" of "no, the bedroom"."""
        corrects = any(call.intent == dialogue.UNDO for call in calls) and len(calls) > 1
        self._anew = acted_on(calls, home, area) if corrects else None
        return expanded(calls, self.back, self._just, self._anew or frozenset())

    @property
    def _just(self) -> WayBack | None:
        return self.back if self._just_done else None

    def _recent(self) -> tuple[Call, ...]:
        return self._calls if self._now_s() - self._calls_at_s <= CONTEXT_S else ()
