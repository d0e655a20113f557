from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gemma.tiny import sound, tiny_pair
from tests.workers.test_engine import HOME, said
from voiced.config import MODELS
from voiced.gemma.decide import WalkSettings
from voiced.gemma.llama import TextModel
from voiced.gemma.models import from_folder
from voiced.gemma.prompt import Dialect
from voiced.messages import Call
from voiced.workers.engine_drafted import DraftedCore
from voiced.workers.engine_house import Compiled, Correct, compile_home
from voiced.workers.engine_setup import Setup

LARGE = WalkSettings(beam=2, width=6.0, free=False, score_forced=False, run=64)


class Guesses:
    """What the small model is taken to have understood, in the large one's tokens."""

    def __init__(self) -> None:
        self.path: tuple[int, ...] = ()
        self.asked: list[Call] = []

    def __call__(self, call: Call) -> tuple[int, ...]:
        self.asked.append(call)
        return self.path

    def compile(
        self, home: Mapping[str, Any], area: str, tokenizer: TextModel, dialect: Dialect, corrected: Correct
    ) -> Compiled:
        made = compile_home(home, area, tokenizer, dialect, corrected)
        return Compiled(made.command, made.others, made.system, made.tools, made.words, spelled=self)


@pytest.fixture(scope="module")
def guesses() -> Guesses:
    return Guesses()


@pytest.fixture(scope="module")
def core(guesses: Guesses) -> Iterator[DraftedCore]:
    one = DraftedCore(tiny_pair(), from_folder(MODELS / "nano"), Setup(walk=LARGE), guesses.compile, always=True)
    one.load_home(HOME)
    yield one
    one.close()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 99), st.data())
def test_a_decision_is_the_same_whatever_was_drafted(
    core: DraftedCore, guesses: Guesses, seed: int, data: st.DataObject
) -> None:
    pcm = sound(1.5, seed)
    with core.undrafted():
        alone = said(core, pcm, [])
    best = core.last_walk.finished[0].tokens if core.last_walk and core.last_walk.finished else ()
    cut = data.draw(st.integers(0, len(best)))
    guesses.path = (*best[:cut], *data.draw(st.lists(st.integers(0, 300), max_size=3)))
    drafted = said(core, pcm, data.draw(st.lists(st.integers(0, 9000), max_size=4)), asked=data.draw(st.booleans()))
    assert (drafted.verdict, drafted.calls, drafted.sentence) == (alone.verdict, alone.calls, alone.sentence)
    assert drafted.certainty == pytest.approx(alone.certainty, abs=1e-3)
