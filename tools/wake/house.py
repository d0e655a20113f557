"""How a room carries what is said: the phrase among other words or alone, far or near, in noise, at some level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.nano.augment import Room, Rows, noise_bank
from tools.nano.corpora import Shelf
from tools.nano.synth import RATE
from tools.nano.voices import Pcm

STEP = 1280
_BEFORE_S = (0.9, 1.5)
_AFTER_S = 0.5


@dataclass(frozen=True, slots=True)
class Carried:
    """s16 samples, a multiple of `STEP`; the phrase ends before sample `end`."""

    pcm: NDArray[np.int16]
    end: int


class House:
    """One generator draws everything: the same seed, the same house."""

    def __init__(self, seed: int, responses: Rows, babble: Shelf, sentences: Shelf) -> None:
        self._rng = np.random.default_rng(seed)
        self._room = Room(self._rng, responses, noise_bank(self._rng, babble, count=60), [])
        self._sentences = sentences

    @property
    def noises(self) -> Rows:
        return self._room.noises

    def phrase(self, words: Pcm) -> Carried:
        """The phrase once: after silence or another sentence, and perhaps with a command in the same breath."""
        r = self._rng
        words = level(self._room.speed(words, 0.85, 1.18)[0])
        before = np.zeros(int(r.uniform(*_BEFORE_S) * RATE), np.float32)
        if r.random() < 0.35:
            other = self._other()[-int(r.uniform(0.3, 1.2) * RATE) :]
            gap = int(r.uniform(0.05, 0.5) * RATE)
            other = other[: len(before) - gap]
            before[len(before) - gap - len(other) : len(before) - gap] = other
        after = np.zeros(int(_AFTER_S * RATE), np.float32)
        if r.random() < 0.5:
            gap = int(r.uniform(0.0, 0.25) * RATE)
            other = self._other()[: len(after) - gap]
            after[gap : gap + len(other)] = other
        end = len(before) + len(words)
        return Carried(self._heard(np.concatenate([before, words, after])), end)

    def stream(self, clips: Sequence[Pcm]) -> Carried:
        """Clips one after the other."""
        parts = [np.zeros(int(self._rng.uniform(0.2, 0.8) * RATE), np.float32)]
        for pcm in clips:
            parts += [level(self._room.speed(pcm)[0]), np.zeros(int(self._rng.uniform(0.05, 0.6) * RATE), np.float32)]
        return Carried(self._heard(np.concatenate(parts)), 0)

    def _other(self) -> Pcm:
        clips = self._sentences.clips
        return level(self._sentences.pcm(clips[int(self._rng.integers(len(clips)))]))

    def _heard(self, x: Pcm) -> NDArray[np.int16]:
        r = self._rng
        x = np.pad(x, (0, -len(x) % STEP))
        room, colour = r.random() < 0.75, r.random() < 0.6
        if room or colour:
            x = level(self._room.filtered(x, room, colour))
        if r.random() < 0.9:
            noise = self._room.noises[int(r.integers(len(self._room.noises)))]
            below = np.float32(10 ** (-r.uniform(0, 30) / 20))
            x = np.add(x, np.resize(np.roll(noise, int(r.integers(len(noise)))), len(x)) * below, dtype=np.float32)
        loudness, hiss = 10 ** (r.uniform(-44, -14) / 20), 10 ** (-r.uniform(66, 95) / 20)
        return np.clip(np.rint((x * loudness + r.standard_normal(len(x)) * hiss) * 32767), -32768, 32767).astype(
            np.int16
        )


def level(x: Pcm) -> Pcm:
    """As loud as any other: power 1 where it sounds."""
    loud = np.abs(x) > 0.05 * np.abs(x).max(initial=1e-6)
    out: Pcm = (x / (np.sqrt(np.mean(x[loud] ** 2)) + 1e-6)).astype(np.float32)
    return out
