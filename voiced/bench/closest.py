"""PURE. The sentence of a house that is closest to a transcript: what fuzzy matching after speech recognition does."""

from __future__ import annotations

import difflib
import functools
import heapq
from collections.abc import Iterator, Sequence
from itertools import count

from voiced.home.language.paths import meanings
from voiced.home.language.spoken import spoken
from voiced.home.language.wordgraph import WordGraph
from voiced.messages import Call

OPEN_WORD = 0.3
"""What a word of an open stretch costs: less than a wrong word, more than a right one."""
NEAREST = 0.4
"""Share of the words that may be wrong; farther away than this it was none of these sentences."""

Stack = tuple[WordGraph, int, "Stack"] | None
Place = tuple[WordGraph, int, Stack, int]
"""Graph, node, where to go on after sub-graphs, words of the transcript that are behind."""


def closest(graph: WordGraph, text: str, tries: int = 100_000) -> tuple[Call, ...]:
    """The calls of the sentence that takes the fewest changes of words (a similar word is less than a change); empty
    where even that one is too far away, or not found in so many tries.
    """
    words = spoken(text).split()
    found = _sentence(graph, words, tries)
    read = meanings(graph, found) if found else ()
    return read[0].calls if read else ()


def _sentence(graph: WordGraph, words: Sequence[str], tries: int) -> tuple[str, ...] | None:
    """Dijkstra's way through the graph and the transcript at once."""
    order = count()
    heap: list[tuple[float, int, Place, tuple[str, ...]]] = [(0.0, next(order), (graph, graph.start, None, 0), ())]
    seen: set[tuple[int, int, int, int]] = set()
    kept: dict[tuple[object, ...], int] = {}
    while heap and tries > 0:
        tries -= 1
        cost, _, place, said = heapq.heappop(heap)
        if cost > NEAREST * len(words):
            return None
        here, node, stack, at = place
        key = (id(here), node, _number(stack, kept), at)
        if key in seen:
            continue
        seen.add(key)
        if node in here.finals and stack is None and at == len(words):
            return said
        for more, there, word in _onward(graph, place, words):
            heapq.heappush(heap, (cost + more, next(order), there, said + word))
    return None


def _number(stack: Stack, kept: dict[tuple[object, ...], int]) -> int:
    if stack is None:
        return -1
    here, node, rest = stack
    return kept.setdefault((id(here), node, _number(rest, kept)), len(kept))


def _onward(graph: WordGraph, place: Place, words: Sequence[str]) -> Iterator[tuple[float, Place, tuple[str, ...]]]:
    here, node, stack, at = place
    if at < len(words):
        yield 1.0, (here, node, stack, at + 1), ()
    if node in here.finals and stack is not None:
        yield 0.0, (*stack, at), ()
    for arc in here.arcs[node]:
        if arc.word:
            yield 1.0, (here, arc.target, stack, at), (arc.word,)
            if at < len(words):
                yield _unlike(arc.word, words[at]), (here, arc.target, stack, at + 1), (arc.word,)
        elif arc.sub:
            sub = graph.subs[arc.sub]
            yield 0.0, (sub, sub.start, (here, arc.target, stack), at), ()
        elif arc.open_words:
            for n in range(1, min(arc.open_words, len(words) - at) + 1):
                yield n * OPEN_WORD, (here, arc.target, stack, at + n), tuple(words[at : at + n])
        else:
            yield 0.0, (here, arc.target, stack, at), ()


@functools.lru_cache(100_000)
def _unlike(word: str, heard: str) -> float:
    """0 for the same word to 1 for one that has nothing of it."""
    return 0.0 if word == heard else 1.0 - difflib.SequenceMatcher(None, word, heard, autojunk=False).ratio()
