"""`voiced run`: everything, for as long as the process lives; what is missing is said, and picked up when it comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from voiced.adapters.homeassistant import HomeAssistant
from voiced.adapters.mqtt import MqttBroker
from voiced.adapters.store import Store
from voiced.adapters.systemd import Systemd
from voiced.app import (
    Minds,
    area_id,
    home_assistant,
    ledger_file,
    listener_settings,
    microphone_ear,
    mouth,
    mqtt,
    open_panel,
    quiet_hours,
    real_house,
    recordings,
    running,
    state_directory,
    turn_settings,
)
from voiced.assistant import Assistant
from voiced.config import Config
from voiced.home.house import House
from voiced.home.load import HomeFile
from voiced.home.network.registry import registry_of, things
from voiced.listen.listener import Listener
from voiced.ports import Broker
from voiced.service.accounting import Accounting
from voiced.service.learning import KEPT_BYTES, Learning
from voiced.service.moving import Moving, prepare
from voiced.service.muting import Muting
from voiced.service.panel import Panel
from voiced.service.pulse import Pulse
from voiced.service.recording import Recorder
from voiced.topics.presenting import Presenting
from voiced.topics.remote import Remote
from voiced.topics.reporter import Reporter
from voiced.turn.reasons import Reasons
from voiced.turn.timeline import Happening
from voiced.workers.clients import EarClient, MouthClient
from voiced.workers.supervisor import Supervisor

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Daemon:
    config: Config
    file: HomeFile
    """What is written of the house; the network may tell more."""
    tell: Callable[[Happening], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: leave."""

    async def run(self) -> None:
        """Until SIGTERM or SIGINT, or until `stop` is set."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what was heard would be in a core file; children inherit it
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)
        config = replace(self.config, state_dir=state_directory(self.config))
        parts = Parts.of(config, self.file, self.tell)
        home = parts.house.home
        await parts.minds.load_home(home.to_dict(), area_id(config, home))
        await parts.muting.restore()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, parts.panel.press)
        async with parts.through, running(*parts.supervisors):
            for topic in home.topics():
                await parts.broker.subscribe(topic)
            try:
                await self._until_over(parts.jobs(config), parts.pulse)
            finally:
                parts.accounting.close()

    async def _until_over(self, jobs: Mapping[str, Coroutine[None, None, None]], pulse: Pulse) -> None:
        """Until `stop` is set, or one of the jobs ends, which none does but for a fault: what it raised is raised."""
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
        tasks.append(asyncio.create_task(self.stop.wait(), name="stop"))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pulse.systemd.stopping("leaving")
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


@dataclass(slots=True)
class Parts:
    """All that lives as long as the process, and who knows whom."""

    ear: EarClient
    minds: Minds
    voice: MouthClient
    through: MqttBroker
    api: HomeAssistant | None
    broker: Broker
    """MQTT, or Home Assistant in front of it."""
    learning: Learning
    house: House
    accounting: Accounting
    reporter: Reporter
    muting: Muting
    recorder: Recorder | None
    assistant: Assistant
    panel: Panel
    presenting: Presenting
    remote: Remote
    pulse: Pulse

    @classmethod
    def of(cls, config: Config, file: HomeFile, tell: Callable[[Happening], None]) -> Parts:
        """`tell` gets all that happens. Nothing is started; recordings that nobody asks for any more are erased."""
        ear, minds, voice = microphone_ear(config), Minds.of(config), mouth(config, tells=True)
        through = mqtt(config)
        api = home_assistant(config, through)
        broker: Broker = api or through
        learning = Learning(
            broker, file, prefix=config.discovery.prefix, network=config.discovery.learn and api is None,
            store=Store(state_directory(config), "network", most_bytes=KEPT_BYTES),
        )  # fmt: skip
        home = learning.learned.home
        house = real_house(
            home, area=area_id(config, home), device_id=config.id, locale=config.locale, quiet=quiet_hours(config),
            interpreter=config.interpreter,
        )  # fmt: skip
        accounting = Accounting(ledger_file(config), metrics_port=config.metrics.port)
        reasons = Reasons(config.why.turns)
        listeners = [tell, accounting.tell, reasons.tell]
        reporter = Reporter(broker, config.id, partial(_tell_all, listeners))
        muting = Muting(Store(state_directory(config)), house, ear, reporter, message_lifts=config.mute.mqtt_lifts)
        mind, kept = minds.in_house(house), recordings(config)
        recorder = Recorder(mind, kept) if config.recording.most_mb else None
        if recorder is None:
            with contextlib.suppress(OSError):  # where nothing may lie, nothing lies
                kept.erase()
        reporter.is_now(recording=recorder is not None)
        assistant = Assistant(
            ear=ear, engine=recorder or mind, mouth=voice, broker=broker, listener=Listener(listener_settings(config)),
            house=house, tell=reporter.tell, explain=reasons.explain, settings=turn_settings(config),
        )  # fmt: skip
        panel = Panel(partial(open_panel, config), mute=muting.toggle_mute, listen=assistant.listen)
        reporter.show = panel.show
        presenting = Presenting(config, broker, house, assistant)
        listeners.append(presenting.tell)
        remote = Remote(
            broker, config.id, assistant, mute=muting.mute_by_message,
            why=lambda turns: reasons.answer(turns, assistant.listener), tell=reporter.tell,
        )  # fmt: skip
        pulse = Pulse(
            systemd=Systemd(), assistant=assistant, ear=ear, mind=minds.first, voice=voice, broker=broker,
            muted=lambda: muting.muted, keeper=muting.keeper, reporter=reporter, accounting=accounting,
        )  # fmt: skip
        return cls(
            ear=ear, minds=minds, voice=voice, through=through, api=api, broker=broker, learning=learning, house=house,
            accounting=accounting, reporter=reporter, muting=muting, recorder=recorder, assistant=assistant,
            panel=panel, presenting=presenting, remote=remote, pulse=pulse,
        )  # fmt: skip

    @property
    def supervisors(self) -> tuple[Supervisor, ...]:
        return (self.voice.supervisor, *self.minds.supervisors, self.ear.supervisor)

    def jobs(self, config: Config) -> dict[str, Coroutine[None, None, None]]:
        """All that goes on at the same time, by name."""
        jobs: dict[str, Coroutine[None, None, None]] = {
            "assistant": self.assistant.run(), "reporter": self.reporter.run(), "remote": self.remote.run(),
            "keeper": self.muting.keeper.run(), "prepare": prepare(self.voice, self.house), "pulse": self.pulse.run(),
            "presenting": self.presenting.run(), "own voice": self.ear.overhear(self.voice),
            "panel": self.panel.run(), "broker": self.through.over(),
            **{one.name: one.over() for one in self.supervisors},
        }  # fmt: skip
        if self.recorder:
            _log.warning("what is said is kept on the disk: [recording] most_mb = %d", config.recording.most_mb)
            jobs["recorder"] = self.recorder.run()
        if config.learns:
            moving = Moving(partial(area_id, config), self.minds.load_home, self.house, self.voice, self.broker)
            jobs["learning"] = self.learning.run(moving)
            if self.api:
                self.api.registry = lambda lists: self.learning.told(things(registry_of(lists)))
                jobs["home assistant"] = self.api.run()
        return jobs


def _tell_all(listeners: Sequence[Callable[[Happening], None]], happening: Happening) -> None:
    for tell in listeners:
        tell(happening)
