"""A house as a graph of what can be said in it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.home.sentence_homes import HOUSE, RECORDINGS, House, Own, Thing, lines, recorded_house
from voiced.home.language.paths import meanings, sample, size
from voiced.home.language.sentences import CODE_INTENT, code_graph, faults, word_graph
from voiced.home.language.spoken import name_variants, number_words, spoken
from voiced.home.language.wordgraph import WordGraph
from voiced.home.load import load_home
from voiced.home.outcome import outcome
from voiced.messages import Call

SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="module")
def house() -> House:
    return recorded_house()


@pytest.fixture(scope="module")
def graph(house: House) -> WordGraph:
    return word_graph(house)


def understood(graph: WordGraph, text: str) -> list[tuple[str, Mapping[str, object]]] | None:
    found = meanings(graph, spoken(text).split())
    return [(c.intent, c.slots) for c in found[0].calls] if found else None


def one(graph: WordGraph, text: str) -> tuple[str, Mapping[str, object]]:
    calls = understood(graph, text)
    assert calls is not None, text
    assert len(calls) == 1
    return calls[0]


def test_every_recorded_command_is_understood_as_expected(graph: WordGraph) -> None:
    """To the same outcome: "basement light" is a light's name and the light of the basement."""
    recorded = lines("commands.jsonl")
    home = load_home((RECORDINGS / "home.toml").read_text(encoding="utf-8"))
    assert size(word_graph(home)) == size(graph)
    for line in recorded:
        if line["expect"] is None:
            continue
        found = meanings(graph, spoken(line["text"]).split())
        assert found, line["text"]
        want = tuple(Call(x["intent"], x["slots"]) for x in line["expect"])
        assert outcome(found[0].calls, home) == outcome(want, home), line["text"]


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("kitchen lights off", "HassTurnOff", {"area": "kitchen", "domain": "light"}),
        ("kitchen lights on please", "HassTurnOn", {"area": "kitchen", "domain": "light"}),
        ("lights off", "HassTurnOff", {"domain": "light"}),
        ("all lights off", "HassTurnOff", {"domain": "light", "everywhere": "yes"}),
        ("turn off all the lights", "HassTurnOff", {"domain": "light", "everywhere": "yes"}),
        ("turn off all the lights in here", "HassTurnOff", {"domain": "light"}),
        ("turn the bed light to forty percent", "HassLightSet", {"name": "bed light", "brightness": 40}),
        ("turn the kitchen lights green", "HassLightSet", {"area": "kitchen", "color": "green"}),
        ("dim the bed light", "HassLightSet", {"name": "bed light", "brightness": 30}),
        ("could you close the garage door", "HassCloseCover", {"name": "garage door"}),
        ("open the kitchen window", "HassOpenCover", {"name": "kitchen window"}),
        ("open all the windows in the kitchen", "HassOpenCover", {"area": "kitchen", "device_class": "window"}),
        ("unlock the front door", "HassUnlock", {"name": "front door"}),
        ("unlock the door", "HassUnlock", {}),
        ("unlock all the doors", "HassUnlock", {"everywhere": "yes"}),
        ("lock up", "HassLock", {"everywhere": "yes"}),
        ("please lock the front door", "HassLock", {"name": "front door"}),
        ("what's the time", "HassGetCurrentTime", {}),
        ("stop", "HassNevermind", {}),
        ("never mind", "HassNevermind", {}),
        ("set a timer for an hour and a half", "HassStartTimer", {"hours": 1, "minutes": 30}),
        ("set the temperature to 21", "HassClimateSetTemperature", {"temperature": 21}),
        ("set the temperature to twenty one and a half degrees", "HassClimateSetTemperature", {"temperature": 21.5}),
        ("turn off the t v", "HassTurnOff", {"name": "tv"}),
        ("turn off the lamp", "HassTurnOff", {"name": "lamp"}),
        ("start party time", "HassTurnOn", {"name": "party time"}),
        (
            "are any lights on in the office",
            "HassGetState",
            {"how": "any", "area": "office", "domain": "light", "state": "on"},
        ),
        ("set a pizza timer for ten minutes", "HassStartTimer", {"name": "pizza", "minutes": 10}),
        ("add oat milk to the shopping list", "HassListAddItem", {"item": "oat milk", "name": "shopping list"}),
        ("announce dinner is ready", "HassBroadcast", {"message": "dinner is ready"}),
        ("dim the bed light to 20 percent", "HassLightSet", {"name": "bed light", "brightness": 20}),
        ("dim the bed light by 20 percent", "HassLightSet", {"name": "bed light", "brightness_by": -20}),
        ("turn the bed light up by ten", "HassLightSet", {"name": "bed light", "brightness_by": 10}),
        ("make the bed light 10 percent darker", "HassLightSet", {"name": "bed light", "brightness_by": -10}),
        ("brighten the kitchen lights by 10 percent", "HassLightSet", {"area": "kitchen", "brightness_by": 10}),
        ("turn up the tv by 10 percent", "HassSetVolumeRelative", {"name": "tv", "volume_step": 10}),
        ("turn the tv down by 10", "HassSetVolumeRelative", {"name": "tv", "volume_step": -10}),
        ("turn the volume down by 10 percent", "HassSetVolumeRelative", {"volume_step": -10}),
        ("turn the heating up 2 degrees", "HassClimateSetTemperature", {"temperature_by": 2}),
        ("lower the temperature by one degree", "HassClimateSetTemperature", {"temperature_by": -1}),
        ("turn the heating down to 18", "HassClimateSetTemperature", {"temperature": 18}),
        ("turn the volume up to 40", "HassSetVolume", {"volume_level": 40}),
        ("turn the volume up 10", "HassSetVolumeRelative", {"volume_step": 10}),
        ("lower the volume", "HassSetVolumeRelative", {"volume_step": "down"}),
        ("dim the kitchen lights a little", "HassLightSet", {"area": "kitchen", "brightness_step": "down"}),
        ("dim all the lights", "HassLightSet", {"brightness": 30, "everywhere": "yes"}),
        ("turn everything off on the first floor", "HassTurnOff", {"floor": "first floor", "everything": "yes"}),
        ("set the kitchen window to 30 percent", "HassSetPosition", {"name": "kitchen window", "position": 30}),
        ("turn them off again", "HassTurnOff", {"it": "all"}),
        ("close them", "HassCloseCover", {"it": "all"}),
        ("turn on all the lights in the house", "HassTurnOn", {"domain": "light", "everywhere": "yes"}),
        ("close the windows first floor", "HassCloseCover", {"device_class": "window", "floor": "first floor"}),
        ("turn up the heating in the office", "HassClimateSetTemperature",
         {"area": "office", "temperature_step": "up"}),
        ("make the office a bit cooler", "HassClimateSetTemperature", {"area": "office", "temperature_step": "down"}),
        ("turn the heating off in the office", "HassTurnOff", {"area": "office", "domain": "climate"}),
        ("how cold is it outside", "HassGetWeather", {}),
        ("lock them", "HassLock", {"it": "all"}),
        ("lock both doors", "HassLock", {"everywhere": "yes"}),
        ("did i leave the kitchen lights on", "HassGetState",
         {"area": "kitchen", "domain": "light", "how": "any", "state": "on"}),
        ("did i turn off the bed light", "HassGetState", {"name": "bed light", "state": "off"}),
        ("did we lock the front door", "HassGetState", {"name": "front door", "state": "locked"}),
        ("did i close the kitchen window", "HassGetState", {"name": "kitchen window", "state": "closed"}),
        ("did i shut the garage", "HassGetState",
         {"domain": "cover", "device_class": "garage", "how": "the", "state": "closed"}),
        ("is the door locked", "HassGetState", {"domain": "lock", "how": "the", "state": "locked"}),
        ("when does the timer go off", "HassTimerStatus", {}),
        ("is the timer still running", "HassTimerStatus", {}),
        ("what are my reminders", "AlarmStatus", {}),
        ("remind me in 5 minutes to take the cake out the oven", "AlarmSet",
         {"minutes": 5, "text": "take the cake out the oven"}),
        ("read me the shopping list", "ListRead", {"name": "shopping list"}),
    ],
)  # fmt: skip
def test_everyday_sentences(graph: WordGraph, text: str, intent: str, slots: dict[str, object]) -> None:
    assert one(graph, text) == (intent, slots)


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (
            "turn on the kitchen lights and close the garage door",
            [("HassTurnOn", {"area": "kitchen", "domain": "light"}), ("HassCloseCover", {"name": "garage door"})],
        ),
        (
            "turn on the bed light then turn off the office lights and lock the front door",
            [
                ("HassTurnOn", {"name": "bed light"}),
                ("HassTurnOff", {"area": "office", "domain": "light"}),
                ("HassLock", {"name": "front door"}),
            ],
        ),
        (
            "turn on the kitchen lights and the bed light",
            [("HassTurnOn", {"area": "kitchen", "domain": "light"}), ("HassTurnOn", {"name": "bed light"})],
        ),
        (
            "turn on the bed light and dim it to forty percent",
            [("HassTurnOn", {"name": "bed light"}), ("HassLightSet", {"brightness": 40, "name": "bed light"})],
        ),
        (
            "turn off all the lights except the kitchen and the bed light please",
            [("HassTurnOff", {"domain": "light", "everywhere": "yes", "except": "kitchen; bed light"})],
        ),
        ("set a timer for three hours and ten minutes", [("HassStartTimer", {"hours": 3, "minutes": 10})]),
        ("make the bed light a bit brighter", [("HassLightSet", {"name": "bed light", "brightness_step": "up"})]),
        ("a bit warmer", [("HassClimateSetTemperature", {"temperature_step": "up"})]),
        ("turn it off again", [("HassTurnOff", {"it": "yes"})]),
        ("and the kitchen too", [("AlsoThis", {"area": "kitchen"})]),
        ("now the kitchen", [("AlsoThis", {"area": "kitchen"})]),
        ("no the bed light", [("UndoThat", {}), ("AlsoThis", {"name": "bed light"})]),
        ("no i meant the kitchen", [("UndoThat", {}), ("AlsoThis", {"area": "kitchen"})]),
        ("i said turn on the bed light", [("UndoThat", {}), ("HassTurnOn", {"name": "bed light"})]),
        ("undo that please", [("UndoThat", {})]),
        ("cancel that", [("UndoThat", {})]),
        ("put it back the way it was", [("UndoThat", {})]),
    ],
)
def test_several_things_in_one_breath(
    graph: WordGraph, text: str, calls: list[tuple[str, Mapping[str, object]]]
) -> None:
    assert understood(graph, text) == calls


