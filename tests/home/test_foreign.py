"""What is said to a house that only knows itself, and only English."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind
from voiced.home.language.foreign import Foreign, of_words
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.language.wordgraph import WordGraph
from voiced.home.model import Home
from voiced.messages import Decision, Evidence, Rule, Scored, Verdict


def house() -> House:
    return House(Home(), random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: dt.datetime(2026, 11, 24, 9))


@pytest.fixture(scope="module")
def graph() -> WordGraph:
    return word_graph(Home())


def asked(graph: WordGraph, text: str) -> Judgement:
    return house().judge(typed(graph, text))


@pytest.mark.parametrize(
    "text",
    [
        "who was the first president of france",
        "what is the capital of Australia?",
        "how do you say good night in japanese",
        "translate good morning",
        "why is the sky blue",
        "tell me a joke",
    ],
)
def test_a_question_about_the_world_gets_a_friendly_answer(graph: WordGraph, text: str) -> None:
    judged = asked(graph, text)
    assert (judged.kind, judged.say) == (Kind.REFUSE, "I'm sorry, I didn't get that. I only know this house.")


@pytest.mark.parametrize(
    "text",
    [
        "mach bitte das Licht an",
        "schalte die Lampe im Büro aus",
        "allume la lumière dans la cuisine",
        "enciende la luz de la cocina por favor",
        "accendi la luce nella sala",
        "zet het licht aan alsjeblieft",
        "включи свет на кухне",
        "打开厨房的灯",
    ],
)
def test_another_language_is_answered_as_such(graph: WordGraph, text: str) -> None:
    assert asked(graph, text).say == "I'm sorry, I only understand English."


@pytest.mark.parametrize(
    "text",
    ["the train was late again this morning", "she told me all about her new job", "no that is not what i said", "hm"],
)
def test_what_people_say_to_each_other_gets_no_answer(graph: WordGraph, text: str) -> None:
    assert (asked(graph, text).kind, asked(graph, text).say) == (Kind.IGNORE, "")


def test_heard_words_count_as_typed_ones_do() -> None:
    why = Evidence(Rule.UNSURE, 0.1, 0.3, free=Scored("who wrote hamlet and when", -9.0))
    assert house().judge(Decision(Verdict.NOT_FOR_ME, certainty=0.9, evidence=why)).kind is Kind.REFUSE
    for words, kind in (("how do you say good night in", Kind.REFUSE), ("what is the", Kind.IGNORE)):
        broke_off = Evidence(Rule.CUT_OFF, 3.0, free=Scored(words, -9.0))
        decision = Decision(Verdict.INCOMPLETE, certainty=0.9, evidence=broke_off)
        assert house().judge(decision).kind is kind
    silence = Evidence(Rule.NOTHING, 0.9, 0.6, free=Scored("", -0.1))
    assert house().judge(Decision(Verdict.NOT_FOR_ME, certainty=0.9, evidence=silence)).say == ""


@pytest.mark.parametrize(
    ("sentence", "heard", "goes_on"),
    [
        ("turn on the", "turn on the", True),
        ("turn on", "turn on the", True),
        ("set the bed", "set the better", True),
        ("i", "i never like the color of that old sofa", False),
        ("what is", "how do you say good night in", False),
    ],
)
def test_what_breaks_off_is_the_beginning_of_a_command(sentence: str, heard: str, goes_on: bool) -> None:
    why = Evidence(Rule.CUT_OFF, 3.0, free=Scored(heard, -9.0))
    decision = Decision(Verdict.INCOMPLETE, certainty=0.9, sentence=sentence, evidence=why)
    assert house().breaks_off(decision) is goes_on
    assert house().in_doubt(decision) is not goes_on


@given(st.text(max_size=200))
def test_any_text_is_something(text: str) -> None:
    assert of_words(text) in Foreign
