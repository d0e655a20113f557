"""How an interpreter is asked for, and which words say which language was spoken."""

from __future__ import annotations

import pytest

from voiced.config import DEMO_HOME
from voiced.home.interpreter import LANGUAGES, NEITHER, SPOKEN, START, STOP, Interpreter, spoken_graph
from voiced.home.language.paths import meanings
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.load import load_home
from voiced.messages import Call, Decision, Verdict

GRAPH = word_graph(load_home(DEMO_HOME.read_text("utf-8")))
BOTH = Interpreter(("English", "German"), "german.onnx")


@pytest.mark.parametrize(("text", "slots"), [
    ("be my interpreter", {}),
    ("please interpret for us", {}),
    ("be my interpreter for German", {"language": "german"}),
    ("be our interpreter between English and German", {"language": "english", "other": "german"}),
    ("translate between English and German", {"language": "english", "other": "german"}),
    ("translate into German please", {"language": "german"}),
    ("start interpreting for us between Japanese and Welsh", {"language": "japanese", "other": "welsh"}),
])  # fmt: skip
def test_it_is_asked_for_in_many_ways(text: str, slots: dict[str, str]) -> None:
    assert typed(GRAPH, text).calls == (Call(START, slots),)


@pytest.mark.parametrize("text", ["translate good night into German", "how do you say good night in Japanese"])
def test_a_sentence_to_translate_is_a_question_and_no_mode(text: str) -> None:
    assert typed(GRAPH, text).verdict is Verdict.NOT_FOR_ME


def test_one_word_says_what_was_spoken() -> None:
    graph = spoken_graph(BOTH.languages)
    for word in (*BOTH.languages, NEITHER, STOP):
        (meaning,) = meanings(graph, [word])
        (call,) = meaning.calls
        assert call == Call(SPOKEN, {"language": word.casefold()})
        assert BOTH.heard(Decision(Verdict.CALLS, meaning.calls)) == word
    assert not meanings(graph, ["French"])


@pytest.mark.parametrize("decision", [
    Decision(Verdict.NOT_FOR_ME),
    Decision(Verdict.CALLS, (Call(SPOKEN, {"language": "french"}),)),
    Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": "stop"}),)),
])  # fmt: skip
def test_what_is_neither_is_neither(decision: Decision) -> None:
    assert BOTH.heard(decision) == NEITHER


def test_each_language_has_its_voice() -> None:
    assert (BOTH.other("English"), BOTH.other("German")) == ("German", "English")
    assert (BOTH.voice_of("English"), BOTH.voice_of("German")) == ("", "german.onnx")


def test_every_language_is_one_word() -> None:
    assert all(language.isalpha() and language.istitle() for language in LANGUAGES)
    assert len(set(LANGUAGES)) == len(LANGUAGES)
