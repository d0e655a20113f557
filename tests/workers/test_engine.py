from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gemma.tiny import sound, tiny_folder, tiny_pair
from voiced.config import MODELS
from voiced.errors import InferenceError, ModelFileError
from voiced.gemma.decide import Walker
from voiced.gemma.look import look
from voiced.gemma.models import from_folder
from voiced.home.load import load_home
from voiced.messages import Decision, Verdict
from voiced.ports import Expect
from voiced.workers import engine, engine_setup, protocol
from voiced.workers.clients import EngineClient
from voiced.workers.engine import EngineCore
from voiced.workers.engine_process import Decisions, handle
from voiced.workers.engine_setup import Setup

HOME = load_home(
    """
[[areas]]
name = "Kitchen"
[[entities]]
id = "light.kitchen"
name = "kitchen lights"
area = "Kitchen"
[[entities]]
id = "light.bed"
name = "bed light"
"""
).to_dict()


@pytest.fixture(scope="module")
def core() -> Iterator[EngineCore]:
    one = EngineCore(tiny_pair())
    one.load_home(HOME)
    yield one
    one.close()


class Logits:
    """Keeps the logits that each decision began with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[np.ndarray[Any, np.dtype[np.float32]]] = []

        def kept(walker: Any, first: Any, *more: Any) -> Any:
            self.seen.append(first)
            return look(walker, first, *more)

        monkeypatch.setattr("voiced.workers.engine.look", kept)


def said(core: EngineCore, pcm: bytes, cuts: list[int], asked: bool = False) -> Decision:
    core.begin(1)
    at = 0
    for cut in cuts:
        core.feed(1, pcm[at : at + cut])
        at += cut
        if asked:
            core.decide(1)
    core.feed(1, pcm[at:])
    decision, _ = core.decide(1)
    core.end(1)
    return decision


@pytest.fixture(scope="module")
def nano() -> Iterator[EngineCore]:
    one = EngineCore(from_folder(MODELS / "nano"))
    one.load_home(HOME)
    yield one
    one.close()


@pytest.mark.parametrize("model", ["core", "nano"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 30000), max_size=8), st.booleans(), st.integers(0, 3))
def test_chopping_and_asking_change_no_bit(
    request: pytest.FixtureRequest, model: str, cuts: list[int], asked: bool, seed: int
) -> None:
    one: EngineCore = request.getfixturevalue(model)
    with pytest.MonkeyPatch.context() as monkeypatch:
        logits = Logits(monkeypatch)
        pcm = sound(2.2, seed)
        whole = said(one, pcm, [])
        want = logits.seen[-1]
        assert said(one, pcm, cuts, asked) == whole
        assert np.array_equal(logits.seen[-1], want)


def test_asking_twice_without_new_sound_costs_nothing(core: EngineCore) -> None:
    core.begin(5)
    core.feed(5, sound(1))
    first, times = core.decide(5)
    again, cached = core.decide(5)
    assert again == first
    assert times.tail_ms > 0
    assert cached.tail_ms == cached.decide_ms == 0
    assert times.audio_tokens == 25
    assert times.encode_ms + times.prefill_ms >= times.tail_ms


def test_silence_before_any_sound_is_nothing(core: EngineCore) -> None:
    core.begin(6)
    assert core.decide(6)[0].verdict is Verdict.NOT_FOR_ME


def test_a_code_is_digits_or_nothing(core: EngineCore) -> None:
    core.begin(7, Expect.CODE)
    core.feed(7, sound(1))
    decision, _ = core.decide(7)
    assert decision.verdict in {Verdict.DIGITS, Verdict.NOT_FOR_ME, Verdict.INCOMPLETE}
    assert not decision.calls
    assert decision.verdict is not Verdict.DIGITS or len(decision.digits) == 2


def test_typed_words_leave_an_open_turn_unharmed(core: EngineCore) -> None:
    pcm = sound(2)
    whole = said(core, pcm, [])
    core.begin(8)
    core.feed(8, pcm[:40000])
    decision, times = core.ask(9, "turn on the kitchen lights")
    assert isinstance(decision, Decision)
    assert times.audio_tokens == 0
    core.feed(8, pcm[40000:])
    assert core.decide(8)[0] == whole


def test_a_turn_that_is_not_open_is_an_error(core: EngineCore) -> None:
    core.begin(10)
    with pytest.raises(InferenceError, match="turn 11 is not open"):
        core.feed(11, b"")
    core.end(10)
    with pytest.raises(InferenceError, match="turn 10 is not open"):
        core.decide(10)
    with pytest.raises(InferenceError, match="expect"):
        core.begin(12, "a miracle")


def test_a_broken_house_is_one_error_and_the_old_one_stays(core: EngineCore) -> None:
    with pytest.raises(InferenceError, match="does not compile"):
        core.load_home({"entities": 7})
    core.begin(13)
    core.feed(13, sound(1))
    core.decide(13)


def test_messages_are_answered(core: EngineCore) -> None:
    pong = handle(core, protocol.Ping(3))
    assert isinstance(pong, protocol.Pong)
    assert pong.request == 3
    assert handle(core, protocol.LoadHome(4, HOME)) == protocol.Done(4)
    assert handle(core, protocol.BeginTurn(1, "command")) is None
    assert handle(core, protocol.FeedAudio(1, sound(1))) is None
    decided = handle(core, protocol.Decide(5, 1))
    assert isinstance(decided, protocol.Decided)
    assert (decided.request, decided.turn) == (5, 1)
    after = handle(core, protocol.Ping(6))
    assert isinstance(after, protocol.Pong)
    assert after.progress > pong.progress
    assert isinstance(handle(core, protocol.AskText(7, 2, "lights on")), protocol.Decided)
    assert handle(core, protocol.EndTurn(1)) is None


def test_trouble_is_one_message_with_the_request(core: EngineCore) -> None:
    for message in (protocol.Decide(9, 99), protocol.Say(9, "hello"), protocol.LoadHome(9, {"entities": 7})):
        trouble = handle(core, message)
        assert isinstance(trouble, protocol.Trouble)
        assert (trouble.request, trouble.code) == (9, "InferenceError")
        assert "\n" not in trouble.text


def test_a_model_with_other_content_is_never_opened(tmp_path: Path) -> None:
    pair = tiny_pair()
    with pytest.raises(ModelFileError, match="not the file"):
        EngineCore(dataclasses.replace(pair, text_sha256="0" * 64), Setup())


async def test_the_child_works_over_its_channel(tmp_path: Path) -> None:
    client = EngineClient(options={"model": str(tiny_folder()), "cache": str(tmp_path / "cache")})
    await client.load_home(HOME)
    async with client.supervisor:
        async with asyncio.timeout(60):
            while not client.ready:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await client.begin(1, Expect.COMMAND)
            for at in range(0, 64000, 640):
                await client.feed(1, sound(2)[at : at + 640])
            decision, times = await client.decide(1)
            await client.end(1)
            assert times.audio_tokens == 50
            assert isinstance((await client.ask(2, "lights on"))[0], Decision)
            with pytest.raises(InferenceError):
                await client.decide(1)
    assert list((tmp_path / "cache").glob("*.kv"))
    other = EngineCore(tiny_pair())
    other.load_home(HOME)
    again = said(other, sound(2), [])
    assert (again.verdict, again.calls) == (decision.verdict, decision.calls)
    assert again.certainty == pytest.approx(decision.certainty, abs=1e-5)  # another process, other buffers
    other.close()


async def test_who_cancels_a_decision_saves_the_engine_its_work() -> None:
    client = EngineClient(options={"model": str(tiny_folder())})
    await client.load_home(HOME)
    async with client.supervisor, asyncio.timeout(120):
        while not client.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await client.begin(1, Expect.COMMAND)
        await client.feed(1, sound(25))  # keeps the engine busy, so that the decision has to wait
        cancelled = asyncio.create_task(client.decide(1))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        _, times = await client.decide(1)
        assert times.tail_ms > 0, "it had not been made: what is known costs nothing"


async def test_the_house_changes_while_turns_go_on(tmp_path: Path) -> None:
    larger = {**HOME, "entities": [dict(HOME["entities"][0], id=f"light.l{i}", name=f"lamp {i}") for i in range(300)]}
    client = EngineClient(options={"model": str(tiny_folder()), "cache": str(tmp_path / "cache")})
    await client.load_home(HOME)
    async with client.supervisor, asyncio.timeout(120):
        while not client.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await client.begin(1, Expect.COMMAND)
        changing = asyncio.create_task(client.load_home(larger))
        for _ in range(3):  # one turn, decided again and again, never ended by the other house
            await client.feed(1, sound(0.5))
            await client.decide(1)
        assert not changing.done()
        await client.end(1)
        turn = 2
        while not changing.done():
            await client.begin(turn, Expect.COMMAND)
            await client.feed(turn, sound(0.5))
            await client.decide(turn)
            await client.end(turn)
            await asyncio.sleep(0.01)
            turn += 1
        await changing
        assert isinstance((await client.ask(turn, "lamp seven on"))[0], Decision)
        with pytest.raises(InferenceError):
            await client.load_home({"entities": 7})
        assert isinstance((await client.ask(turn, "lamp seven on"))[0], Decision)


def test_a_house_made_ready_ahead_is_the_house_loaded_at_once(core: EngineCore) -> None:
    ahead = EngineCore(tiny_pair())
    ahead.load_home({**HOME, "entities": HOME["entities"][:1]})
    planned = ahead.plan(HOME)
    for _ in ahead.preparing(planned):
        said(ahead, sound(1.0, seed=3), [])
    ahead.adopt(planned)
    one, other = said(ahead, sound(2.2, seed=8), []), said(core, sound(2.2, seed=8), [])
    assert (one.verdict, one.calls, one.sentence) == (other.verdict, other.calls, other.sentence)
    assert one.certainty == pytest.approx(other.certainty, abs=1e-6)  # its prompt was read in other batches
    ahead.close()


def test_llama_cpps_own_encoder_decides_alike_and_says_what_it_costs(
    core: EngineCore, caplog: pytest.LogCaptureFixture
) -> None:
    other = EngineCore(tiny_pair(), Setup(encoder="mtmd"))
    assert "square" in caplog.text
    other.load_home(HOME)
    decisions = []
    for one in (core, other):
        one.begin(1)
        one.feed(1, sound(4.3, seed=8))
        decisions.append(one.decide(1)[0])
    assert decisions[0] == decisions[1]
    other.close()


def test_a_machine_that_cannot_keep_up_takes_longer_steps_and_decides_alike(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine_setup, "LARGE_BYTES", 0)
    fast, slow = (_paced(monkeypatch, keeps_up) for keeps_up in (1000.0, 0.0))
    assert slow.load
    assert caplog.text.count("longer") == 1
    pcm, logits = sound(2.2, seed=8), Logits(monkeypatch)
    decisions = [said(one, pcm, cuts) for one, cuts in ((fast, []), (slow, []), (slow, [1, 30_001, 9]))]
    usual, longer, chopped = logits.seen
    assert decisions[1] == decisions[2]
    assert np.array_equal(longer, chopped)
    assert (decisions[0].verdict, decisions[0].calls) == (decisions[1].verdict, decisions[1].calls)
    assert np.abs(usual - longer).max() <= 1e-3
    slow.begin(1)
    slow.feed(1, sound(0.9, seed=8))
    assert slow._turn is not None
    assert slow._turn.sound.final == 0, "a step is 960 ms long"
    slow.close()
    fast.close()


def _paced(monkeypatch: pytest.MonkeyPatch, keeps_up: float) -> EngineCore:
    monkeypatch.setattr(engine, "KEEPS_UP", keeps_up)
    one = EngineCore(tiny_pair(), Setup(threads=1))
    one.load_home(HOME)
    return one


def test_an_encoder_that_does_not_exist_is_said() -> None:
    with pytest.raises(ModelFileError, match="psychic"):
        EngineCore(tiny_pair(), Setup(encoder="psychic"))


def test_a_decision_that_nobody_waits_for_is_stopped_or_not_begun(
    core: EngineCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions, walk = Decisions(core), Walker.walk
    core.begin(1)
    core.feed(1, sound(1.5))
    want, _ = core.decide(1)
    core.begin(1)
    core.feed(1, sound(1.5))

    def abandoned(walker: Walker, first: Any, runner: Any) -> Any:
        assert decisions.abandoned(protocol.Abandon(1))  # as the thread that reads does, in the middle
        return walk(walker, first, runner)

    with monkeypatch.context() as patched:
        patched.setattr(Walker, "walk", abandoned)
        stopped = decisions.answer(protocol.Decide(1, 1))
    assert isinstance(stopped, protocol.Trouble)
    assert (stopped.request, "stopped" in stopped.text) == (1, True)
    assert decisions.abandoned(protocol.Abandon(1)), "too late: it changes nothing"
    assert decisions.abandoned(protocol.Abandon(2))
    not_begun = decisions.answer(protocol.Decide(2, 1))
    assert isinstance(not_begun, protocol.Trouble)
    assert "not begun" in not_begun.text
    wanted = decisions.answer(protocol.Decide(3, 1))
    assert isinstance(wanted, protocol.Decided)
    assert wanted.decision == want
    assert not decisions.abandoned(protocol.Ping(4))
