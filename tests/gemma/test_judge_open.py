"""What fills a wildcard is no evidence: however much was heard there, the words around it must carry the decision."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.gemma.grammar_tokens import FakeTokenizer
from voiced.bench.common import demo_home
from voiced.gemma.automaton import Choice, Reading, State
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import Path, Walk
from voiced.gemma.grammar import compile_sentences, spell_sentence
from voiced.gemma.judge import judge
from voiced.home.language.paths import OPEN_WORD_COST
from voiced.home.language.sentences import OPEN_COST, word_graph
from voiced.messages import Call, Verdict

BY = Calibration(least=0.0)


class OnePath:
    """Whatever its tokens, it adds something to a list."""

    start: State = 0
    end_token = 0

    def __init__(self, open_tokens: int) -> None:
        self._open = open_tokens

    def choice(self, state: State) -> Choice:
        return Choice({}, final=True)

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        return (Reading((Call("HassListAddItem", {"item": "x"}),), "add x", self._open),)


def certainty(tokens: int, open_tokens: int, score: float) -> float:
    path = Path(tuple(range(1, tokens + 1)), score)
    walk = Walk((path,), None, score - 3, Path((1, 2, 3), -0.5), free_ended=True, choices=1)
    decision = judge(walk, OnePath(open_tokens), BY, lambda _: "")
    assert decision.verdict is Verdict.CALLS
    return decision.certainty


@given(st.integers(4, 60), st.floats(-200, -1), st.data())
def test_the_more_of_a_path_is_open_the_less_certain_it_is(tokens: int, score: float, data: st.DataObject) -> None:
    fewer, more = sorted(data.draw(st.tuples(st.integers(0, tokens), st.integers(0, tokens))))
    assert certainty(tokens, more, score) <= certainty(tokens, fewer, score)


def test_thirty_tokens_of_babble_between_three_words_are_no_command() -> None:
    assert certainty(35, 30, -46.0) < 0.05
    assert certainty(35, 0, -46.0) > 0.3, "as it was: spread over all of them it does not look bad"


def test_a_reading_says_what_of_it_is_open_and_what_that_costs() -> None:
    tokenizer = FakeTokenizer()
    automaton = compile_sentences(word_graph(demo_home()), tokenizer, tokenizer.special("<turn|>"))
    (reading, *_) = automaton.readings(
        spell_sentence(["add", "olive", "oil", "to", "my", "shopping", "list"], tokenizer)
    )
    assert reading.open_tokens == len(tokenizer.tokenize(" olive")) + len(tokenizer.tokenize(" oil"))
    assert reading.open_cost == OPEN_COST + 2 * OPEN_WORD_COST
    (plain, *_) = automaton.readings(spell_sentence(["what", "time", "is", "it"], tokenizer))
    assert (plain.open_tokens, plain.open_cost) == (0, 0.0)
