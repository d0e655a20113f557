"""Composition root: which real part answers for which port, the order of starting, and its exact reverse."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from voiced.accounting import Accounting
from voiced.adapters.mqtt import MqttBroker
from voiced.adapters.systemd import Systemd
from voiced.assistant import Assistant
from voiced.config import Config, read_text
from voiced.errors import BrokerError, VoicedError
from voiced.home.code import CODE_DIGITS
from voiced.home.house import House
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.listen.endpoint import Endpoint
from voiced.listen.listener import Listener
from voiced.listen.settings import WAKE_WORDS, ListenerSettings, WakeWord
from voiced.ports import Broker
from voiced.turns import Happening, TurnSettings
from voiced.workers.clients import EarClient, EngineClient, MouthClient
from voiced.workers.supervisor import State, Supervisor

_log = logging.getLogger(__name__)
_PULSE_S = 2.0


def listener_settings(config: Config) -> ListenerSettings:
    known = {word: WAKE_WORDS.get(word, WakeWord()) for word in config.wake.words}
    words = {word: WakeWord(config.wake.threshold, rule.back_ms, rule.tail_ms) for word, rule in known.items()}
    turn = config.turn
    return ListenerSettings(
        words=words, end_ms=turn.end_ms, no_speech_ms=turn.no_speech_ms, cap_ms=turn.cap_ms, follow_up_ms=8000
    )


def turn_settings(config: Config) -> TurnSettings:
    return TurnSettings(Endpoint(config.turn.certain_end_ms, config.turn.incomplete_end_ms))


def load_home_of(config: Config) -> Home:
    """The home that the configuration names, checked."""
    return load_home(read_text(config.home), str(config.home))


def area_id(config: Config, home: Home) -> str:
    area = home.area_called(config.area) if config.area else None
    return area.id if area else ""


def microphone_ear(config: Config) -> EarClient:
    return EarClient(
        options={
            "device": config.microphone.device,
            "channel": config.microphone.channel,
            "wake_words": list(config.wake.words),
            "wake_backend": config.wake.backend,
            "aggressiveness": config.microphone.vad_aggressiveness,
        }
    )


def file_ear(config: Config, path: Path, *, wake: bool, realtime: bool) -> EarClient:
    """A recording as an ear: silence follows it until the longest turn must have ended."""
    silence_ms = config.turn.incomplete_end_ms + 1000
    return EarClient(
        options={
            "file": str(path),
            "realtime": realtime,
            "silence_ms": silence_ms,
            "wake_words": list(config.wake.words) if wake else [],
            "wake_backend": config.wake.backend,
            "aggressiveness": config.microphone.vad_aggressiveness,
        }
    )


def engine(config: Config) -> EngineClient:
    cache = config.state_dir / "cache" if config.state_dir else None
    return EngineClient(
        options={
            "model": str(config.model.path),
            "threads": config.model.threads,
            "encoder": config.model.encoder,
            "cache": str(cache) if cache else "",
        }
    )


def mouth(config: Config, *, speaker: str | None = None, realtime: bool = True) -> MouthClient:
    return MouthClient(
        options={
            "speaker": speaker or config.speaker.device,
            "voice": str(config.speaker.voice) if config.speaker.voice else "",
            "realtime": realtime,
        }
    )


def system_digits() -> str:
    """Digits of a one-time code that nobody can foresee."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def local_time() -> dt.datetime:
    return dt.datetime.now().astimezone()


def real_house(
    home: Home, *, area: str = "", device_id: str = "voiced", random_digits: Callable[[], str] = system_digits
) -> House:
    """The house with this machine's clocks and chance."""
    return House(
        home, area=area, device_id=device_id, random_digits=random_digits, now_s=time.monotonic, today=local_time
    )


@contextlib.asynccontextmanager
async def running(*supervisors: Supervisor) -> AsyncIterator[None]:
    """All of them, started in this order and stopped in the reverse one."""
    async with contextlib.AsyncExitStack() as stack:
        for supervisor in supervisors:
            await stack.enter_async_context(supervisor)
        yield


