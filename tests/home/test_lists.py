"""The shopping list, from the kitchen to the shop."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from voiced.config import DEMO_HOME
from voiced.home.house import House
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.language.wordgraph import WordGraph
from voiced.home.lists import MAX_ITEMS, from_dict
from voiced.home.load import load_home

HOME = load_home(DEMO_HOME.read_text("utf-8"))
TODAY = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def graph() -> WordGraph:
    return word_graph(HOME)


class Kitchen:
    def __init__(self, graph: WordGraph) -> None:
        self.graph = graph
        self.house = self.moved_in()

    def moved_in(self) -> House:
        return House(
            HOME,
            random_digits=lambda: "47",
            now_s=lambda: 0.0,
            today=lambda: dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC),
        )

    def hears(self, text: str) -> str:
        judged = self.house.judge(typed(self.graph, text))
        assert judged.commands == ()
        return judged.say


def test_what_is_missing_is_put_on_the_list_and_taken_off_in_the_shop(graph: WordGraph) -> None:
    kitchen = Kitchen(graph)
    assert kitchen.hears("what's on the shopping list") == "There is nothing on the shopping list."
    assert kitchen.hears("add oat milk to the shopping list") == "Oat milk is on the shopping list."
    assert kitchen.hears("add oat milk to my shopping list") == "Oat milk is on the shopping list already."
    kitchen.hears("put bread on the shopping list")
    assert kitchen.hears("read the shopping list") == "On the shopping list: oat milk and bread."

    kept = json.loads(json.dumps(kitchen.house.to_dict()))
    kitchen.house = kitchen.moved_in()
    kitchen.house.restore(kept)
    assert kitchen.hears("remove oat milk from the shopping list") == "Oat milk is off the shopping list."
    assert kitchen.hears("take caviar off the shopping list") == "There is no caviar on the shopping list."
    assert kitchen.hears("what is on my shopping list") == "On the shopping list: bread."
    assert kitchen.hears("clear the shopping list") == "The shopping list is empty now."
    assert kitchen.hears("what's on the shopping list") == "There is nothing on the shopping list."


def test_a_list_has_an_end(graph: WordGraph) -> None:
    kitchen = Kitchen(graph)
    kitchen.house.lists = {"todo.shopping": tuple(f"thing {n}" for n in range(MAX_ITEMS))}
    assert kitchen.hears("add milk to the shopping list") == "The shopping list is full."
    assert kitchen.hears("what's on the shopping list").endswith("and ninety six others.")


def test_a_list_of_somebody_elses_is_sent_to() -> None:
    theirs = load_home(
        '[[entities]]\nid = "todo.shop"\nname = "Shopping List"\nmqtt = { command_topic = "list/add" }\n'
    )
    house = House(theirs, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY)
    (sent,) = house.judge(typed(word_graph(theirs), "add milk to the shopping list")).commands
    assert json.loads(sent.payload)["slots"]["item"] == "milk"


@pytest.mark.parametrize("damaged", [7, {"a": "b"}, {"a": [7]}, {"a": ["x"] * 101}, {str(n): [] for n in range(21)}])
def test_a_damaged_state_is_no_list(damaged: object) -> None:
    with pytest.raises(ValueError, match="list"):
        from_dict(damaged)
