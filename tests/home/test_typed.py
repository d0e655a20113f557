"""Typed words are read exactly, or not at all."""

from __future__ import annotations

from tests.home.test_learned import learn
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.messages import Call, Verdict

GRAPH = word_graph(learn().home)


def test_typed_words_are_read_exactly_or_not_at_all() -> None:
    assert typed(GRAPH, "Turn on the Bed Lamp!").calls == (Call("HassTurnOn", {"name": "bed lamp"}),)
    assert typed(GRAPH, "unlock the front door").calls[0].intent == "HassUnlock"
    for text in ("turn on the bet lamp", "", "…", "turn on"):
        assert typed(GRAPH, text).verdict is Verdict.NOT_FOR_ME, text
