"""Sentences as tokens: what was drawn from the graph is accepted with its meaning, anything else is not."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gemma.grammar_tokens import FakeTokenizer
from tests.home.sentence_homes import HOUSE, House, Own, Thing, recorded_house
from voiced.gemma.grammar import GraphAutomaton, compile_sentences, spell_sentence
from voiced.home.language.paths import OPEN_WORD_COST, meanings, sample
from voiced.home.language.sentences import code_graph, word_graph
from voiced.home.language.spoken import spoken

TOKENS = FakeTokenizer()
END = TOKENS.special("<turn|>")
SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

HOME = House(
    [
        Thing("Desk Light", "light"),
        Thing("TV", "media_player"),
        Thing("Front Door", "lock"),
        Thing("Groceries", "todo"),
    ],
    [Thing("Office")],
    lists={"spell": ["lumioso"]},
    sentences=[Own("CastSpell", ["{spell}"])],
)
GRAPH = word_graph(HOME)
AUTOMATON = compile_sentences(GRAPH, TOKENS, END)


@pytest.fixture(scope="module")
def automaton() -> GraphAutomaton:
    return AUTOMATON


def tokens_of(text: str) -> tuple[int, ...]:
    return spell_sentence(spoken(text).split(), TOKENS)


def path_cost(automaton: GraphAutomaton, tokens: tuple[int, ...]) -> float:
    state, total = automaton.start, 0.0
    for token in tokens:
        step = automaton.choice(state).after(token)
        assert step is not None
        state, total = step.state, total + step.cost
    return total + automaton.choice(state).final_cost


@SOME
@given(HOUSE, st.integers(0, 2**32))
def test_drawn_sentences_are_accepted_with_their_call(house: House, seed: int) -> None:
    graph = word_graph(house)
    automaton = compile_sentences(graph, TOKENS, END)
    rng = random.Random(seed)
    for _ in range(4):
        words, calls = sample(graph, rng)
        tokens = spell_sentence(words, TOKENS)
        state = automaton.follow(tokens)
        assert state is not None
        assert automaton.choice(state).final
        readings = automaton.readings(tokens)
        assert readings[0].sentence == " ".join(words)
        if len(readings) < 8:
            assert calls in [r.calls for r in readings]
        # the cost along the tokens is that of the cheapest meaning
        assert path_cost(automaton, tokens) == pytest.approx(meanings(graph, words)[0].cost, abs=1e-2)


@SOME
@given(st.integers(0, 2**32))
def test_every_prefix_can_be_finished(seed: int) -> None:
    """Walking at random, never a dead end; where it may end, it has a meaning."""
    automaton = AUTOMATON
    rng = random.Random(seed)
    state = automaton.start
    tokens: list[int] = []
    for _ in range(60):
        choice = automaton.choice(state)
        if choice.final:
            assert automaton.readings(tuple(tokens))
            if rng.random() < 0.3:
                return
        free = [t for t in range(TOKENS.size) if choice.open_step and t not in choice.open_excluded]
        allowed = [*choice.steps, *free]
        assert allowed or choice.final
        if not allowed:
            return
        token = rng.choice(allowed)
        assert not TOKENS.is_special(token)
        tokens.append(token)
        step = choice.after(token)
        assert step is not None
        state = step.state
    assert TOKENS.words_only(tokens)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from(["the", "turn", "lamp", "on", "blue", "tea", "light", "unlock", "off", "x"]), max_size=6)
)
def test_it_accepts_exactly_the_sentences(words: list[str]) -> None:
    automaton = AUTOMATON
    tokens = spell_sentence(words, TOKENS)
    state = automaton.follow(tokens)
    accepted = state is not None and automaton.choice(state).final
    assert accepted == bool(meanings(GRAPH, words))


@pytest.mark.parametrize("text", ["turn on", "turn on the front door", "unlocked", "desk light lights", "lumios", ""])
def test_others_are_not(automaton: GraphAutomaton, text: str) -> None:
    assert automaton.readings(tokens_of(text)) == ()


def test_an_open_stretch_is_of_words_and_ends_after_six(automaton: GraphAutomaton) -> None:
    (first, *_) = automaton.readings(tokens_of("add oat milk to groceries"))
    assert first.calls[0].slots == {"item": "oat milk", "name": "groceries"}
    assert automaton.readings(tokens_of("announce one two three four five six"))
    assert automaton.readings(tokens_of("announce one two three four five six seven")) == ()
    state = automaton.follow(tokens_of("announce on"))
    assert state is not None
    choice = automaton.choice(state)
    assert choice.open_step is not None
    assert all(t in choice.open_excluded for t in range(TOKENS.size) if TOKENS.is_special(t))
    space = TOKENS.ids[" "]
    bare = automaton.choice(choice.steps[space].state)
    assert space not in bare.steps
    assert not bare.final


def test_words_of_an_open_stretch_cost(automaton: GraphAutomaton) -> None:
    one, two = tokens_of("announce dinner"), tokens_of("announce dinner now")
    assert path_cost(automaton, two) - path_cost(automaton, one) <= OPEN_WORD_COST + 1e-6
    assert path_cost(automaton, one) > path_cost(automaton, tokens_of("turn on the desk light")) + 2


def test_a_single_way_on_is_forced(automaton: GraphAutomaton) -> None:
    state = automaton.follow(tokens_of("unlock the f"))
    assert state is not None
    for _ in range(4):
        choice = automaton.choice(state)
        assert len(choice.steps) == 1
        assert choice.open_step is None
        assert not choice.final
        state = next(iter(choice.steps.values())).state


def test_code() -> None:
    code = compile_sentences(code_graph(), TOKENS, END)
    (reading,) = code.readings(tokens_of("four oh"))
    assert reading.calls[0].slots == {"first": "4", "second": "0"}
    assert code.readings(tokens_of("four")) == ()
    assert code.readings(tokens_of("four two one")) == ()


def test_no_more_choices_are_kept_than_may_be() -> None:
    graph = word_graph(recorded_house())
    automaton = compile_sentences(graph, TOKENS, END, most_choices=50)
    kept = automaton._choices
    for seed in range(40):
        words, _ = sample(graph, random.Random(seed))
        assert automaton.readings(spell_sentence(words, TOKENS))
        assert len(kept) <= 50


def test_it_is_fast() -> None:
    graph = word_graph(recorded_house())
    automaton = compile_sentences(graph, TOKENS, END)
    rng = random.Random(3)
    took = []
    for _ in range(100):
        words, _ = sample(graph, rng)
        state = automaton.start
        for token in spell_sentence(words, TOKENS):
            started = time.perf_counter()
            choice = automaton.choice(state)
            took.append(time.perf_counter() - started)
            step = choice.after(token)
            assert step is not None
            state = step.state
    took.sort()
    print(f"choice: median {took[len(took) // 2] * 1e3:.3f} ms, 99 % {took[len(took) * 99 // 100] * 1e3:.3f} ms")
    assert took[len(took) // 2] < 0.005
