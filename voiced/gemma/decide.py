"""Walk a token automaton with the model's logits: which allowed path is it, and how sure is that?

A path's score is the sum of log-probabilities over the FULL vocabulary minus the grammar's costs, so it can be compared
with what the model would say if nothing held it (the free path, greedy, one more row in the same batches):

    finished     allowed paths that end where they may
    cut off      allowed beginnings that the model ends where they may not: the speaker is likely to go on
    free         far better than every allowed path: it was not for this house

Tokens without an alternative ride in the batch of the next choice. Hypotheses of unequal length are compared after
adding what the free path pays per token, so that a long forced run is no handicap. The walk ends as soon as no open
path can still win.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from voiced.arrays import F32, I32
from voiced.gemma.automaton import State, Step, TokenAutomaton

FORK = 1
MOST_ASKED = 7
"""Choices of a draft that are looked at: with the first one, eight rows of a pass."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a walk will probably find, to be read before it begins: each choice that it foresees rightly costs a row of
    one pass instead of a pass. The walk takes the same steps whatever the draft says.
    """

    tokens: tuple[int, ...] = ()
    """Behind the opening."""
    asked: tuple[int, ...] = ()
    """Lengths of its beginnings after which there is a choice, ascending; the last one is all of it."""


class Runner(Protocol):
    """Sequences over the model's memory (memory.Slots)."""

    def split(self, source: int) -> int: ...
    def drop(self, slot: int) -> None: ...
    def extend(self, parts: Sequence[tuple[int, Sequence[int]]], every: bool) -> F32: ...


@dataclass(frozen=True, slots=True)
class WalkSettings:
    beam: int = 8
    free: bool = True
    """Decode the free path too. Where verdicts are tool calls it says nothing more."""
    score_forced: bool = True
    """Ask for the logits of forced tokens: evidence for a model that spells what it hears, else only cost."""
    run: int = 1
    """Forced tokens that ride along at most. For a beam of a small model rows cost more than batches."""
    width: float = 14.0
    """Nats behind the best open path at which a path is given up."""
    certain: float = 4.0
    """Nats by which a finished path must lead every open one to end the walk."""
    most_tokens: int = 96


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the automaton (or past it) with its score in nats."""

    tokens: tuple[int, ...]
    score: float
    behind: float = 0.0
    """Nats by which the letters that the ear hears are likelier than this path's; 0 where it hears none."""


@dataclass(frozen=True, slots=True)
class Walk:
    """All that the walk found."""

    finished: tuple[Path, ...]
    """Best first."""
    cut_off: Path | None
    open_score: float
    """The best path that was not walked to its end; -inf if none is left."""
    free: Path | None
    free_ended: bool
    choices: int
    step_ms: tuple[float, ...] = ()
    """What each step took, the model's pass behind it included."""


class Grown(NamedTuple):
    """A way on from a path of the beam."""

    score: float
    compared: float
    """The score, made up for what the free path pays for as many tokens."""
    parent: int
    """Its place in the beam."""
    more: tuple[int, ...]
    state: State


@dataclass(slots=True)
class _Arcs:
    """A choice as arrays."""

    ids: I32
    costs: F32
    steps: Mapping[int, Step]
    final: bool
    final_cost: float
    open_step: Step | None
    closed: I32
    """Tokens that are no part of the open stretch, where there is one."""

    @property
    def forced(self) -> bool:
        return len(self.ids) == 1 and not self.final and self.open_step is None

    @property
    def over(self) -> bool:
        """Nothing but the end can follow."""
        return self.final and not len(self.ids) and self.open_step is None

    def best(self, row: F32, most: int) -> list[tuple[float, int]]:
        """The `most` best tokens with their log-probability minus cost."""
        scores, ids = np.minimum(row[self.ids] - self.costs, 0), self.ids  # nothing is likelier than certain
        if self.open_step is not None:
            free = row.copy()
            free[self.closed] = -np.inf
            top = np.empty(min(most, len(free)), np.int64)
            values = np.empty(len(top), np.float32)
            for i in range(len(top)):  # a few passes over the vocabulary are quicker than to sort it
                top[i] = np.argmax(free)
                values[i] = free[top[i]]
                free[top[i]] = -np.inf
            scores = np.concatenate([scores, values - np.float32(self.open_step.cost)])
            ids = np.concatenate([ids, top])
        if len(scores) > most:
            top = np.argpartition(scores, -most)[-most:]
            scores, ids = scores[top], ids[top]
        return [(float(s), int(t)) for s, t in zip(scores, ids, strict=True) if s > -math.inf]

    def step(self, token: int) -> Step:
        found = self.steps.get(token, self.open_step)
        assert found is not None
        return found


