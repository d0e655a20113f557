"""PURE. Walking a word graph: what a sentence means, and sentences drawn at random with their meaning."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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


Stack = tuple[object, ...]
"""Where to go on after the sub-graphs that were entered: (graph, node, rest) or ()."""


@dataclass(frozen=True, slots=True)
class _Trail:
    """Marks and captured words, newest first: a shared list instead of copies."""

    mark: Mark
    words: tuple[str, ...] = ()
    before: _Trail | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    """The state of one search path."""

    graph: WordGraph
    node: int
    stack: Stack
    at: int
    trail: _Trail | None = field(default=None, compare=False)


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
    order = count()
    heap: list[tuple[float, int, _Head]] = [(0.0, next(order), _Head(graph, graph.start, (), 0))]
    found: dict[str, Meaning] = {}

    def push(cost: float, head: _Head) -> None:
        heapq.heappush(heap, (cost, next(order), head))

    while heap and tries > 0:
        cost, _, head = heapq.heappop(heap)
        tries -= 1
        if len(found) >= most and cost > max(m.cost for m in found.values()):
            break
        here = head.graph
        if head.node in here.finals:
            if head.stack:
                back, node, stack = head.stack
                assert isinstance(back, WordGraph)
                assert isinstance(node, int)
                assert isinstance(stack, tuple)
                push(cost, _Head(back, node, stack, head.at, head.trail))
            elif head.at == len(words):
                calls = _calls(head.trail)
                found.setdefault(repr(calls), Meaning(calls, cost, _captured(head.trail)))
        for arc in here.arcs[head.node]:
            now = cost + arc.cost
            if arc.word:
                if head.at < len(words) and words[head.at] == arc.word:
                    push(now, _Head(here, arc.target, head.stack, head.at + 1, _marked(head.trail, arc)))
            elif arc.sub:
                sub = graph.subs[arc.sub]
                push(now, _Head(sub, sub.start, (here, arc.target, head.stack), head.at, head.trail))
            elif arc.open_words:
                for n in range(1, min(arc.open_words, len(words) - head.at) + 1):
                    taken = tuple(words[head.at : head.at + n])
                    trail = _marked(head.trail, arc, taken)
                    step = _Head(here, arc.target, head.stack, head.at + n, trail)
                    push(now + n * OPEN_WORD_COST, step)
            else:
                push(now, _Head(here, arc.target, head.stack, head.at, _marked(head.trail, arc)))
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
