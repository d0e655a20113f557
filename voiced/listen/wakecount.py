"""PURE. How often each wake word woke, nearly woke, or came where it does not count: what a threshold is tuned by.

A rise begins when the score reaches half the threshold, and ends when it falls below that again. It is counted once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class WakeCount:
    """Of one word, since the start."""

    woken: int = 0
    near: int = 0
    """Rises that ended without reaching the threshold."""
    best_near: float = 0.0
    """The highest score of those."""
    refractory: int = 0
    """Rises that reached it too soon after a wake, or among a turn's own words."""


class WakeCounter:
    def __init__(self) -> None:
        self._counts: dict[str, WakeCount] = {}
        self._peaks: dict[str, float] = {}
        """Of the rises that have not ended."""

    @property
    def counts(self) -> Mapping[str, WakeCount]:
        return self._counts

    def heard(self, word: str, score: float, threshold: float, *, woken: bool) -> None:
        """The next score of `word`; `woken` if it is what just opened a turn."""
        old, peak = self._counts.get(word, WakeCount()), self._peaks.get(word, 0.0)
        new = old
        if score < threshold / 2:
            if self._peaks.pop(word, 0.0) and peak < threshold:
                new = replace(old, near=old.near + 1, best_near=max(old.best_near, peak))
        else:
            self._peaks[word] = max(peak, score)
            if woken:
                new = replace(old, woken=old.woken + 1)
            elif score >= threshold > peak:
                new = replace(old, refractory=old.refractory + 1)
        if new is not old or word not in self._counts:
            self._counts = {**self._counts, word: new}
