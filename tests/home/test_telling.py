"""What is said of what was done, in the owner's manner; and which ways of saying it are one."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given

from tests.home.saying import CALLS, HOME, TODAY, house, reported, said
from voiced.home.dispatch import command
from voiced.home.house import House
from voiced.home.intents import resolve
from voiced.home.judgement import Kind
from voiced.home.manner import Manner
from voiced.home.model import Entity, Home
from voiced.home.outcome import Result, only_replies, outcome, result
from voiced.messages import Call, Command, Decision, SlotValue, Verdict

# --- what is said ----------------------------------------------------------------------------------------------------


def test_two_commands_in_one_sentence_are_both_done_and_both_said() -> None:
    h = house()
    calls = (Call("HassTurnOff", {"name": "bed light"}), Call("HassStartTimer", {"minutes": 5}))
    judged = h.judge(Decision(Verdict.CALLS, calls, 0.9))
    assert reported(h, judged) == "Bed light is off. Timer set for five minutes."
    assert h.clocks.next_timer_s() == 300


def test_success_is_said_only_where_the_state_topic_told_it() -> None:
    h = house()
    judged = said(h, "HassLock", name="front door")
    (sent,) = judged.commands
    assert not h.confirms(sent, "demo/front/lock", b"UNLOCKED")
    assert not h.confirms(sent, "demo/elsewhere", b"LOCKED")
    assert h.confirms(sent, "demo/front/lock", b"LOCKED")
    assert reported(h, judged) == "Front door is locked."
    assert h.report(judged, confirmed=(), silent=(sent,), failed=()) == "No answer from the front door."
    assert h.report(judged, confirmed=(), silent=(), failed=(sent,)) == "I cannot reach the house."


def test_what_was_not_taken_is_told_with_what_else_was_done() -> None:
    h = house()
    calls = (Call("HassTurnOff", {"name": "bed light"}), Call("HassTurnOff", {"name": "desk light"}))
    judged = h.judge(Decision(Verdict.CALLS, (*calls, Call("HassStartTimer", {"minutes": 5})), 0.9))
    bed, desk = judged.commands
    timer, known = "Timer set for five minutes.", "I know the bed light, but I cannot reach it."
    assert h.report(judged, confirmed=(), silent=(), failed=(bed, desk)) == f"{timer} I cannot reach the house."
    assert h.report(judged, confirmed=(desk,), silent=(), failed=(bed,)) == f"{timer} {known}"
    assert h.report(judged, confirmed=(), silent=(desk,), failed=(bed,)) == (
        f"{timer} {known} No answer from the desk light."
    )
    declined = h.report(judged, confirmed=(desk,), silent=(), failed=(), declined=(bed,))
    assert declined == f"{timer} Bed light does not do that."


def test_the_owners_words_are_said_only_where_their_message_went_out() -> None:
    """A coffee was "on its way" that nobody had ordered."""
    h = house()
    calls = (Call("HassTurnOff", {"name": "bed light"}), Call("RedAlert"), Call("CastSpell", {"spell": "nox"}))
    judged = h.judge(Decision(Verdict.CALLS, calls, 0.9))
    bed, red, spell = judged.commands
    known, gone = "I know the bed light, but I cannot reach it.", "I cannot reach the house."
    for failed, text in (
        ((bed, red, spell), gone), ((bed, red), f"{known} {gone}"), ((red,), gone), ((bed,), f"Red alert. {known}"),
        ((spell,), f"Red alert. {gone}"),
    ):  # fmt: skip
        assert h.report(judged, confirmed=(), silent=(), failed=failed) == text
    declined = h.report(judged, confirmed=(), silent=(), failed=(red,), declined=(bed,))
    assert declined == f"{gone} Bed light does not do that."


def test_what_cannot_confirm_is_sent() -> None:
    h = house()
    assert reported(h, said(h, "HassTurnOn", name="movie night")) == "Sent."


def test_the_owners_sentences_publish_what_they_say() -> None:
    h = house()
    red, spell = said(h, "RedAlert"), said(h, "CastSpell", spell="nox")
    assert red.commands == (Command("RedAlert", "publish", "demo/alert", "red"),)
    assert reported(h, red) == "Red alert."
    assert spell.commands[0].topic == "voiced/voiced/intent/CastSpell"
    assert json.loads(spell.commands[0].payload) == {"intent": "CastSpell", "slots": {"spell": "nox"}}


def test_a_thing_without_topics_is_known_and_not_reached() -> None:
    assert said(house(), "HassMediaPause").say == "I know the TV, but I cannot reach it."


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("HassGetState", {"name": "front door", "state": "locked"}, "Yes, the front door is locked."),
        ("HassGetState", {"name": "front door", "state": "unlocked"}, "No, the front door is locked."),
        ("HassGetState", {"name": "garage door", "state": "open"}, "I don't know."),
        ("HassGetState", {"name": "outdoor humidity"}, "Outdoor humidity is forty seven point five percent."),
        ("HassGetState", {"domain": "light", "state": "on", "floor": "first floor"}, "The bed light is on."),
        ("HassClimateGetTemperature", {}, "It is twenty point five degrees."),
        ("HassClimateGetTemperature", {"name": "heating"}, "Thermostat is at twenty point five degrees."),
        ("HassGetWeather", {}, "I don't know."),
        ("HassNevermind", {}, "Okay."),
    ],
)
def test_questions_are_answered_from_the_state_topics(intent: str, slots: dict[str, SlotValue], answer: str) -> None:
    h = house()
    for topic, payload in [
        ("demo/front/lock", b"LOCKED"),
        ("demo/outdoor/humidity", b"47.5"),
        ("demo/bedroom/bed", b'{"state": "ON", "brightness": 128}'),
        ("demo/office/desk", b'{"state": "OFF"}'),
        ("demo/thermostat/now", b"20.5"),
    ]:
        h.heard_state(topic, payload)
    assert said(h, intent, **slots).say == answer


# --- outcome ---------------------------------------------------------------------------------------------------------


def same(a: Call, b: Call, home: Home = HOME, area: str = "") -> bool:
    return outcome([a], home, area) == outcome([b], home, area)


def test_two_ways_of_saying_the_same_have_one_outcome() -> None:
    desk = Call("HassTurnOff", {"name": "Desk Light"})
    assert same(Call("HassTurnOff", {"area": "office", "domain": "light"}), desk)
    assert same(Call("HassTurnOff", {"domain": "light"}), desk, area="office")
    assert not same(Call("HassTurnOn", {"area": "office", "domain": "light"}), desk)
    assert same(
        Call("HassGetState", {"name": "Front Door", "domain": "lock"}),
        Call("HassGetState", {"name": "lock.front_door"}),
    )
    assert same(
        Call("HassLightSet", {"area": "bedroom", "brightness": 50.0}),
        Call("HassLightSet", {"name": "bed light", "brightness": 50}),
    )
    assert not same(Call("HassStartTimer", {"minutes": 5}), Call("HassStartTimer", {"minutes": 15}))


OFF = Call("HassTurnOff", {"name": "Desk Light"})


@pytest.mark.parametrize(
    ("understood", "meant", "came"),
    [
        (OFF, OFF, Result.EXACT),
        (Call("HassTurnOff", {"name": "Bed Light"}), OFF, Result.WRONG_ACTION),
        (Call("HassUnlock", {"name": "Front Door"}), OFF, Result.WRONG_ACTION),
        (Call("HassStartTimer", {"minutes": 5}), OFF, Result.WRONG_ACTION),
        (Call("HassGetCurrentTime"), OFF, Result.WRONG_REPLY),
        (Call("HassTurnOff", {"it": "yes"}), OFF, Result.WRONG_REPLY),
        (Call("AlsoThis", {"area": "office"}), OFF, Result.WRONG_REPLY),
        (None, OFF, Result.REJECTED),
        (None, None, Result.EXACT),
        (OFF, None, Result.WRONG_ACTION),
        (Call("HassGetCurrentTime"), None, Result.WRONG_REPLY),
    ],
)
def test_what_came_of_an_utterance(understood: Call | None, meant: Call | None, came: Result) -> None:
    assert result([understood] if understood else [], [meant] if meant else None, HOME) is came


@given(CALLS)
def test_what_has_only_a_reply_moves_nothing_and_sets_no_timer(call: Call) -> None:
    h = House(HOME, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY)
    if only_replies([call], HOME):
        judged = h.judge(Decision(Verdict.CALLS, (call,), 1.0))
        assert not judged.commands
        assert not judged.wants_code
        assert judged.kind is not Kind.ACT
        assert h.clocks.next_timer_s() is None


@example(Call("HassLightSet", {"temperature": 2.2e-309}))
@given(CALLS)
def test_every_step_is_a_message_or_out_of_reach_and_never_raises(call: Call) -> None:
    resolved = resolve(call, HOME)
    for step in resolved.steps if resolved else ():
        made = command(step, HOME)
        assert made is None or (made.topic and made.payload and made.entity == step.entity)


# --- the owner's manner ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "time", "warm"),
    [
        ("", "It is nine oh five p m.", "It is twenty point five degrees."),
        ("en_US.UTF-8", "It is nine oh five p m.", "It is sixty eight point nine degrees."),
        ("en-GB", "It is twenty one oh five.", "It is twenty point five degrees."),
    ],
)
def test_hours_and_degrees_are_the_owners(locale: str, time: str, warm: str) -> None:
    evening = TODAY.replace(hour=21, minute=5)
    h = House(HOME, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: evening, manner=Manner.of(locale))
    h.heard_state("demo/thermostat/now", b"20.5")
    assert said(h, "HassGetCurrentTime").say == time
    assert said(h, "HassClimateGetTemperature").say == warm


def test_an_american_sets_a_celsius_thermostat() -> None:
    h = House(HOME, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY, manner=Manner.of("en_US"))
    judged = said(h, "HassClimateSetTemperature", temperature=70)
    assert [c.payload for c in judged.commands] == ["21.1"]
    assert reported(h, judged) == "Thermostat is set to seventy degrees."
    h.heard_state("demo/thermostat/target", b"21.1")
    assert [c.payload for c in said(h, "HassClimateSetTemperature", temperature_step="up").commands] == ["22.2"]


def test_a_country_in_fahrenheit_and_one_without() -> None:
    boiler = Entity("climate.x", "X", mqtt={"temperature_unit": "F"})
    assert Manner.of("de_DE") == Manner(False, "C")
    assert Manner.of("en") == Manner()
    assert Manner.of("de_DE").degrees(212, boiler) == 100
    assert Manner.of("en_US").degrees(70, boiler) == 70
