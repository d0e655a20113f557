"""Mouth and ear on a real sound server whose loudspeaker is heard in the room."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.faults.sound import SoundServer, sound_server
from voiced.messages import Frame
from voiced.ports import Chime
from voiced.workers.clients import EarClient, MouthClient

pytestmark = [pytest.mark.whole, pytest.mark.faults]
TEXT = "The garage door is closed, the kitchen lights are on, and it is twenty degrees in the bedroom."


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    yield from sound_server(tmp_path, monkeypatch)


async def test_what_the_loudspeaker_plays_is_mostly_gone_from_what_the_ear_hears(server: SoundServer) -> None:
    server.ctl("load-module", "module-remap-source", "source_name=nearby", "master=speaker.monitor")
    ear = EarClient(options={"device": "nearby"})
    mouth = MouthClient(options={"speaker": "pulse", "tells": True})
    frames: list[Frame] = []

    async def listen() -> None:
        async for heard in ear.frames():
            frames.extend([heard] if isinstance(heard, Frame) else [])

    async with ear.supervisor, mouth.supervisor:
        jobs = [asyncio.create_task(listen())]
        try:
            assert await mouth.supervisor.wait_ready(120)
            async with asyncio.timeout(60):
                while not frames:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            with_echo = await level_db_of(mouth, frames)
            jobs.append(asyncio.create_task(ear.overhear(mouth)))
            without = [await level_db_of(mouth, frames) for _ in range(4)]
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
    print(f"{with_echo:.1f} dB; with the canceller {[round(level, 1) for level in without]}")
    assert with_echo > -45, "the room gave nothing back"
    assert min(without) < with_echo - 15


async def test_what_is_played_is_played_to_its_end(server: SoundServer, tmp_path: Path) -> None:
    """A chime of a fifth of a second: a sound server has half of it in its buffer when the last sample is written."""
    shape = ("--raw", "--format=s16le", "--rate=16000", "--channels=1", "--latency-msec=20")
    mouth = MouthClient(options={"speaker": "pulse"})
    with (tmp_path / "played").open("wb") as file:
        recorder = await asyncio.create_subprocess_exec("parec", "--device=speaker.monitor", *shape, stdout=file)
        try:
            async with asyncio.timeout(30):
                while not (tmp_path / "played").stat().st_size:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            async with mouth.supervisor:
                assert await mouth.supervisor.wait_ready(120)
                for _ in range(3):
                    await mouth.chime(Chime.RING)
                    await asyncio.sleep(0.5)
        finally:
            recorder.terminate()
            await recorder.wait()
    sounds = np.fromfile(tmp_path / "played", np.int16) != 0
    sounding = sounds[: len(sounds) // 160 * 160].reshape(-1, 160).any(axis=1).astype(int)
    edges = np.diff(np.concatenate([[0], sounding, [0]]))
    lengths_ms = 10 * (np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1))
    assert len(lengths_ms) == 3
    assert sorted(lengths_ms)[1] >= 180


async def level_db_of(mouth: MouthClient, frames: list[Frame]) -> float:
    """What is heard, in dB of full scale, in the second half of this."""
    frames.clear()
    played = await mouth.say(TEXT)
    assert not played.interrupted
    frames = frames[-round(played.duration_ms / 40) :]
    samples = np.frombuffer(b"".join(frame.pcm for frame in frames), np.int16).astype(float) / 32768
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))
