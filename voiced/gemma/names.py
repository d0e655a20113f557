"""What a model expects of a house's names before it has heard anything, and a word graph that takes some of it back.

A small decoder knows "kitchen" from its training and "orangery" not at all: that expectation, the internal language
model, outweighs the sound. It is measured as the log-probability of each name's words behind near silence, and a share
of what they lack to well-known ones is given back, each token what it lacks itself (`Arc.by_token`, below zero): given
back later than it was lost, it would come when the walk has given the name up. Only names are corrected: where the
owner chose no words, the expectation is worth having.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from voiced.arrays import F32
from voiced.gemma.decide import log_softmax
from voiced.gemma.llama import Context, TextModel
from voiced.home.language.wordgraph import WordGraph

Words = tuple[str, ...]
Tokens = tuple[float, ...]

CARRIER = ("turn", "on", "the")
EXPECTED = -11.0
"""Log-probability of a well-known word there: what it owes to the silence, not to the word. Its first token pays it."""
_TOGETHER = 32
"""Names in a batch."""
_CELLS = 1024


class Expectation:
    """Log-probabilities of names behind near silence, each worked out once. It has a memory of its own for the time of
    a call, so it may run beside turns.
    """

    def __init__(
        self,
        model: TextModel,
        silence: F32,
        before: Sequence[int],
        after: Sequence[int],
        weight: float,
    ) -> None:
        """`silence` float32 [n, width]: its embeddings; `before`, `after`: the prompt's tokens around them.

        `weight` is the share that is given back.
        """
        self._model, self._silence, self._before, self._after, self._weight = model, silence, before, after, weight
        self._known: dict[Words, tuple[Tokens, ...]] = {}

    def of(self, names: Iterable[Words]) -> dict[Words, tuple[Tokens, ...]]:
        """For each name the log-probabilities of each of its words' tokens, given what is before them."""
        wanted = list(dict.fromkeys(names))
        missing = [name for name in wanted if name not in self._known]
        if missing:
            context = Context(self._model, _CELLS, _TOGETHER + 1, threads=1, flash=False)
            try:
                self._measure(context, missing)
            finally:
                context.close()
        return {name: self._known[name] for name in wanted}

    def corrected(self, graph: WordGraph) -> WordGraph:
        """The graph with its names corrected; itself where nothing is to be given back."""
        return corrected(graph, self.of(names(graph)), self._weight) if self._weight else graph

    def _measure(self, context: Context, names: Sequence[Words]) -> None:
        before, after = self._before, self._after
        context.prefill(before, 0, 0)
        context.embeddings(self._silence, len(before), 0)
        carrier = [t for i, word in enumerate(CARRIER) for t in self._model.tokenize(f" {word}" if i else word)]
        closing = [*after, *carrier]
        at = len(before) + len(self._silence)
        context.prefill(closing[:-1], at, 0)
        at += len(closing)
        first = log_softmax(context.decode(closing[-1:], [at - 1], [0], [True]))
        for begin in range(0, len(names), _TOGETHER):
            some = names[begin : begin + _TOGETHER]
            spelled = [[self._model.tokenize(f" {word}") for word in name] for name in some]
            for seq in range(1, len(some) + 1):
                context.copy(0, seq)
            for name, words, rows in zip(some, spelled, self._rows(context, spelled, at), strict=True):
                row = iter([*first, *rows])
                self._known[name] = tuple(tuple(float(next(row)[token]) for token in word) for word in words)
            for seq in range(1, len(some) + 1):
                context.remove(seq)

    @staticmethod
    def _rows(context: Context, spelled: Sequence[Sequence[Sequence[int]]], at: int) -> Iterator[F32]:
        """The rows behind all tokens but each name's last."""
        tokens: list[int] = []
        positions: list[int] = []
        seqs: list[int] = []
        ends: list[int] = []
        for seq, words in enumerate(spelled, 1):
            run = [t for word in words for t in word][:-1]
            tokens += run
            positions += range(at, at + len(run))
            seqs += [seq] * len(run)
            ends.append(len(tokens))
        parts = [slice(i, i + context.batch) for i in range(0, len(tokens), context.batch)]
        out = [context.decode(tokens[p], positions[p], seqs[p], [True] * len(tokens[p])) for p in parts]
        rows = log_softmax(np.concatenate(out)) if out else np.empty((0, 0), np.float32)
        return iter(np.split(rows, ends[:-1]))


def names(graph: WordGraph) -> tuple[Words, ...]:
    """All names that can be said in this house, as words."""
    subs = [sub for sub in graph.subs.values() if sub.of_names]
    return tuple(dict.fromkeys(words for sub in subs for words in _paths(sub, sub.start, ())))


def _paths(sub: WordGraph, node: int, words: Words) -> Iterator[Words]:
    if node in sub.finals:
        yield words
    for arc in sub.arcs[node]:
        yield from _paths(sub, arc.target, (*words, arc.word) if arc.word else words)


def lack(expected: Tokens) -> Tokens:
    """What the tokens of a word are expected less than those of a well-known one: zero or below."""
    first, *others = expected
    return (min(0.0, first - EXPECTED), *(min(0.0, x) for x in others))


def corrected(graph: WordGraph, expected: Mapping[Words, tuple[Tokens, ...]], weight: float) -> WordGraph:
    """The graph whose names get `weight` times what the tokens of their words lack."""
    subs = {key: _corrected(sub, expected, weight) if sub.of_names else sub for key, sub in graph.subs.items()}
    return replace(graph, subs=subs)


def _corrected(sub: WordGraph, expected: Mapping[Words, tuple[Tokens, ...]], weight: float) -> WordGraph:
    known = {name[: i + 1]: lack(lp) for name in _paths(sub, sub.start, ()) for i, lp in enumerate(expected[name])}
    met: dict[tuple[int, int], list[Tokens]] = {}

    def visit(node: int, words: Words) -> None:
        for number, arc in enumerate(sub.arcs[node]):
            longer = (*words, arc.word) if arc.word else words
            if arc.word:
                met.setdefault((node, number), []).append(known[longer])
            visit(arc.target, longer)

    def given_back(lacks: list[Tokens]) -> Tokens:
        return tuple(weight * float(x) for x in np.mean(lacks, axis=0))

    visit(sub.start, ())
    arcs = tuple(
        tuple(
            replace(arc, by_token=given_back(met[node, number])) if (node, number) in met else arc
            for number, arc in enumerate(row)
        )
        for node, row in enumerate(sub.arcs)
    )
    return replace(sub, arcs=arcs)
