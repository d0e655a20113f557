"""What the house says can be said aloud: words, no digits, no ids."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.home.load import load_home
from voiced.home.model import Entity, Home
from voiced.home.replies import Reply
from voiced.speak.numbers import clock, date, digits, duration, number, ordinal, year
from voiced.speak.phrases import LANGUAGES, MOST_CONFIRMATIONS, confirmations, say

HOME = load_home((resources.files("voiced") / "data" / "demo-home.toml").read_text(encoding="utf-8"))
SPEAKABLE = re.compile(r"[A-Z][A-Za-z' ,:-]*[.?](?: [A-Z][A-Za-z' ,:-]*[.?])*")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (number(22.5), "twenty two point five"),
        (number(-3.04), "minus three"),
        (number(float("inf")), "a lot"),
        (digits("47"), "four seven"),
        (duration(300), "five minutes"),
        (duration(11_400), "three hours and ten minutes"),
        (duration(61), "one minute and one second"),
        (duration(59.2), "one minute"),
        (clock(9, 10), "nine ten a m"),
        (clock(21, 5), "nine oh five p m"),
        (clock(0, 0), "midnight"),
        (clock(12, 30), "twelve thirty p m"),
        (clock(15, 0), "three o'clock"),
        (date(1, 24, 11, 2026), "Tuesday, November twenty fourth, twenty twenty six"),
        (ordinal(12), "twelfth"),
        (ordinal(20), "twentieth"),
        (ordinal(31), "thirty first"),
        (year(2005), "two thousand five"),
        (year(1900), "nineteen hundred"),
    ],
)
def test_numbers_are_words(said: str, wanted: str) -> None:
    assert said == wanted


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (Reply("done", {"name": "Kitchen Ceiling", "verb": "turn_on"}), "Kitchen ceiling is on."),
        (Reply("done", {"name": "TV", "verb": "pause"}), "TV is paused."),
        (Reply("done", {"name": "Bed Light", "verb": "set", "brightness": 40}), "Bed light is at forty percent."),
        (Reply("done", {"name": "TV", "verb": "next"}), "Done."),
        (Reply("done_group", {"kinds": ["window"], "place": "", "verb": "open"}), "Windows are opening."),
        (
            Reply("done_group", {"kinds": ["light"], "place": "Kitchen", "verb": "set", "color": "green"}),
            "Kitchen lights are green.",
        ),
        (
            Reply("say_code", {"digits": "07", "verb": "unlock", "names": ["Front Door"]}),
            "Say zero seven to unlock the front door.",
        ),
        (
            Reply("unreached", {"names": ["Front Door", "Anna's Lamp"]}),
            "No answer from the front door and anna's lamp.",
        ),
        (
            Reply("unreachable", {"names": ["Front Door", "Gate"]}),
            "I know the front door and the gate, but I cannot reach them.",
        ),
        (
            Reply("unknown_state", {"names": ["Bed Light", "Fan"]}),
            "I don't know how the bed light and the fan are set now.",
        ),
        (
            Reply("unanswered", {"names": ["Kitchen Lights"], "state": "on"}),
            "No answer from the kitchen lights, but they were on before.",
        ),
        (
            Reply("lacks", {"names": ["Bed Light", "Fan"], "what": "colour"}),
            "The bed light and the fan have no colour.",
        ),
        (Reply("range", {"names": ["Boiler"]}), "Boiler does not go there."),
        (Reply("declined", {"names": ["Robbie"]}), "Robbie does not do that."),
        (Reply("already_off", {"names": ["Kitchen Lights"]}), "Kitchen lights are already off."),
        (
            Reply("done_group", {"kinds": ["light"], "place": "Living Room", "others": True, "verb": "turn_on"}),
            "The other living room lights are on.",
        ),
        (
            Reply("already_done_group", {"kinds": ["window"], "place": "", "others": True, "verb": "close"}),
            "The other windows are already closed.",
        ),
        (Reply("done_group", {"kinds": ["climate"], "place": "", "verb": "set_temperature"}), "Thermostats are set."),
        (Reply("done_group", {"kinds": ["fan"], "place": "", "verb": "set_speed"}), "Fans are set."),
        (Reply("temperature", {"name": "", "degrees": 1.04}), "It is one degree."),
        (Reply("temperature", {"name": "", "degrees": -1}), "It is minus one degree."),
        (Reply("weather", {"name": "Home", "state": "sunny", "degrees": 1}), "It is sunny, one degree."),
        (Reply("measures", {"name": "Wind", "number": 1, "unit": "km/h"}), "Wind is one kilometer per hour."),
        (Reply("measures", {"name": "Run", "number": 1.04, "unit": "min"}), "Run is one point zero four minutes."),
        (Reply("measures", {"name": "Air", "number": 1, "unit": "ppm"}), "Air is one part per million."),
        (Reply("measures", {"name": "Sun", "number": 1, "unit": "lx"}), "Sun is one lux."),
        (Reply("no such key"), "Sorry, something went wrong. Please say it again."),
        (Reply("nothing"), ""),
    ],
)  # fmt: skip
def test_sentences_are_short_and_human(reply: Reply, wanted: str) -> None:
    assert say(reply) == wanted


def test_the_demos_confirmations_are_there_before_they_are_needed() -> None:
    texts = confirmations(HOME)
    assert {"Kitchen ceiling is on.", "Garage door is closing.", "Timer set for five minutes.", "Sent."} <= set(texts)
    assert {"Bed light is at forty percent.", "Thermostat is set to twenty one degrees."} <= set(texts)
    assert all(SPEAKABLE.fullmatch(text) for text in texts)


@given(st.integers(0, 120), st.sampled_from(["light", "lock", "cover", "scene"]))
def test_a_big_house_does_not_fill_the_memory(count: int, domain: str) -> None:
    things = tuple(Entity(f"{domain}.x{i}", f"thing {i}", mqtt={"command_topic": "a"}) for i in range(count))
    texts = confirmations(Home(entities=things))
    assert len(texts) == len(set(texts)) <= MOST_CONFIRMATIONS
    assert "Sent." in texts


@given(st.floats(-1e5, 1e5))
def test_any_number_is_words_only(value: float) -> None:
    assert re.fullmatch(r"[a-z ]+", number(value))


@given(st.floats(0, 1e6))
def test_any_duration_is_words_only(seconds: float) -> None:
    assert re.fullmatch(r"[a-z ]+", duration(seconds))


@given(st.integers(0, 23), st.integers(1, 59))
def test_every_minute_of_the_day_sounds_different(hour: int, minute: int) -> None:
    others = {clock(h, minute) for h in range(24) if h != hour}
    assert clock(hour, minute) not in others


def test_a_language_has_all_keys_of_english() -> None:
    assert all(set(phrases) == set(LANGUAGES["en"]) for phrases in LANGUAGES.values())


def which(
    how: str, names: list[str], others: list[str], kind: str = "window", state: str = "open", unknown: int = 0
) -> str:
    values = {"kind": kind, "state": state, "names": names, "others": others, "unknown": unknown, "how": how}
    return say(Reply("which_are", values))


def test_what_was_asked_of_many_is_answered_as_it_was_asked() -> None:
    assert which("any", [], ["A", "B"]) == "No, no windows are open."
    assert which("the", [], ["Garage Door"], kind="garage") == "No, the garage door is not open."
    assert which("any", [], ["A"], unknown=1) == "No, no windows are open. I don't know about the others."
    blinds = Reply("measures", {"name": "Hall Blinds", "number": 40, "unit": "%"})
    assert say(blinds) == "Hall blinds are forty percent."
    assert which("any", ["Hall Window"], ["B"]) == "Yes, the hall window is open."
    assert which("any", ["A", "B"], ["C"]) == "Yes, two windows are open: the a and the b."
    assert which("any", [], ["A"], kind="thing", state="on") == "No, nothing is on."
    assert which("all", ["A", "B"], []) == "Yes, both windows are open."
    assert which("all", ["Hall Window"], []) == "Yes, the hall window is open."
    assert which("all", ["A", "B"], ["Hall Window"]) == "No, the hall window is not open."
    assert which("all", ["A"], ["Bed Window", "Hall Window"], kind="thing", state="closed") == (
        "No, two things are not closed: the bed window and the hall window."
    )
    assert which("all", ["A", "B"], [], unknown=1) == "Two windows are open. I don't know about the others."
    assert which("the", ["Hall Window"], ["Bed Window"]) == "The hall window is open, but the bed window is not."
    assert which("the", ["A", "B"], [], kind="light", state="on") == "Yes, both lights are on."
    assert which("which", ["A", "B"], [], kind="light", state="on") == "Both lights are on."
    assert which("which", [], ["A", "B"]) == "No windows are open."
    assert which("many", ["Hall Window"], ["B"]) == "One: the hall window."


@given(
    st.sampled_from(["any", "all", "the", "which", "many"]),
    st.lists(st.sampled_from(["Hall", "Bed", "Desk", "Porch", "Attic", "Den"]), unique=True),
    st.integers(0, 6),
    st.booleans(),
)
def test_a_question_of_many_names_nothing_that_is_not_so(how: str, names: list[str], cut: int, unsure: bool) -> None:
    so, others = names[:cut], names[cut:]
    if not names:
        return
    said = which(how, [f"{n} lamp" for n in so], [f"{n} lamp" for n in others], "light", "on", int(unsure))
    assert said[0].isupper()
    assert said.endswith(".")
    assert ("Yes" in said) <= (bool(so) if how != "all" else not others and not unsure)
    assert ("No" in said.split(",")[0]) <= (not so or (how == "all" and bool(others)))
    assert unsure == ("I don't know about the others" in said)
