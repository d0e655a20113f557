"""Rows C1, C2 and C4 of the target table: nothing is sent late, and what is said is what happened.

A command is spoken at a random moment around a fault of the broker or of the link. An observer sits at the broker
itself, and so does the device, which confirms. Real mosquitto, our own TCP link, and the assistant as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.faults.link import Link, Proxy
from voiced.adapters.fakes import FrameEar, MemoryMouth, ScriptedEngine
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME
from voiced.errors import BrokerError
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.messages import Call, Decision, Verdict
from voiced.ports import Ear
from voiced.turn.timeline import Happening

try:
    find_mosquitto()
except BrokerError as error:
    pytest.skip(str(error), allow_module_level=True)

HOME = load_home(DEMO_HOME.read_text("utf-8"))
LATE_S = 5.0
FAULTS = ("kill", "freeze", "stall", "reset", "slow")
FAST = (0.05, 0.5)


@dataclass(slots=True)
class House:
    """One broker, the link to it, the assistant, the device that obeys, and the observer."""

    server: Mosquitto
    proxy: Proxy
    broker: MqttBroker
    device: MqttBroker
    assistant: Assistant
    mouth: MemoryMouth
    told: list[Happening]
    seen: list[tuple[float, str, str]] = field(default_factory=list)

    async def obey(self) -> None:
        """The device and the observer in one: what arrives is noted with its time, and answered."""
        answer = simulate(HOME)
        async for message in self.device.messages():
            if message.retained:
                continue
            payload = message.payload.decode()
            if replies := answer(message.topic, payload):
                self.seen.append((time.monotonic(), message.topic, payload))
                for topic, state in replies:
                    with contextlib.suppress(BrokerError):
                        await self.device.publish(topic, state)


@contextlib.asynccontextmanager
async def house(
    decisions: list[Decision], *, ear: Ear | None = None, direct: bool = False, answer_s: float = 1.0
) -> AsyncIterator[House]:
    """`direct`: without the link of our own, which has a TCP of its own, between assistant and broker.

    `answer_s`: within which the broker has to answer the assistant.
    """
    told: list[Happening] = []
    mouth = MemoryMouth()
    with Mosquitto() as server:
        async with (
            Proxy(server.port) as proxy,
            MqttBroker(
                host="127.0.0.1",
                port=server.port if direct else proxy.port,
                device_id="v",
                backoff_s=FAST,
                answer_s=answer_s,
            ) as broker,
            MqttBroker(host="127.0.0.1", port=server.port, device_id="device", backoff_s=FAST) as device,
        ):
            for link in (broker, device):
                await link.wait_connected(20)
            for topic in HOME.topics():
                await broker.subscribe(topic)
            assistant = Assistant(
                ear=ear or FrameEar(()), engine=ScriptedEngine(decisions), mouth=mouth, broker=broker,
                listener=Listener(), house=real_house(HOME), tell=told.append, paced=True,
            )  # fmt: skip
            one = House(server, proxy, broker, device, assistant, mouth, told)
            await device.subscribe("demo/+/+/set")
            work = assistant.run() if ear else assistant.follow_states()
            jobs = [asyncio.create_task(one.obey()), asyncio.create_task(work)]
            try:
                yield one
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)


@contextlib.asynccontextmanager
async def fault(one: House, kind: str) -> AsyncIterator[None]:
    match kind:
        case "kill":
            one.server.kill()
            yield
            await asyncio.to_thread(one.server.start)
        case "freeze":
            one.server.freeze()
            yield
            one.server.thaw()
        case "stall" | "slow":
            one.proxy.become(Link.STALLED if kind == "stall" else Link.SLOW)
            yield
            one.proxy.become(Link.GOOD)
        case "reset":
            one.proxy.reset()
            yield


async def trial(one: House, kind: str, chance: random.Random, *, on: bool) -> str:
    """Speak at a random moment around the fault; what was said, checked against what was seen. Returns the reply."""
    for link in (one.broker, one.device):
        await link.wait_connected(30)
    before, said = len(one.seen), len(one.mouth.said)
    lasts_s = chance.uniform(0.3, 3.0)
    words = asyncio.create_task(_speak(one, chance.uniform(0.0, lasts_s + 0.2)))
    await asyncio.sleep(0.1)
    async with fault(one, kind):
        await asyncio.sleep(lasts_s)
    spoken = await words
    await asyncio.sleep(max(0.0, spoken + LATE_S + 1.0 - time.monotonic()))
    seen = one.seen[before:]
    late = [at - spoken for at, *_ in seen if at - spoken > LATE_S]
    assert not late, f"{kind}: sent {late[0]:.1f} s after the words"
    assert len(seen) <= 1, f"{kind}: {len(seen)} times"
    reply = one.mouth.said[said]
    done, unreachable = ("on" if on else "off") in reply.lower().split(), "cannot reach" in reply
    assert seen or not done or "not" in reply or "confirm" in reply, f"{kind}: {reply!r}, but nothing arrived"
    assert not (seen and unreachable), f"{kind}: {reply!r}, but it arrived"
    print(kind, len(seen), reply)  # shown where it fails, and with -s
    return reply


async def _speak(one: House, wait_s: float) -> float:
    await asyncio.sleep(wait_s)
    spoken = time.monotonic()
    await one.assistant.ask("the standing light, please")
    return spoken


@pytest.mark.row("C1")
@pytest.mark.parametrize("kind", FAULTS)
async def test_c1_c2_nothing_is_late_and_nothing_said_is_untrue(kind: str) -> None:
    """Ten trials of every fault, five houses at a time: 50 in all."""

    async def lane(number: int) -> list[str]:
        chance = random.Random(f"{kind} {number}")
        verbs = [chance.random() < 0.5 for _ in range(2)]
        decisions = [
            Decision(Verdict.CALLS, (Call("HassTurnOn" if on else "HassTurnOff", {"name": "standing light"}),), 0.95)
            for on in verbs
        ]
        async with house(decisions) as one:
            return [await trial(one, kind, chance, on=on) for on in verbs]

    replies = await asyncio.gather(*(lane(number) for number in range(5)))
    assert sum(len(lane) for lane in replies) == 10


@pytest.mark.row("C4")
async def test_c4_ten_restarts_of_the_broker_are_survived_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async with house([]) as one:
        for _ in range(10):
            one.server.kill()
            await asyncio.to_thread(one.server.start)
            await one.broker.wait_connected(60)
    warnings = [record for record in caplog.records if record.levelname == "WARNING" and record.name.endswith("mqtt")]
    assert len(warnings) <= 2 * 10 * 2, "at most two lines an outage, for each of the two clients"
