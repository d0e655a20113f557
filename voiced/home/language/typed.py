"""PURE. Typed words, read against the graph of what can be said: for a model that only ever learned to hear."""

from __future__ import annotations

from voiced.home.language.paths import meanings
from voiced.home.language.spoken import spoken
from voiced.home.language.wordgraph import WordGraph
from voiced.messages import Alternative, Decision, Verdict


def typed(graph: WordGraph, text: str) -> Decision:
    """The cheapest reading for certain, as what was typed is certain; NOT_FOR_ME where no sentence has these words."""
    words = spoken(text)
    found = meanings(graph, words.split())
    if not found or not found[0].calls:
        return Decision(Verdict.NOT_FOR_ME, certainty=1.0, sentence=text.strip())
    others = tuple(Alternative(one.calls, words, 0.0) for one in found[1:])
    return Decision(Verdict.CALLS, found[0].calls, 1.0, words, others)
