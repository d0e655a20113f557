"""Composition root: which real part answers for which port."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from voiced.adapters.gpio import GpioPanel, NoLamp
from voiced.adapters.homeassistant import HomeAssistant
from voiced.adapters.ledgerfile import LedgerFile
from voiced.adapters.mqtt import MqttBroker
from voiced.adapters.recordings import SUPPRESSED, Recordings
from voiced.adapters.systemzone import SYSTEM
from voiced.config import DEMO_HOME, MODELS, Config
from voiced.configfile import read_text
from voiced.errors import ConfigError, InferenceError, VoicedError
from voiced.home.clock.quiet import QuietHours, Replies
from voiced.home.code import CODE_DIGITS
from voiced.home.house import House
from voiced.home.interpreter import NO_INTERPRETER, Interpreter
from voiced.home.load import HomeFile, load_home, read_home_file
from voiced.home.manner import Manner
from voiced.home.model import Home, is_state_topic
from voiced.home.network.learned import Learned, Network, merge
from voiced.home.simulated import first_states, simulate
from voiced.listen.endpoint import Endpoint
from voiced.listen.settings import WAKE_WORDS, ListenerSettings, WakeWord
from voiced.messages import BrokerMessage
from voiced.ports import Broker, Engine, Lamp
from voiced.tables import did_you_mean
from voiced.turn.timeline import TurnSettings
from voiced.workers.cascade import Cascade
from voiced.workers.clients import EarClient, EngineClient, MouthClient
from voiced.workers.earoptions import wanted_suppression
from voiced.workers.supervisor import Supervisor

_log = logging.getLogger(__name__)
CONNECT_S = 10.0
LONGEST_S = 10.0
"""A house that never falls silent is listened to for so long."""
ASK_MS = 60
"""Silence after which a slow engine begins to decide."""


def listener_settings(config: Config) -> ListenerSettings:
    words = {
        word: replace(WAKE_WORDS.get(word, WakeWord()), threshold=threshold)
        for word, threshold in config.wake.by_word().items()
    }
    turn = config.turn
    return ListenerSettings(
        words=words,
        ask_ms=ASK_MS,
        end_ms=turn.end_ms,
        no_speech_ms=turn.no_speech_ms,
        cap_ms=turn.cap_ms,
    )


def endpoint(config: Config) -> Endpoint:
    turn = config.turn
    return Endpoint(turn.certain_end_ms, turn.slots_left_ms, turn.incomplete_end_ms)


def turn_settings(config: Config) -> TurnSettings:
    return TurnSettings(
        endpoint(config),
        stop_word=config.wake.stop_word,
        stop_threshold=config.wake.stop_threshold,
        recorded=config.recording.most_mb > 0,
    )


def load_home_of(config: Config) -> Home:
    """The home that the configuration names, checked: the file alone, without what the network would tell."""
    try:
        return load_home(read_text(config.home), str(config.home))
    except ConfigError as error:
        if not config.learns or config.home == DEMO_HOME:
            raise
        raise ConfigError(f"{error}\nwhat this file corrects is learned from the broker: --learn does so") from error


async def learned_home(config: Config, quiet_s: float = 2.0) -> Learned:
    """What the file says and, where the house learns, what is retained on the broker: all that comes until nothing
    came for `quiet_s`. BrokerError.
    """
    file = home_file_of(config)
    if not config.discovery.learn:
        return merge(file, ())
    network = Network(config.discovery.prefix)
    async for message in _until_quiet(config, network.topics(), quiet_s):
        network.hear(message.topic, message.payload)
    return merge(file, network.found)


async def known_states(config: Config, home: Home, quiet_s: float = 1.0) -> tuple[BrokerMessage, ...]:
    """What the house's topics tell whoever begins to listen. BrokerError."""
    return tuple([message async for message in _until_quiet(config, home.topics(), quiet_s)])


async def _until_quiet(config: Config, topics: Iterable[str], quiet_s: float) -> AsyncIterator[BrokerMessage]:
    """What is retained there, and what comes until nothing came for `quiet_s`; at most for LONGEST_S."""
    broker = mqtt(config, suffix="home")
    messages = broker.messages()
    for topic in topics:
        await broker.subscribe(topic)
    async with broker:
        await broker.wait_connected(CONNECT_S)
        ends = time.monotonic() + LONGEST_S
        with contextlib.suppress(TimeoutError):
            while (left_s := ends - time.monotonic()) > 0:
                yield await asyncio.wait_for(anext(messages), min(quiet_s, left_s))


