"""The closest sentence of a house: a transcript with mistakes still means what was said, chatter means nothing."""

from __future__ import annotations

import pytest

from voiced.bench.closest import closest
from voiced.bench.common import demo_home
from voiced.home.language.sentences import word_graph
from voiced.home.language.wordgraph import WordGraph
from voiced.messages import Call


@pytest.fixture(scope="module")
def graph() -> WordGraph:
    return word_graph(demo_home())


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Turn on the kitchen lights.", "HassTurnOn"),
        ("Turn off the kitten lights.", "HassTurnOff"),
        ("So, cancel all the timer.", "HassCancelAllTimers"),
    ],
)
def test_a_transcript_with_mistakes_is_the_sentence_next_to_it(graph: WordGraph, text: str, intent: str) -> None:
    assert [call.intent for call in closest(graph, text)] == [intent]


def test_what_is_far_from_every_sentence_is_none(graph: WordGraph) -> None:
    assert closest(graph, "My grandmother never liked the colour of that old sofa by the lake") == ()
    assert closest(graph, "") == ()


def test_a_word_like_the_one_that_was_meant_costs_less_than_another(graph: WordGraph) -> None:
    (call,) = closest(graph, "turn on the kitchin light")
    assert isinstance(call, Call)
    assert "kitchen" in str(call.slots)
