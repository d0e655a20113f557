"""PURE. When a wake word counts: as its score reaches the threshold, once for each time that it does, and not within
the refractory time of the one before. Keeps count of those that do and those that do not (`wakecount.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from voiced.listen.settings import ListenerSettings
from voiced.listen.wakecount import WakeCount, WakeCounter
from voiced.messages import ms_to_samples


class Waking:
    def __init__(self) -> None:
        self._above: set[str] = set()
        """Words whose scores have not fallen below their thresholds since they reached them."""
        self._counter = WakeCounter()
        self._last: int | None = None

    @property
    def counts(self) -> Mapping[str, WakeCount]:
        """By word; another object whenever it has changed."""
        return self._counter.counts

    def restart(self) -> None:
        """Samples are counted from 0 again."""
        self._last = None

    def rested(self, settings: ListenerSettings, now: int) -> bool:
        """The refractory time is over."""
        return self._last is None or now - self._last >= ms_to_samples(settings.refractory_ms)

    def heard(
        self, scores: Mapping[str, float], settings: ListenerSettings, now: int, *, may: bool
    ) -> tuple[str, float] | None:
        """The word that counts at sample `now`, with its score: the likeliest. None counts unless one `may`."""
        reached: dict[str, float] = {}
        for word, score in scores.items():
            if score < settings.word(word).threshold:
                self._above.discard(word)
            elif word not in self._above:
                self._above.add(word)
                reached[word] = score
        best = max(reached, key=reached.__getitem__, default=None) if may and self.rested(settings, now) else None
        for word, score in scores.items():
            self._counter.heard(word, score, settings.word(word).threshold, woken=word == best)
        if best is None:
            return None
        self._last = now
        return best, reached[best]
