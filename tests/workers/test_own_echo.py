"""Mouth and ear on a real sound server whose loudspeaker is heard in the room."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.faults.sound import SoundServer, sound_server
from tools.echo.straight import straight
from voiced.ports import Chime
from voiced.workers.clients import MouthClient

pytestmark = [pytest.mark.whole, pytest.mark.faults]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    yield from sound_server(tmp_path, monkeypatch)


async def test_what_the_loudspeaker_plays_is_mostly_gone_from_what_the_ear_hears(server: SoundServer) -> None:
    measured = await straight(server)
    print(measured)
    assert measured.came_in_db > -45, "the room gave nothing back"
    assert measured.most_db > 15


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
