"""What was done and asked a moment ago: for "and the kitchen too", "turn it off again", "undo that"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voiced.home import dialogue
from voiced.home.undo import WayBack, expanded
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

    def did(self, calls: Sequence[Call]) -> None:
        """These, or the code for them was asked for."""
        self._calls, self._calls_at_s = tuple(calls), self._now_s()

    def asked(self, question: Call) -> None:
        self.did(dialogue.asked(question, self._recent()))

    def leads_back(self, back: WayBack) -> None:
        """From what was done last."""
        self._back, self._back_at_s = back, self._now_s()

    @property
    def back(self) -> WayBack | None:
        """None where nothing was done."""
        return self._back if self._now_s() - self._back_at_s <= CONTEXT_S else None

    def completed(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """`calls` with what they leave to those before them."""
        return dialogue.completed(calls, self._recent())

    def undoing(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """`calls` with what "undo that" stands for."""
        return expanded(calls, self.back)

    def _recent(self) -> tuple[Call, ...]:
        return self._calls if self._now_s() - self._calls_at_s <= CONTEXT_S else ()
