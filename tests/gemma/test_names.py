"""Names that a model does not expect get something back; other words get nothing, nor names where it is off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.gemma.tiny import sound, tiny_pair
from voiced.gemma import names
from voiced.gemma.automaton import TokenAutomaton
from voiced.gemma.grammar import spell_sentence
from voiced.gemma.names import corrected
from voiced.home.language.sentences import word_graph
from voiced.home.load import load_home
from voiced.ports import Expect
from voiced.workers.engine import EngineCore

HOME = load_home(
    """
[[areas]]
name = "Orangery"
[[entities]]
id = "light.lantern"
name = "velvet lantern"
area = "Orangery"
"""
)


@pytest.fixture(scope="module", params=[0.0, 0.6])
def core(request: pytest.FixtureRequest) -> Iterator[EngineCore]:
    one = EngineCore(replace(tiny_pair(), name_prior=request.param))
    one.load_home(HOME.to_dict())
    yield one
    one.close()


def cost(automaton: TokenAutomaton, tokens: tuple[int, ...]) -> float:
    state, paid = automaton.start, 0.0
    for token in tokens:
        step = automaton.choice(state).steps[token]
        state, paid = step.state, paid + step.cost
    return paid


def test_only_names_get_something_back_and_only_where_the_model_says_so(core: EngineCore) -> None:
    prior = core._pair.name_prior
    automaton = core.automaton(Expect.COMMAND)
    plain = cost(automaton, spell_sentence(["turn", "on", "all", "the", "lights"], core.model))
    named = cost(automaton, spell_sentence(["turn", "on", "the", "velvet", "lantern"], core.model))
    assert plain >= 0
    assert named < 0 if prior else named >= 0


def test_what_it_expects_is_what_the_model_says_of_each_name_alone(core: EngineCore) -> None:
    two = core._names.of([("velvet", "lantern"), ("orangery",)])
    core._names._known.clear()
    alone = core._names.of([("orangery",)])
    assert np.allclose(two["orangery",][0], alone["orangery",][0], atol=1e-3)
    for name, words in two.items():
        assert [len(tokens) for tokens in words] == [len(core.model.tokenize(f" {word}")) for word in name]
        assert all(lp < 0 for tokens in words for lp in tokens)


def test_well_known_names_get_nothing_and_the_rest_of_the_graph_is_untouched() -> None:
    graph = word_graph(HOME)
    assert set(names.names(graph)) >= {("velvet", "lantern"), ("orangery",)}
    known = {name: ((-5.0, -0.0),) * len(name) for name in names.names(graph)}
    given = [arc.by_token for sub in corrected(graph, known, 0.5).subs.values() for row in sub.arcs for arc in row]
    assert all(not any(tokens) for tokens in given)


def test_each_token_gets_back_what_it_lacks_itself() -> None:
    graph = word_graph(HOME)
    rare = corrected(graph, {name: ((-13.0, -8.0, -0.0),) * len(name) for name in names.names(graph)}, 0.5)
    for key, sub in rare.subs.items():
        found = {arc.by_token for row in sub.arcs for arc in row if arc.word}
        assert found == ({(-1.0, -4.0, 0.0)} if sub.of_names else {()}) or not found, key


def test_a_token_that_gets_more_back_than_it_paid_is_certain_not_more(core: EngineCore) -> None:
    core.begin(1)
    core.feed(1, sound(1.5))
    core.decide(1)
    core.end(1)
    assert core.last_walk is not None
    assert all(path.score <= 0 for path in core.last_walk.finished)
