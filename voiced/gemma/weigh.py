"""PURE. What the decoder says of given paths: one pass for all of them, where a walk takes a pass for each token.

The result is a walk's, so that it is judged as one: what paths are worth, where the model would rather end, and what
it would say if nothing held it. The last is mostly one of the paths, or begins as one: only the rest is asked for.
Where it is a sentence of the house that nobody proposed, it is weighed with them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from voiced.arrays import F32
from voiced.gemma.decide import FORK, Path, Runner, Walk, Walker, log_softmax

Rows = dict[tuple[int, ...], F32]
"""Log-probabilities [vocabulary] by what was said since the prompt."""


class Reader(Runner, Protocol):
    """Reads whole paths at once, too (memory.Slots)."""

    def read(self, paths: Sequence[tuple[int, ...]]) -> Mapping[tuple[int, ...], F32]:
        """Logits after all beginnings of `paths` but the empty one."""


def read(walker: Walker, first: F32, paths: Sequence[tuple[int, ...]], runner: Reader) -> Rows:
    """What the model would say after each beginning of those of `paths` that are allowed.

    `first` float32 [vocabulary]: the logits after the prompt, which sequence 1 of `runner` holds.
    """
    logits = {(): first, **runner.read([path for path in paths if allowed(walker, path)])}
    return dict(zip(logits, log_softmax(np.stack(list(logits.values()))), strict=True))


def weigh(walker: Walker, rows: Rows, paths: Sequence[tuple[int, ...]]) -> Walk:
    """The walk that finds those of `paths` that are allowed and has no free path. `rows` holds all their beginnings."""
    end = walker.automaton.end_token
    finished: list[Path] = []
    cut_off: Path | None = None
    for path in paths:
        if not allowed(walker, path):
            continue
        score, here = 0.0, walker.arcs(walker.automaton.start)
        for at, token in enumerate(path):
            row = rows[path[:at]]
            ended = score + float(row[end])
            if not here.final and (cut_off is None or ended > cut_off.score):
                cut_off = Path(path[:at], ended)
            step = here.steps[token]
            score += min(float(row[token]) - step.cost, 0.0)
            here = walker.arcs(step.state)
        finished.append(Path(path, score + float(rows[path][end]) - here.final_cost))
    finished.sort(key=lambda p: -p.score)
    return Walk(tuple(finished), cut_off, -math.inf, None, False, 1)


def freely(rows: Rows, end: int, most: int, runner: Runner) -> tuple[Path, bool]:
    """What the model says if nothing holds it, and whether it ended that with the token `end` before there were more
    than `most`. It is asked for what `rows` does not hold, which is added to them.
    """
    tokens: tuple[int, ...] = ()
    row, score, slot, known = rows[()], 0.0, FORK, 0
    while len(tokens) <= most:
        token = int(np.argmax(row))
        score += float(row[token])
        if token == end:
            return Path(tokens, score), True
        tokens = (*tokens, token)
        if tokens in rows:
            row = rows[tokens]
            continue
        slot = runner.split(FORK) if slot == FORK else slot
        row = rows[tokens] = log_softmax(runner.extend([(slot, tokens[known:])], False))[0]
        known = len(tokens)
    return Path(tokens, score), False


def allowed(walker: Walker, path: Sequence[int]) -> bool:
    """Whether it is whole, and no longer than a walk would go."""
    here = walker.arcs(walker.automaton.start)
    for token in path:
        if token not in here.steps:
            return False
        here = walker.arcs(here.steps[token].state)
    return here.final and len(path) <= walker.settings.most_tokens
