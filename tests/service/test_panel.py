"""Button and lamp: on gpiozero's mock pins, and what the presses do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.test_keeping import Clock
from voiced.adapters.fakes import MemoryBroker
from voiced.adapters.store import Store
from voiced.app import open_panel
from voiced.config import Config, PanelConfig
from voiced.configfile import load_config
from voiced.errors import AudioDeviceError, BusyError, ConfigError
from voiced.ports import Light
from voiced.service.muting import Muting
from voiced.service.panel import LIGHTS, Panel
from voiced.topics.reporter import DeviceState, Reporter
from voiced.workers.clients import EarClient

BUTTON, LED = 17, 25


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Any:
    gpiozero = pytest.importorskip("gpiozero")
    from gpiozero.pins.mock import MockFactory

    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    return gpiozero.Device.pin_factory


class Hands:
    def __init__(self) -> None:
        self.pressed: asyncio.Queue[str] = asyncio.Queue()
        config = Config(panel=PanelConfig(BUTTON, LED))
        self.panel = Panel(lambda short, long: open_panel(config, short, long), mute=self._mute, listen=self._listen)

    async def _mute(self) -> None:
        self.pressed.put_nowait("mute")

    async def _listen(self) -> None:
        self.pressed.put_nowait("listen")
        raise BusyError("a turn is open already")

    async def next(self) -> str:
        async with asyncio.timeout(20):
            return await self.pressed.get()


@contextlib.asynccontextmanager
async def running(panel: Panel) -> AsyncIterator[None]:
    job = asyncio.create_task(panel.run())
    await asyncio.sleep(0.1)
    try:
        yield
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


async def test_short_mutes_and_long_listens_and_neither_is_the_other(pins: Any) -> None:
    hands = Hands()
    async with running(hands.panel):
        button = pins.pin(BUTTON)
        button.drive_low()
        button.drive_high()
        assert await hands.next() == "mute"
        button.drive_low()
        assert await hands.next() == "listen"
        button.drive_high()
        button.drive_low()
        button.drive_high()
        assert await hands.next() == "mute", "the long press was only one"
        assert hands.pressed.empty()


async def test_the_lamp_shows_the_state(pins: Any) -> None:
    hands = Hands()
    async with running(hands.panel):
        lamp = pins.pin(LED)
        hands.panel.show("listening")
        assert lamp.state == 1
        hands.panel.show("idle")
        assert lamp.state == 0
        hands.panel.show("processing")
        async with asyncio.timeout(20):
            for wanted in (1, 0, 1):
                while lamp.state != wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)


def test_every_state_there_is_has_its_light() -> None:
    lights = list(LIGHTS.values())
    assert lights.count(Light(1, 0)) == 2, "listening and speaking"
    for doing in ("idle", "listening", "processing", "responding"):
        for state in (DeviceState(doing), DeviceState(doing, muted=True), DeviceState(doing, lacks=("no sound",))):
            assert state.shown in LIGHTS
            assert state.after("interpreting").shown in LIGHTS


async def test_without_pins_the_daemon_lives_and_the_signal_still_presses(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Any:
        raise AudioDeviceError("the pins of button and lamp: there are none")

    hands = Hands()
    panel = Panel(none, mute=hands._mute, listen=hands._listen)
    async with running(panel):
        panel.press()
        assert await hands.next() == "mute"


async def test_a_message_mutes_but_lifts_it_only_where_the_owner_said_so(tmp_path: Path) -> None:
    ear = EarClient(options={"device": "none such"})
    reporter = Reporter(MemoryBroker(), "t")
    shown: list[str] = []
    reporter.show = shown.append
    keep = Muting(Store(tmp_path), Clock().house(), ear, reporter)
    await keep.mute_by_message(True)
    with pytest.raises(BusyError, match="at the device"):
        await keep.mute_by_message(False)
    assert keep.muted
    assert shown[-1] == "muted"
    await keep.toggle_mute()
    assert not keep.muted

    lenient = Muting(Store(tmp_path), Clock().house(), ear, reporter, message_lifts=True)
    await lenient.mute_by_message(True)
    await lenient.mute_by_message(False)
    assert not lenient.muted


def test_one_pin_cannot_be_both() -> None:
    with pytest.raises(ConfigError, match="led_gpio"):
        load_config("[panel]\nbutton_gpio = 4\nled_gpio = 4\n")
