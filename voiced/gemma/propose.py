"""PURE. The sentences of a house that fit the ear's letters best: found before the decoder is asked for anything.

A beam search over prefixes, token of sound by token of sound (Hannun et al. 2014): all ways to spell the same beginning
are summed, and what may follow it is what the house's word graph allows, letter by letter. The graph's states become
rows of arrays, made when first met and kept, so that a token of sound is a handful of array operations for the whole
beam: two seconds of sound take 5 ms where the decoder's own walk takes 21 (medians of 62 commands on a busy core). It
goes on while somebody speaks, so that little of it is left to do when they have ended.

Wildcards are left out: any letters fit what was heard better than the right words do.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from voiced.arrays import F32, F64, I64
from voiced.gemma.grammar import GraphAutomaton, compile_sentences
from voiced.gemma.letters import BLANK, Heard
from voiced.home.language.wordgraph import WordGraph

BEAM, WIDTH = 128, 25.0
"""Beginnings that are kept, and nats behind the best one at which one is given up."""
SURELY_BLANK = math.log(0.995)
"""No letter begins at a token of sound that is blank with this log-probability or more."""
MOST_STATES = 6000
"""Kept from turn to turn, 4 kB each; beyond these they are made anew. A command meets about a hundred new ones."""
_NONE = -1


class Spellings:
    """All that may be said in a house, letter by letter. Not thread-safe: it caches."""

    def __init__(self, graph: WordGraph, alphabet: str, most_states: int = MOST_STATES) -> None:
        """Words with a letter that is in no alphabet cannot be proposed."""
        self._graph, self._alphabet, self._most_states = _spellable(graph, alphabet), alphabet, most_states
        self._forget()

    def _forget(self) -> None:
        classes = 1 + len(self._alphabet)
        self._automaton: GraphAutomaton = compile_sentences(self._graph, LetterTokens(self._alphabet), classes)
        self._next = np.full((0, classes), _NONE, np.int32)
        self._cost = np.full((0, classes), np.inf, np.float32)
        self._final = np.zeros(0)
        """What ending there costs; inf where nothing may."""
        self._made = np.zeros(0, bool)
        self._make([self._start])

    @property
    def _start(self) -> int:
        start = self._automaton.start
        assert isinstance(start, int)
        return start

    @property
    def states(self) -> int:
        """How many are kept."""
        return int(self._made.sum())

    def warm(self, most: int) -> None:
        """Make the `most` states nearest to the start, so that the first turns find them."""
        states = [self._start]
        seen = set(states)
        for state in itertools.islice(states, most):  # the list grows while it is read
            self._make([state])
            after = self._next[state]
            new = set(after[after >= 0].tolist()) - seen
            seen |= new
            states += sorted(new)

    def _make(self, states: Iterable[int]) -> None:
        for state in states:
            self._grow(state + 1)
            if self._made[state]:
                continue
            choice = self._automaton.choice_once(state)
            for letter, step in choice.steps.items():
                assert isinstance(step.state, int)
                self._next[state, letter], self._cost[state, letter] = step.state, step.cost
                self._grow(step.state + 1)
            self._final[state] = choice.final_cost if choice.final else math.inf
            self._made[state] = True

    def _grow(self, size: int) -> None:
        have = len(self._made)
        if size > have:
            more = max(256, have, size - have)
            self._next = np.pad(self._next, ((0, more), (0, 0)), constant_values=_NONE)
            self._cost = np.pad(self._cost, ((0, more), (0, 0)), constant_values=np.inf)
            self._final = np.pad(self._final, (0, more))
            self._made = np.pad(self._made, (0, more))

    def search(self, weight: float, beam: int = BEAM, width: float = WIDTH) -> Search:
        """Of one utterance. `weight`, above 0: nats of the letters that a nat of the graph's costs counts as."""
        if self.states > self._most_states:
            self._forget()
        return Search(self, _Beam(self._start, 1 + len(self._alphabet)), weight, beam, width)

    def ends(self, states: I64) -> F64:
        """What it costs to end in each; inf where nothing may."""
        return self._final[states]

    def costs(self, states: I64) -> F32:
        """What each letter costs after states that were met: [states, 1 + letters], inf where it cannot follow."""
        return self._cost[states]

    def after(self, states: I64, letters: I64) -> I64:
        """The states that one letter each leads to from those; they are met with it."""
        after = self._next[states, letters].astype(np.int64)
        made = self._made[after]
        if not made.all():
            self._make(after[~made].tolist())
        return after

    def text(self, letters: Sequence[int]) -> str:
        return "".join(self._alphabet[letter - 1] for letter in letters)


