"""Free words: of a random model only how they come, never what they say."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.gemma.tiny import sound, tiny_folder, tiny_pair
from tests.workers.test_dialogue import F32, turn
from tests.workers.test_engine import HOME
from voiced.errors import InferenceError
from voiced.gemma import prompt
from voiced.ports import Expect
from voiced.workers import engine_talk
from voiced.workers.clients import EngineClient
from voiced.workers.engine import EngineCore
from voiced.workers.engine_talk import TELL, TOP_K, TalkSettings, drawn, words


@pytest.fixture(scope="module")
def core() -> Iterator[EngineCore]:
    one = EngineCore(tiny_pair("calls", talks=True))
    one.load_home(HOME)
    yield one
    one.close()


def said(core: EngineCore, settings: TalkSettings, text: str = "") -> list[str]:
    return list(words(core, 1, text, settings))


def begin(core: EngineCore, text: str) -> F32:
    """The logits that an answer begins with."""
    with core.answering(1, text, prompt.asked_to_answer(TELL)) as (logits, _):
        return logits


def test_an_answer_to_what_was_heard_and_to_what_was_typed(core: EngineCore) -> None:
    turn(core, 1, 5)
    few = TalkSettings(most_tokens=12, seed=3)
    assert said(core, few) == said(core, few)
    assert said(core, few, "who was Ada") == said(core, few, "who was Ada")
    begins = [begin(core, text) for text in ("", "who was Ada", "who was Grace")]
    assert not any(np.array_equal(a, b) for a, b in itertools.combinations(begins, 2))


def test_it_ends(core: EngineCore) -> None:
    turn(core, 1, 5)
    assert len(said(core, TalkSettings(most_tokens=5, seed=3))) <= 6
    assert len(said(core, TalkSettings(most_tokens=10_000, most_s=0.0, seed=3))) <= 1


def test_talking_leaves_no_trace(core: EngineCore) -> None:
    before = turn(core, 1, 5)
    said(core, TalkSettings(most_tokens=8, seed=3))
    unfinished = words(core, 1, "", TalkSettings(most_tokens=8, seed=3))
    next(unfinished)
    unfinished.close()
    assert np.array_equal(turn(core, 2, 5), before)


def test_no_special_token_is_ever_drawn(core: EngineCore) -> None:
    model, rng = core.model, np.random.default_rng(0)
    end, call = model.special(prompt.END_TURN), model.special(prompt.CALL)

    def allowed(token: int) -> bool:
        return token == end or not model.is_special(token)

    for seed in range(30):
        logits = np.random.default_rng(seed).standard_normal(model.size).astype(np.float32)
        logits[call] = 50
        assert drawn(logits, allowed, rng) != call
    only_calls = np.full(TOP_K, -1.0, np.float32)
    with pytest.raises(InferenceError, match="nothing to say"):
        drawn(only_calls, lambda _: False, rng)


def test_the_likeliest_is_drawn_most_and_the_unlikely_never() -> None:
    logits = np.log(np.array([0.6, 0.3, 0.06, 0.04] + [1e-9] * 96, np.float32))
    rng = np.random.default_rng(0)
    counts = np.bincount([drawn(logits, lambda _: True, rng) for _ in range(2000)], minlength=100)
    assert abs(counts[0] / 2000 - 0.6 / 0.96) < 0.05
    assert counts[3:].sum() == 0, "beyond 0.95 of the whole"


class Script:
    """Draws what it is told to, if that is allowed."""

    def __init__(self, core: EngineCore, *tokens: str) -> None:
        self.left = [core.model.tokenize(t, special=True)[0] for t in tokens]
        self.refused: list[int] = []
        self.seen: list[F32] = []

    def __call__(self, logits: F32, allowed: Callable[[int], bool], rng: np.random.Generator) -> int:
        del rng
        self.seen.append(logits.copy())
        token = self.left.pop(0)
        while not allowed(token):
            self.refused.append(token)
            token = self.left.pop(0)
        return token


THINKS = TalkSettings(think=True, seed=3)


@pytest.fixture
def plays(core: EngineCore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Script]:
    def play(*tokens: str) -> Script:
        script = Script(core, *tokens)
        monkeypatch.setattr(engine_talk, "drawn", script)
        return script

    return play


def test_of_a_thought_only_the_answer_is_told(core: EngineCore, plays: Callable[..., Script]) -> None:
    script = plays(prompt.THOUGHT, "a", "b", prompt.END_TURN, "c", prompt.END_THOUGHT, "x", prompt.THOUGHT, "y",
                   prompt.END_TURN)  # fmt: skip
    assert said(core, THINKS, "who was Ada") == ["", "", "", "x", "y"]
    assert script.refused == [core.model.special(prompt.END_TURN), core.model.special(prompt.THOUGHT)]
    assert script.left == []


def test_the_answer_is_drawn_behind_the_thought(core: EngineCore, plays: Callable[..., Script]) -> None:
    """Whether the model ended it, or it was ended for its length."""

    def last(settings: TalkSettings, *tokens: str) -> F32:
        script = plays(prompt.THOUGHT, *tokens, prompt.END_TURN)
        assert said(core, settings, "who was Ada") == ["", ""]
        return script.seen[-1]

    ended = last(THINKS, "a", "b", prompt.END_THOUGHT)
    assert np.array_equal(last(replace(THINKS, most_thought=2), "a", "b"), ended)
    assert not np.array_equal(last(THINKS, "a", "c", prompt.END_THOUGHT), ended)


def test_a_thought_and_its_answer_have_their_time(core: EngineCore, plays: Callable[..., Script]) -> None:
    script = plays(prompt.THOUGHT, "a", "x", prompt.END_TURN)
    assert said(core, replace(THINKS, most_s=0.0), "who was Ada") == []
    assert len(script.left) == 1


def test_it_may_answer_without_a_thought(core: EngineCore, plays: Callable[..., Script]) -> None:
    plays("q", "x", prompt.END_TURN)
    assert said(core, THINKS, "who was Ada") == ["x"]


def test_speech_is_answered_without_a_thought(core: EngineCore, plays: Callable[..., Script]) -> None:
    turn(core, 1, 5)
    script = plays(prompt.THOUGHT, "x", prompt.END_TURN)
    assert said(core, THINKS) == ["x"]
    assert script.refused == [core.model.special(prompt.THOUGHT)]


def test_thinking_leaves_no_trace(core: EngineCore, plays: Callable[..., Script]) -> None:
    before = turn(core, 1, 5)
    plays(prompt.THOUGHT, "a", prompt.END_THOUGHT, "x", prompt.END_TURN)
    said(core, THINKS, "who was Ada")
    assert np.array_equal(turn(core, 2, 5), before)


def test_a_model_that_cannot_talk_says_so() -> None:
    one = EngineCore(tiny_pair())
    one.load_home(HOME)
    turn(one, 1, 5)
    with pytest.raises(InferenceError, match="only what the house"):
        said(one, TalkSettings())
    one.close()


def test_of_a_turn_that_is_gone_nothing_is_said(core: EngineCore) -> None:
    turn(core, 1, 5)
    core.begin(2)
    with pytest.raises(InferenceError, match="turn 1"):
        said(core, TalkSettings())
    core.end(2)


@contextlib.asynccontextmanager
async def child(*, think: bool = False) -> AsyncIterator[EngineClient]:
    client = EngineClient(options={"model": str(tiny_folder("calls", talks=True)), "think": think})
    await client.load_home(HOME)
    async with client.supervisor:
        assert await client.supervisor.wait_ready(120)
        yield client


async def heard(client: EngineClient, number: int) -> None:
    await client.begin(number, Expect.COMMAND)
    await client.feed(number, sound(1))
    await client.decide(number)
    await client.end(number)


async def test_words_stream_over_the_channel_and_can_be_stopped() -> None:
    async with child() as client:
        await heard(client, 1)
        pieces = [piece async for piece in client.talk(1)]
        assert len(pieces) >= 1
        async with contextlib.aclosing(client.talk(1)) as stream:
            async for _ in stream:
                break
        await heard(client, 2)  # at once: nobody waits for what is left of an answer
        overtaken = asyncio.create_task(_all(client, 2))
        await asyncio.sleep(0)
        await heard(client, 3)
        await overtaken
        typed = [piece async for piece in client.talk(9, "who was Ada Lovelace")]
        assert typed


async def test_an_engine_that_dies_while_it_talks_is_one_error() -> None:
    async with child() as client:
        await heard(client, 1)
        with pytest.raises(InferenceError):
            async for _ in client.talk(1):
                client.supervisor.kill()


async def test_a_process_that_thinks_answers_what_is_typed_and_what_is_said() -> None:
    async with child(think=True) as client:
        await heard(client, 1)
        assert await _all(client, 1)
        assert [piece async for piece in client.talk(9, "who was Ada Lovelace")]


async def _all(client: EngineClient, number: int) -> list[str]:
    return [piece async for piece in client.talk(number)]
