"""PURE. From hassil's expression trees to small word graphs.

Two steps. `Pieces` builds, from right to left, an acyclic automaton over pieces of words, spaces, lists and ends; equal
nodes are one node, so templates share their endings. `minimal` then reads words off it (a word may be glued from
several pieces: `light[s]`), makes it deterministic, merges equal endings again and moves costs to the front.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hassil.expression import Alternative, Expression, Group, ListReference, Permutation, RuleReference, TextChunk

from voiced.home.language.spoken import spoken
from voiced.home.language.wordgraph import Arc, Mark, WordGraph

SPACE = " "


@dataclass(frozen=True, slots=True)
class Into:
    """A list in a template: a sub-graph or an open stretch."""

    sub: str = ""
    open_words: int = 0
    marks: tuple[Mark, ...] = ()
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """What a path means when it is complete, and what it costs."""

    marks: tuple[Mark, ...]
    cost: float = 0.0


Label = str | Into | End
ListResolver = Callable[[str, str], "Into | None"]
"""(list name, slot name) -> where it leads; None where this house has nothing to put there."""

NOTHING = frozenset[tuple[Label, int]]()


class ImpossibleError(Exception):
    """A template needs something that this house does not have."""


class Pieces:
    """Nodes are numbers; node 0 leads nowhere. A node is the set of its (label, target) arcs."""

    def __init__(self) -> None:
        self.nodes: list[frozenset[tuple[Label, int]]] = [NOTHING]
        self._index: dict[frozenset[tuple[Label, int]], int] = {NOTHING: 0}

    def node(self, arcs: Iterable[tuple[Label, int]]) -> int:
        key = frozenset(arcs)
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = len(self.nodes)
            self.nodes.append(key)
        return found

    def union(self, nodes: Iterable[int]) -> int:
        some = set(nodes) - {0}
        if len(some) <= 1:
            return some.pop() if some else 0
        return self.node(frozenset().union(*(self.nodes[n] for n in some)))

    def end(self, end: End) -> int:
        return self.node([(end, 0)])

    def words(self, words: Iterable[str], then: int) -> int:
        """Whole words, with a space on either side."""
        node = self.node([(SPACE, then)])
        for word in reversed(list(words)):
            node = self.node([(SPACE, self.node([(word, node)]))])
        return node

    def text(self, text: str, then: int) -> int:
        """A template's text: spaces count, because pieces without one between them are one word."""
        for part in reversed(re.split(r"(\s+)", re.sub(r"[-\u2010-\u2015]", " ", text))):
            if not part:
                continue
            if part.isspace():
                then = self.node([(SPACE, then)])
                continue
            said = spoken(part).split()
            loose = not part[0].isalpha() and part[0] != "'"  # a number or a sign never sticks to a neighbour
            if loose or len(said) > 1:
                then = self.words(said, then)
            elif said:
                then = self.node([(said[0] if part[0] != "'" else "'" + said[0], then)])
        return then


class Compiler:
    """Expressions of one template language (rules, lists) into `pieces`."""

    def __init__(self, pieces: Pieces, rules: dict[str, Expression], resolve: ListResolver) -> None:
        self.pieces = pieces
        self.rules = rules
        self.resolve = resolve
        self._memo: dict[tuple[str, int], int] = {}

    def compile(self, expression: Expression, then: int) -> int:
        """The node from which `expression` and then `then` can be read; 0 where it is impossible in this house."""
        if then == 0:
            return 0
        if isinstance(expression, TextChunk):
            return self.pieces.text(expression.original_text, then)
        if isinstance(expression, ListReference):
            into = self.resolve(expression.list_name, expression.slot_name)
            return 0 if into is None else self.pieces.node([(into, then)])
        if isinstance(expression, RuleReference):
            key = (expression.rule_name, then)
            if key not in self._memo:
                if expression.rule_name not in self.rules:
                    raise ImpossibleError(f"no rule <{expression.rule_name}>")
                self._memo[key] = self.compile(self.rules[expression.rule_name], then)
            return self._memo[key]
        if isinstance(expression, Permutation):
            return self._permutation(list(expression.items), then)
        if isinstance(expression, Alternative):
            return self.pieces.union([self.compile(item, then) for item in expression.items])
        if isinstance(expression, Group):
            for item in reversed(expression.items):
                then = self.compile(item, then)
            return then
        raise TypeError(type(expression))

    def _permutation(self, items: list[Expression], then: int) -> int:
        """All orders: one node for every set of what is still to come, not one for every order."""
        left = {0: then}

        def rest(missing: int) -> int:
            if missing not in left:
                left[missing] = self.pieces.union(
                    [self.compile(item, rest(missing & ~(1 << i))) for i, item in enumerate(items) if missing >> i & 1]
                )
            return left[missing]

        return rest((1 << len(items)) - 1)


