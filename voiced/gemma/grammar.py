"""PURE. A word graph over a model's own tokens: which token may come next, and what a complete path means.

The graph (home/language/wordgraph.py) is a recursive transition network. A position in it is a node with the nodes to
return to; a state of the automaton is a set of positions, each with what it costs more than the cheapest one, interned
to a small number. States and their choices are made when first asked for, and kept: asking again is a look-up.

Nano's tokens never cross a space, so every word is spelled on its own: the first one plain, the later ones with the
space before them. The words that leave a node are a tree, and trees that are alike are one: a hundred words that begin
alike are one position. In an open stretch any tokens of letters are allowed, words are counted and cost a penalty each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from voiced.gemma.automaton import Choice, Reading, State, Step
from voiced.gemma.branches import Branches, Tree
from voiced.home.language.paths import OPEN_WORD_COST, Reader
from voiced.home.language.sentences import OPEN_COST
from voiced.home.language.wordgraph import WordGraph

Stack = tuple[int, "Stack"] | tuple[()]
Boundary = tuple[int, Stack]
"""Between words: node, stack."""
Inside = tuple[int, Stack, None]
"""Within words that begin alike: the number of the branch that they go on in, and the stack behind them."""
Open = tuple[int, bool, int, Stack]
"""In an open stretch: words left, whether the current word still lacks a letter, node and stack afterwards."""
Item = Boundary | Inside | Open


class Tokenizer(Protocol):
    """What the grammar needs of a model's tokenizer. Adapters may wrap llama.cpp's or any other."""

    @property
    def size(self) -> int:
        """Token ids are 0 to `size` - 1."""
        ...

    def tokenize(self, text: str) -> Sequence[int]:
        """Tokens of plain text: no BOS, no space put in front, special tokens' names are plain text."""
        ...

    def piece(self, token: int) -> bytes:
        """The text of a token, with a real space for its space mark; special tokens by their name."""
        ...

    def special(self, name: str) -> int:
        """The id of the special token of that name. Raises KeyError where there is none."""
        ...

    def is_special(self, token: int) -> bool:
        """Control, user-defined, unknown, unused and byte tokens: never part of plain words."""
        ...


@dataclass(frozen=True, slots=True)
class OpenTokens:
    """The tokens of an open stretch. Where `starts` is None every token counts, else those that begin a word."""

    starts: frozenset[int] | None
    bare: frozenset[int]
    """Begin a word without giving it a letter: a lone space."""
    inner: frozenset[int]
    """Go on within a word, and begin the very first word of a sentence."""
    excluded: frozenset[int]
    """Never in an open stretch."""
    cost: float = OPEN_WORD_COST


def word_tokens(tokenizer: Tokenizer) -> OpenTokens:
    """The open tokens of a model whose tokens never cross a space and whose words are a-z and apostrophe."""
    starts, bare, inner, excluded = set(), set(), set(), set()
    for token in range(tokenizer.size):
        text = "" if tokenizer.is_special(token) else tokenizer.piece(token).decode("utf-8", "replace")
        if re.fullmatch(r" [a-z']+", text):
            starts.add(token)
        elif text == " ":
            bare.add(token)
        elif re.fullmatch(r"[a-z']+", text):
            inner.add(token)
        else:
            excluded.add(token)
    return OpenTokens(frozenset(starts), frozenset(bare), frozenset(inner), frozenset(excluded))


class _Flat:
    """The graph and its sub-graphs with one numbering of nodes."""

    def __init__(self, graph: WordGraph) -> None:
        offsets: dict[str, int] = {}
        graphs = [("", graph), *graph.subs.items()]
        total = 0
        for name, one in graphs:
            offsets[name] = total
            total += len(one.arcs)
        self.start = graph.start
        self.finals = frozenset(offsets[name] + node for name, one in graphs for node in one.finals)
        self.words: dict[int, list[tuple[str, int, float, tuple[float, ...]]]] = {}
        self.empty: dict[int, list[tuple[int, float]]] = {}
        self.subs: dict[int, list[tuple[int, int, float]]] = {}
        self.opens: dict[int, list[tuple[int, int, float]]] = {}
        for name, one in graphs:
            base = offsets[name]
            for number, arcs in enumerate(one.arcs):
                node = base + number
                for arc in arcs:
                    target = base + arc.target
                    if arc.word:
                        self.words.setdefault(node, []).append((arc.word, target, arc.cost, arc.by_token))
                    elif arc.sub:
                        entry = offsets[arc.sub] + graph.subs[arc.sub].start
                        self.subs.setdefault(node, []).append((entry, target, arc.cost))
                    elif arc.open_words:
                        self.opens.setdefault(node, []).append((arc.open_words, target, arc.cost))
                    else:
                        self.empty.setdefault(node, []).append((target, arc.cost))


