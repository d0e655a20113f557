"""`voiced run`: everything, for as long as the process lives; what is missing is said, and picked up when it comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial

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
from voiced.errors import BusyError, StateError, VoicedError
from voiced.home.house import House
from voiced.home.load import HomeFile
from voiced.home.model import Home
from voiced.home.network.registry import registry_of, things
from voiced.listen.listener import Listener
from voiced.ports import Broker
from voiced.service.accounting import Accounting
from voiced.service.keeping import Keeper
from voiced.service.learning import KEPT_BYTES, Learning
from voiced.service.panel import Panel
from voiced.service.pulse import Pulse
from voiced.service.recording import Recorder
from voiced.topics.presenting import Presenting
from voiced.topics.remote import Remote
from voiced.topics.reporter import Reporter
from voiced.turn.reasons import Reasons
from voiced.turn.timeline import Happening
from voiced.workers.childstate import State
from voiced.workers.clients import EarClient, MouthClient

_log = logging.getLogger(__name__)
_PULSE_S = 1.0
_PREPARE_AGAIN_S = 10.0


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
        config = replace(self.config, state_dir=state_directory(self.config))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)
        ear, minds, voice = microphone_ear(config), Minds.of(config), mouth(config, tells=True)
        through = mqtt(config)
        api = home_assistant(config, through)
        broker: Broker = api or through
        learning = Learning(
            broker, self.file, prefix=config.discovery.prefix, network=config.discovery.learn and api is None,
            store=Store(state_directory(config), "network", most_bytes=KEPT_BYTES),
        )  # fmt: skip
        home = learning.learned.home
        area = area_id(config, home)
        await minds.load_home(home.to_dict(), area)
        house = real_house(
            home, area=area, device_id=config.id, locale=config.locale, quiet=quiet_hours(config),
            interpreter=config.interpreter,
        )  # fmt: skip
        accounting, reasons = (
            Accounting(ledger_file(config), metrics_port=config.metrics.port),
            Reasons(config.why.turns),
        )

        def also(happening: Happening) -> None:
            self.tell(happening)
            accounting.tell(happening)
            reasons.tell(happening)
            presenting.tell(happening)

        reporter = Reporter(broker, config.id, also)
        keep = Kept(Store(state_directory(config)), house, ear, reporter, message_lifts=config.mute.mqtt_lifts)
        await keep.restore()
        mind, kept = minds.in_house(house), recordings(config)
        recorder = Recorder(mind, kept) if config.recording.most_mb else None
        if recorder is None:
            with contextlib.suppress(OSError):  # where nothing may lie, nothing lies
                kept.erase()
        reporter.is_now(recording=recorder is not None)
        assistant = Assistant(
            ear=ear,
            engine=recorder or mind,
            mouth=voice,
            broker=broker,
            listener=Listener(listener_settings(config)),
            house=house,
            tell=reporter.tell,
            explain=reasons.explain,
            settings=turn_settings(config),
        )
        panel = Panel(partial(open_panel, config), mute=keep.toggle_mute, listen=assistant.listen)
        reporter.show = panel.show
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, panel.press)
        presenting = Presenting(config, broker, house, assistant)
        remote = Remote(
            broker,
            config.id,
            assistant,
            mute=keep.mute_by_message,
            why=lambda turns: reasons.answer(turns, assistant.listener),
            tell=reporter.tell,
        )
        pulse = Pulse(
            systemd=Systemd(), assistant=assistant, ear=ear, mind=minds.first, voice=voice, broker=broker,
            muted=lambda: keep.muted, keeper=keep.keeper, reporter=reporter, accounting=accounting,
        )  # fmt: skip
        async with through, running(voice.supervisor, *minds.supervisors, ear.supervisor):
            for topic in home.topics():
                await broker.subscribe(topic)
            jobs: dict[str, Coroutine[None, None, None]] = {
                "assistant": assistant.run(), "reporter": reporter.run(), "remote": remote.run(),
                "keeper": keep.keeper.run(), "prepare": _prepare(voice, house), "pulse": pulse.run(),
                "presenting": presenting.run(), "own voice": ear.overhear(voice),
                "panel": panel.run(), "broker": through.over(),
                **{one.name: one.over() for one in (voice.supervisor, *minds.supervisors, ear.supervisor)},
            }  # fmt: skip
            if recorder:
                _log.warning("what is said is kept on the disk: [recording] most_mb = %d", config.recording.most_mb)
                jobs["recorder"] = recorder.run()
            if config.learns:
                jobs["learning"] = learning.run(Moving(config, house, minds, voice, broker))
                if api:
                    api.registry = lambda lists: learning.told(things(registry_of(lists)))
                    jobs["home assistant"] = api.run()
            tasks = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
            waiting = asyncio.create_task(self.stop.wait(), name="stop")
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
            pulse.systemd.stopping("leaving")
            for task in (waiting, *tasks):
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            accounting.close()
        for result in results:
            if isinstance(result, Exception):
                raise result


@dataclass(slots=True)
class Moving:
    """Everybody into another house: first who has to think about it, then who acts in it."""

    config: Config
    house: House
    minds: Minds
    voice: MouthClient
    broker: Broker

    async def __call__(self, home: Home) -> None:
        """InferenceError: the old house stays."""
        area = area_id(self.config, home)
        await self.minds.load_home(home.to_dict(), area)
        left = set(self.house.home.topics()) - set(home.topics())
        self.house.move(home, area)
        for topic in left:
            await self.broker.unsubscribe(topic)
        for topic in home.topics():  # retained states come at once, to a house that knows what they are about
            await self.broker.subscribe(topic)
        if self.voice.supervisor.ready:
            with contextlib.suppress(VoicedError):  # they are rendered when they are first said
                await self.voice.prepare(self.house.confirmations())


class Kept:
    """What outlasts a restart: the house's timers and lock-out, and that the ear is muted."""

    def __init__(
        self, store: Store, house: House, ear: EarClient, reporter: Reporter, *, message_lifts: bool = False
    ) -> None:
        self._store, self._house, self._ear, self._reporter = store, house, ear, reporter
        self.keeper = Keeper(store, lambda: {"house": house.to_dict(), "muted": self.muted})
        self.muted = False
        self._message_lifts = message_lifts

    async def restore(self) -> None:
        """Before anything starts. What cannot be read is said, and the rest is taken over; but where nobody knows
        whether the ear was muted, it is.
        """
        lost: tuple[str, ...] = ()
        try:
            state = self._store.load()
        except StateError as error:
            state, lost = {"muted": True}, (f"everything, and it is muted to be safe: {error}",)
        try:
            lost += self._house.restore(_table(state.get("house", {})))
        except ValueError as error:
            lost += (f"house: {error}",)
        self.muted = state.get("muted", False) is not False
        if lost:
            _log.error("of the state of before is lost: %s", "; ".join(lost))
        self._house.changed = self.keeper.changed
        self._reporter.is_now(muted=self.muted)
        if self.muted:
            _log.info("muted, as before the start")
            await self._ear.shut("muted")

    async def mute(self, on: bool) -> None:
        """No process holds a microphone when this returns."""
        if on:
            await self._ear.shut("muted")
        if on == self.muted:
            return
        self.muted = on
        if not on:
            self._ear.open()
        await self.keeper.save()
        _log.info("muted" if on else "listening again")
        self._reporter.tell({"event": "muted" if on else "unmuted", "t_ms": 0.0})
        self._reporter.is_now(muted=on)

    async def toggle_mute(self) -> None:
        await self.mute(not self.muted)

    async def mute_by_message(self, on: bool) -> None:
        """BusyError where the owner did not say that a message may lift the mute."""
        if self.muted and not on and not self._message_lifts:
            raise BusyError("muted on purpose: only at the device (or with mute.mqtt_lifts) is it lifted")
        await self.mute(on)


async def _prepare(voice: MouthClient, house: House) -> None:
    """Confirmations are rendered ahead, for every new mouth; where voice or loudspeaker are missing, again until they
    are there.
    """
    async for state in voice.supervisor.states():
        while state.state is State.READY and voice.supervisor.ready:
            try:
                await voice.prepare(())  # is all there that speaking needs? The words themselves take a while
                await voice.prepare(house.confirmations())
            except VoicedError as error:
                _log.warning("confirmations are not rendered ahead: %s", error)
                await asyncio.sleep(_PREPARE_AGAIN_S)
            else:
                break


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("it is no state of voiced")
    return value
