"""PURE. Whether somebody says "stop" to what we say or ring. Only then is it listened for; else it is a word like any
other, and belongs to whatever is being said.

A score that reaches the threshold counts once, and only where it was lower since we began: a "stop" in the command is
not meant for the answer to it.
"""

from __future__ import annotations


class StopWord:
    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._armed = False

    def said(self, score: float | None, *, listening: bool) -> bool:
        """`score` as in `Frame.stop`; `listening` while there is something to stop."""
        if not listening:
            self._armed = False
        elif score is not None and score < self._threshold:
            self._armed = True
        elif score is not None and self._armed:
            self._armed = False
            return True
        return False
