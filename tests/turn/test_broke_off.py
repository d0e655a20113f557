"""Real nano and the real ear: a command that is cut in two by a long pause is one command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.turn.inside import InsideEngine
from voiced.adapters.fakes import FrameEar, MemoryBroker, MemoryMouth
from voiced.adapters.wavfile import Recording
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME, MODELS
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, Frame, Verdict, ms_to_samples
from voiced.turn.timeline import Happening
from voiced.workers.earoptions import EarOptions
from voiced.workers.engine import EngineCore
from voiced.workers.engine_load import load_model
from voiced.workers.hearing import frames_of

HOME = load_home(DEMO_HOME.read_text("utf-8"))
DEMO = DEMO_HOME.parent / "demo"


@pytest.fixture(scope="module")
def nano() -> Iterator[EngineCore]:
    core = load_model(MODELS / "nano")
    core.load_home(HOME.to_dict())
    yield core
    core.close()


def paused(path: Path, cut_ms: int, pause_ms: int) -> Iterator[Frame]:
    """A recording with `pause_ms` of a quiet room's noise in it, and two seconds more at its end."""
    pcm = b"".join(Recording(path=path).frames())
    room = np.random.default_rng(0).standard_normal(ms_to_samples(pause_ms + 2000)) * 15
    noise, cut = room.astype(np.int16).tobytes(), ms_to_samples(cut_ms) * BYTES_PER_SAMPLE
    pause = ms_to_samples(pause_ms) * BYTES_PER_SAMPLE
    whole, size = pcm[:cut] + noise[:pause] + pcm[cut:] + noise[pause:], FRAME_SAMPLES * BYTES_PER_SAMPLE
    pieces = (whole[at : at + size] for at in range(0, len(whole) // size * size, size))
    return frames_of(pieces, EarOptions(wake_words=("hey_jarvis",), model=str(MODELS / "nano")))


async def turn(core: EngineCore, frames: Iterator[Frame]) -> tuple[list[Happening], InsideEngine, MemoryBroker]:
    told: list[Happening] = []
    engine, broker = InsideEngine(core), MemoryBroker(answer=simulate(HOME))
    assistant = Assistant(
        ear=FrameEar(frames), engine=engine, mouth=MemoryMouth(), broker=broker, listener=Listener(),
        house=real_house(HOME), tell=told.append, paced=False,
    )  # fmt: skip
    await assistant.run()
    return told, engine, broker


@pytest.mark.parametrize(
    ("recording", "cut_ms"),
    [("joe-slow-kitchen-lights-on", 1900), ("joe-bed-light-forty", 2300), ("joe-timer-five-minutes", 2100)],
)
async def test_a_command_in_two_halves_goes_on_in_the_same_memory(
    nano: EngineCore, recording: str, cut_ms: int
) -> None:
    path = DEMO / f"{recording}.flac"
    _, whole, wanted = await turn(nano, paused(path, cut_ms, 0))
    told, engine, broker = await turn(nano, paused(path, cut_ms, 3500))

    events = [str(h["event"]) for h in told]
    assert events.count("goes_on") == 1
    assert events.index("goes_on") > events.index("speech_end")
    assert engine.begun == [1], "the turn was begun once: what it heard stayed where it was"
    assert Verdict.INCOMPLETE in [d.verdict for d in engine.decided]
    assert engine.decided[-1].calls == whole.decided[-1].calls
    assert broker.published == wanted.published
    ledger = next(h["ledger"] for h in told if h["event"] == "turn_end")
    assert isinstance(ledger, dict)
    assert ledger["end_ms"] == 200, "of the end that it had, not of the one that it went on after"
    assert ledger["speculations"] >= 1


async def test_half_a_command_alone_does_nothing(nano: EngineCore) -> None:
    path = DEMO / "joe-bed-light-forty.flac"
    half = [f for f in paused(path, 2300, 9000) if f.first_sample < ms_to_samples(2300 + 8900)]
    told, engine, broker = await turn(nano, iter(half))
    assert [h["event"] for h in told].count("goes_on") == 1
    assert broker.published == []
    assert [h["reason"] for h in told if h["event"] == "ignored"] == ["incomplete"]
    assert engine.begun == [1]
