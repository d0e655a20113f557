"""The shipped recordings through everything, at their own pace: ear, engine and mouth as processes, and a broker."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from voiced.adapters.fakes import MemoryBroker
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import (
    engine,
    listener_settings,
    mouth,
    real_house,
    running,
    simulated_devices,
    turn_settings,
)
from voiced.assistant import Assistant
from voiced.bench.common import RECORDINGS, demo_home
from voiced.bench.manifest import read_manifest
from voiced.bench.playlist import Playlist, one_by_one
from voiced.config import Config, ModelConfig
from voiced.errors import BrokerError
from voiced.home.simulated import simulate
from voiced.ledger import Ledger, percentile
from voiced.listen.listener import Listener
from voiced.ports import Broker

CERTAIN = 0.7
"""From this certainty on a command counts as certain here."""


async def end_to_command(model: Path, *, most: int) -> dict[str, object]:
    """t0 to the command's publication: `end_to_command_p95_ms` over complete, certain commands; all turns beside."""
    config = Config(id="bench", model=ModelConfig(model))
    home = demo_home()
    lines = [line.audio for line in read_manifest(RECORDINGS / "manifest.jsonl")][:most]
    async with contextlib.AsyncExitStack() as stack:
        broker, kind = await broker_of(stack)
        for topic in home.topics():
            await broker.subscribe(topic)
        mind, voice = engine(config), mouth(config, speaker="none")
        await mind.load_home(home.to_dict())
        await stack.enter_async_context(running(voice.supervisor, mind.supervisor))
        await mind.started()
        await voice.started()
        house = real_house(home, device_id=config.id)
        await voice.prepare(house.confirmations())
        assistant = Assistant(
            ear=Playlist(config, one_by_one(lines)),
            engine=mind,
            mouth=voice,
            broker=broker,
            listener=Listener(listener_settings(config)),
            house=house,
            settings=turn_settings(config),
        )
        await assistant.run()
    return {"broker": kind, "recordings": len(lines), **_told(assistant.ledgers)}


def _told(ledgers: list[Ledger]) -> dict[str, object]:
    sent = [one for one in ledgers if one.spent_ms is not None]
    certain = [one for one in sent if (one.certainty or 0.0) >= CERTAIN]

    def spent(some: list[Ledger], share: float) -> float | None:
        value = percentile([one.spent_ms for one in some if one.spent_ms is not None], share)
        return None if value is None else round(value, 1)

    return {
        "turns": len(ledgers),
        "commands": len(sent),
        "certain_commands": len(certain),
        "end_to_command_p50_ms": spent(certain, 0.5),
        "end_to_command_p95_ms": spent(certain, 0.95),
        "end_to_command_p95_ms_all": spent(sent, 0.95),
        "end_to_command_ms_all": [round(one.spent_ms, 1) for one in sent if one.spent_ms is not None],
        "hidden_p50_ms": percentile([round(one.hidden_ms, 1) for one in sent], 0.5),
    }


async def broker_of(stack: contextlib.AsyncExitStack) -> tuple[Broker, str]:
    """A mosquitto of our own with simulated devices, where it is installed; the result says which it was."""
    try:
        server = stack.enter_context(Mosquitto())
    except BrokerError:
        return MemoryBroker(answer=simulate(demo_home())), "in memory"
    broker, devices = [
        await stack.enter_async_context(MqttBroker(host="127.0.0.1", port=server.port, device_id=name))
        for name in ("bench", "devices")
    ]
    house = asyncio.create_task(simulated_devices(devices, demo_home()))
    stack.callback(house.cancel)
    await broker.wait_connected(10)
    return broker, "mosquitto"
