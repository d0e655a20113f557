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
from voiced.home.lists import MAX_ITEMS, apply, from_dict, to_dict
from voiced.home.load import load_home
from voiced.home.replies import Reply
from voiced.messages import Call
from voiced.speak.phrases import say

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
    kitchen.house.lists = {"todo.shopping": tuple(f"thing {n}" for n in range(MAX_ITEMS - 1))}
    assert kitchen.hears("add milk and eggs to the shopping list") == (
        "Milk is on the shopping list. The shopping list is full."
    )
    assert kitchen.hears("what's on the shopping list").endswith("thing 11 and eighty eight others.")


def test_milk_and_eggs_are_two_things(graph: WordGraph) -> None:
    kitchen = Kitchen(graph)
    assert kitchen.hears("add milk and eggs to the shopping list") == "Milk and eggs are on the shopping list."
    assert kitchen.hears("add eggs and bread to the shopping list") == (
        "Bread is on the shopping list. Eggs are on the shopping list already."
    )
    assert kitchen.hears("read the shopping list") == "On the shopping list: milk, eggs and bread."
    assert kitchen.hears("take milk and caviar off the shopping list") == (
        "Milk is off the shopping list. There is no caviar on the shopping list."
    )
    assert kitchen.hears("take beer and wine off the shopping list") == (
        "There is no beer and no wine on the shopping list."
    )
    assert kitchen.hears("remove bread and eggs from the shopping list") == "Bread and eggs are off the shopping list."
    assert kitchen.house.lists == {"todo.shopping": ()}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("mac and cheese", ("mac and cheese",)),
        ("butter and mac and cheese and milk", ("butter", "mac and cheese", "milk")),
        ("salt and vinegar chips and oat milk", ("salt and vinegar chips", "oat milk")),
        ("a bag of apples", ("a bag of apples",)),
        ("eggs, milk and bread", ("eggs", "milk", "bread")),
        ("eggs, milk, and bread", ("eggs", "milk", "bread")),
        ("milk and milk", ("milk",)),
        ("bread and butter pudding and brandy", ("bread and butter pudding", "brandy")),
        ("two and a half pounds of potatoes and milk", ("two and a half pounds of potatoes", "milk")),
        ("2 and three quarters pounds of beef", ("2 and three quarters pounds of beef",)),
        ("one hundred and twenty grams of flour", ("one hundred and twenty grams of flour",)),
        ("a hundred and a half pounds of salt", ("a hundred and a half pounds of salt",)),
        ("a pound and a half of beef and two melons", ("a pound and a half of beef", "two melons")),
        ("a dozen and a half eggs", ("a dozen and a half eggs",)),
        ("milk and a half gallon of cream", ("milk", "a half gallon of cream")),
        ("a melon and a half gallon of milk", ("a melon", "a half gallon of milk")),
        ("cola zero and one lemon", ("cola zero", "one lemon")),
        ("six eggs and two lemons", ("six eggs", "two lemons")),
        ("black and white film", ("black and white film",)),
        ("Ben and Jerry's and ice", ("Ben and Jerry's", "ice")),
    ],
)
def test_what_is_one_thing_stays_one(said: str, kept: tuple[str, ...]) -> None:
    """Commas come from a model that writes; the pudding is on the list already, written by hand."""
    before = {"todo.shopping": ("bread and butter pudding",)}
    lists, _ = apply(before, Call("HassListAddItem", {"name": "shopping list", "item": said}), HOME)
    now = lists["todo.shopping"]
    assert (now if "pudding" in said else now[1:]) == kept
    lists, reply = apply(lists, Call("HassListRemoveItem", {"name": "shopping list", "item": said}), HOME)
    assert (reply.key, reply.values["items"]) == ("list_removed", list(kept))


@pytest.mark.parametrize("said", ["", " ", "and", ","])
def test_nothing_is_put_on_no_list(said: str) -> None:
    lists, reply = apply({}, Call("HassListAddItem", {"name": "shopping list", "item": said}), HOME)
    assert (lists, reply.key) == ({}, "dont_know")


@pytest.mark.parametrize(("item", "are"), [
    ("milk", "Milk is"), ("eggs", "Eggs are"), ("hummus", "Hummus is"), ("a box of eggs", "A box of eggs is"),
    ("two bottles of milk", "Two bottles of milk are"), ("tin of tomatoes", "Tin of tomatoes is"),
    ("two and a half melons", "Two and a half melons are"), ("a dozen and a half", "A dozen and a half is"),
    ("ben and jerry's", "Ben and jerry's is"),
])  # fmt: skip
def test_one_is_and_several_are(graph: WordGraph, item: str, are: str) -> None:
    assert Kitchen(graph).hears(f"add {item} to the shopping list") == f"{are} on the shopping list."


def test_what_is_on_the_list_is_taken_off_as_people_call_it(graph: WordGraph) -> None:
    kitchen = Kitchen(graph)
    assert kitchen.hears("add some eggs to the shopping list") == "Eggs are on the shopping list."
    assert kitchen.hears("add the eggs to the shopping list") == "Eggs are on the shopping list already."
    assert kitchen.hears("add a loaf of bread to the shopping list") == "A loaf of bread is on the shopping list."
    assert kitchen.hears("take the eggs and loaf of bread off the shopping list") == (
        "Eggs and a loaf of bread are off the shopping list."
    )
    assert kitchen.hears("remove the milk from the shopping list") == "There is no milk on the shopping list."
    kitchen.hears("add milk and eggs to the shopping list")
    assert kitchen.hears("remove everything from the shopping list") == "The shopping list is empty now."
    assert kitchen.house.lists == {"todo.shopping": ()}


@pytest.mark.parametrize(("name", "called"), [("To Do", "to do list"), ("Packing list", "packing list")])
def test_a_list_is_called_a_list(name: str, called: str) -> None:
    said = say(Reply("list", {"name": name, "items": ["call the plumber"]}))
    assert said == f"On the {called}: call the plumber."


def test_a_list_of_somebody_elses_is_sent_to() -> None:
    theirs = load_home(
        '[[entities]]\nid = "todo.shop"\nname = "Shopping List"\nmqtt = { command_topic = "list/add" }\n'
    )
    house = House(theirs, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY)
    (sent,) = house.judge(typed(word_graph(theirs), "add milk to the shopping list")).commands
    assert json.loads(sent.payload)["slots"]["item"] == "milk"


def test_as_many_lists_are_read_as_were_kept() -> None:
    many = {f"todo.{n}": ("milk",) for n in range(22)}
    assert from_dict(json.loads(json.dumps(to_dict(many)))) == many


@pytest.mark.parametrize("damaged", [7, {"a": "b"}, {"a": [7]}])
def test_a_damaged_state_is_no_list(damaged: object) -> None:
    with pytest.raises(ValueError, match="list"):
        from_dict(damaged)
