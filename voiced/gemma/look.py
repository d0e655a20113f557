"""What a decision is judged from. The ear's letters propose sentences, the decoder weighs them in one pass, and beside
them what it would say unheld, where that is a sentence of the house. If the best is not spelled as the ear hears it,
the decoder walks for itself, and what both found is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from voiced.arrays import F32
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import Path, Walk, Walker, log_softmax
from voiced.gemma.judge import together
from voiced.gemma.letters import Heard
from voiced.gemma.weigh import Reader, Rows, allowed, freely, read, weigh

PROPOSED, NEAR_NATS = 4, 20.0
"""Sentences that the letters propose: so many, so close to the first. Of 224 drink orders of people the right one was
among the first four in 73 %, among the first twelve in 77 %; the decoder then put it first as often in both cases."""
CLOSE_PATHS, CLOSE_NATS = 24, 12.0
"""Finished paths that are compared letter by letter: so many, so close to the decoder's best."""
FURTHER = 3
"""Tokens by which what the model says unheld may be longer than what was proposed."""
ALIKE = 0.4
"""Nats per letter behind the ear's own spelling up to which a sentence is what was heard: of 161 synthesized commands
of held-out voices 125 were, all but 5 of them right."""

Text = Callable[[tuple[int, ...]], str]
Propose = Callable[[], Sequence[tuple[int, ...]]]


class Slots(Reader, Protocol):
    def clear(self) -> None:
        """Begin again at the fork."""


def look(
    walker: Walker,
    first: F32,
    slots: Slots,
    heard: Heard | None,
    by: Calibration,
    text: Text,
    propose: Propose | None = None,
) -> Walk:
    """`first`: logits after the prompt. `heard`: the ear's letters, where it has any; without, one plain walk."""
    if heard is None:
        return walker.walk(first, slots)
    if propose is None:
        return spelled(_further(walker.walk(first, slots), walker, first, slots), heard, by, text)
    if (silent := silence(walker, first)) and math.exp(silent.score) > by.nothing:
        return Walk((), None, -math.inf, silent, True, 0)
    paths = list(propose())
    rows = read(walker, first, paths, slots)
    weighed = weigh(walker, rows, paths)
    walk = spelled(weighed, heard, by, text)
    if alike(walk, text):
        most = max(len(path.tokens) for path in walk.finished) + FURTHER
        free, ended = freely(rows, walker.automaton.end_token, most, slots)
        if ended and free.tokens not in paths and allowed(walker, free.tokens):
            return spelled(
                replace(weigh(walker, rows, [*paths, free.tokens]), free=free, free_ended=ended), heard, by, text
            )
        behind = float(heard.behind([text(free.tokens)])[0])
        return replace(walk, free=replace(free, behind=behind), free_ended=ended)
    slots.clear()
    return spelled(_both(walker.walk(first, slots), weighed), heard, by, text)


def _further(walk: Walk, walker: Walker, first: F32, slots: Slots) -> Walk:
    """The walk, which leaves the free path where it is longer than what was found, with some more of that: whether
    "stop" was all, or the beginning of a longer sentence, is to be seen by its words.
    """
    if walk.free is None or walk.free_ended:
        return walk
    slots.clear()
    rows: Rows = {(): log_softmax(first[None])[0]}
    free, ended = freely(rows, walker.automaton.end_token, len(walk.free.tokens) + FURTHER, slots)
    return replace(walk, free=free, free_ended=ended)


def silence(walker: Walker, first: F32) -> Path | None:
    """The free path, where it ends with its first token: nothing was said. Then, as far as its calibration asks,
    nothing that might be found beside it counts any more (`judge.py`), and is not looked for.
    """
    row = log_softmax(first[None])[0]
    end = walker.automaton.end_token
    return Path((), float(row[end])) if int(np.argmax(row)) == end else None


def _both(walk: Walk, weighed: Walk) -> Walk:
    """The walk, with what was weighed before it."""
    paths = {path.tokens: path for path in (*walk.finished, *weighed.finished)}
    finished = tuple(sorted(paths.values(), key=lambda p: -p.score))
    return replace(walk, finished=finished, choices=walk.choices + weighed.choices)


def spelled(walk: Walk, heard: Heard, by: Calibration, text: Text) -> Walk:
    """The walk, its best paths in the order that decoder and letters give them together; what the letters say of the
    cut-off and of the free path, too: a beginning has few tokens to pay for, but its letters lack the rest.
    """
    top = max((path.score for path in walk.finished), default=0.0)
    close = [path for path in walk.finished[:CLOSE_PATHS] if path.score > top - CLOSE_NATS]
    others = [path for path in (walk.cut_off, walk.free) if path]
    behind = heard.behind([text(path.tokens) for path in (*close, *others)])
    compared = [replace(path, behind=float(nats)) for path, nats in zip((*close, *others), behind, strict=True)]
    finished = sorted(compared[: len(close)], key=lambda path: -together(path, by))
    rest = iter(compared[len(close) :])
    return replace(
        walk,
        finished=tuple(finished),
        cut_off=walk.cut_off and next(rest),
        free=walk.free and next(rest),
    )


def alike(walk: Walk, text: Text) -> bool:
    """Whether the best path is spelled as the ear hears it."""
    if not walk.finished:
        return False
    best = walk.finished[0]
    return best.behind <= ALIKE * max(1, len(text(best.tokens)))