@dataclass(slots=True)
class _Hypothesis:
    slot: int
    tokens: tuple[int, ...]
    state: State
    score: float
    row: F32


MOST_ARCS = 4000
"""Choices kept as arrays, 3 kB each."""


@dataclass(slots=True)
class Walker:
    """Walks one automaton; keeps its choices as arrays from turn to turn."""

    automaton: TokenAutomaton
    settings: WalkSettings
    most_choices: int = MOST_ARCS
    _arcs: dict[State, _Arcs] = field(default_factory=dict)
    _cut_off: Path | None = None

    def arcs(self, state: State) -> _Arcs:
        found = self._arcs.get(state)
        if found is None:
            if len(self._arcs) >= self.most_choices:
                self._arcs.clear()
            choice = self.automaton.choice(state)
            steps = choice.steps
            closed = (*choice.open_excluded, *steps, self.automaton.end_token) if choice.open_step else ()
            found = self._arcs[state] = _Arcs(
                np.fromiter(steps, np.int32, len(steps)),
                np.fromiter((s.cost for s in steps.values()), np.float32, len(steps)),
                steps,
                choice.final,
                choice.final_cost,
                choice.open_step,
                np.array(closed, np.int32),
            )
        return found

    def warm(self, most: int) -> None:
        """Work out the choices of the `most` states nearest to the start, so that the first turns find them."""
        states = [self.automaton.start]
        seen = set(states)
        for state in itertools.islice(states, most):  # the list grows while it is read
            for step in self.arcs(state).steps.values():
                if step.state not in seen:
                    seen.add(step.state)
                    states.append(step.state)

    def opening(self) -> tuple[tuple[int, ...], State]:
        """Tokens that every path begins with, where their scores are not asked for, and the state after them.

        They belong behind the prompt: `walk` takes the logits after them.
        """
        return ((), self.automaton.start) if self.settings.score_forced else self._run(self.automaton.start)[::2]

    def draft(self, path: Sequence[int]) -> Draft:
        """`path`, from the automaton's start, as far as it is allowed and there is something to choose.

        Nothing where forced tokens are scored or the free path is decoded: each step needs rows that none foresees.
        """
        opening, state = self.opening()
        if self.settings.score_forced or self.settings.free or tuple(path[: len(opening)]) != opening:
            return Draft()
        tokens = tuple(path[len(opening) :])
        asked: list[int] = []
        for at, token in enumerate(tokens, 1):
            here = self.arcs(state)
            if token not in here.steps or len(asked) == MOST_ASKED:
                break
            state = here.steps[token].state
            if not self.arcs(state).forced and not self.arcs(state).over:
                asked.append(at)
        return Draft(tokens[: asked[-1]], tuple(asked)) if asked else Draft()

    def _run(self, state: State, most: int = 10_000) -> tuple[tuple[int, ...], float, State]:
        """The forced tokens from here, what they cost, and where they lead."""
        tokens: list[int] = []
        cost = 0.0
        while len(tokens) < most and (here := self.arcs(state)).forced:
            token = int(here.ids[0])
            tokens.append(token)
            state, cost = here.steps[token].state, cost + here.steps[token].cost
        return tuple(tokens), cost, state

    def walk(self, first: F32, runner: Runner) -> Walk:
        """`first` float32 [vocabulary]: the logits after prompt and `opening`, which sequence 1 of `runner` holds."""
        s, end = self.settings, self.automaton.end_token
        row = log_softmax(first[None])[0]
        begun, state = self.opening()
        beam = [_Hypothesis(FORK, begun, state, 0.0, row)]
        free = _Hypothesis(FORK, begun, state, 0.0, row) if s.free else None
        free_ended = False
        finished: list[Path] = []
        self._cut_off = None
        choices = 0
        open_score = -math.inf
        step_ms: list[float] = []
        begun_at = time.perf_counter()
        while True:
            choices += any(not self.arcs(h.state).forced for h in beam)
            for h in beam:
                here = self.arcs(h.state)
                score = h.score + float(h.row[end])
                if here.final:
                    finished.append(Path(h.tokens, score - here.final_cost))
                else:
                    self._cut(h.tokens, score)
            best = max((p.score for p in finished), default=-math.inf)
            pay = self._rate(free)
            grown = self._grow(beam, pay)
            if not s.score_forced:  # where only the end is left, the model need not be asked for it
                over = [g for g in grown if self.arcs(g.state).over]
                finished += [
                    Path(beam[g.parent].tokens + g.more, g.score - self.arcs(g.state).final_cost) for g in over
                ]
                grown = [g for g in grown if not self.arcs(g.state).over]
                best = max((p.score for p in finished), default=-math.inf)
            open_score = max((g.score for g in grown), default=-math.inf)
            if best > open_score + s.certain:
                grown = []
            if free and not free_ended:
                token = int(np.argmax(free.row))
                free.score += float(free.row[token])
                if token == end or len(free.tokens) >= s.most_tokens:
                    free_ended = True
                else:
                    free.tokens = (*free.tokens, token)
                    if not grown and finished and len(free.tokens) > max(len(p.tokens) for p in finished) + 1:
                        break
            going_free = free if free and not free_ended else None
            if not grown and not going_free:
                break
            beam = self._advance(beam, grown, going_free, runner)
            step_ms.append((time.perf_counter() - begun_at) * 1000 - sum(step_ms))
        finished.sort(key=lambda p: -p.score)
        free_path = Path(free.tokens, free.score) if free else None
        return Walk(tuple(finished), self._cut_off, open_score, free_path, free_ended, choices, tuple(step_ms))

    def _cut(self, tokens: tuple[int, ...], score: float) -> None:
        if self._cut_off is None or score > self._cut_off.score:
            self._cut_off = Path(tokens, score)

    @staticmethod
    def _rate(free: _Hypothesis | None) -> float:
        """Nats per token that the free path pays: what a true path may be expected to pay too."""
        return max(-0.7, free.score / len(free.tokens)) if free and free.tokens else -0.1

    def _grow(self, beam: list[_Hypothesis], pay: float) -> list[Grown]:
        """The best ways on."""
        s = self.settings
        found: list[tuple[float, float, int, int]] = []
        for number, h in enumerate(beam):
            if len(h.tokens) < s.most_tokens:
                owed = pay * (len(h.tokens) + 1)
                found += [
                    (h.score + x, h.score + x - owed, number, t) for x, t in self.arcs(h.state).best(h.row, s.beam)
                ]
        found.sort(key=lambda c: -c[1])
        out: list[Grown] = []
        for score, compared, number, token in found[: s.beam]:
            if compared < found[0][1] - s.width:
                break
            step = self.arcs(beam[number].state).step(token)
            more, cost, state = self._run(step.state, s.run)
            out.append(Grown(score - cost, compared, number, (token, *more), state))
        return out

    def _advance(
        self,
        beam: list[_Hypothesis],
        grown: list[Grown],
        free: _Hypothesis | None,
        runner: Runner,
    ) -> list[_Hypothesis]:
        """Give each way on a sequence of its own and run all of them, and the free path, in one batch."""
        every = self.settings.score_forced
        taken: set[int] = set()
        next_beam: list[_Hypothesis] = []
        parts: list[tuple[int, Sequence[int]]] = []
        with_children = {g.parent for g in grown}
        for number, h in enumerate(beam):
            if number not in with_children and h.slot != FORK:
                runner.drop(h.slot)
        for g in grown:
            parent = beam[g.parent]
            slot = parent.slot
            if g.parent in taken or slot == FORK:
                slot = runner.split(slot)
            else:
                taken.add(g.parent)
            parts.append((slot, g.more))
            next_beam.append(_Hypothesis(slot, parent.tokens + g.more, g.state, g.score, parent.row))
        if free is not None:
            if free.slot == FORK:
                free.slot = runner.split(FORK)
            parts.append((free.slot, free.tokens[-1:]))
        rows = log_softmax(runner.extend(parts, every))
        at = 0
        for h, (_, run) in zip(next_beam, parts, strict=False):
            if every:
                before = len(h.tokens) - len(run)
                # within a forced run nothing may end: where the model would end it, it is cut off
                for i, token in enumerate(run[1:]):
                    self._cut(h.tokens[: before + i + 1], h.score + float(rows[at + i, self.automaton.end_token]))
                    h.score += float(rows[at + i, token])
                at += len(run)
            else:
                at += 1
            h.row = rows[at - 1]
        if free is not None:
            free.row = rows[-1]
        return next_beam


def log_softmax(logits: F32) -> F32:
    """Over the last axis, float32."""
    shifted: F32 = logits - logits.max(axis=-1, keepdims=True)
    out: F32 = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return out