async def home_of(config: Config, *, learn: bool) -> Home:
    """The home of a program that runs beside the daemon."""
    return (await learned_home(config)).home if learn else load_home_of(config)


def home_file_of(config: Config) -> HomeFile:
    """What the owner wrote of a house that may learn the rest. The demo's house is nobody's: where none is configured
    and the network is asked, nothing is written.
    """
    if config.learns and config.home == DEMO_HOME:
        return HomeFile()
    return read_home_file(read_text(config.home), str(config.home), learns=config.learns)


def area_id(config: Config, home: Home, *, strict: bool = False) -> str:
    """Of the configured area; empty where none is. A house that learns may come to know it: then an unknown one is
    empty, too, unless `strict`, for a home that does not change any more. ConfigError.
    """
    area = home.area_called(config.area) if config.area else None
    if strict and config.area and area is None:
        near = did_you_mean(config.area, (one.name for one in home.areas))
        there = ", ".join(one.name for one in home.areas) or "none"
        raise ConfigError(f"area: {config.area!r} is no area of this home{near or f'; there are: {there}'}")
    return area.id if area else ""


def microphone_ear(config: Config) -> EarClient:
    return EarClient(
        options={
            "device": config.microphone.device,
            "channel": config.microphone.channel,
            "wake_words": list(config.wake.words),
            "stop_word": config.wake.stop,
            **_judging(config),
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
            **_judging(config),
        }
    )


def _judging(config: Config) -> dict[str, object]:
    """What the ear makes of sound, wherever it comes from."""
    return {
        "wake_backend": config.wake.backend,
        "aggressiveness": config.microphone.vad_aggressiveness,
        "model": str(config.model.path),
    }


def engine(config: Config) -> EngineClient:
    return _engine_of(config, config.model.path, "engine", draft=config.model.draft)


def _engine_of(config: Config, model: Path, name: str, *, draft: bool) -> EngineClient:
    cache = config.state_dir / "cache" if config.state_dir else None
    return EngineClient(
        name=name,
        options={
            "model": str(model),
            "threads": config.model.threads,
            "encoder": config.model.encoder,
            "drafter": str(MODELS / "nano") if draft else "",
            "cache": str(cache) if cache else "",
            "think": config.model.think,
            "languages": list(config.interpreter.languages),
        },
    )


@dataclass(frozen=True, slots=True)
class Minds:
    """The engines of this machine: one, or a second one for what the first is in doubt of."""

    first: EngineClient
    second: EngineClient | None = None
    _moving: set[asyncio.Task[None]] = field(default_factory=set, init=False, compare=False)

    @classmethod
    def of(cls, config: Config) -> Minds:
        """What is configured. A second model whose files are missing is said, once, and done without."""
        folder = config.model.second
        if folder is None:
            return cls(engine(config))
        if not any(folder.glob("*.gguf")):
            _log.warning("there is no model in %s: the first one decides alone (voiced models pull)", folder)
            return cls(engine(config))
        return cls(engine(config), _engine_of(config, folder, "second engine", draft=False))

    @property
    def supervisors(self) -> tuple[Supervisor, ...]:
        return tuple(mind.supervisor for mind in (self.first, self.second) if mind)

    async def load_home(self, home: dict[str, object], area: str = "") -> None:
        """InferenceError where the first one balks; the second, which takes longer, follows by itself."""
        await self.first.load_home(home, area)
        if self.second and self.second.supervisor.ready:
            task = asyncio.create_task(_move(self.second, home, area))
            self._moving.add(task)
            task.add_done_callback(self._moving.discard)
        elif self.second:
            await self.second.load_home(home, area)

    async def started(self) -> None:
        """InferenceError where the first one does not start; without the second it works."""
        await self.first.started()
        if self.second:
            try:
                await self.second.started()
            except InferenceError as error:
                _log.warning("the second model: %s", error)

    def in_house(self, house: House) -> Engine:
        """As one engine, which asks the second where the house is in doubt."""
        return Cascade(self.first, self.second, house.in_doubt) if self.second else self.first


async def _move(mind: EngineClient, home: dict[str, object], area: str) -> None:
    try:
        await mind.load_home(home, area)
    except VoicedError as error:
        _log.warning("the second model stays in the house of before: %s", error)


def mouth(
    config: Config, *, speaker: str | None = None, realtime: bool = True, tells: bool = False, copy: str = ""
) -> MouthClient:
    """`tells`: what it plays, for an ear that overhears it. `copy`: a WAV file of it."""
    return MouthClient(
        options={
            "speaker": speaker or config.speaker.device,
            "voice": str(config.speaker.voice) if config.speaker.voice else "",
            "realtime": realtime,
            "tells": tells,
            "copy": copy,
        }
    )


