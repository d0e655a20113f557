"""What nobody was certain of is heard again: without the noise, which is believed, then slower and faster, which is
believed where two hearings agree.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gemma.tiny import tiny_folder
from tests.test_assistant import Stage, frames
from voiced.adapters.fakes import FrameEar, ScriptedEngine
from voiced.adapters.wavfile import Recording
from voiced.bench.follow import final
from voiced.config import DEMO_HOME, MODELS
from voiced.errors import InferenceError
from voiced.gemma.llama import Context
from voiced.home.load import load_home
from voiced.messages import (
    Call,
    Decision,
    EarLost,
    EarOpened,
    EngineTimes,
    Evidence,
    Frame,
    Hearing,
    Rule,
    Scored,
    Verdict,
)
from voiced.ports import Expect
from voiced.turn.reasons import Reasons
from voiced.workers.cascade import Cascade
from voiced.workers.clients import EngineClient
from voiced.workers.engine import EngineCore
from voiced.workers.engine_again import PACES, RehearingCore, paced
from voiced.workers.engine_load import load_model

SEEMED = Scored("the lamp on now", -3.0)
UNSURE = Decision(Verdict.NOT_FOR_ME, certainty=0.6, evidence=Evidence(Rule.UNSURE, 0.4, 0.77, paths=(SEEMED,)))
DEMO = DEMO_HOME.parent / "demo"


def on(name: str, certainty: float) -> Decision:
    return Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": name}),), certainty)


WORDS = b"".join(Recording(path=DEMO / "joe-bed-light-forty.flac").frames())
HISS = (np.random.default_rng(2).standard_normal(16_000) * 1000).astype(np.int16).tobytes()


def in_hiss() -> bytes:
    """A quarter of a second of hiss, and words in it."""
    words = np.pad(np.frombuffer(WORDS, np.int16), (4000, 0)).astype(np.float32)
    hiss = np.random.default_rng(2).standard_normal(len(words)) * words.std() / 4
    noisy: bytes = np.clip(words + hiss, -32768, 32767).astype(np.int16).tobytes()
    return noisy


class Stoppable(Context):
    """A real one's flag, without a model."""

    def __init__(self) -> None:
        self._stop = ctypes.create_string_buffer(2)


