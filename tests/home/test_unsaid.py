"""Behind which whole commands something more is likely to be named, and behind which nothing is."""

from __future__ import annotations

import pytest

from voiced.app import real_house
from voiced.config import DEMO_HOME
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.load import load_home
from voiced.home.model import Home, OwnSentence, placeholders
from voiced.home.unsaid import slots_left
from voiced.messages import Call, Decision, Verdict

HOME = load_home(DEMO_HOME.read_text("utf-8"))
GRAPH = word_graph(HOME)
AN_AREA = HOME.areas[0].id


def said(text: str) -> Decision:
    decision = typed(GRAPH, text)
    assert decision.verdict is Verdict.CALLS, text
    return decision


@pytest.mark.parametrize(
    "text",
    [
        "turn on the lights", "dim the lights", "set the lights to red", "open the blinds", "close it", "lock it",
        "set a timer for three hours", "cancel",
    ],
)  # fmt: skip
def test_a_command_that_others_begin_with_is_waited_for(text: str) -> None:
    assert slots_left(HOME, said(text).calls)


@pytest.mark.parametrize(
    "text",
    [
        "turn on the kitchen lights", "turn off all lights", "turn off the lights everywhere", "everything off",
        "set the bed light to forty percent", "set a timer for five minutes", "brighter",
        "set a timer for three hours and ten minutes", "cancel the timer", "what time is it", "is the light on",
        "set the temperature to twenty",
    ],
)  # fmt: skip
def test_what_is_all_said_is_done_at_once(text: str) -> None:
    assert not slots_left(HOME, said(text).calls)


@pytest.mark.parametrize("text", ["turn on the lights", "dim the lights", "open the blinds"])
def test_where_the_device_has_a_place_of_its_own_no_other_is_waited_for(text: str) -> None:
    assert not slots_left(HOME, said(text).calls, AN_AREA)


def test_once_it_is_known_what_it_is_nobody_waits() -> None:
    house = real_house(HOME)
    assert house.slots_left(said("turn it off"))
    house.judge(said("turn on the bed light"))
    assert not house.slots_left(said("turn it off"))


ORDER = OwnSentence("order", ("[a] {size} {drink} [with {extra:more}]",))
ORDERS = Home(lists={"size": ("small",), "drink": ("latte",), "extra": ("milk",)}, sentences=(ORDER,))


def test_only_the_last_of_several_commands_goes_on() -> None:
    part = Call("order", {"size": "small", "drink": "latte"})
    whole = Call("order", {**part.slots, "more": "milk"})
    assert slots_left(ORDERS, (whole, part))
    assert not slots_left(ORDERS, (part, whole))
    assert not slots_left(ORDERS, ())
    assert not slots_left(HOME, (part,)), "a house that does not know it"


def test_a_list_may_fill_a_slot_of_another_name() -> None:
    assert placeholders("a {size} [{drink:what}] please") == (("size", "size"), ("drink", "what"))
