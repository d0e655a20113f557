"""Where captured sound belongs in time. Pure: blocks and the clock readings of their arrival in, frames' places out.

A sound server tells nobody that sound was lost, and one that was stopped hands over seconds of the past in a burst, so
the count of samples is compared with the clock:

    late, then catching up     delivery hung, nothing is lost: the frames keep their places. What is more than `STALE_S`
                               late is dropped, for nobody may act on it; its samples still count as time.
    late, and staying late     sound was lost in between: the count jumps by what is missing, right where it is missing.

To tell one from the other, a frame that is late is held back until it is decided: at most `WINDOW` frames, and none
where sound comes in time. A device may be slower than it claims: the smallest lateness seen may grow by one part in
a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

LATE_S = 0.04
STALE_S = 1.0
WINDOW = 5
DRIFT = 1e-3
_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class _Arrival:
    pcm: bytes
    at_s: float
    late_s: float


class Lateness:
    """How late sound is, compared with the promptest that came before it."""

    def __init__(self) -> None:
        self._least: float | None = None
        self._at = 0.0

    @property
    def zero_s(self) -> float | None:
        """When, on the clock of the arrivals, sample 0 came, or would have come as promptly as the promptest."""
        return self._least

    def of(self, sample: int, at_s: float) -> float:
        """Seconds that `sample`, counted since the opening, came late at the monotonic time `at_s`."""
        lag = at_s - sample / SAMPLE_RATE_HZ
        least = lag if self._least is None else min(lag, self._least + (at_s - self._at) * DRIFT)
        self._least, self._at = least, at_s
        return lag - least


class Continuity:
    """Push every 20 ms of sound with the monotonic time at which it came; take what is decided."""

    def __init__(self) -> None:
        self.dropped_frames = 0
        """Too old to be used."""
        self.lost_samples = 0
        """Missing in what the device gave."""
        self._next = 0
        self._lateness = Lateness()
        self._held: list[_Arrival] = []

    @property
    def zero_s(self) -> float | None:
        """See `Lateness`."""
        return self._lateness.zero_s

    def push(self, pcm: bytes, at_s: float) -> tuple[tuple[int, bytes], ...]:
        """(first sample, PCM) of every frame whose place is known now, in order."""
        late_s = self._lateness.of(self._next + len(self._held) * FRAME_SAMPLES, at_s)
        if late_s > STALE_S:
            released = self._release()
            self.dropped_frames += 1
            self._next += FRAME_SAMPLES
            return released
        self._held.append(_Arrival(pcm, at_s, late_s))
        if late_s < LATE_S:
            return self._release()
        if len(self._held) < WINDOW:
            return ()
        if at_s - self._held[0].at_s >= (WINDOW - 1) * _FRAME_S * 0.75:
            missing = round(min(one.late_s for one in self._held) * SAMPLE_RATE_HZ)
            self.lost_samples += missing
            self._next += missing
        return self._release()

    def _release(self) -> tuple[tuple[int, bytes], ...]:
        placed = tuple((self._next + index * FRAME_SAMPLES, one.pcm) for index, one in enumerate(self._held))
        self._next += len(self._held) * FRAME_SAMPLES
        self._held.clear()
        return placed
