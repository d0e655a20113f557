"""PURE. Letters heard over the ear's embeddings, and how well a sentence fits them.

The decoder of a small model knows sentences, and may prefer a likely one to the one that was said. The letters are
heard one by one and know no sentences: where both agree, it was said. Connectionist temporal classification, Graves et
al. 2006; sums of probabilities are scaled at each step, as in section 4.1 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voiced.arrays import F32, F64
from voiced.errors import ModelFileError

BLANK = 0
"""Class of "no letter here"; the alphabet's first letter has class 1."""
_TINY = 1e-300
_SCALE_EVERY = 4
"""Places: what an ear thinks least likely, e^-33 for nano, four times over is far from the smallest float."""


@dataclass(frozen=True, slots=True)
class Letters:
    """A linear layer: weight float32 [parts * (1 + letters), width], bias float32 [parts * (1 + letters)].

    Of each token of sound, 40 ms, it hears `parts` letters one after the other: in a hurry people say more than 20 a
    second, and between two that are alike there must be nothing.
    """

    alphabet: str
    weight: F32
    bias: F32

    def __post_init__(self) -> None:
        classes = 1 + len(self.alphabet)
        if self.weight.ndim != 2 or not len(self.weight) or len(self.weight) % classes:
            raise ModelFileError(f"letters: {len(self.alphabet)} of them need {classes} classes, not {self.bias.shape}")
        if self.bias.shape != (len(self.weight),):
            raise ModelFileError(f"letters: {len(self.weight)} rows have {self.bias.shape} biases")

    def hear(self, rows: F32) -> Heard:
        """`rows` float32 [tokens, width], as the decoder gets them."""
        logits = (rows @ self.weight.T + self.bias).astype(np.float64).reshape(-1, 1 + len(self.alphabet))
        logits -= logits.max(-1, keepdims=True)
        return Heard(self.alphabet, logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


@dataclass(frozen=True, slots=True)
class Heard:
    """Log-probabilities float64 [places, 1 + letters] of one utterance, `parts` places a token of sound."""

    alphabet: str
    log_probs: F64

    @classmethod
    def joined(cls, parts: Sequence[Heard]) -> Heard:
        """One utterance of its pieces, at least one."""
        return cls(parts[0].alphabet, np.concatenate([part.log_probs for part in parts]))

    @property
    def best(self) -> float:
        """Nats of the likeliest letter at each place, whatever they spell."""
        return float(self.log_probs.max(-1).sum())

    def behind(self, texts: Sequence[str]) -> F64:
        """By how many nats each text is less likely than `best`; what is in no alphabet is not heard. float64 [n]."""
        return self.best - log_likelihoods(self.log_probs, [self._classes(text) for text in texts])

    def _classes(self, text: str) -> list[int]:
        return [1 + at for letter in text if (at := self.alphabet.find(letter)) >= 0]


def log_likelihoods(log_probs: F64, texts: Sequence[Sequence[int]]) -> F64:
    """Of each text (classes, without blanks) given log-probabilities [places, classes]: float64 [n].

    A text that needs more places than there are has about the logarithm of the smallest float.
    """
    longest = 2 * max((len(text) for text in texts), default=0) + 1
    spelled = np.full((len(texts), longest), BLANK)
    for row, text in zip(spelled, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    may_skip = np.zeros(spelled.shape)
    may_skip[:, 2:] = (spelled[:, 2:] != BLANK) & (spelled[:, 2:] != spelled[:, :-2])
    likely = np.exp(log_probs)[:, spelled]
    padded = np.zeros((len(texts), 2 + longest))  # nothing lies before the first
    one_before, ways = padded[:, 1:-1], padded[:, 2:]
    ways[:, 0] = 1.0  # before the first place; from there to the first letter is a step like any other
    total = np.zeros(len(texts))
    for place, probs in enumerate(likely, 1):
        moved = may_skip * padded[:, :-2]
        moved += one_before
        moved += ways
        np.multiply(moved, probs, out=ways)
        if place % _SCALE_EVERY == 0 or place == len(likely):
            scale = np.maximum(ways.sum(1), _TINY)
            ways /= scale[:, None]
            total += np.log(scale)
    ends = 2 * np.array([len(text) for text in texts], np.int64)
    numbers = np.arange(len(texts))
    last = ways[numbers, ends] + np.where(ends > 0, ways[numbers, ends - 1], 0.0)
    return np.asarray(total + np.log(np.maximum(last, _TINY)))
