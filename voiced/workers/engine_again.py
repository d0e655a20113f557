"""Heard again where nothing certain was understood, in the silence that nobody breaks: the turn's sound without what is
no voice in it, then as it was, somewhat slower and faster. What is certain without the noise is believed, unless words
seem to have gone with it; of the paces two that are certain of the same, for one alone is not.

A small ear is unsure of much that it would know in a quieter room or at another pace. It takes the work of up to five
turns, for those turns only, and is given up when somebody wakes it meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from voiced.adapters.denoise import Denoiser, resampled
from voiced.arrays import I16
from voiced.messages import BYTES_PER_SAMPLE, Decision, EngineTimes, Hearing, Verdict
from voiced.ports import Expect
from voiced.workers.engine import EngineCore

PACES = (0.94, 1.06, 0.88, 1.12)
"""Times as fast, pitch and all."""
MOST_BYTES = 12 * 16_000 * 2
"""Longer talk is no command."""
WORDS_LEFT = 0.75
"""Share of the length of what seemed to be said in the noise that what is understood without it must have."""
MOST_TAKEN = 1.25
"""Energy that may be taken away as noise, in that of what is left. Of held-out commands, as they were and in noise at
6 dB, three were understood where it was more, all wrongly, and ten where it was less, seven rightly.
"""


class RehearingCore(EngineCore):
    """An engine that keeps a turn's sound, in memory, until the next one begins or it ends."""

    rehears = True

    _pcm: bytearray
    _words_bytes: int
    """So much of it was decided on last, in whole samples: what followed was silence."""
    _seemed: str
    """The sentence that was likeliest then."""

    @cached_property
    def _denoised(self) -> Denoiser:
        return Denoiser()

    def begin(self, turn: int, expect: str = Expect.COMMAND) -> None:
        super().begin(turn, expect)
        self._pcm, self._words_bytes, self._seemed = bytearray(), 0, ""

    def feed(self, turn: int, pcm: bytes) -> None:
        super().feed(turn, pcm)
        if len(self._pcm) <= MOST_BYTES:
            self._pcm += pcm

    def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        decided = super().decide(turn)
        whole = len(self._pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE  # sound may come in any chopping
        self._words_bytes, self._seemed = whole, likeliest(decided[0])
        return decided

    def end(self, turn: int) -> None:
        super().end(turn)
        if self._turn is None:
            self._pcm = bytearray()

    def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        """What the open turn is understood as without its noise, or two other hearings of it agree on, as certain as
        the less certain one; None where nothing is. Nobody can go on with the turn. InferenceError where it is not
        open, or was stopped.
        """
        self._open(turn)
        if self._words_bytes > MOST_BYTES:
            return None
        sound = np.frombuffer(bytes(self._pcm[: self._words_bytes]), np.int16)
        if understood := self._without_noise(turn, sound):
            return understood
        heard: list[Decision] = []
        for pace in PACES:
            decision, times = self._hear(turn, paced(sound, pace))
            if decision.verdict is not Verdict.CALLS:
                continue
            for other in heard:
                if other.calls == decision.calls:
                    certainty = min(decision.certainty, other.certainty)
                    return replace(decision, certainty=certainty, hearing=Hearing.OTHER_PACES), times
            heard.append(decision)
        return None

    def _without_noise(self, turn: int, sound: I16) -> tuple[Decision, EngineTimes] | None:
        """None where nothing is certain, or words seem to have gone with the noise."""
        left = self._denoised(sound, self._context.check_wanted)
        if energy(sound.astype(np.float32) - left) > MOST_TAKEN * energy(left):
            return None
        decision, times = self._hear(turn, left)
        if decision.verdict is not Verdict.CALLS or len(likeliest(decision)) < WORDS_LEFT * len(self._seemed):
            return None
        return replace(decision, hearing=Hearing.WITHOUT_NOISE), times

    def _hear(self, turn: int, sound: I16) -> tuple[Decision, EngineTimes]:
        """Past this class, which keeps what was said and not what is made of it."""
        self._context.check_wanted()
        super().begin(turn, Expect.COMMAND)
        super().feed(turn, sound.tobytes())
        return super().decide(turn)


def energy(sound: npt.NDArray[Any]) -> float:
    x = sound.astype(np.float64)
    return float(x @ x)


def likeliest(decision: Decision) -> str:
    """The best sentence of the house, certain or not; "" where none is."""
    paths = decision.evidence.paths if decision.evidence else ()
    return decision.sentence or (paths[0].text if paths else "")


def paced(sound: I16, pace: float) -> I16:
    """`sound` int16 [n], `pace` times as fast: int16 [n / pace]. Its spectrum is cut or filled up with zeros."""
    samples = round(len(sound) / pace)
    if not samples:
        return sound
    return np.clip(np.rint(resampled(sound.astype(np.float32), samples)), -32768, 32767).astype(np.int16)
