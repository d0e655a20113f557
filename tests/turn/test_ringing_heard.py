"""A timer that rings, and somebody who says "stop" to it: the shipped model hears it, without a wake word."""

from __future__ import annotations

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from voiced.adapters.fakes import MemoryBroker, MemoryMouth
from voiced.adapters.piper import Voice
from voiced.adapters.wavfile import Recording
from voiced.app import engine, real_house, running
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME, MODELS, Config
from voiced.home.load import load_home
from voiced.listen.listener import Listener
from voiced.messages import FRAME_SAMPLES, EarLost, EarOpened, Frame
from voiced.turn.timeline import Happening
from voiced.workers.earoptions import EarOptions
from voiced.workers.hearing import frames_of

HOME = load_home(DEMO_HOME.read_text("utf-8"))
PATIENCE_S = 120.0


class Room:
    """Silence at its own pace, and what is said into it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._coming = folder, asyncio.Queue[Frame]()

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        yield EarOpened("room")
        at = 0
        while True:
            with contextlib.suppress(asyncio.QueueEmpty):
                yield replace(self._coming.get_nowait(), first_sample=at)
                at += FRAME_SAMPLES
                continue
            yield Frame(at, bytes(2 * FRAME_SAMPLES), speech=False)
            at += FRAME_SAMPLES
            await asyncio.sleep(0.02)

    def says(self, text: str) -> None:
        voice, path = Voice(), self._folder / f"{text}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(voice.rate_hz)
            for pcm in voice.sentences(text):
                file.writeframes(pcm.tobytes())
        for frame in frames_of(Recording(path=path).frames(silence_ms=200), EarOptions(model=str(MODELS / "nano"))):
            self._coming.put_nowait(frame)


@pytest.mark.whole
async def test_stop_is_heard_between_two_rings_and_what_sounds_like_it_is_not(tmp_path: Path) -> None:
    told: list[Happening] = []
    mind, room = engine(Config()), Room(tmp_path)
    await mind.load_home(HOME.to_dict(), "")

    async def until(event: str, turn: object = None) -> Happening:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for happening in told:
                    if happening["event"] == event and turn in (None, happening.get("turn")):
                        told.remove(happening)
                        return happening
                await asyncio.sleep(0.02)

    async with running(mind.supervisor):
        assert await mind.supervisor.wait_ready(PATIENCE_S), mind.supervisor.state
        house = real_house(HOME)
        assistant = Assistant(
            ear=room, engine=mind, mouth=MemoryMouth(), broker=MemoryBroker(), listener=Listener(), house=house,
            tell=told.append,
        )  # fmt: skip
        job = asyncio.create_task(assistant.run())
        await until("ear_opened")
        await assistant.ask("set a timer for one second")
        assert (await until("timer_over"))["text"] == "The one second timer is over."
        for said, silences in (
            ("The train was late again this morning.", False),
            ("Your timer is off.", False),
            ("Be quick about it.", False),
            ("Stop by the shop on your way home.", False),
            ("Please stop.", True),
        ):
            told.clear()
            await until("listening")
            await asyncio.sleep(0.3)  # our own voice rings in the room
            room.says(said)
            await until("turn_end", (await until("decision"))["turn"])
            assert (house.rings_now() is None) is silences
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
