"""Row E4 of the target table: whatever a walk came back with, a decision is a whole sentence of this house, or nothing.

The grammar is the demo house's own; the walks are none that a model would make: cut anywhere, spelled wrong, garbage,
scored by chance.
"""

from __future__ import annotations

import functools
import math
import random
import time
from dataclasses import dataclass, field

import pytest

from tests.conftest import Figure
from tests.gemma.grammar_tokens import FakeTokenizer
from voiced.app import real_house
from voiced.config import DEMO_HOME
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import Path, Walk
from voiced.gemma.grammar import GraphAutomaton, compile_sentences, spell_sentence
from voiced.gemma.judge import judge, with_paths
from voiced.home.judgement import Kind
from voiced.home.language.paths import sample
from voiced.home.language.sentences import word_graph
from voiced.home.load import load_home
from voiced.ledger import percentile
from voiced.messages import Verdict

HOME = load_home(DEMO_HOME.read_text("utf-8"))
TOKENS = FakeTokenizer()
SCORES = (0.0, -0.5, -3.0, -20.0, -1e9, -math.inf)


@dataclass(slots=True)
class Fuzzed:
    whole: int = 0
    acted: int = 0
    wrong: int = 0
    took_ms: list[float] = field(default_factory=list)

    @property
    def p99_ms(self) -> float:
        return percentile(self.took_ms, 0.99) or 0.0


@functools.cache
def _grammar() -> tuple[GraphAutomaton, tuple[tuple[int, ...], ...]]:
    """And sentences of it, as tokens."""
    graph, chance = word_graph(HOME), random.Random(1)
    sentences = tuple(spell_sentence(sample(graph, chance)[0], TOKENS) for _ in range(2000))
    automaton = compile_sentences(graph, TOKENS, TOKENS.special("<turn|>"))
    for tokens in sentences:  # choices are worked out when they are first met, and warmed when a house is loaded
        automaton.readings(tokens)
    return automaton, sentences


def _path(chance: random.Random, sentences: tuple[tuple[int, ...], ...]) -> Path:
    tokens = chance.choice(sentences)
    match chance.randrange(5):
        case 0:
            tokens = tokens[: chance.randrange(len(tokens))]
        case 1:
            at = chance.randrange(len(tokens))
            tokens = (*tokens[:at], chance.randrange(TOKENS.size), *tokens[at + 1 :])
        case 2:
            tokens = tuple(chance.randrange(TOKENS.size) for _ in range(chance.randrange(20)))
        case 3:
            tokens = tokens + chance.choice(sentences)
    return Path(tokens, chance.choice(SCORES))


def fuzzed(chance: random.Random, count: int) -> Fuzzed:
    automaton, sentences = _grammar()
    done, house = Fuzzed(), real_house(HOME)
    for number in range(count):
        house = real_house(HOME) if number % 20 == 0 else house
        paths = sorted((_path(chance, sentences) for _ in range(chance.randrange(4))), key=lambda path: -path.score)
        cut, free = (_path(chance, sentences) if chance.random() < 0.5 else None for _ in range(2))
        walk = Walk(tuple(paths), cut, chance.choice(SCORES), free, chance.random() < 0.5, len(paths))
        calibration = Calibration(least=chance.choice((0.0, 0.3, 0.9)))
        began = time.thread_time()  # what others do with the machine is no property of the decoder
        decision = judge(walk, automaton, calibration, lambda tokens: " ".join(map(str, tokens)))
        done.took_ms.append((time.thread_time() - began) * 1000)
        with_paths(decision, walk, str)
        meant = [reading.calls for path in paths for reading in automaton.readings(path.tokens)]
        done.whole += bool(meant)
        acts = decision.verdict is Verdict.CALLS
        done.wrong += acts != bool(decision.calls) or (acts and decision.calls not in meant)
        done.wrong += not 0.0 <= decision.certainty <= 1.0
        judged = house.judge(decision)
        done.acted += judged.kind is Kind.ACT
        done.wrong += not acts and bool(judged.commands)
    return done


@pytest.mark.row("E4")
def test_e4_twenty_thousand_walks_are_whole_sentences_or_nothing(figure: Figure) -> None:
    done = fuzzed(random.Random(4), 20_000)
    figure("walks", 20_000)
    figure("acted", done.acted)
    figure("p99_ms", done.p99_ms)
    figure("wrong", done.wrong)
    assert min(done.whole, done.acted) > 200, "the walks are neither all absurd nor all right"