class Search:
    """The beginnings that fit what was heard so far. Sound may come in any pieces; `fork` goes on without this one."""

    def __init__(self, spellings: Spellings, kept: _Beam, weight: float, beam: int, width: float) -> None:
        self._spellings, self._kept = spellings, kept
        self._weight, self._beam, self._width = weight, beam, width

    def fork(self) -> Search:
        return Search(self._spellings, copy(self._kept), self._weight, self._beam, self._width)

    def hear(self, heard: Heard) -> Search:
        for probs in heard.log_probs:
            if probs[BLANK] > SURELY_BLANK:
                self._kept.hear_blank(probs)
            else:
                self._hear(probs)
        return self

    def likeliest(self, most: int, near: float) -> tuple[str, ...]:
        """Best first, at most `most` sentences, none more than `near` nats less likely than the first."""
        found = self.sentences()
        return tuple(text for score, text in found[:most] if score >= found[0][0] - near)

    def sentences(self) -> list[tuple[float, str]]:
        """Whole ones with their log-likelihood less `weight` times their cost, best first."""
        kept = self._kept
        scores = kept.total - self._weight * self._spellings.ends(kept.state)
        ends = [int(i) for i in np.argsort(-scores, kind="stable") if scores[i] > -math.inf]
        return [(float(scores[i]), self._spellings.text(kept.letters(i))) for i in ends]

    def _hear(self, probs: F64) -> None:
        """One token of sound."""
        kept, total = self._kept, self._kept.total
        longer = total[:, None] + probs - self._weight * self._spellings.costs(kept.state)
        again = kept.last.nonzero()[0]
        longer[again, kept.last[again]] += (kept.blank - total)[again]  # the same letter twice needs a blank between
        blank, letter = total + probs[BLANK], kept.letter + probs[kept.last]
        # what is kept already is not begun again: the way there through the one before it is one more way to spell it
        of = (kept.above >= 0).nonzero()[0]
        into = (kept.above[of], kept.last[of])
        letter[of] = np.logaddexp(letter[of], longer[into])
        longer[into] = -np.inf
        scores = np.concatenate([np.logaddexp(blank, letter), longer.ravel()])
        chosen = (scores > scores.max() - self._width).nonzero()[0]
        if len(chosen) > self._beam:
            chosen = np.sort(chosen[np.argpartition(scores[chosen], -self._beam)[-self._beam :]])
        stays = int(np.searchsorted(chosen, len(total)))
        stay, new = chosen[:stays], chosen[stays:]
        parents, letters = np.divmod(new - len(total), len(probs))
        states = self._spellings.after(kept.state[parents], letters)
        kept.go_on(stay, blank[stay], letter[stay], parents, letters, states, scores[new])


