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
        self._frames: deque[tuple[bytes, bytes]] = deque(maxlen=_FRAMES)

    def heard(self, pcm: bytes, left: bytes) -> None:
        """A frame as it came in, and what the canceller left of it."""
        self._frames.append((pcm, left))

    @property
    def alone(self) -> bool:
        """Of the last 400 ms less is left than anybody else would have added."""
        came = sum(power_of(pcm) for pcm, _ in self._frames)
        return sum(power_of(left) for _, left in self._frames) < self._least * came