def open_panel(config: Config, short: Callable[[], None], long: Callable[[], None]) -> Lamp:
    """The configured pins; without any, a lamp that nobody sees. `short` and `long` are called at the presses."""
    button, led = config.panel.button_gpio, config.panel.led_gpio
    if button is None and led is None:
        return NoLamp()
    return GpioPanel(button=button, led=led, short=short, long=long)


def system_digits() -> str:
    """Digits of a one-time code that nobody can foresee."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def local_time() -> dt.datetime:
    return dt.datetime.now(SYSTEM)


def mqtt(config: Config, *, suffix: str = "") -> MqttBroker:
    """`suffix` for a program beside the daemon: two clients of one name would throw each other out. It is a guest."""
    return MqttBroker(
        device_id=f"{config.id}-{suffix}" if suffix else config.id,
        host=config.broker.host,
        port=config.broker.port,
        username=config.broker.user or None,
        password_file=config.broker.password_file,
        ca_file=config.broker.ca_file,
        guest=bool(suffix),
    )


def home_assistant(config: Config, broker: Broker) -> HomeAssistant | None:
    """Where it is configured: `broker` with Home Assistant's things in it."""
    api = config.home_assistant
    return HomeAssistant(broker, url=api.url, token_file=api.token_file) if api.url and api.token_file else None


def quiet_hours(config: Config) -> QuietHours | None:
    quiet = config.quiet
    if quiet.begin is None or quiet.end is None:
        return None
    return QuietHours(quiet.begin, quiet.end, Replies(quiet.replies), quiet.volume)


def state_directory(config: Config, environ: Mapping[str, str] = os.environ) -> Path:
    """Where what outlasts a restart is kept: as configured, else systemd's StateDirectory, else the user's own."""
    if config.state_dir:
        return config.state_dir
    if of_systemd := environ.get("STATE_DIRECTORY", ""):
        return Path(of_systemd.split(":")[0])
    own = environ.get("XDG_STATE_HOME", "")
    return (Path(own) if own.startswith("/") else Path.home() / ".local" / "state") / "voiced"


def ledger_file(config: Config) -> LedgerFile | None:
    """Where the configuration keeps the turns' figures; None where it keeps none."""
    if not config.ledger.keep_turns or config.state_dir is None:
        return None
    return LedgerFile(config.state_dir / "ledger.jsonl", config.ledger.keep_turns)


def recordings(config: Config) -> Recordings:
    """Where the sound of turns lies, if the owner wants any of it kept."""
    chosen = config.recording
    folder = state_directory(config) / "recordings"
    comment = SUPPRESSED if wanted_suppression(config.model.path) else ""
    return Recordings(folder, most_bytes=chosen.most_mb << 20, keep_s=chosen.keep_hours * 3600.0, comment=comment)


def real_house(
    home: Home,
    *,
    area: str = "",
    device_id: str = "voiced",
    random_digits: Callable[[], str] = system_digits,
    locale: str = "",
    quiet: QuietHours | None = None,
    interpreter: Interpreter = NO_INTERPRETER,
) -> House:
    """The house with this machine's clocks and chance."""
    return House(
        home,
        area=area,
        device_id=device_id,
        random_digits=random_digits,
        now_s=time.monotonic,
        today=local_time,
        manner=Manner.of(locale),
        quiet=quiet,
        interpreter=interpreter,
    )


async def simulated_devices(broker: MqttBroker, home: Home) -> None:
    """The simulated devices of the demo's house: they answer on their state topics, as real ones do."""
    answer = simulate(home)
    messages = broker.messages()
    topics = {
        str(v) for e in home.entities for k, v in e.mqtt.items() if k.endswith("_topic") and not is_state_topic(k)
    }
    for topic in sorted(topics):
        await broker.subscribe(topic)
    await broker.wait_connected(10)
    for topic, payload in first_states(home):
        await broker.publish(topic, payload, retain=True)
    async for message in messages:
        for topic, payload in answer(message.topic, message.payload.decode("utf-8", "replace")):
            await broker.publish(topic, payload, retain=True)


@contextlib.asynccontextmanager
async def running(*supervisors: Supervisor) -> AsyncIterator[None]:
    """All of them, for as long as the block lasts."""
    try:
        for supervisor in supervisors:
            supervisor.start()
        yield
    finally:  # together: one that hangs does not hold up the others
        await asyncio.gather(*(supervisor.stop() for supervisor in supervisors))
