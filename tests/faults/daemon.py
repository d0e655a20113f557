"""`voiced run` as a process of its own, with everything around it real: a sound server, a broker, and somebody who
plays systemd.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker


@dataclass(slots=True)
class Running:
    process: asyncio.subprocess.Process
    broker: MqttBroker
    """Ours, straight to the broker."""
    log: list[str] = field(default_factory=list)
    systemd: list[tuple[float, str]] = field(default_factory=list)
    """What it told systemd, with the time."""
    state: dict[str, object] = field(default_factory=dict)
    """As its state topic has it now."""

    async def until(self, what: Callable[[], object], timeout_s: float = 60.0) -> float:
        """Seconds until it holds; AssertionError with the log's end where it never does."""
        began = time.monotonic()
        while not what():
            if time.monotonic() - began > timeout_s or self.process.returncode is not None:
                raise AssertionError(
                    f"never: {self.state}, exit {self.process.returncode}\n" + "\n".join(self.log[-15:])
                )
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    def lacks(self, what: str) -> bool:
        """Said both to systemd and, where there is a broker, in the state topic."""
        lacking = self.state.get("lacks", [])
        return what in self.status and isinstance(lacking, list) and any(str(one).startswith(what) for one in lacking)

    @property
    def listening(self) -> bool:
        return self.status == "listening"

    @property
    def status(self) -> str:
        """What `systemctl status` shows now."""
        lines = [line for _, text in self.systemd for line in text.splitlines() if line.startswith("STATUS=")]
        return lines[-1].removeprefix("STATUS=") if lines else ""

    @property
    def started(self) -> bool:
        return any(text.startswith("READY=1") for _, text in self.systemd)

    def pings_since(self, since: float) -> int:
        return sum(at > since and text == "WATCHDOG=1" for at, text in self.systemd)

    def child(self, name: str) -> int:
        """Process id of ear, engine or mouth."""
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                head, tail = stat.rsplit(")", 1)
                if head.endswith(f"(voiced-{name}") and int(tail.split()[1]) == self.process.pid:
                    return int(entry.name)
        raise AssertionError(f"there is no {name}")

    def replaced(self, name: str, before: int) -> bool:
        with contextlib.suppress(AssertionError):
            return self.child(name) != before
        return False

    async def until_said_offline(self) -> None:
        began = time.monotonic()
        while self.state.get("state") != "offline":
            assert time.monotonic() - began < 20, self.state
            await asyncio.sleep(0.02)

    async def leave(self, number: int = signal.SIGTERM) -> float:
        """Seconds until it has left."""
        began = time.monotonic()
        self.process.send_signal(number)
        await asyncio.wait_for(self.process.wait(), 60)
        return time.monotonic() - began


@contextlib.asynccontextmanager
async def daemon(
    folder: Path, server: Mosquitto, *, device: str = "mic", speaker: str = "none", config: str = ""
) -> AsyncIterator[Running]:
    path = folder / "voiced.toml"
    path.write_text(
        f'state_dir = "{folder / "state"}"\n{config}\n[microphone]\ndevice = "{device}"\n'
        f'[speaker]\ndevice = "{speaker}"\n[broker]\nhost = "127.0.0.1"\nport = {server.port}\n',
        "utf-8",
    )
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    address = folder / "notify"
    address.unlink(missing_ok=True)
    notify.bind(str(address))
    environ = {**os.environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "30000000"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voiced", "run", "--config", str(path),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=environ,
    )  # fmt: skip
    async with MqttBroker(host="127.0.0.1", port=server.port, device_id="watcher", backoff_s=(0.05, 0.5)) as broker:
        one = Running(process, broker)
        states = broker.messages()
        await broker.subscribe("voiced/voiced/state")

        async def read_log() -> None:
            assert process.stderr is not None
            while line := await process.stderr.readline():
                one.log.append(line.decode("utf-8", "replace").rstrip())

        async def read_states() -> None:
            async for message in states:
                one.state = json.loads(message.payload)

        def read_systemd() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    text = notify.recv(4096).decode()
                    one.systemd.append((time.monotonic(), text))

        asyncio.get_running_loop().add_reader(notify, read_systemd)
        jobs = [asyncio.create_task(read_log()), asyncio.create_task(read_states())]
        try:
            yield one
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                await process.wait()
            asyncio.get_running_loop().remove_reader(notify)
            notify.close()
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
