"""A device that tells of itself on a real broker is in the house a moment later, and gone when it leaves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.home import network
from voiced.adapters.fakes import MemoryBroker
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.adapters.store import Store
from voiced.errors import InferenceError
from voiced.home.load import read_home_file
from voiced.home.model import Home
from voiced.service.learning import Learning


@pytest.fixture(scope="module")
def server() -> Iterator[Mosquitto]:
    with Mosquitto() as one:
        yield one


@asynccontextmanager
async def connected(server: Mosquitto, device_id: str) -> AsyncIterator[MqttBroker]:
    async with MqttBroker(host="127.0.0.1", port=server.port, device_id=device_id) as broker:
        await broker.wait_connected(20)
        yield broker


async def test_the_house_follows_the_network(server: Mosquitto) -> None:
    file = read_home_file('[[entities]]\nid = "light.bed_lamp"\nname = "Reading Lamp"\n', learns=True)
    homes: asyncio.Queue[Home] = asyncio.Queue()
    fails = [True]

    async def move(home: Home) -> None:
        homes.put_nowait(home)
        if fails and fails.pop():
            raise InferenceError("not yet")

    async with connected(server, "voiced") as broker, connected(server, "bridge") as bridge, asyncio.timeout(60):
        lamp, plug = network.raw(network.Z2M_LAMP), network.raw(network.Z2M_PLUG)
        await bridge.publish(*lamp, retain=True)
        await bridge.publish("homeassistant/light/broken/config", b"{" * 999, retain=True)
        learning = Learning(broker, file, settle_s=0.3)
        running = asyncio.create_task(learning.run(move))
        first = await homes.get()
        assert [e.name for e in first.entities] == ["Reading Lamp"]
        await bridge.publish(*network.raw(network.Z2M_SIGNAL), retain=True)  # nothing to talk to: no other house
        await bridge.publish(*plug, retain=True)
        both = await homes.get()
        assert [e.name for e in both.entities] == ["Reading Lamp", "heater plug"]
        await bridge.publish(lamp[0], b"", retain=True)
        left = await homes.get()  # the owner wrote of it: still known, but out of reach
        assert [(e.name, e.reachable) for e in left.entities] == [("Reading Lamp", False), ("heater plug", True)]
        await bridge.publish(plug[0], b"", retain=True)
        assert [e.name for e in (await homes.get()).entities] == ["Reading Lamp"]
        assert homes.empty()
        running.cancel()


async def test_after_a_restart_the_house_is_there_at_once_and_what_left_meanwhile_is_gone(
    server: Mosquitto, tmp_path: Path
) -> None:
    file, store = read_home_file("", learns=True), Store(tmp_path, "network")
    homes: asyncio.Queue[Home] = asyncio.Queue()

    async def move(home: Home) -> None:
        homes.put_nowait(home)

    async with connected(server, "before") as broker, connected(server, "bridge") as bridge, asyncio.timeout(60):
        lamp, plug = network.raw(network.Z2M_LAMP), network.raw(network.Z2M_PLUG)
        await bridge.publish(*lamp, retain=True)
        await bridge.publish(*plug, retain=True)
        running = asyncio.create_task(
            Learning(broker, file, prefix="homeassistant", settle_s=0.3, store=store).run(move)
        )
        known = await homes.get()
        assert [e.name for e in known.entities] == ["Bed Lamp", "heater plug"]
        while not store.path.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        running.cancel()
        await bridge.publish(plug[0], b"", retain=True)  # while we are away

    async with MqttBroker(host="127.0.0.1", port=server.port, device_id="after") as broker, asyncio.timeout(60):
        learning = Learning(broker, file, settle_s=0.1, forget_s=0.5, store=store)
        assert learning.learned.home == known
        running = asyncio.create_task(learning.run(move))
        assert [e.name for e in (await homes.get()).entities] == ["Bed Lamp"]
        assert homes.empty()
        running.cancel()


async def test_an_empty_broker_takes_no_house_away_and_a_damaged_file_is_learned_anew(tmp_path: Path) -> None:
    store = Store(tmp_path, "network")
    topic, payload = network.raw(network.Z2M_LAMP)
    store.save({topic: payload.decode(), "homeassistant/light/broken/config": "{", "elsewhere": 7})
    file, broker = read_home_file("", learns=True), MemoryBroker()
    learning = Learning(broker, file, settle_s=0.01, forget_s=0.01, store=store)

    async def move(home: Home) -> None:
        raise AssertionError(home)

    running = asyncio.create_task(learning.run(move))
    await broker.arrive("zigbee2mqtt/Bed Lamp", b'{"state": "ON"}')  # a state is no sign that the broker keeps anything
    await asyncio.sleep(0.2)
    assert [e.name for e in learning.learned.home.entities] == ["Bed Lamp"]
    running.cancel()
    store.path.write_bytes(b"\0")
    assert Learning(broker, file, store=store).learned.home.entities == ()


async def test_a_restless_network_does_not_put_it_off_for_ever(server: Mosquitto) -> None:
    moved = asyncio.Event()

    async def move(home: Home) -> None:
        moved.set()

    async with MqttBroker(host="127.0.0.1", port=server.port, device_id="restless") as broker, asyncio.timeout(60):
        await broker.wait_connected(20)
        learning = Learning(broker, read_home_file("", learns=True), settle_s=30.0, longest_s=0.5)
        running = asyncio.create_task(learning.run(move))
        topic, payload = network.raw(network.OMG_THERMOMETER)
        await broker.publish(topic, payload, retain=True)
        await moved.wait()
        running.cancel()


async def test_five_hundred_damaged_messages_send_nothing() -> None:
    rng = random.Random(7)
    real = [network.raw(m) for m in vars(network).values() if isinstance(m, tuple)]
    broker, moved = MemoryBroker(), asyncio.Event()

    async def move(home: Home) -> None:
        moved.set()

    learning = Learning(broker, read_home_file("", learns=True), settle_s=0.1)
    running = asyncio.create_task(learning.run(move))
    for _ in range(500):
        topic, payload = rng.choice(real)
        damaged = bytearray(payload)
        for _ in range(rng.randint(0, 3)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randint(0, 5)] = rng.randbytes(rng.randint(0, 4))
        await broker.arrive(topic, bytes(damaged), retained=True)
    async with asyncio.timeout(30):
        await moved.wait()
    assert broker.published == []
    assert not running.done()
    running.cancel()
