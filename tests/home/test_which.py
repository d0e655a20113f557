"""What is said after "Which one?": an answer is done as what was asked about; all else is what it says itself."""

from __future__ import annotations

import functools

import pytest

from tests.home.saying import HOME, TODAY, house
from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind
from voiced.home.language import polite
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.language.wordgraph import WordGraph
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.replies import Reply
from voiced.home.ruling import Ask
from voiced.home.which import choose
from voiced.messages import Alternative, Call, Decision, Verdict

TWO_FLATS = load_home(
    """
[[floors]]
name = "Attic Floor"
[[areas]]
name = "Hall"
[[areas]]
name = "Den"
floor = "Attic Floor"
[[entities]]
id = "light.hall_lamp"
name = "Lamp"
area = "Hall"
mqtt = { command_topic = "hall/lamp" }
[[entities]]
id = "light.den_lamp"
name = "Lamp"
area = "Den"
mqtt = { command_topic = "den/lamp" }
[[entities]]
id = "light.den_strip"
name = "Strip"
area = "Den"
mqtt = { command_topic = "den/strip" }
[[entities]]
id = "lock.front"
name = "Front Door"
area = "Hall"
mqtt = { command_topic = "front/set" }
[[entities]]
id = "lock.back"
name = "Back Door"
area = "Hall"
mqtt = { command_topic = "back/set" }
[[entities]]
id = "climate.hall"
name = "Hall Heating"
area = "Hall"
mqtt = { temperature_command_topic = "hall/set", temperature_state_topic = "hall/target" }
[[entities]]
id = "climate.den"
name = "Den Heating"
area = "Den"
mqtt = { temperature_command_topic = "den/set", temperature_state_topic = "den/target" }
"""
)


@functools.cache
def heard(text: str, *, flats: bool = False) -> Decision:
    return typed(_graph(flats=flats), text)


@functools.cache
def _graph(*, flats: bool) -> WordGraph:
    return word_graph(TWO_FLATS if flats else HOME)


def after(question: str, answer: str) -> Judgement:
    h = house()
    assert h.judge(heard(question)).say.startswith("Which one: ")
    return h.judge(heard(answer))


def in_flats(question: str, answer: str) -> Judgement:
    h = House(TWO_FLATS, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: TODAY)
    h.heard_state("hall/target", b"20")
    h.heard_state("den/target", b"18")
    assert h.judge(heard(question, flats=True)).say.startswith("Which one: ")
    return h.judge(heard(answer, flats=True))


@pytest.mark.parametrize(
    ("answer", "off"),
    [
        ("the desk light", ["light.desk"]),
        ("desk light please", ["light.desk"]),
        ("um the desk light", ["light.desk"]),
        ("and the desk light", ["light.desk"]),
        ("what about the kitchen lights", ["light.kitchen_ceiling"]),
        ("turn off the desk light", ["light.desk"]),
        ("turn off the kitchen lights", ["light.kitchen_ceiling"]),
        ("the desk light and the bed light", ["light.desk", "light.bed"]),
        ("the desk light and the kitchen", ["light.desk", "light.kitchen_ceiling"]),
        ("the desk light and the coffee machine", ["light.desk", "switch.coffee_machine"]),
        ("turn off the desk light and the coffee machine", ["light.desk", "switch.coffee_machine"]),
    ],
)
def test_a_name_or_a_place_is_an_answer_and_so_are_several(answer: str, off: list[str]) -> None:
    judged = after("turn off the lights", answer)
    assert [(c.entity, c.verb) for c in judged.commands] == [(one, "turn_off") for one in off]


@pytest.mark.parametrize(
    ("other", "done"),
    [
        ("turn on the desk light", [("light.desk", "turn_on")]),
        ("desk light on", [("light.desk", "turn_on")]),
        ("turn on the kitchen lights", [("light.kitchen_ceiling", "turn_on")]),
        ("set the desk light to 50 percent", [("light.desk", "set")]),
        ("turn off the desk light and turn on the bed light", [("light.desk", "turn_off"), ("light.bed", "turn_on")]),
        ("the coffee machine", [("switch.coffee_machine", "turn_on")]),
        (
            "turn off all the lights",
            [(f"light.{one}", "turn_off") for one in ("kitchen_ceiling", "standing", "bed", "desk")],
        ),
        ("is the desk light on", []),
    ],
)
def test_another_command_or_a_question_is_what_it_says_itself(other: str, done: list[tuple[str, str]]) -> None:
    judged = after("turn off the lights", other)
    assert [(c.entity, c.verb) for c in judged.commands] == done