@dataclass(frozen=True, slots=True)
class _Onward:
    """What may follow a boundary."""

    words: tuple[tuple[int, Stack, float], ...]
    """Branch, stack behind its words, cost."""
    opens: tuple[tuple[int, int, Stack, float], ...]
    """Words, node and stack afterwards, cost."""
    final: float | None


MOST_CHOICES = 12_000
"""Kept at once, 4 kB each (measured in the demo's house). An odd sound leads to choices that nobody needs again: with
what the walk keeps of them they grew by 60 MB in 800 turns of noisy speech. With fewer than these the decision on
garbage takes more than a millisecond (row E4), for they are worked out again and again.
"""


class GraphAutomaton:
    """A TokenAutomaton over a word graph. Not thread-safe: it caches."""

    def __init__(
        self,
        graph: WordGraph,
        spell: Callable[[str, bool], tuple[int, ...]],
        open_tokens: OpenTokens,
        end_token: int,
        read: Callable[[tuple[int, ...]], tuple[Reading, ...]],
        most_choices: int = MOST_CHOICES,
    ) -> None:
        """`spell(word, first)` gives a word's tokens, `read` the readings of a token path known to be complete."""
        self._flat = _Flat(graph)
        self._spell = spell
        self._open = open_tokens
        self._end_token = end_token
        self._read = read
        self._most_choices = most_choices
        self._spelled: dict[tuple[str, bool], tuple[int, ...]] = {}
        self._branches = Branches()
        self._roots: dict[tuple[int, bool], int] = {}
        self._onward: dict[tuple[int, Stack, bool], _Onward] = {}
        self._states: list[frozenset[tuple[Item, float]]] = []
        self._numbers: dict[frozenset[tuple[Item, float]], int] = {}
        self._choices: dict[int, Choice] = {}
        self._start = self._intern({(self._flat.start, ()): 0.0})[0]

    @property
    def start(self) -> State:
        return self._start

    @property
    def end_token(self) -> int:
        return self._end_token

    @property
    def states(self) -> int:
        """How many states have been made so far."""
        return len(self._states)

    def choice(self, state: State) -> Choice:
        """Cheap on the second call: choices are cached."""
        assert isinstance(state, int)
        known = self._choices.get(state)
        if known is None:
            if len(self._choices) >= self._most_choices:
                self._choices.clear()
            known = self._choices[state] = self.choice_once(state)
        return known

    def follow(self, tokens: Sequence[int]) -> State | None:
        """The state after `tokens`; None where they are not allowed."""
        state: State = self._start
        for token in tokens:
            step = self.choice(state).after(token)
            if step is None:
                return None
            state = step.state
        return state

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        """All meanings of a complete path, preferred first; empty if the path is not complete."""
        state = self.follow(tokens)
        if state is None or not self.choice(state).final:
            return ()
        return self._read(tokens)

    def _word(self, word: str, first: bool) -> tuple[int, ...]:
        key = (word, first)
        found = self._spelled.get(key)
        if found is None:
            found = self._spelled[key] = self._spell(word, first)
        return found

    def _intern(self, items: dict[Item, float]) -> tuple[int, float]:
        """The number of a set of items, and the cost that all of them share."""
        least = min(items.values())
        key = frozenset((item, round(cost - least, 4)) for item, cost in items.items())
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._states)
            self._states.append(key)
        return number, least

    def _tree(self, node: int, first: bool) -> int:
        """The branch of all words that leave a node."""
        number = self._roots.get((node, first))
        if number is None:
            tree = Tree()
            for word, target, cost, extra in self._flat.words[node]:
                tokens = self._word(word, first)
                if len(extra) != len(tokens):  # spelled otherwise where it begins the sentence
                    extra = (sum(extra) / len(tokens),) * len(tokens)
                tree.add([(tokens[0], cost + extra[0]), *zip(tokens[1:], extra[1:], strict=True)], target)
            number = self._roots[node, first] = self._branches.number(tree)
        return number

    def _on(self, node: int, stack: Stack, first: bool) -> _Onward:
        """All that may follow a boundary, through steps without words, into and out of sub-graphs."""
        key = (node, stack, first)
        found = self._onward.get(key)
        if found is not None:
            return found
        flat = self._flat
        best: dict[Boundary, float] = {(node, stack): 0.0}
        todo: list[Boundary] = [(node, stack)]
        final: float | None = None
        while todo:
            at = todo.pop()
            here, back = at
            cost = best[at]
            onto: list[tuple[Boundary, float]] = [((target, back), more) for target, more in flat.empty.get(here, ())]
            onto += [((entry, (target, back)), more) for entry, target, more in flat.subs.get(here, ())]
            if here in flat.finals:
                if back:
                    onto.append(((back[0], back[1]), 0.0))
                else:
                    final = cost if final is None else min(final, cost)
            for there, more in onto:
                if cost + more < best.get(there, float("inf")):
                    best[there] = cost + more
                    todo.append(there)
        words = [(self._tree(at, first), back, cost) for (at, back), cost in best.items() if at in flat.words]
        opens = [
            (most, target, back, cost + more)
            for (at, back), cost in best.items()
            for most, target, more in flat.opens.get(at, ())
        ]
        made = self._onward[key] = _Onward(tuple(words), tuple(opens), final)
        return made

    def choice_once(self, state: int) -> Choice:
        """As `choice`, for whoever keeps it in a form of their own."""
        first = state == self._start
        named: dict[int, dict[Item, float]] = {}
        starting: dict[Item, float] = {}
        bare: dict[Item, float] = {}
        going_on: dict[Item, float] = {}
        final: float | None = None

        def put(into: dict[Item, float], item: Item, cost: float) -> None:
            if cost < into.get(item, float("inf")):
                into[item] = cost

        def within(branch: int, stack: Stack, base: float) -> None:
            for token, cost, more, ends in self._branches[branch]:
                into = named.setdefault(token, {})
                if more is not None:
                    put(into, (more, stack, None), base + cost)
                for node in ends:
                    put(into, (node, stack), base + cost)

        def onward(node: int, stack: Stack, base: float) -> None:
            nonlocal final
            on = self._on(node, stack, first)
            for branch, back, cost in on.words:
                within(branch, back, base + cost)
            for words, target, back, cost in on.opens:
                price = base + cost + self._open.cost
                begun: Item = (words - 1, False, target, back)
                if first and self._open.starts is not None:
                    put(going_on, begun, price)
                else:
                    put(starting, begun, price)
                    put(bare, (words - 1, True, target, back), price)
            if on.final is not None:
                final = base + on.final if final is None else min(final, base + on.final)

        for item, cost in self._states[state]:
            if len(item) == 2:
                onward(item[0], item[1], cost)
            elif len(item) == 3:
                within(item[0], item[1], cost)
            else:
                left, lacking, node, stack = item
                if self._open.starts is not None:
                    put(going_on, (left, False, node, stack), cost)
                if lacking:
                    continue
                if left:
                    put(starting, (left - 1, False, node, stack), cost + self._open.cost)
                    put(bare, (left - 1, True, node, stack), cost + self._open.cost)
                onward(node, stack, cost)
        return self._assemble(named, starting, bare, going_on, final)

    def _assemble(
        self,
        named: dict[int, dict[Item, float]],
        starting: dict[Item, float],
        bare: dict[Item, float],
        going_on: dict[Item, float],
        final: float | None,
    ) -> Choice:
        tokens = self._open
        steps: dict[int, Step] = {}
        open_step: Step | None = None
        excluded = tokens.excluded
        if going_on:
            open_step = self._step(going_on)
            if starting and tokens.starts is not None:
                steps.update(dict.fromkeys(tokens.starts, self._step(starting)))
                steps.update(dict.fromkeys(tokens.bare, self._step(bare)))
            elif tokens.starts is not None:
                excluded |= tokens.starts | tokens.bare
        elif starting:
            open_step = self._step(starting)
            if tokens.starts is not None:
                excluded |= tokens.inner
                steps.update(dict.fromkeys(tokens.bare, self._step(bare)))
        for token, items in named.items():
            if tokens.starts is None:
                wild = starting if token not in tokens.excluded else {}
            elif token in tokens.starts:
                wild = starting
            elif token in tokens.bare:
                wild = bare
            else:
                wild = going_on if token in tokens.inner else {}
            for item, cost in wild.items():
                if cost < items.get(item, float("inf")):
                    items[item] = cost
            steps[token] = self._step(items)
        return Choice(steps, final is not None, open_step, excluded if open_step else frozenset(), final or 0.0)

    def _step(self, items: dict[Item, float]) -> Step:
        number, cost = self._intern(items)
        return Step(number, cost)


