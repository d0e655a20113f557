"""Nobody speaks: nothing is written to the card."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import Daemon
from tests.faults.sound import SoundServer, sound_server
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.errors import BrokerError

pytestmark = [pytest.mark.whole, pytest.mark.faults]
IDLE_S = 15.0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    yield from sound_server(tmp_path, monkeypatch)


def written(pid: int | str) -> int:
    """Bytes that this process had the file systems write."""
    rows = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(rows["write_bytes"])


async def test_while_idle_not_a_byte_is_written(server: SoundServer, tmp_path: Path) -> None:
    """Row D11, over seconds instead of an hour: what is written regularly would be written in them."""
    before = written("self")
    (tmp_path / "counted").write_bytes(os.urandom(100_000))
    if written("self") - before < 100_000:
        pytest.skip("what is written to this file system is not counted")
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    with Mosquitto() as broker:
        async with Daemon(tmp_path, broker.port) as daemon:
            await daemon.ready()
            await asyncio.sleep(10)  # confirmations are rendered
            pids = {name: daemon.child(name) for name in ("ear", "engine", "mouth")} | {"core": daemon.process.pid}
            begun = {name: written(pid) for name, pid in pids.items()}
            await asyncio.sleep(IDLE_S)
            assert {name: written(pid) - begun[name] for name, pid in pids.items()} == dict.fromkeys(pids, 0)