def test_a_question_in_between_sets_no_thermostat_and_locking_unlocks_no_door() -> None:
    asked = in_flats("make it warmer", "what is the hall heating set to")
    assert (asked.kind, asked.say) == (Kind.ANSWER, "Hall heating is set to twenty degrees.")
    assert [c.payload for c in in_flats("make it warmer", "the hall heating and the den heating").commands] == [
        "21", "19",
    ]  # fmt: skip
    locked = in_flats("unlock the door", "lock the front door")
    assert [(c.entity, c.payload) for c in locked.commands] == [("lock.front", "LOCK")]
    assert in_flats("unlock the door", "and the front door").say == "Say four seven to unlock the front door."


def test_a_room_is_no_way_around_unlocking_one_by_one() -> None:
    assert in_flats("unlock the door", "and the hall").reason == "not_in_groups"


def test_a_room_of_several_means_them_all_and_a_name_of_several_is_asked_again() -> None:
    den = in_flats("turn off the lights", "what about the den")
    assert [c.entity for c in den.commands] == ["light.den_lamp", "light.den_strip"]
    again = in_flats("turn off the lights", "the lamp")
    assert (again.kind, again.say) == (Kind.ASK, "Which one: the lamp or the lamp?")
    assert [c.entity for c in in_flats("turn off the lamp", "what about the den").commands] == ["light.den_lamp"]


def test_the_other_things_that_were_wanted_are_done_with_the_answer() -> None:
    judged = after("turn off the lights and lock the front door", "the desk light")
    assert [(c.entity, c.verb) for c in judged.commands] == [("light.desk", "turn_off"), ("lock.front_door", "lock")]


@pytest.mark.parametrize("sentence", ["", '<|tool_call>call:On{name:<|"|>Desk Light<|"|>}<tool_call|>'])
def test_where_no_words_are_known_a_thing_switched_on_is_taken_for_its_name(sentence: str) -> None:
    h = house()
    h.judge(heard("turn off the lights"))
    judged = h.judge(Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": "desk light"}),), 0.9, sentence))
    assert [(c.entity, c.verb) for c in judged.commands] == [("light.desk", "turn_off")]


def test_of_two_readings_a_place_that_has_both_or_none_tells_nothing() -> None:
    h = House(TWO_FLATS, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: TODAY)
    den = Alternative((Call("HassTurnOn", {"name": "light.den_strip"}),), "", 0.35)
    close = Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": "light.den_lamp"}),), 0.45, alternatives=(den,))
    assert h.judge(close).reason == "close_call"
    assert h.judge(heard("and the den", flats=True)).reason == "unknown"
    h.judge(close)
    assert h.judge(heard("and the hall", flats=True)).reason == "unknown"
    h.judge(close)
    assert [c.entity for c in h.judge(heard("the strip", flats=True)).commands] == ["light.den_strip"]


def test_a_floor_is_a_place_and_what_is_not_in_the_house_is_none() -> None:
    wanted = Call("HassTurnOff", {"domain": "light"})
    ask = Ask(Reply("which"), options=("light.hall_lamp", "light.den_lamp"), calls=(wanted,))

    def chosen(home: Home, **slots: str) -> tuple[Call, ...]:
        answer = choose(ask, Decision(Verdict.CALLS, (Call("AlsoThis", slots),), 0.9), home)
        return answer.calls if answer else ()

    assert chosen(TWO_FLATS, floor="attic floor") == (Call("HassTurnOff", {"name": "light.den_lamp"}),)
    assert chosen(TWO_FLATS, name="lamp", area="hall") == (Call("HassTurnOff", {"name": "light.hall_lamp"}),)
    assert chosen(TWO_FLATS, area="attic") == chosen(TWO_FLATS) == ()
    assert choose(ask, Decision(Verdict.NOT_FOR_ME), TWO_FLATS) is None


def test_only_names_and_politeness_are_only_names() -> None:
    lamp, desk = ("bed lamp", "lamp"), ("desk light", "desk")
    for words in (*polite.POLITE_FRONT, *polite.FOLLOW_UP):
        assert polite.says_only(f"{words} the bed lamp", [lamp])
    for words in polite.POLITE_BACK:
        assert polite.says_only(f"the bed lamp {words}", [lamp])
    for words in polite.AND:
        assert polite.says_only(f"my desk {words} the bed lamp", [desk, lamp])
    assert not polite.says_only("turn on the bed lamp", [lamp])
    assert not polite.says_only("the bed lamp on", [lamp])
    assert not polite.says_only("the bed", [lamp])
    assert not polite.says_only("the lamp", [lamp, lamp])
