"""Free words: of a random model only how they come, never what they say."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest

from tests.gemma.tiny import sound, tiny_folder, tiny_pair
from tests.workers.test_dialogue import F32, turn
from tests.workers.test_engine import HOME
from voiced.errors import InferenceError
from voiced.gemma import prompt
from voiced.ports import Expect
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
    unfinished.close()  # type: ignore[attr-defined]
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
async def child() -> AsyncIterator[EngineClient]:
    client = EngineClient(options={"model": str(tiny_folder("calls", talks=True))})
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


async def _all(client: EngineClient, number: int) -> list[str]:
    return [piece async for piece in client.talk(number)]