@pytest.mark.parametrize(
    "text",
    [
        "",
        "except the kitchen",
        "no",
        "no turn on the bed light",
        "the",
        "turn on",
        "unlock",
        "the weather was nice yesterday",
        "turn on the kitchen ceiling and",
        "set a timer for",
    ],
)
def test_what_is_no_sentence(graph: WordGraph, text: str) -> None:
    assert understood(graph, text) is None


def test_unlock_and_open_never_mean_their_opposite(graph: WordGraph) -> None:
    """Whatever is drawn from the graph: the verb that was said is the verb that is called."""
    rng = random.Random(7)
    verbs = {"HassLock": "lock", "HassUnlock": "unlock"}
    seen = set()
    for _ in range(4000):
        words, calls = sample(graph, rng)
        for call in calls:
            if call.intent in verbs:
                seen.add(call.intent)
                assert verbs[call.intent] in words
                assert call.intent == "HassUnlock" or "unlock" not in words
        if "unlock" in words:
            assert all(m.calls[0].intent not in {"HassLock", "HassTurnOn"} for m in meanings(graph, words))
    assert seen == set(verbs)


def test_no_turn_on_of_a_lock_or_cover_by_name(graph: WordGraph) -> None:
    for name in ("front door", "garage door", "kitchen window"):
        for verb in ("turn on", "turn off", "switch on", "switch off"):
            assert understood(graph, f"{verb} the {name}") is None