def spell_sentence(words: Sequence[str], tokenizer: Tokenizer) -> tuple[int, ...]:
    """The tokens of a sentence, as the automaton of `compile_sentences` spells it."""
    return tuple(t for i, word in enumerate(words) for t in tokenizer.tokenize(f" {word}" if i else word))


def compile_sentences(
    graph: WordGraph, tokenizer: Tokenizer, end_token: int, most_choices: int = MOST_CHOICES
) -> GraphAutomaton:
    """The sentences of a house over nano's tokens. `end_token` closes the model's turn (`<turn|>`)."""

    def spell(word: str, first: bool) -> tuple[int, ...]:
        return tuple(tokenizer.tokenize(word if first else f" {word}"))

    reader = Reader(graph)

    def read(tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        words = b"".join(tokenizer.piece(t) for t in tokens).decode("utf-8", "replace").split()
        sentence = " ".join(words)
        return tuple(Reading(m.calls, sentence, *opened(m.open_words)) for m in reader.meanings(words))

    def opened(some: Sequence[str]) -> tuple[int, float]:
        cost = OPEN_COST + OPEN_WORD_COST * len(some) if some else 0.0
        return sum(len(spell(word, False)) for word in some), cost

    return GraphAutomaton(graph, spell, word_tokens(tokenizer), end_token, read, most_choices)
