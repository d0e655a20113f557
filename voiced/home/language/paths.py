"""PURE. Walking a word graph: what a sentence means, and sentences drawn at random with their meaning."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from voiced.home.dialogue import completed
from voiced.home.language.wordgraph import Arc, Mark, MarkKind, WordGraph
from voiced.messages import Call, SlotValue

OPEN_WORD_COST = 0.7
"""Nats per word of an open stretch."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One way to understand a sentence."""

    calls: tuple[Call, ...]
    cost: float
    open_words: tuple[str, ...] = ()
    """The words that no template names: those of its wildcards."""


@dataclass(frozen=True, slots=True)
class _Trail:
    """Marks and captured words, newest first: a shared list instead of copies."""

    mark: Mark
    words: tuple[str, ...] = ()
    before: _Trail | None = None


def _calls(trail: _Trail | None) -> tuple[Call, ...]:
    marks: list[_Trail] = []
    while trail is not None:
        marks.append(trail)
        trail = trail.before
    calls = []
    slots: dict[str, SlotValue] = {}
    for step in reversed(marks):
        mark = step.mark
        if mark.kind is MarkKind.CALL:
            calls.append(Call(mark.name, slots))
            slots = {}
        elif mark.kind is MarkKind.CAPTURE:
            slots[mark.name] = " ".join(step.words)
        else:
            slots[mark.name] = mark.value if mark.value is not None else ""
    return completed(calls)


def _captured(trail: _Trail | None) -> tuple[str, ...]:
    """The words of the open stretches; an open arc has one mark."""
    words: tuple[str, ...] = ()
    while trail is not None:
        words, trail = trail.words + words, trail.before
    return words


def _marked(trail: _Trail | None, arc: Arc, words: tuple[str, ...] = ()) -> _Trail | None:
    for mark in arc.marks:
        trail = _Trail(mark, words, trail)
    return trail


def meanings(graph: WordGraph, words: Sequence[str], most: int = 8, tries: int = 20_000) -> tuple[Meaning, ...]:
    """All ways to understand `words`, cheapest first, at most `most`; at equal cost the more specific one first."""
    return Reader(graph).meanings(words, most, tries)


Stack = tuple[str, int, "Stack"] | tuple[()]
"""Where to go on after the sub-graphs that were entered: a graph's name, its node, and where to go on after that."""


class Reader:
    """Reads sentences of one graph. Keeps which arcs begin with which word, for every node that it has met."""

    def __init__(self, graph: WordGraph) -> None:
        self._graphs = {"": graph, **graph.subs}
        self._arcs: dict[tuple[str, int], tuple[dict[str, list[Arc]], list[Arc]]] = {}

    def _onward(self, name: str, node: int) -> tuple[dict[str, list[Arc]], list[Arc]]:
        """The arcs of a node: those with words, by word, and the others."""
        found = self._arcs.get((name, node))
        if found is None:
            found = self._arcs[name, node] = {}, []
            for arc in self._graphs[name].arcs[node]:
                (found[0].setdefault(arc.word, []) if arc.word else found[1]).append(arc)
        return found

    def meanings(self, words: Sequence[str], most: int = 8, tries: int = 20_000) -> tuple[Meaning, ...]:
        """See `meanings` of this module."""
        order = count()
        # cost, order, graph, node, where to go on, words read, marks
        heap: list[tuple[float, int, str, int, Stack, int, _Trail | None]] = [
            (0.0, next(order), "", self._graphs[""].start, (), 0, None)
        ]
        found: dict[str, Meaning] = {}
        push = heapq.heappush
        while heap and tries > 0:
            cost, _, name, node, stack, at, trail = heapq.heappop(heap)
            tries -= 1
            if len(found) >= most and cost > max(m.cost for m in found.values()):
                break
            if node in self._graphs[name].finals:
                if stack:
                    push(heap, (cost, next(order), *stack, at, trail))
                elif at == len(words):
                    calls = _calls(trail)
                    found.setdefault(repr(calls), Meaning(calls, cost, _captured(trail)))
            by_word, others = self._onward(name, node)
            if at < len(words):
                for arc in by_word.get(words[at], ()):
                    push(heap, (cost + arc.cost, next(order), name, arc.target, stack, at + 1, _marked(trail, arc)))
            for arc in others:
                now = cost + arc.cost
                if arc.sub:
                    back = (name, arc.target, stack)
                    push(heap, (now, next(order), arc.sub, self._graphs[arc.sub].start, back, at, trail))
                    continue
                for n in range(1, min(arc.open_words, len(words) - at) + 1):
                    said = _marked(trail, arc, tuple(words[at : at + n]))
                    push(heap, (now + n * OPEN_WORD_COST, next(order), name, arc.target, stack, at + n, said))
                if not arc.open_words:
                    push(heap, (now, next(order), name, arc.target, stack, at, _marked(trail, arc)))
        return tuple(sorted(found.values(), key=lambda m: (round(m.cost, 4), len(m.open_words), -_specific(m.calls))))


def _specific(calls: tuple[Call, ...]) -> int:
    """A name says more than a kind or a place."""
    return sum(4 * ("name" in call.slots) + len(call.slots) for call in calls)


def sample(
    graph: WordGraph,
    rng: random.Random,
    open_words: Callable[[random.Random], str] = lambda rng: rng.choice(("milk", "bread", "pasta", "eggs", "paper")),
) -> tuple[tuple[str, ...], tuple[Call, ...]]:
    """A sentence drawn from `graph` and the calls on the path that drew it. `open_words` draws one word of a wildcard.

    The sentence may have other, cheaper meanings: ask `meanings`.
    """
    words: list[str] = []
    trail: _Trail | None = None
    here, node = graph, graph.start
    stack: list[tuple[WordGraph, int]] = []
    while True:
        arcs = here.arcs[node]
        if node in here.finals and (not arcs or rng.random() < 0.7):
            if not stack:
                return tuple(words), _calls(trail)
            here, node = stack.pop()
            continue
        arc = rng.choice(arcs)
        if arc.sub:
            stack.append((here, arc.target))
            here = graph.subs[arc.sub]
            node = here.start
            continue
        said: tuple[str, ...] = ()
        if arc.word:
            words.append(arc.word)
        elif arc.open_words:
            said = tuple(open_words(rng) for _ in range(rng.randint(1, min(3, arc.open_words))))
            words += said
        trail = _marked(trail, arc, said)
        node = arc.target


def size(graph: WordGraph) -> tuple[int, int]:
    """(nodes, arcs) of the graph with all its sub-graphs."""
    every = (graph, *graph.subs.values())
    return sum(len(g.arcs) for g in every), sum(len(a) for g in every for a in g.arcs)