def test_it_is_small_and_quickly_made(house: House) -> None:
    started = time.perf_counter()
    made = word_graph(house)
    took = time.perf_counter() - started
    nodes, arcs = size(made)
    print(f"recorded house: {nodes} nodes, {arcs} arcs, {took * 1000:.0f} ms")
    assert arcs < 40_000
    rooms = [Thing(f"Room {n}") for n in range(40)]
    kinds = ("light", "switch", "cover", "lock", "sensor", "scene", "climate", "media_player", "fan", "todo")
    many = [Thing(f"Thing {n} {kinds[n % 10]}", kinds[n % 10], device_class="window") for n in range(500)]
    started = time.perf_counter()
    big = word_graph(House(many, rooms, [Thing("Ground Floor")]))
    took = time.perf_counter() - started
    nodes, arcs = size(big)
    print(f"500 entities: {nodes} nodes, {arcs} arcs, {took * 1000:.0f} ms")
    assert arcs < 80_000
    assert took < 20  # a few tenths of a second on a quiet machine


def test_own_sentences_take_their_slots_in_any_order() -> None:
    house = House(
        lists={"size": ["small", "twelve ounce"], "drink": ["flat white", "iced mocha"], "shots": ["double shot"]},
        sentences=[Own("orderDrink", ["[(can I get|I'd like)] ([a] {drink};[a] {size};[with a {shots}])"])],
    )
    graph = word_graph(house)
    want = ("orderDrink", {"drink": "flat white", "size": "twelve ounce", "shots": "double shot"})
    assert one(graph, "can I get a 12 ounce flat white with a double shot") == want
    assert one(graph, "with a double shot a flat white twelve ounce") == want
    assert one(graph, "small iced mocha") == ("orderDrink", {"size": "small", "drink": "iced mocha"})