class Scripted(RehearingCore):
    """A real one's memory of the sound, around an engine that says what the test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *decisions: Decision) -> None:
        self.heard: list[bytearray] = []
        self._context = Stoppable()
        script = iter(decisions)

        def begin(core: EngineCore, turn: int, expect: str = "") -> None:
            self.heard.append(bytearray())

        def feed(core: EngineCore, turn: int, pcm: bytes) -> None:
            self.heard[-1] += pcm

        def decide(core: EngineCore, turn: int) -> tuple[Decision, EngineTimes]:
            return next(script), EngineTimes()

        for made in (begin, feed, decide):
            monkeypatch.setattr(EngineCore, made.__name__, made)
        monkeypatch.setattr(EngineCore, "_open", lambda *_: None)


@pytest.mark.parametrize(
    ("hearings", "certainty"),
    [
        ((replace(on("lamp", 0.8), sentence="a lamp on now"),), 0.8),
        ((replace(on("lamp", 0.9), sentence="lamp on"), on("lamp", 0.9), on("fan", 0.9), UNSURE, UNSURE), 0.0),
        ((UNSURE, on("lamp", 0.9), on("lamp", 0.8)), 0.8),
        ((UNSURE, on("lamp", 0.8), UNSURE, on("lamp", 0.9)), 0.8),
        ((UNSURE, on("lamp", 0.9), on("fan", 0.99), UNSURE, on("fan", 0.95)), 0.95),
        ((UNSURE, UNSURE, UNSURE, UNSURE, on("lamp", 0.99)), 0.0),
        ((UNSURE, on("lamp", 0.9), on("fan", 0.9), on("lock", 0.9), UNSURE), 0.0),
        ((UNSURE,) * 5, 0.0),
    ],
)
def test_without_noise_one_hearing_counts_of_the_paces_two_must_agree_and_no_more_are_asked(
    monkeypatch: pytest.MonkeyPatch, hearings: Sequence[Decision], certainty: float
) -> None:
    core = Scripted(monkeypatch, UNSURE, *hearings)
    core.begin(1)
    core.feed(1, noisy := in_hiss())
    assert core.decide(1)[0].unsure
    core.feed(1, b"\1" * 6400)  # the silence behind the words
    decision = final(core, 1, UNSURE)
    assert len(core.heard) == 1 + len(hearings)
    if certainty:
        assert (decision.verdict, decision.certainty) == (Verdict.CALLS, certainty)
        assert decision.hearing is (Hearing.WITHOUT_NOISE if len(hearings) == 1 else Hearing.OTHER_PACES)
    else:
        assert decision is UNSURE
    clean, *paces = (np.frombuffer(one, np.int16) for one in core.heard[1:])
    assert len(clean) == len(noisy) // 2
    assert clean[:4000].std() < np.frombuffer(noisy, np.int16)[:4000].std() / 4
    assert [len(one) for one in paces] == [round(len(noisy) / 2 / pace) for pace in PACES[: len(paces)]], "words alone"


@pytest.mark.parametrize("more", [b"\1", b"\1" * 6401], ids=["half a sample", "and silence"])
def test_sound_in_any_chopping_is_heard_again_in_whole_samples(monkeypatch: pytest.MonkeyPatch, more: bytes) -> None:
    core = Scripted(monkeypatch, UNSURE, replace(on("lamp", 0.8), sentence="a lamp on now"))
    core.begin(1)
    core.feed(1, (noisy := in_hiss()) + b"\1")
    core.decide(1)
    core.feed(1, more)
    assert final(core, 1, UNSURE).hearing is Hearing.WITHOUT_NOISE
    assert len(core.heard[1]) == len(noisy)


def test_where_hardly_anything_is_left_without_the_noise_that_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    core = Scripted(monkeypatch, UNSURE, on("fan", 0.99), on("lamp", 0.9), on("lamp", 0.9))
    core.begin(1)
    core.feed(1, HISS)
    core.decide(1)
    decision = final(core, 1, UNSURE)
    assert decision.calls == on("lamp", 0.9).calls
    assert decision.hearing is Hearing.OTHER_PACES
    assert [len(one) // 2 for one in core.heard[1:]] == [round(len(HISS) / 2 / pace) for pace in PACES[:3]]


def test_long_talk_is_not_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    core = Scripted(monkeypatch, UNSURE)
    core.begin(1)
    for _ in range(13):
        core.feed(1, bytes(32_000))
    core.decide(1)
    assert final(core, 1, UNSURE) is UNSURE
    assert len(core.heard) == 1


@pytest.mark.parametrize("stopped_in", [1, 3], ids=["without the noise", "at another pace"])
def test_hearing_again_stops_where_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch, stopped_in: int) -> None:
    core = Scripted(monkeypatch, *(UNSURE,) * 9)
    core.begin(1)
    core.feed(1, in_hiss())
    core.decide(1)
    begin = EngineCore.begin

    def stopping(core_: EngineCore, turn: int, expect: str = "") -> None:
        begin(core_, turn, expect)
        if len(core.heard) == stopped_in:
            core.stop()

    monkeypatch.setattr(EngineCore, "begin", stopping)
    if stopped_in == 1:
        core.stop()
    with pytest.raises(InferenceError, match="nobody waits"):
        core.again(1)
    assert len(core.heard) == stopped_in
    core.go()
    assert core.again(1) is None, "the next one is wanted again"


@pytest.mark.parametrize("decision", [on("lamp", 0.9), Decision(Verdict.INCOMPLETE), Decision(Verdict.NOT_FOR_ME)])
def test_what_was_understood_broke_off_or_was_silence_is_not_heard_again(
    monkeypatch: pytest.MonkeyPatch, decision: Decision
) -> None:
    core = Scripted(monkeypatch)
    assert final(core, 1, decision) is decision


@given(st.floats(300, 3000), st.sampled_from(PACES), st.integers(4000, 40_000))
def test_a_tone_at_another_pace_is_another_tone_and_as_loud(hz: float, pace: float, samples: int) -> None:
    tone = (8000 * np.sin(2 * np.pi * hz / 16_000 * np.arange(samples))).astype(np.int16)
    moved = paced(tone, pace)
    assert moved.dtype == np.int16
    assert len(moved) == round(samples / pace)
    middle = moved[len(moved) // 8 : -len(moved) // 8].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    peak_hz = np.argmax(spectrum) * 16_000 / len(middle)
    assert abs(peak_hz - hz * pace) < 2 * 16_000 / len(middle)
    assert abs(middle.std() / tone.std() - 1) < 0.05


def test_no_sound_at_another_pace_is_none() -> None:
    assert len(paced(np.zeros(0, np.int16), PACES[0])) == 0


HOME = load_home(DEMO_HOME.read_text("utf-8")).to_dict()


async def test_nano_in_its_process_hears_at_any_pace_what_was_said() -> None:
    client = EngineClient(options={"model": str(MODELS / "nano")})
    await client.load_home(HOME)
    async with client.supervisor, asyncio.timeout(120):
        while not client.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await client.begin(1, Expect.COMMAND)
        await client.feed(1, WORDS)
        once, _ = await client.decide(1)
        await client.feed(1, bytes(32_000))
        again = await client.again(1)
        assert again
        assert again[0].calls == once.calls == (Call("HassLightSet", {"name": "bed light", "brightness": 40}),)
        assert again[0].by == once.by
        await client.begin(2, Expect.COMMAND)
        noise = np.random.default_rng(1).standard_normal(32_000) * 300
        await client.feed(2, noise.astype(np.int16).tobytes())
        await client.decide(2)
        assert await client.again(2) is None
        await client.end(2)
        with pytest.raises(InferenceError):
            await client.again(2)


async def test_who_wakes_it_meanwhile_does_not_wait_for_what_nobody_understood() -> None:
    client = EngineClient(options={"model": str(MODELS / "nano")})
    await client.load_home(HOME)
    noise = (np.random.default_rng(1).standard_normal(7 * 16_000) * 1000).astype(np.int16).tobytes()
    clock = asyncio.get_running_loop().time
    async with client.supervisor, asyncio.timeout(120):
        while not client.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        took = []
        for given_up in (False, True):
            await client.begin(1, Expect.COMMAND)
            await client.feed(1, noise)
            await client.decide(1)
            begun = clock()
            again = asyncio.create_task(client.again(1))
            if given_up:
                await asyncio.sleep(0.05)
                again.cancel()
            await asyncio.wait([again])
            await client.begin(2, Expect.COMMAND)
            await client.decide(2)
            took.append(clock() - begun)
            assert again.cancelled() is given_up
        await client.begin(3, Expect.COMMAND)
        await client.feed(3, WORDS)
        decision, _ = await client.decide(3)
        assert decision.calls, "and it works on"
    assert took[1] < took[0] / 2


async def test_a_model_of_tool_calls_is_not_asked_again() -> None:
    client = EngineClient(options={"model": str(tiny_folder("calls"))})
    await client.load_home(HOME)
    async with client.supervisor, asyncio.timeout(120):
        while not client.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert await client.again(1) is None


def test_the_engine_of_a_folder_hears_again_where_it_writes_sentences() -> None:
    for name, rehears in (("sentences", True), ("calls", False)):
        core = load_model(tiny_folder(name))
        assert isinstance(core, RehearingCore) is rehears
        core.close()


class Agreeing(ScriptedEngine):
    """Hears a lamp at any other pace."""

    asked = 0

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        del turn
        self.asked += 1
        return replace(on("bed light", 0.8), hearing=Hearing.OTHER_PACES), EngineTimes()


async def test_of_two_engines_the_first_hears_again_what_the_second_never_heard() -> None:
    for doubt, asked in ((False, 1), (True, 0)):
        first, second = Agreeing([UNSURE]), ScriptedEngine([UNSURE])
        cascade = Cascade(first, second, lambda _, doubt=doubt: doubt)  # type: ignore[misc]
        await cascade.begin(1, Expect.COMMAND)
        await cascade.feed(1, bytes(640))
        await cascade.decide(1)
        heard = await cascade.again(1)
        assert first.asked == asked
        assert (heard is not None) is bool(asked)


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        (UNSURE, 1),
        (Decision(Verdict.NOT_FOR_ME, certainty=0.9, evidence=Evidence(Rule.NO_PATH)), 1),
        (Decision(Verdict.NOT_FOR_ME, certainty=0.9, evidence=Evidence(Rule.NOTHING, 0.9, 0.6)), 0),
        (on("bed light", 0.9), 0),
    ],
)
async def test_a_turn_of_which_nothing_was_certain_is_done_as_two_hearings_agree(first: Decision, asked: int) -> None:
    stage = Stage(load_home(DEMO_HOME.read_text("utf-8")), "....w....s*s*.*.*.*.*.*.*.*.*.*.*", first)
    engine, reasons = Agreeing([first]), Reasons()
    stage.assistant._judging._explain = reasons.explain
    stage.assistant._engine = stage.assistant._deciding._engine = engine
    events = await stage.play()
    assert engine.asked == asked
    assert events.count("command") == (0 if first.evidence and not asked else 1)
    if asked:
        ended = next(h for h in stage.told if h["event"] == "speech_end")
        assert ended["t_ms"] == 580 + 1500, "first it was waited for what might follow"
        assert [stage.name for stage in stage.assistant.ledgers[0].stages()].count("rehearing") == 1
        told = [h["ledger"] for h in stage.told if h["event"] == "turn_end"]
        assert told[0]["hearing"] == "other_paces"  # type: ignore[index]
        (why,) = reasons.last()
        assert "heard again slower and faster" in str(why["why"])


class Failing(ScriptedEngine):
    """Goes away over hearing a turn again."""

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        del turn
        raise InferenceError("the engine did not answer within 30 s")


async def test_where_hearing_again_fails_the_first_hearing_counts(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(load_home(DEMO_HOME.read_text("utf-8")), "....w....s*s*.*.*.*.*.*.*.*.*.*.*")
    stage.assistant._engine = stage.assistant._deciding._engine = Failing([UNSURE])
    events = await stage.play()
    assert "ignored" in events
    assert "failed" not in events
    assert stage.mouth.said == [], "who was not spoken to does not apologize"
    assert "turn 1 is not heard again: the engine did not answer within 30 s" in caplog.text


class Endless(ScriptedEngine):
    """Never has done with hearing a turn again."""

    given_up = 0

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        del turn
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return None


class Unhurried(FrameEar):
    """Leaves what goes on beside the hearing the time to do something."""

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        async for one in super().frames():
            yield one
            for _ in range(20):
                await asyncio.sleep(0)


async def test_who_says_it_again_is_heard_and_what_was_not_understood_is_given_up() -> None:
    words = "....w....s*s*.*.*.*.*.*.*.*.*.*.*"
    stage = Stage(load_home(DEMO_HOME.read_text("utf-8")), "")
    engine = Endless([UNSURE, on("bed light", 0.9)])
    assistant = stage.assistant
    assistant._engine = assistant._deciding._engine = engine
    assistant._ear, assistant._timeline.paced = Unhurried(frames(words + "." * 40 + words)), True
    await asyncio.wait_for(assistant.run(), 30)
    events = [h["event"] for h in stage.told]
    assert engine.given_up == 1
    assert events.count("wake") == 2
    assert events.count("command") == 1, "the second time it was understood"
    assert sorted(str(h["turn"]) for h in stage.told if h["event"] == "turn_end") == ["1", "2"]