class _Tree:
    """The letters of all beginnings; node 0 has none."""

    def __init__(self, classes: int) -> None:
        self._size = 1
        self._nodes = np.array([(_NONE, BLANK, _NONE)] * 512)
        """Of each node its parent, its letter, and where it is while `above` looks for it."""
        self._children = np.full((512, classes), _NONE, np.int32)

    def children(self, nodes: I64, letters: I64) -> I64:
        """The same node for the same letters, however often they are given up and begun again."""
        found = self._children[nodes, letters].astype(np.int64)
        new = (found < 0).nonzero()[0]
        end = self._size + len(new)
        while end >= len(self._nodes):  # the last row stays nobody's: -1 is where a parent is that is not there
            self._nodes = np.concatenate([self._nodes, np.full_like(self._nodes, _NONE)])
            self._children = np.concatenate([self._children, np.full_like(self._children, _NONE)])
        found[new] = np.arange(self._size, end)
        self._children[nodes[new], letters[new]] = found[new]
        self._nodes[self._size : end, :2] = np.stack([nodes[new], letters[new]], 1)
        self._size = end
        return found

    def above(self, nodes: I64) -> I64:
        """For each of `nodes`, where among them the one is that lacks its last letter; -1 where it is not."""
        parents, _, place = self._nodes.T
        place[nodes] = np.arange(len(nodes))
        found: I64 = place[parents[nodes]]
        place[nodes] = _NONE
        return found

    def letters(self, node: int) -> list[int]:
        out = list[int]()
        while node:
            node, letter, _ = self._nodes[node].tolist()
            out.append(letter)
        return out[::-1]


class _Beam:
    """The beginnings that are kept, as arrays; each is a node of a tree. A copy grows the same tree."""

    def __init__(self, start: int, classes: int) -> None:
        self._tree, self._node = _Tree(classes), np.zeros(1, np.int64)
        self.state: I64 = np.array([start])
        self.last: I64 = np.array([BLANK])
        """Class of the last letter; BLANK at the start."""
        self.above: I64 = np.array([_NONE])
        """Where in the beam that one is kept which lacks the last letter."""
        self.blank, self.letter = np.zeros(1), np.full(1, -np.inf)
        """Log-likelihood of all ways to spell it that end in a blank, or in its last letter."""

    @property
    def total(self) -> F64:
        return np.asarray(np.logaddexp(self.blank, self.letter))

    def hear_blank(self, probs: F64) -> None:
        """Nothing can begin; what has begun may go on."""
        self.blank, self.letter = self.total + probs[BLANK], self.letter + probs[self.last]

    def go_on(self, stay: I64, blank: F64, letter: F64, parents: I64, letters: I64, states: I64, scores: F64) -> None:
        """Keep those at `stay`, and those at `parents` with one more letter each."""
        self._node = np.concatenate([self._node[stay], self._tree.children(self._node[parents], letters)])
        self.state = np.concatenate([self.state[stay], states])
        self.last = np.concatenate([self.last[stay], letters])
        self.blank = np.concatenate([blank, np.full(len(parents), -np.inf)])
        self.letter = np.concatenate([letter, scores])
        self.above = self._tree.above(self._node)

    def letters(self, number: int) -> list[int]:
        return self._tree.letters(int(self._node[number]))


class LetterTokens:
    """Letters as a model's tokens (`grammar.Tokenizer`): token n is the alphabet's n-th."""

    def __init__(self, alphabet: str) -> None:
        self._alphabet = alphabet
        self.size = 1 + len(alphabet)

    def tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(1 + self._alphabet.index(letter) for letter in text)

    def piece(self, token: int) -> bytes:
        return self._alphabet[token - 1].encode()

    def special(self, name: str) -> int:
        raise KeyError(name)

    def is_special(self, token: int) -> bool:
        return token == BLANK


def _spellable(graph: WordGraph, alphabet: str) -> WordGraph:
    """The graph without wildcards and without words that cannot be spelled."""
    known = set(alphabet)

    def one(some: WordGraph) -> WordGraph:
        arcs = (tuple(arc for arc in row if not arc.open_words and known.issuperset(arc.word)) for row in some.arcs)
        return replace(some, arcs=tuple(arcs), subs={})

    return replace(one(graph), subs={name: one(sub) for name, sub in graph.subs.items()})