@dataclass(slots=True)
class Daemon:
    """`voiced run`: everything, for as long as the process lives."""

    config: Config
    home: Home
    tell: Callable[[Happening], None] = lambda _: None

    async def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        config = self.config
        systemd = Systemd()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        ear, mind, voice = microphone_ear(config), engine(config), mouth(config)
        area = area_id(config, self.home)
        await mind.load_home(self.home.to_dict(), area)
        broker = MqttBroker(
            device_id=config.id,
            host=config.broker.host,
            port=config.broker.port,
            username=config.broker.user or None,
            password_file=config.broker.password_file,
            ca_file=config.broker.ca_file,
        )
        house = real_house(self.home, area=area, device_id=config.id)
        accounting = Accounting(config)

        def also(happening: Happening) -> None:
            self.tell(happening)
            accounting.tell(happening)

        reporter = Reporter(broker, config.id, also)
        assistant = Assistant(
            ear=ear,
            engine=mind,
            mouth=voice,
            broker=broker,
            listener=Listener(listener_settings(config)),
            house=house,
            tell=reporter.tell,
            settings=turn_settings(config),
        )
        async with broker, running(voice.supervisor, mind.supervisor, ear.supervisor):
            for topic in self.home.topics():
                await broker.subscribe(topic)
            tasks = [
                asyncio.create_task(assistant.run(), name="assistant"),
                asyncio.create_task(reporter.run(), name="reporter"),
                asyncio.create_task(_prepare(voice, house), name="prepare"),
                asyncio.create_task(self._pulse(systemd, assistant, ear, mind, broker), name="pulse"),
            ]
            waiting = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
            systemd.stopping("leaving")
            for task in (waiting, *tasks):
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            accounting.close()
            for result in results:
                if isinstance(result, Exception):
                    raise result

    async def _pulse(
        self, systemd: Systemd, assistant: Assistant, ear: EarClient, mind: EngineClient, broker: Broker
    ) -> None:
        """READY once the model answers and sound flows; WATCHDOG only while frames pass, the engine answers and the
        broker's loop runs. What is missing is said in STATUS.
        """
        announced, frames, last = False, -1, ""
        while True:
            await asyncio.sleep(_PULSE_S)
            flowing, frames = assistant.frames > frames, assistant.frames
            lacks = [
                *(() if flowing and frames > 0 else (f"no sound: {ear.supervisor.state.what}",)),
                *(() if mind.ready else (f"no model: {mind.supervisor.state.what}",)),
                *(() if broker.connected else ("no broker",)),
            ]
            status = "listening" if not lacks else "; ".join(lacks)
            if status != last:
                _log.info("%s", status)
                systemd.status(status)
                last = status
            if not announced and flowing and mind.ready:
                systemd.ready(status)
                announced = True
            if flowing and mind.ready:
                systemd.watchdog()


async def _prepare(voice: MouthClient, house: House) -> None:
    """Confirmations are rendered ahead, again for every new mouth."""
    async for state in voice.supervisor.states():
        if state.state is State.READY:
            try:
                await voice.prepare(house.confirmations())
            except VoicedError as error:
                _log.warning("confirmations are not rendered ahead: %s", error)


class Reporter:
    """Own topics: `voiced/<id>/event`, `action` and `ledger`. Lossy on purpose: telling never delays a turn."""

    def __init__(self, broker: Broker, device_id: str, also: Callable[[Happening], None]) -> None:
        self._broker, self._root, self._also = broker, f"voiced/{device_id}", also
        self._waiting: asyncio.Queue[Happening] = asyncio.Queue(256)

    def tell(self, happening: Happening) -> None:
        self._also(happening)
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(happening)

    async def run(self) -> None:
        while True:
            happening = await self._waiting.get()
            with contextlib.suppress(BrokerError):
                kind = "action" if happening["event"] == "command" else "event"
                await self._broker.publish(f"{self._root}/{kind}", json.dumps(happening))
                if happening["event"] == "turn_end" and "ledger" in happening:
                    await self._broker.publish(f"{self._root}/ledger", json.dumps(happening["ledger"]))