def test_a_list_of_the_owners_closes_a_wildcard() -> None:
    house = House([Thing("Groceries", "todo")], lists={"todo_list_item": ["milk", "brown bread"]}, sentences=[])
    graph = word_graph(house)
    assert one(graph, "add brown bread to groceries") == (
        "HassListAddItem",
        {"item": "brown bread", "name": "groceries"},
    )
    assert understood(graph, "add cheese to groceries") is None


def test_faults_name_the_sentence() -> None:
    house = House(
        lists={"a": []}, sentences=[Own("X", ["go {b}"]), Own("Y", ["({a}"]), Own("Z", ["say {a}"]), Own("W", ["fine"])]
    )
    found = faults(house)
    assert [line.split(" of ")[1][0] for line in found] == ["X", "Y", "Z"]


def test_an_empty_house_has_time_and_timers_only() -> None:
    graph = word_graph(House())
    assert one(graph, "what time is it") == ("HassGetCurrentTime", {})
    assert understood(graph, "turn on the lights") is None
    assert understood(graph, "open the windows") is None


@SOME
@given(HOUSE, st.integers(0, 2**32))
def test_any_sentence_drawn_means_what_it_was_drawn_for(house: House, seed: int) -> None:
    graph = word_graph(house)
    rng = random.Random(seed)
    for _ in range(4):
        words, calls = sample(graph, rng)
        assert spoken(" ".join(words)).split() == list(words)
        assert calls in [m.calls for m in meanings(graph, words, most=64)]


def test_code() -> None:
    graph = code_graph()
    assert one(graph, "four seven") == (CODE_INTENT, {"first": "4", "second": "7"})
    assert one(graph, "oh nine") == (CODE_INTENT, {"first": "0", "second": "9"})
    for wrong in ("four", "four seven one", "forty seven", "eleven"):
        assert understood(graph, wrong) is None


def test_spoken() -> None:
    assert spoken("Set a timer for 30 seconds!") == "set a timer for thirty seconds"
    assert spoken("22.5\u00b0, 50% & more") == "twenty two point five degrees fifty percent and more"
    assert spoken("It\u2019s 10:05") == "it's ten oh five"
    assert name_variants("TV") == (("tv",), ("t", "v"))
    assert ("lamp", "one", "two") in name_variants("Lamp 12")
    assert number_words(-3) == "minus three"


@given(st.text(max_size=40))
def test_spoken_is_words_and_idempotent(text: str) -> None:
    words = spoken(text)
    assert set(words) <= set("abcdefghijklmnopqrstuvwxyz' ")
    assert spoken(words) == words
