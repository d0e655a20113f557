"""What was said and done a moment ago is known to a model that writes calls, and then it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.gemma.tiny import sound, tiny_pair
from tests.workers.test_engine import HOME, Logits
from voiced.gemma.prompt import to_next_turn
from voiced.workers import engine, protocol
from voiced.workers.engine import DIALOGUE_S, EngineCore
from voiced.workers.engine_process import handle

F32 = np.ndarray[Any, np.dtype[np.float32]]


@dataclass
class Clock:
    now_s: float = 1000.0


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def core(clock: Clock) -> Iterator[EngineCore]:
    one = EngineCore(tiny_pair("calls"), now_s=lambda: clock.now_s)
    one.load_home(HOME)
    yield one
    one.close()


@pytest.fixture
def fresh(core: EngineCore) -> EngineCore:
    core.load_home(HOME)
    return core


def turn(core: EngineCore, number: int, seed: int, *, answer: str = "") -> F32:
    """The logits with which the decision on this sound begins."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        logits = Logits(monkeypatch)
        core.begin(number)
        core.feed(number, sound(1.7, seed))
        core.decide(number)
        core.end(number)
        if answer:
            core.remember(number, answer)
    return logits.seen[-1]


def test_the_next_turn_knows_what_came_of_the_last(fresh: EngineCore) -> None:
    alone = turn(fresh, 1, 5)
    turn(fresh, 2, 1, answer="Kitchen lights are on.")
    after_kitchen = turn(fresh, 3, 5)
    fresh.load_home(HOME)
    turn(fresh, 4, 1, answer="Bed light is off.")
    after_bed = turn(fresh, 5, 5)
    assert not np.array_equal(alone, after_kitchen)
    assert not np.array_equal(after_kitchen, after_bed)


def test_it_is_the_official_dialogue_that_is_held(fresh: EngineCore) -> None:
    """Against one piece that holds both turns, computed at once."""
    fresh.begin(1)
    fresh.feed(1, sound(1.7, 1))
    decision, _ = fresh.decide(1)
    begun, heard = len(fresh.prompt), fresh._turn
    assert heard is not None
    fresh.end(1)
    fresh.remember(1, "Kitchen lights are on.")
    between = fresh.model.tokenize(to_next_turn(decision.sentence, "Kitchen lights are on."), special=True)
    assert fresh._memory.base == begun + heard.sound.final + len(heard.sound.tail()) + len(between)
    got = turn(fresh, 2, 5)
    fresh.load_home(HOME)
    memory = fresh._memory
    memory.begin()
    for rows in (*_rows(fresh, 1), None, *_rows(fresh, 5)[:-1]):
        if rows is None:
            memory._ctx.prefill(between, memory._ctx.length(0), 0)
        else:
            memory.append(rows)
    want = memory.fork(_rows(fresh, 5)[-1], fresh._after_audio).logits
    memory.begin()
    assert np.allclose(got, want, atol=1e-4)


def _rows(core: EngineCore, seed: int) -> list[F32]:
    stream = core._stream()
    return [*stream.feed(sound(1.7, seed)), stream.tail()]


def test_after_three_minutes_nothing_is_left(fresh: EngineCore, clock: Clock) -> None:
    alone = turn(fresh, 1, 5)
    turn(fresh, 2, 1, answer="Kitchen lights are on.")
    clock.now_s += DIALOGUE_S - 1
    assert not np.array_equal(turn(fresh, 3, 5), alone)
    clock.now_s += 2
    assert np.array_equal(turn(fresh, 4, 5), alone), "to the last bit"


def test_typed_words_follow_the_dialogue_too(fresh: EngineCore) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        logits = Logits(monkeypatch)
        fresh.ask(1, "and the bed light")
        turn(fresh, 2, 1, answer="Kitchen lights are on.")
        fresh.ask(3, "and the bed light")
    assert not np.array_equal(logits.seen[0], logits.seen[-1])


def test_what_was_not_answered_or_came_too_late_is_not_remembered(fresh: EngineCore) -> None:
    alone = turn(fresh, 1, 5)
    turn(fresh, 2, 1)
    assert np.array_equal(turn(fresh, 3, 5), alone)
    turn(fresh, 4, 1)
    fresh.begin(5)
    fresh.remember(4, "Kitchen lights are on.")
    fresh.feed(5, sound(1.7, 5))
    fresh.end(5)
    fresh.remember(4, "Kitchen lights are on.")
    assert np.array_equal(turn(fresh, 6, 5), alone)


def test_a_long_dialogue_begins_anew(fresh: EngineCore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_DIALOGUE", 400)
    lengths = []
    for number in range(1, 12):
        turn(fresh, number, number, answer="Kitchen lights are on.")
        lengths.append(fresh._memory.base - len(fresh.prompt))
    assert max(lengths) <= 400
    assert 0 in lengths
    assert lengths[0] > 0


def test_a_model_that_writes_what_it_hears_keeps_no_dialogue() -> None:
    one = EngineCore(tiny_pair())
    one.load_home(HOME)
    alone = turn(one, 1, 5)
    turn(one, 2, 1, answer="Kitchen lights are on.")
    assert np.array_equal(turn(one, 3, 5), alone)
    one.close()


def test_it_comes_over_the_channel(fresh: EngineCore) -> None:
    for message in (protocol.BeginTurn(1, "command"), protocol.FeedAudio(1, sound(1)), protocol.Decide(1, 1)):
        handle(fresh, message)
    handle(fresh, protocol.EndTurn(1))
    assert handle(fresh, protocol.Remember(1, "Done.")) is None
    assert fresh._memory.base > len(fresh.prompt)
