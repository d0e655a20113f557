"""Rows D2, D3, D4, D9, D10, D11 and E11 of the target table: the whole daemon while its parts are taken away."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.daemon import daemon
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.errors import BrokerError

try:
    find_mosquitto()
except BrokerError as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


async def test_d2_d3_parts_that_hang_are_said_and_replaced(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto
) -> None:
    """Ear, engine and mouth stopped and killed; the broker frozen; then the core itself, whose pings must end."""
    async with daemon(tmp_path, mosquitto) as one:
        await one.until(lambda: one.started and one.listening, 120)
        for name, lack in (("ear", "no sound"), ("engine", "no model"), ("mouth", "no voice")):
            for number in (signal.SIGKILL, signal.SIGSTOP):
                before = one.child(name)
                os.kill(before, number)
                if number == signal.SIGSTOP:  # what is back within a beat need not be said
                    await one.until(functools.partial(one.lacks, lack), 60)
                await one.until(functools.partial(one.replaced, name, before), 60)
                await one.until(lambda: one.listening, 120)
        at = time.monotonic()
        await one.until(lambda: one.pings_since(at) >= 2, 30)

        mosquitto.freeze()
        await one.until(lambda: "no broker" in one.status, 60)
        mosquitto.thaw()
        await one.until(lambda: one.listening, 60)

        one.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(1)
        stopped = time.monotonic()
        await asyncio.sleep(5)
        assert one.pings_since(stopped) == 0
        minutes = (one.systemd[-1][0] - one.systemd[0][0]) / 60
        assert len(one.log) < 20 * (minutes + 1), "a storm of faults is no storm of lines"


async def test_e11_mute_leaves_no_handle_and_survives_a_restart(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto
) -> None:
    async with daemon(tmp_path, mosquitto) as one:
        await one.until(lambda: one.listening, 120)
        assert server.recorded() == {"mic"}
        await one.broker.publish("voiced/voiced/mute", "true")
        await one.until(lambda: one.state.get("muted") is True, 10)
        assert server.recorded() == set(), "nobody holds the microphone once it says that it is muted"
        os.kill(one.process.pid, signal.SIGKILL)
        await one.process.wait()
    async with daemon(tmp_path, mosquitto) as one:
        await one.until(lambda: one.started, 120)
        await asyncio.sleep(2)
        assert one.state.get("muted") is True
        assert server.recorded() == set()
        await one.broker.publish("voiced/voiced/mute", "false")
        await one.until(lambda: one.listening, 60)
        assert server.recorded() == {"mic"}


async def test_d4_without_microphone_loudspeaker_and_broker_it_stays_and_says_so(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto
) -> None:
    mosquitto.kill()
    async with daemon(tmp_path, mosquitto, device="no such thing", speaker="no such thing") as one:
        await one.until(lambda: one.started, 120)
        said = "\n".join(text for _, text in one.systemd)
        for lack in ("no sound", "no broker", "no voice"):
            assert lack in said
        at = time.monotonic()
        await one.until(lambda: one.pings_since(at) >= 3, 30)
        await asyncio.to_thread(mosquitto.start)
        await one.until(lambda: one.lacks("no sound"), 60)
        assert one.process.returncode is None


@pytest.mark.parametrize(
    ("text", "key"), [("[microphone]\ndevise = 1\n", "microphone.devise"), ("[turn]\nend_ms = -3\n", "turn.end_ms"),
                      ("= 3", "voiced.toml"), ('home = "nowhere.toml"\n', "nowhere.toml")],
)  # fmt: skip
def test_d4_a_wrong_configuration_is_one_line_and_status_78(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "voiced", "run", "--config", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert key in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("moment", ["starting", "listening", "no sound", "no broker"])
async def test_d9_sigterm_at_any_moment(tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, moment: str) -> None:
    async with daemon(tmp_path, mosquitto) as one:
        if moment == "starting":
            await one.until(lambda: one.status, 60)
        else:
            await one.until(lambda: one.listening, 120)
        if moment == "no sound":
            server.freeze()
            await one.until(lambda: one.lacks("no sound"), 30)
        if moment == "no broker":
            mosquitto.freeze()
        took_s = await one.leave()
        server.thaw()
        mosquitto.thaw()
        assert one.process.returncode == 0, one.log[-5:]
        assert took_s < 15
        if moment != "no broker":
            await one.until_said_offline()


async def test_d10_d11_e10_idle_it_writes_nothing_and_tells_nothing(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto
) -> None:
    async with daemon(tmp_path, mosquitto) as one:
        await one.until(lambda: one.listening, 120)
        await asyncio.sleep(3)
        pids = [one.process.pid, *(one.child(name) for name in ("ear", "engine", "mouth"))]
        before, lines = [_written(pid) for pid in pids], len(one.log)
        await asyncio.sleep(20)
        assert [_written(pid) for pid in pids] == before
        assert len(one.log) - lines <= 7, "at most twenty lines a minute"
        files = {path for path in tmp_path.rglob("*") if path.is_file()}
        assert not {path for path in files if path.suffix in (".wav", ".pcm", ".raw", ".flac")}


def _written(pid: int) -> int:
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])
