"""Heard again where nothing certain was understood: the turn's sound, somewhat slower and faster, in the silence that
nobody breaks. Two hearings that are certain of the same are believed; one alone is not.

A small ear is unsure of much that it would know if it had been said at another pace. Of 302 recordings of people and
voices that it was not trained on, of which it was not certain and nothing would have been done, this did 33 rightly and
4 wrongly, and nothing of 89 that were no command. It takes the work of up to four turns, for those turns only.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiced.gemma.models import ModelPair, resolve
from voiced.gemma.prompt import Dialect
from voiced.messages import Decision, EngineTimes, Verdict
from voiced.ports import Expect
from voiced.workers.engine import EngineCore
from voiced.workers.engine_setup import Setup

PACES = (0.94, 1.06, 0.88, 1.12)
"""Times as fast, pitch and all."""
MOST_BYTES = 8 * 16_000 * 2
"""Longer talk is no command, and would keep the engine from the next one."""

I16 = npt.NDArray[np.int16]


class RehearingCore(EngineCore):
    """An engine that keeps a turn's sound, in memory, until the next one begins or it ends."""

    _pcm: bytearray
    _words_bytes: int
    """So much of it was decided on last: what followed was silence."""

    def begin(self, turn: int, expect: str = Expect.COMMAND) -> None:
        super().begin(turn, expect)
        self._pcm, self._words_bytes = bytearray(), 0

    def feed(self, turn: int, pcm: bytes) -> None:
        super().feed(turn, pcm)
        if len(self._pcm) <= MOST_BYTES:
            self._pcm += pcm

    def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        decided = super().decide(turn)
        self._words_bytes = len(self._pcm)
        return decided

    def end(self, turn: int) -> None:
        super().end(turn)
        if self._turn is None:
            self._pcm = bytearray()

    def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        """What two other hearings of the open turn agree on, as certain as the less certain one; None where none do.
        Nobody can go on with the turn. InferenceError where it is not open.
        """
        self._open(turn)
        if self._words_bytes > MOST_BYTES:
            return None
        sound = np.frombuffer(bytes(self._pcm[: self._words_bytes]), np.int16)
        heard: list[Decision] = []
        for pace in PACES:
            super().begin(turn, Expect.COMMAND)
            super().feed(turn, paced(sound, pace).tobytes())
            decision, times = super().decide(turn)
            if decision.verdict is not Verdict.CALLS:
                continue
            for other in heard:
                if other.calls == decision.calls:
                    return replace(decision, certainty=min(decision.certainty, other.certainty)), times
            heard.append(decision)
        return None


def paced(sound: I16, pace: float) -> I16:
    """`sound` int16 [n], `pace` times as fast: int16 [n / pace]. Its spectrum is cut or filled up with zeros."""
    samples = round(len(sound) / pace)
    if not samples:
        return sound
    moved = np.fft.irfft(np.fft.rfft(sound.astype(np.float32)), samples) * (samples / max(1, len(sound)))
    return np.clip(np.rint(moved), -32768, 32767).astype(np.int16)


def kind_of(pair: ModelPair) -> type[EngineCore]:
    """A model that writes tool calls takes too long for it, and needs it less."""
    return EngineCore if pair.dialect is Dialect.CALLS else RehearingCore


def load_model(folder: Path, setup: Setup | None = None) -> EngineCore:
    """The engine of the model in `folder`, in this process."""
    pair = resolve(folder)
    return kind_of(pair)(pair, setup)