def minimal(pieces: Pieces, root: int, base_cost: Callable[[str], float] = lambda _: 0.0) -> tuple[WordGraph, float]:
    """The deterministic, minimal word graph of `root` and the cost of its cheapest path.

    Costs are pushed forward: every node's cheapest way on costs nothing. `base_cost` is that of a sub-graph, which is
    paid on entering it. A graph without any path has no finals.
    """
    reads: dict[int, dict[Label, frozenset[int]]] = {}

    def read(node: int) -> dict[Label, frozenset[int]]:
        """What can be read at a word boundary: whole words, lists, ends."""
        known = reads.get(node)
        if known is not None:
            return known
        out: dict[Label, set[int]] = {}
        todo: list[tuple[int, str]] = [(node, "")]
        while todo:
            at, word = todo.pop()
            if word:
                stops = [arc for arc in pieces.nodes[at] if not isinstance(arc[0], str)]
                if stops:
                    out.setdefault(word, set()).add(pieces.node(stops))
            for label, target in pieces.nodes[at]:
                if label == SPACE:
                    if word:
                        out.setdefault(word, set()).add(target)
                    else:
                        todo.append((target, ""))
                elif isinstance(label, str):
                    todo.append((target, word + label))
                elif not word:
                    out.setdefault(label, set()).add(target)
        found = reads[node] = {label: frozenset(targets) for label, targets in out.items()}
        return found

    arcs: list[tuple[Arc, ...]] = [()]  # node 0 is the only final one
    merged: dict[tuple[Arc, ...], int] = {}
    done: dict[frozenset[int], tuple[int, float] | None] = {}

    def walk(state: frozenset[int]) -> tuple[int, float] | None:
        if state in done:
            return done[state]
        moves: dict[Label, set[int]] = {}
        for node in state:
            for label, targets in read(node).items():
                moves.setdefault(label, set()).update(targets)
        found: list[tuple[Arc, float]] = []
        ends: dict[tuple[Mark, ...], float] = {}
        for label, to in moves.items():
            if isinstance(label, End):
                ends[label.marks] = min(ends.get(label.marks, label.cost), label.cost)
                continue
            after = walk(frozenset(to))
            if after is None:
                continue
            target, cost = after
            if isinstance(label, str):
                found.append((Arc(target, word=label), cost))
            else:
                cost += label.cost + base_cost(label.sub)
                found.append((Arc(target, sub=label.sub, open_words=label.open_words, marks=label.marks), cost))
        found += [(Arc(0, marks=marks), cost) for marks, cost in ends.items()]
        if not found:
            done[state] = None
            return None
        least = min(cost for _, cost in found)
        own = tuple(
            sorted(
                (Arc(a.target, a.word, a.sub, a.open_words, a.marks, round(cost - least, 6)) for a, cost in found),
                key=lambda a: (a.word, a.sub, a.open_words, a.target, repr(a.marks)),
            )
        )
        number = merged.get(own)
        if number is None:
            number = merged[own] = len(arcs)
            arcs.append(own)
        done[state] = (number, least)
        return number, least

    start = walk(frozenset([root]))
    if start is None:
        return WordGraph(0, ((),), frozenset()), 0.0
    return WordGraph(start[0], tuple(arcs), frozenset([0])), start[1]
