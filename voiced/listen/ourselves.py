"""PURE. Whether anybody but us is to be heard: most of what came in was our own voice, and the canceller took it out.

What it leaves of us is soft and garbled, and may sound like any short word. Who speaks over us is hardly softer than we
are: then much of what came in is left.
"""

from __future__ import annotations

from collections import deque

from voiced.listen.level import power_of

_FRAMES = 20
"""400 ms: a short word."""
_LEFT_DB = -6.0


class Ourselves:
    """Feed every frame in order to `heard`."""

    def __init__(self, left_db: float = _LEFT_DB) -> None:
        self._least = 10 ** (left_db / 10)
        self._powers: deque[tuple[float, float]] = deque(maxlen=_FRAMES)

    def heard(self, pcm: bytes, left: bytes) -> None:
        """A frame as it came in, and what the canceller left of it."""
        self._powers.append((power_of(pcm), power_of(left)))

    @property
    def alone(self) -> bool:
        """Of the last 400 ms less is left than anybody else would have added."""
        came, left = map(sum, zip(*self._powers, strict=True)) if self._powers else (0.0, 0.0)
        return left < self._least * came
