"""`voiced run` as a process, with all that it has around it: a sound server, a broker, devices, systemd's socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from voiced.adapters.mqtt import MqttBroker
from voiced.config import DEMO_HOME
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.messages import BrokerMessage
from voiced.turn.timeline import Happening

HOME = load_home(DEMO_HOME.read_text("utf-8"))
RECORDINGS = DEMO_HOME.parent / "demo"
PATIENCE_S = 180.0
"""Two busy cores load the model and the voice slowly; nothing here measures time."""
ATTEMPTS = 6
ANSWER_S = 12.0


class Daemon:
    """The process, what it prints, logs and tells systemd. `async with` ends it, by force if need be.

    `scripted` names the children that follow a script (tests/faults/children.py); `fault` what goes wrong in the core
    when it is told `SIGUSR2` (tests/faults/scripted.py). `more` is appended to its configuration.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        device: str = "pulse",
        speaker: str = "pulse",
        more: str = "",
        broker: str = "",
        scripted: Sequence[str] = (),
        fault: str = "",
    ) -> None:
        self.folder, self.port = folder, port
        self.config = folder / "voiced.toml"
        # The demo's house as somebody's own: where none is configured, the daemon begins with an empty one.
        (folder / "home.toml").write_text(DEMO_HOME.read_text("utf-8"), "utf-8")
        self.config.write_text(
            f'id = "t"\nhome = "{folder / "home.toml"}"\nstate_dir = "{folder / "state"}"\n'
            f"[mute]\nmqtt_lifts = true\n"
            f'[microphone]\ndevice = "{device}"\n[speaker]\ndevice = "{speaker}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\n{broker}\n{more}\n',
            "utf-8",
        )
        self._program = "tests.faults.scripted" if scripted or fault else "voiced"
        self._environ = {"VOICED_SCRIPTED": ",".join(scripted), "VOICED_FAULT": fault}
        self.happened: list[Happening] = []
        self.told_systemd: list[tuple[float, str]] = []
        """With the monotonic time of each line."""
        self._news = asyncio.Event()
        self._when: dict[str, Callable[[], None]] = {}
        self._at = 0

    async def __aenter__(self) -> Daemon:  # noqa: PYI034 - nobody derives from it
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        address = self.folder / "notify"
        address.unlink(missing_ok=True)
        self.systemd.bind(str(address))
        asyncio.get_running_loop().add_reader(self.systemd, self._read_systemd)
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._program, "run", "--config", str(self.config), "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=(self.folder / "log").open("ab"),
            env={**os.environ, **self._environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "30000000"},
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await self._reader
        asyncio.get_running_loop().remove_reader(self.systemd)
        self.systemd.close()
        if kind:
            print(*self.happened, *self.log, sep="\n")

    def _read_systemd(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                now = time.monotonic()
                self.told_systemd += [(now, line) for line in self.systemd.recv(4096).decode().splitlines()]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            happening = json.loads(line)
            self.happened.append(happening)
            self._news.set()
            if do := self._when.pop(happening["event"], None):
                do()

    def at(self, event: str, do: Callable[[], None]) -> None:
        """At the next such event, at once."""
        self._when[event] = do

    async def happens(self, event: str, *, within_s: float = PATIENCE_S, **fields: object) -> Happening:
        """The next such event, or any where it has no name, after the one that was last waited for."""
        async with asyncio.timeout(within_s):
            while True:
                while self._at < len(self.happened):
                    happening = self.happened[self._at]
                    self._at += 1
                    if event in ("", happening["event"]) and fields.items() <= happening.items():
                        return happening
                self._news.clear()
                await self._news.wait()

    async def hears(self, recording: str, event: str) -> Happening:
        """Say it until this comes of it: on a machine whose cores are all taken, sound is lost now and then."""
        for _ in range(ATTEMPTS):
            playing = asyncio.create_task(play(recording))
            try:
                return await self.happens(event, within_s=ANSWER_S)
            except TimeoutError:
                continue
            finally:
                await playing
        lost = any("sound lost so far" in line for line in self.log)
        raise AssertionError(f"{event} did not come in {ATTEMPTS} attempts{'; sound was lost' if lost else ''}")

    def forget(self) -> None:
        """Only what happens from now on counts."""
        self.happened.clear()
        self._at = 0

    def kinds(self) -> list[str]:
        return [str(h["event"]) for h in self.happened]

    async def ready(self) -> None:
        await self.until(lambda: self.status == "listening")

    async def until(self, what: Callable[[], object], *, within_s: float = PATIENCE_S) -> float:
        """Seconds until it holds. AssertionError where it never does, or the daemon ends first."""
        began = time.monotonic()
        while not what():
            assert self.process.returncode is None, f"it ended with {self.process.returncode}"
            assert time.monotonic() - began < within_s, f"never within {within_s:g} s; {self.status!r}"
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    @property
    def log(self) -> list[str]:
        return (self.folder / "log").read_text("utf-8", "replace").splitlines()

    @property
    def notified(self) -> list[str]:
        """What systemd was told so far."""
        return [line for _, line in self.told_systemd]

    @property
    def status(self) -> str:
        """What `systemctl status` shows now."""
        said = [line for line in self.notified if line.startswith("STATUS=")]
        return said[-1].removeprefix("STATUS=") if said else ""

    def pings_since(self, since: float) -> int:
        return sum(at > since and line == "WATCHDOG=1" for at, line in self.told_systemd)

    async def goes_wrong(self) -> float:
        """`fault` happens; the monotonic time at which it did."""
        self.process.send_signal(signal.SIGUSR2)
        await self.until(lambda: any(line.startswith("goes wrong") for line in self.log))
        return time.monotonic()

    def speak(self) -> None:
        """Wake word and words, for a scripted ear."""
        os.kill(self.child("ear"), signal.SIGUSR1)

    async def speaks(self, event: str) -> Happening:
        """Wake word and words, again until this comes of it: see `hears`."""
        for _ in range(ATTEMPTS):
            self.forget()
            self.speak()
            with contextlib.suppress(TimeoutError):
                return await self.happens(event, within_s=ANSWER_S)
        raise AssertionError(f"{event} did not come in {ATTEMPTS} attempts")

    async def obeys(self, house: House) -> None:
        """Ask until it is done: a new engine may be there before it has its house."""
        for _ in range(ATTEMPTS):
            self.forget()
            await house.ask("close the garage door")
            while (answer := await self.happens(""))["event"] not in ("confirmed", "request_refused"):
                pass
            if answer["event"] == "confirmed":
                return
            await asyncio.sleep(1)
        raise AssertionError(f"refused {ATTEMPTS} times")

    def replaced(self, name: str, before: int) -> bool:
        with contextlib.suppress(LookupError):
            return self.child(name) != before
        return False

    def child(self, name: str) -> int:
        """Process id of the ear, the engine or the mouth."""
        pid = self.process.pid
        for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{one}/comm").read_text().strip() == f"voiced-{name}":
                    return int(one)
        raise LookupError(name)

    async def ends(self, number: signal.Signals) -> float:
        """Seconds that it takes to leave after this signal."""
        begun = time.monotonic()
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            await self.process.wait()
        return time.monotonic() - begun


async def play(recording: str, *, sink: str = "room") -> None:
    """Into the room, at its own pace, to the end."""
    player = await asyncio.create_subprocess_exec("paplay", f"--device={sink}", str(RECORDINGS / f"{recording}.flac"))
    try:
        assert await player.wait() == 0
    finally:
        if player.returncode is None:
            player.kill()
            await player.wait()


class House:
    """The devices: they answer on their state topics, and remember what they were told."""

    def __init__(self, link: MqttBroker) -> None:
        self.link, self.seen = link, list[BrokerMessage]()
        self.state: dict[str, object] = {}
        """What the daemon's own state topic says."""
        self._answer = simulate(HOME)
        self._arrived = asyncio.Condition()

    async def run(self) -> None:
        async for message in self._inbox:
            async with self._arrived:
                self.seen.append(message)
                if message.topic == "voiced/t/state":
                    self.state = json.loads(message.payload)
                self._arrived.notify_all()
            for topic, payload in self._answer(message.topic, message.payload.decode("utf-8", "replace")):
                await self.link.publish(topic, payload, retain=True)

    async def sees(self, wanted: Callable[[BrokerMessage], bool]) -> BrokerMessage:
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: any(map(wanted, self.seen)))
            return next(filter(wanted, self.seen))

    async def ask(self, text: str) -> None:
        await self.link.publish("voiced/t/ask", text)

    def commands(self) -> list[tuple[str, str]]:
        return [(m.topic, m.payload.decode()) for m in self.seen if m.topic.endswith("/set")]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[House]:
        self._inbox = self.link.messages()
        async with self.link:
            await self.link.subscribe("#")
            await self.link.wait_connected(PATIENCE_S)
            job = asyncio.create_task(self.run())
            try:
                yield self
            finally:
                job.cancel()
                await asyncio.gather(job, return_exceptions=True)


@contextlib.asynccontextmanager
async def house_at(port: int) -> AsyncIterator[House]:
    """The demo's devices at a broker on this machine, and who listens there."""
    link = MqttBroker(host="127.0.0.1", port=port, device_id="house", backoff_s=(0.05, 0.5), guest=True)
    async with House(link).open() as house:
        yield house
