"""Tool calls as tokens: every path is a call of this house that reads back, and no path is a dead end."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gemma.grammar_tokens import FakeTokenizer
from tests.home.sentence_homes import HOUSE, House, Own, Thing
from voiced.gemma.grammar import GraphAutomaton
from voiced.gemma.grammar_calls import FENCE, compile_calls, parse_call, render_call, spelling
from voiced.home.tools import INCOMPLETE, NOT_FOR_ME, declared, house_lines, tools
from voiced.messages import Call

TOKENS = FakeTokenizer(printable=True)
SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
HOME = House(
    [
        Thing("Bed Light", "light"),
        Thing("Front Door", "lock"),
        Thing("Garage Door", "cover", ("gate",), "garage"),
        Thing("Groceries", "todo"),
        Thing("EcoBee", "climate"),
    ],
    [Thing("Kitchen")],
    lists={"spell": ["lumioso"]},
    sentences=[Own("CastSpell", ["{spell}"]), Own("RedAlert", ["red alert"])],
)


NAMES = {tool.intent: tool.name for tool in tools(HOME)}


@pytest.fixture(scope="module")
def automaton() -> GraphAutomaton:
    return compile_calls(HOME, TOKENS)


def tokens_of(call: Call) -> tuple[int, ...]:
    """As a model would write it: special tokens as such, each stretch between them and each number on its own."""
    import re

    out: list[int] = []
    for part in re.split(r"(<\|tool_call>|<\|\"\|>)", render_call(NAMES.get(call.intent, call.intent), call.slots)):
        if part in {"<|tool_call>", FENCE}:
            out.append(TOKENS.special(part))
        else:
            for stretch in re.split(r"((?<=:)\d[\d.]*)", part):
                out += TOKENS.tokenize(stretch)
    return tuple(out)


@pytest.mark.parametrize(
    "call",
    [
        Call("HassTurnOn", {"name": "Bed Light"}),
        Call("HassTurnOff", {"area": "Kitchen", "domain": "light"}),
        Call("HassLightSet", {"name": "Bed Light", "brightness": 50}),
        Call("HassLightSet", {"color": "green", "area": "Kitchen"}),
        Call("HassUnlock", {"name": "Front Door"}),
        Call("HassOpenCover", {"name": "gate"}),
        Call("HassClimateSetTemperature", {"temperature": 22.5}),
        Call("HassStartTimer", {"hours": 3, "minutes": 10}),
        Call("HassStartTimer", {"minutes": 10, "name": "pizza"}),
        Call("HassListAddItem", {"item": "oat milk", "name": "Groceries"}),
        Call("HassBroadcast", {"message": "dinner, at 6:30 {now}"}),
        Call("HassNevermind"),
        Call("CastSpell", {"spell": "lumioso"}),
        Call("RedAlert"),
        Call(NOT_FOR_ME),
        Call(INCOMPLETE),
    ],
)
def test_calls_of_the_house(automaton: GraphAutomaton, call: Call) -> None:
    (reading,) = automaton.readings(tokens_of(call))
    slots = {k: v.casefold() if isinstance(v, str) else v for k, v in call.slots.items()}
    assert reading.calls == (Call(call.intent, slots),)
    assert reading.sentence == render_call(NAMES[call.intent], call.slots)


@pytest.mark.parametrize(
    "call",
    [
        Call("HassTurnOn", {"name": "Front Door"}),
        Call("HassTurnOn", {"name": "Bed"}),
        Call("HassTurnOn"),
        Call("HassFanSetSpeed", {"percentage": 5}),
        Call("HassLightSet", {"name": "Bed Light", "brightness": 101}),
        Call("HassLock", {"name": "Garage Door"}),
        Call("HassNevermind", {"name": "Bed Light"}),
        Call("DropTables"),
    ],
)
def test_others_are_not(automaton: GraphAutomaton, call: Call) -> None:
    assert automaton.readings(tokens_of(call)) == ()


@SOME
@given(HOUSE, st.integers(0, 2**32))
def test_every_path_reads_back_and_none_is_a_dead_end(house: House, seed: int) -> None:
    automaton = compile_calls(house, TOKENS)
    by_intent = {tool.intent: tool for tool in tools(house)}
    rng = random.Random(seed)
    for _ in range(4):
        state = automaton.start
        tokens: list[int] = []
        while True:
            choice = automaton.choice(state)
            free = [t for t in range(TOKENS.size) if choice.open_step and t not in choice.open_excluded]
            allowed = [*choice.steps, *rng.sample(free, min(len(free), 3))]
            assert allowed or choice.final
            if choice.final:
                break
            token = rng.choice(allowed)
            tokens.append(token)
            step = choice.after(token)
            assert step is not None
            state = step.state
        (reading,) = automaton.readings(tuple(tokens))
        (call,) = reading.calls
        tool = by_intent[call.intent]
        assert tuple(sorted(call.slots, key=str.lower)) in tool.forms
        intents = {one.name: intent for intent, one in by_intent.items()}
        assert parse_call(render_call(tool.name, call.slots).split(FENCE), intents) == call


def test_strings_stand_between_fences(automaton: GraphAutomaton) -> None:
    """In an open string any plain token goes, special ones never, but for the fence that closes it."""
    whole = tokens_of(Call("HassBroadcast", {"message": "hi"}))
    opened = whole.index(TOKENS.special(FENCE)) + 1
    state = automaton.follow(whole[: opened + 1])
    assert state is not None
    choice = automaton.choice(state)
    assert set(choice.steps) == {TOKENS.special(FENCE)}
    assert choice.open_step is not None
    assert all(t in choice.open_excluded for t in range(TOKENS.size) if TOKENS.is_special(t))


def test_what_arguments_mean_is_told_once() -> None:
    found = {tool.intent: tool for tool in declared(HOME)}
    assert {NOT_FOR_ME, INCOMPLETE, "CastSpell", "HassUnlock"} <= set(found)
    assert "HassFanSetSpeed" not in found
    lines = house_lines(HOME)
    told = [name for line in lines for name in line.partition(":")[0].split(", ")]
    assert len(set(told)) == len(told)
    assert "spell: lumioso" in lines
    assert "areas: Kitchen" in lines
    assert any(line.startswith("name: ") for line in lines)


def test_an_argument_that_means_something_else_to_the_owner_is_declared_with_the_owners_tool() -> None:
    places = {"area": ["north", "south"]}
    home = House([Thing("Lamp", "light")], [Thing("Kitchen")], lists=places, sentences=[Own("Fly", ["fly {area}"])])
    found = {tool.intent: tool for tool in declared(home)}
    assert found["Fly"].kinds["area"].choices == ("north", "south")
    assert not any(tool.kinds for intent, tool in found.items() if intent != "Fly")


def test_the_owners_names_come_first() -> None:
    names = [tool.name for tool in tools(House([Thing("Lamp", "light")], sentences=[Own("On", ["it is on"])]))]
    assert len(set(names)) == len(names)
    assert {"On", "Off", "HassTurnOn"} <= set(names)


@SOME
@given(HOUSE)
def test_every_argument_is_either_declared_or_explained(house: House) -> None:
    lines = house_lines(house)
    explained = {name for line in lines for name in line.partition(":")[0].split(", ")}
    for whole, short in zip(tools(house), declared(house), strict=True):
        assert set(whole.kinds) - set(short.kinds) <= explained


@pytest.mark.parametrize(
    "call",
    [
        Call("HassTurnOn", {"name": "bed light"}),
        Call("HassTurnOff", {"area": "kitchen", "domain": "light"}),
        Call("HassLightSet", {"name": "bed light", "brightness": 50}),
        Call("HassUnlock", {"name": "front door"}),
        Call("HassStartTimer", {"hours": 3, "minutes": 10}),
    ],
)
def test_what_a_small_model_understood_is_spelled_as_the_large_one_writes_it(
    automaton: GraphAutomaton, call: Call
) -> None:
    (read,) = automaton.readings(spelling(HOME, TOKENS, automaton)(call))
    (understood,) = read.calls
    assert understood.intent == call.intent
    assert {k: str(v).casefold() for k, v in understood.slots.items()} == {k: str(v) for k, v in call.slots.items()}


def test_what_this_house_cannot_do_is_spelled_as_far_as_it_can(automaton: GraphAutomaton) -> None:
    spelled = spelling(HOME, TOKENS, automaton)
    assert spelled(Call("HassMakeCoffee", {"name": "bed light"})) == ()
    known, unknown = (spelled(Call("HassTurnOn", {"name": name})) for name in ("bed light", "moon"))
    assert 0 < len(unknown) < len(known)
    assert unknown == known[: len(unknown)]
