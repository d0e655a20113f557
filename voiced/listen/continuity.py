"""Where captured sound belongs in time. Pure: blocks and the clock readings of their arrival in, frames' places out.

A sound server tells nobody that sound was lost, and one that was stopped hands over seconds of the past in a burst, so
the count of samples is compared with the clock:

    late, then catching up     delivery hung, nothing is lost: the frames keep their places. What is more than `STALE_S`
                               late is dropped, for nobody may act on it; its samples still count as time.
    late, and staying late     sound was lost in between: the count jumps by what is missing, right where it is missing.

Staying late means to be as late as before, frame by frame, at the sound's own pace. A busy machine delivers late by
fits and starts: there, only what never came in time for `PATIENCE` frames is lost. (Judged by five frames alone, a
machine with nine processes to a core was found to have lost five seconds of forty: not one was.) To tell one from the
other, a frame that is late is held back: at most `WINDOW` frames, and none where sound comes in time. A device may be
slower than it claims: the smallest lateness seen may grow by one part in a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

LATE_S = 0.04
STALE_S = 1.0
WINDOW = 8
STEADY_S = 0.025
"""Sound that comes in pieces of up to twice a frame is that steady."""
PATIENCE = 250
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

    def of(self, sample: int, at_s: float) -> float:
        """Seconds that `sample`, counted since the opening, came late at the monotonic time `at_s`."""
        lag = at_s - sample / SAMPLE_RATE_HZ
        least = lag if self._least is None else min(lag, self._least + (at_s - self._at) * DRIFT)
        self._least, self._at = least, at_s
        return lag - least


class Promptest:
    """The clock at sample 0 of sound that is counted as it comes, by the promptest of the last seconds: what was lost
    in between moves it.
    """

    _SPAN_S = 10.0

    def __init__(self) -> None:
        self._now: tuple[float, float] | None = None
        """Since when, and the least lag since then."""
        self._before = float("inf")

    @property
    def zero_s(self) -> float | None:
        return min(self._before, self._now[1]) if self._now else None

    def saw(self, sample: int, at_s: float) -> None:
        lag = at_s - sample / SAMPLE_RATE_HZ
        if self._now is None or at_s - self._now[0] > self._SPAN_S:
            self._before = self._now[1] if self._now else lag
            self._now = at_s, lag
        else:
            self._now = self._now[0], min(self._now[1], lag)


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
        self._late_frames = 0
        """In a row."""
        self._least_late_s = 0.0
        """Of them."""

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
            self._late_frames = 0
            return self._release()
        self._least_late_s = min(late_s, self._least_late_s) if self._late_frames else late_s
        self._late_frames += 1
        if len(self._held) < WINDOW:
            return ()
        if self._late_frames >= PATIENCE:
            return self._jump(self._least_late_s)
        if self._steady():
            return self._jump(min(one.late_s for one in self._held))
        return self._release(1)

    def _steady(self) -> bool:
        lates = [one.late_s for one in self._held]
        pace_s = (self._held[-1].at_s - self._held[0].at_s) / (len(self._held) - 1)
        return max(lates) - min(lates) <= STEADY_S and pace_s >= 0.75 * _FRAME_S

    def _jump(self, missing_s: float) -> tuple[tuple[int, bytes], ...]:
        missing = round(missing_s * SAMPLE_RATE_HZ)
        self.lost_samples += missing
        self._next += missing
        self._late_frames = 0
        return self._release()

    def _release(self, count: int | None = None) -> tuple[tuple[int, bytes], ...]:
        out, self._held = self._held[:count], self._held[len(self._held[:count]) :]
        placed = tuple((self._next + index * FRAME_SAMPLES, one.pcm) for index, one in enumerate(out))
        self._next += len(out) * FRAME_SAMPLES
        return placed
