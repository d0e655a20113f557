"""The demo's house, spoken to in the words that people use first: what is sent, and what is said."""

from __future__ import annotations

import pytest

from tests.home.saying import HOME, TODAY, reported
from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.manner import Manner
from voiced.home.simulated import first_states

GRAPH = word_graph(HOME)


class Home:
    def __init__(self, locale: str = "") -> None:
        self.house = House(
            HOME, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: TODAY, manner=Manner.of(locale)
        )
        for topic, payload in first_states(HOME):
            self.house.heard_state(topic, payload.encode())

    def judged(self, words: str) -> Judgement:
        return self.house.judge(typed(GRAPH, words))

    def does(self, words: str) -> tuple[list[str], str]:
        """Payloads, and what is said where all of them are confirmed."""
        judged = self.judged(words)
        said = reported(self.house, judged) if judged.kind is Kind.ACT else judged.say
        return [c.payload for c in judged.commands], said


@pytest.mark.parametrize(
    ("words", "payloads", "said"),
    [
        ("is the garage open", [], "No, the garage door is not open."),
        ("did i leave the garage open", [], "No, the garage door is not open."),
        ("open the garage", [], "Say four seven to open the garage door."),
        ("close the garage", ["CLOSE"], "Garage door is already closed."),
        ("set the fan to fifty percent", ["50"], "Bedroom fan is at fifty percent."),
        ("turn on the fan", ["ON"], "Bedroom fan is on."),
        ("turn the heating down a bit", ["19"], "Thermostat is set to nineteen degrees."),
        ("turn the heat up", ["21"], "Thermostat is set to twenty one degrees."),
        ("set the thermostat to seventy degrees fahrenheit", ["21.1"], "Thermostat is set to seventy degrees."),
        ("set the thermostat to twenty one degrees celsius", ["21"], "Thermostat is set to twenty one degrees."),
    ],
)
def test_what_is_said_first(words: str, payloads: list[str], said: str) -> None:
    assert Home().does(words) == (payloads, said)


def test_who_measures_in_fahrenheit_may_still_say_celsius() -> None:
    home = Home("en_US")
    assert home.does("set the thermostat to seventy degrees")[0] == ["21.1"]
    assert home.does("set the thermostat to twenty one degrees celsius")[0] == ["21"]


def test_brighter_means_the_lamp_of_a_moment_ago_and_not_the_thermostat() -> None:
    home = Home()
    home.judged("set the bed light to ten percent")
    home.house.heard_state("demo/bedroom/bed", b'{"state": "ON", "brightness": 26}')
    assert home.does("a bit brighter")[1] == "Bed light is at thirty percent."
    home.judged("set the thermostat to twenty two degrees")
    assert home.judged("brighter").reason == "which"
