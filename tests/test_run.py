"""The daemon on a sound server of null sinks: a room that it hears, a loudspeaker that is recorded, a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.daemon import Daemon, House, house_at, play
from tests.faults.sound import SoundServer, sound_server
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto, free_port
from voiced.errors import BrokerError

pytestmark = [pytest.mark.whole, pytest.mark.faults]
GARAGE = "joe-close-garage-door"
TURN = ["wake", "speech_start", "decision", "command", "confirmed", "reply", "first_sound"]
CLOSE = [("demo/garage/door/set", "CLOSE")]
PARTS = ("ear", "engine", "mouth")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    yield from sound_server(tmp_path, monkeypatch)


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    with Mosquitto() as server:
        yield server


@contextlib.asynccontextmanager
async def running(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[Daemon, House]]:
    async with house_at(broker.port) as house, Daemon(folder, broker.port) as daemon:
        yield daemon, house


class Loudspeaker:
    """Records what the loudspeaker plays."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Loudspeaker:  # noqa: PYI034
        self._file = self._path.open("wb")
        self._recorder = subprocess.Popen(
            ["parec", "--device=speaker.monitor", "--raw", "--rate=16000", "--channels=1", "--format=s16le"],
            stdout=self._file,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.kill()
        self._recorder.wait()
        self._file.close()

    def heard_s(self) -> float:
        """Seconds with sound in them."""
        pcm = np.frombuffer(self._path.read_bytes(), np.int16).astype(float)
        pieces = pcm[: len(pcm) // 320 * 320].reshape(-1, 320)
        return float((np.sqrt((pieces**2).mean(axis=1)) > 100).sum() * 0.02) if len(pieces) else 0.0


async def test_spoken_in_the_room_done_in_the_house_and_said_aloud(
    server: SoundServer, broker: Mosquitto, tmp_path: Path
) -> None:
    async with running(tmp_path, broker) as (daemon, house):
        await daemon.ready()
        with Loudspeaker(tmp_path / "speaker.raw") as speaker:
            await daemon.hears(GARAGE, "first_sound")
            turn = [k for k in daemon.kinds() if k in TURN]
            assert turn[-len(TURN) :] == TURN
            await daemon.happens("turn_end")
            assert house.commands() == CLOSE
        assert speaker.heard_s() > 0.8, "the wake chime and a sentence"
        await asyncio.sleep(2)
        assert {"READY=1", "WATCHDOG=1", "STATUS=listening"} <= set(daemon.notified)

        assert await daemon.ends(signal.SIGINT) < 5
        assert daemon.process.returncode == 0
        assert (await house.sees(lambda m: m.topic == "voiced/t/state" and b"offline" in m.payload)).payload


async def test_each_part_killed_in_mid_turn_sends_nothing_and_the_next_turn_works(
    server: SoundServer, broker: Mosquitto, tmp_path: Path
) -> None:
    """With live sound, model and voice. What hangs instead of dying: tests/faults/test_daemon.py, by a script."""
    async with running(tmp_path, broker) as (daemon, house):
        await daemon.ready()
        for part in PARTS:
            before = daemon.child(part)
            daemon.at("speech_start", functools.partial(os.kill, before, signal.SIGKILL))
            await daemon.hears(GARAGE, "speech_start")
            if part == "mouth":  # the house does what was said; only nobody can say so
                await daemon.happens("confirmed")
                assert house.commands() == CLOSE
            else:
                await daemon.happens("failed")
                assert house.commands() == []
            await daemon.happens("turn_end")
            await daemon.until(functools.partial(daemon.replaced, part, before))
            await daemon.ready()

            await asyncio.sleep(2)
            house.seen.clear()
            daemon.forget()
            await daemon.hears(GARAGE, "first_sound")
            assert house.commands() == CLOSE
            house.seen.clear()


async def test_muted_means_that_nobody_records_and_it_outlasts_a_restart(
    server: SoundServer, broker: Mosquitto, tmp_path: Path
) -> None:
    async with running(tmp_path, broker) as (daemon, house):
        await daemon.ready()
        assert server.recorded() == {"mic"}
        begun = time.monotonic()
        await house.link.publish("voiced/t/mute", "on")
        while server.recorded():  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert time.monotonic() - begun < 2, "0.5 s where nobody else works"
        await daemon.happens("muted")
        with pytest.raises(LookupError):
            daemon.child("ear")
        await play(GARAGE)
        assert "wake" not in daemon.kinds()
        daemon.process.kill()

    async with running(tmp_path, broker) as (daemon, house):
        await daemon.happens("status", text="muted")
        assert server.recorded() == set()
        await house.link.publish("voiced/t/mute", "off")
        await daemon.ready()
        await daemon.hears(GARAGE, "confirmed")


async def test_what_is_missing_is_said_and_picked_up_when_it_comes(server: SoundServer, tmp_path: Path) -> None:
    """No sound server and no broker at the start; they come, and then the broker goes and comes again."""
    server.stop()
    broker = Mosquitto(port=free_port())
    async with Daemon(tmp_path, broker.port) as daemon:
        status = await daemon.happens("status")
        while "no model" in str(status["text"]):
            status = await daemon.happens("status")
        assert "no sound" in str(status["text"])
        assert "no broker" in str(status["text"])
        server.start()
        with broker:
            await daemon.ready()
            broker.kill()
            await daemon.until(lambda: "no broker" in daemon.status)
            broker.start()
            await daemon.ready()
        assert await daemon.ends(signal.SIGTERM) < 5
        assert daemon.process.returncode == 0
