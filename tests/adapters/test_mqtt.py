"""The broker adapter against a real mosquitto: killed, frozen, refused, flooded. An observer has its own connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Self

import aiomqtt
import pytest

from voiced.adapters.inbox import Inbox
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto, free_port
from voiced.adapters.mqtt import MqttBroker
from voiced.errors import BrokerError
from voiced.messages import BrokerMessage

try:
    find_mosquitto()
except BrokerError as error:
    pytest.skip(str(error), allow_module_level=True)

FAST = (0.05, 0.2)


@pytest.fixture
def server() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
async def broker(server: Mosquitto) -> AsyncIterator[MqttBroker]:
    async with MqttBroker(host=server.host, port=server.port, device_id="t", backoff_s=FAST) as link:
        await link.wait_connected(5)
        yield link


class Observer:
    """Sees all that the broker delivers, with a connection of its own."""

    def __init__(self, server: Mosquitto, topic: str = "#") -> None:
        self._link = MqttBroker(host=server.host, port=server.port, device_id="observer", backoff_s=FAST)
        self._topic = topic

    async def __aenter__(self) -> Self:
        self.inbox = self._link.messages()
        await self._link.subscribe(self._topic)
        await self._link.__aenter__()
        await self._link.wait_connected(5)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._link.__aexit__()

    async def wait_connected(self) -> None:
        await self._link.wait_connected(5)

    async def next(self, timeout_s: float = 2.0) -> BrokerMessage:
        return await asyncio.wait_for(anext(self.inbox), timeout_s)

    async def until(self, topic: str, payload: bytes, timeout_s: float = 3.0) -> BrokerMessage:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await anext(self.inbox)
                if (message.topic, message.payload) == (topic, payload):
                    return message

    async def everything(self, for_s: float) -> list[BrokerMessage]:
        seen: list[BrokerMessage] = []
        try:
            async with asyncio.timeout(for_s):
                while True:
                    seen.append(await anext(self.inbox))
        except TimeoutError:
            return seen


async def gone(link: MqttBroker) -> None:
    async with asyncio.timeout(5):
        while link.connected:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_command_arrives_and_is_not_retained(server: Mosquitto, broker: MqttBroker) -> None:
    async with Observer(server, "house/#") as observer:
        await broker.publish("house/lamp/set", "ON")
        assert await observer.next() == BrokerMessage("house/lamp/set", b"ON", retained=False)
    async with Observer(server, "house/#") as late:
        assert await late.everything(0.3) == []


async def test_what_it_subscribed_to_arrives_with_its_retained_flag(server: Mosquitto, broker: MqttBroker) -> None:
    await broker.publish("voiced/t/note", "kept", retain=True)
    inbox = broker.messages()
    await broker.subscribe("voiced/t/note")
    assert await asyncio.wait_for(anext(inbox), 2) == BrokerMessage("voiced/t/note", b"kept", retained=True)


async def test_what_it_unsubscribed_from_arrives_no_more(server: Mosquitto, broker: MqttBroker) -> None:
    inbox = broker.messages()
    for topic in ("house/left", "house/stays"):
        await broker.subscribe(topic)
    await broker.unsubscribe("house/left")
    await broker.unsubscribe("never/subscribed")
    async with Observer(server, "#") as somebody:
        await broker.publish("house/left", "1")
        await broker.publish("house/stays", "2")
        while (await somebody.next()).topic != "house/stays":
            pass
    assert (await asyncio.wait_for(anext(inbox), 5)).topic == "house/stays"


async def test_birth_and_farewell_are_retained(server: Mosquitto) -> None:
    async with Observer(server, "voiced/t/state") as observer:
        async with MqttBroker(host=server.host, port=server.port, device_id="t") as link:
            await link.wait_connected(5)
            assert json.loads((await observer.next()).payload) == {"state": "online"}
        assert json.loads((await observer.next()).payload) == {"state": "offline"}
    async with Observer(server, "voiced/t/state") as late:
        message = await late.next()
        assert message.retained
        assert json.loads(message.payload) == {"state": "offline"}


async def test_the_will_speaks_for_a_connection_that_was_cut(server: Mosquitto, broker: MqttBroker) -> None:
    async with Observer(server, "voiced/t/state") as observer:
        await observer.next()
        assert broker._connection is not None
        broker._connection.lose("the test cut it")
        assert json.loads((await observer.next()).payload) == {"state": "offline"}
        assert json.loads((await observer.next()).payload) == {"state": "online"}  # and it is back by itself


async def test_the_last_state_is_said_again_after_a_restart_of_the_broker(
    server: Mosquitto, broker: MqttBroker
) -> None:
    await broker.publish(broker.state_topic, '{"state": "muted"}', retain=True)
    server.kill()
    await gone(broker)
    with pytest.raises(BrokerError):
        await broker.publish(broker.state_topic, '{"state": "listening"}', retain=True)
    server.start()
    async with Observer(server, "voiced/t/state") as observer:
        await observer.until("voiced/t/state", b'{"state": "listening"}')


async def test_a_command_spoken_while_the_broker_is_away_is_never_delivered(
    server: Mosquitto, broker: MqttBroker
) -> None:
    async with Observer(server, "house/#") as observer:
        server.kill()
        await gone(broker)
        for _ in range(5):
            with pytest.raises(BrokerError, match="nothing was sent"):
                await broker.publish("house/door/set", "UNLOCK")
            await asyncio.sleep(0.05)
        server.start()
        await broker.wait_connected(5)
        await observer.wait_connected()
        await broker.publish("house/lamp/set", "ON")
        assert [message.topic for message in await observer.everything(1.0)] == ["house/lamp/set"]


async def test_a_command_in_the_instant_of_the_kill_is_never_delivered_late(
    server: Mosquitto, broker: MqttBroker
) -> None:
    for _ in range(5):
        async with Observer(server, "house/#") as observer:
            server.kill()  # no wait: the adapter does not know yet
            with pytest.raises(BrokerError):
                await broker.publish("house/door/set", "UNLOCK")
            server.start()
            await broker.wait_connected(5)
            await observer.wait_connected()
            assert await observer.everything(0.3) == []


@pytest.mark.parametrize("frozen_s", [0.0, 1.5])
async def test_a_frozen_broker_gets_no_command_and_delivers_none_when_it_thaws(
    server: Mosquitto, broker: MqttBroker, frozen_s: float
) -> None:
    async with Observer(server, "house/#") as observer:
        server.freeze()
        started = asyncio.get_running_loop().time()
        with pytest.raises(BrokerError, match="does not answer"):
            await broker.publish("house/door/set", "UNLOCK")
        assert asyncio.get_running_loop().time() - started < 2.0
        assert not broker.connected
        await asyncio.sleep(frozen_s)
        server.thaw()
        await broker.wait_connected(10)
        await asyncio.sleep(0.5)
        await observer.wait_connected()
        assert await observer.everything(0.5) == []
        assert await broker.answers()


async def test_what_a_lost_connection_still_owed_does_not_cost_the_next_one(server: Mosquitto) -> None:
    async with MqttBroker(host=server.host, port=server.port, device_id="t", backoff_s=FAST, answer_s=0.5) as link:
        await link.wait_connected(5)
        await asyncio.sleep(0.1)  # what was answered by then is no fresh sign of life
        server.freeze()
        asked = []
        for _ in range(2):  # the first one loses the connection, the second is still waiting when the next one is up
            asked.append(asyncio.create_task(link.publish("house/door/set", "UNLOCK")))
            await asyncio.sleep(0.3)
        server.thaw()
        await link.wait_connected(5)
        assert not asked[1].done()
        errors = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(error) for error in errors] == [BrokerError, BrokerError]
        assert await link.answers()
        assert link.connections == 2


async def test_a_send_that_is_cancelled_dies_with_its_connection(server: Mosquitto, broker: MqttBroker) -> None:
    async with Observer(server, "house/#") as observer:
        await broker.publish("house/lamp/set", "ON")
        assert (await observer.next()).payload == b"ON"
        before = broker.connections
        task = asyncio.create_task(broker.publish("house/door/set", "UNLOCK"))  # a fresh sign of life
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await observer.everything(0.1)  # it was either sent at once ...
        await broker.wait_connected(5)
        assert broker.connections == before + 1
        assert await observer.everything(0.5) == []  # ... or never


async def test_whoever_publishes_without_end_can_be_stopped_at_any_moment(broker: MqttBroker) -> None:
    async def talk() -> None:
        while True:
            with contextlib.suppress(BrokerError):
                await broker.publish("somebody/talks", "on")
            await asyncio.sleep(0)

    for turns in range(120):  # each stops it at another point between the loop's callbacks
        await broker.wait_connected(5)
        task = asyncio.create_task(talk())
        for _ in range(turns % 40):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=5)
        assert done, f"it goes on after {turns} turns of the loop"
        assert task.cancelled()


async def test_subscriptions_are_repeated_at_the_next_connection(server: Mosquitto, broker: MqttBroker) -> None:
    await broker.subscribe("house/state/#")
    inbox = broker.messages()
    for round_ in range(3):
        server.kill()
        await gone(broker)
        server.start()
        await broker.wait_connected(5)
        async with MqttBroker(host=server.host, port=server.port, device_id="other") as other:
            await other.wait_connected(5)
            await other.publish("house/state/lamp", str(round_))
        assert (await asyncio.wait_for(anext(inbox), 2)).payload == str(round_).encode()


async def test_a_subscription_made_while_disconnected_counts(server: Mosquitto) -> None:
    link = MqttBroker(host=server.host, port=server.port, device_id="t")
    inbox = link.messages()
    await link.subscribe("voiced/t/say")
    async with link, MqttBroker(host=server.host, port=server.port, device_id="other") as other:
        await link.wait_connected(5)
        await other.wait_connected(5)
        await other.publish("voiced/t/say", "hello")
        assert (await asyncio.wait_for(anext(inbox), 2)).payload == b"hello"


async def test_a_guest_leaves_nothing_behind(server: Mosquitto) -> None:
    async with MqttBroker(host=server.host, port=server.port, device_id="t-why", guest=True) as guest:
        await guest.wait_connected(30)
        await guest.publish("voiced/t/why", "1")
    lost = MqttBroker(host=server.host, port=server.port, device_id="t-home", guest=True)
    async with lost:
        await lost.wait_connected(30)
        assert lost._connection is not None
        lost._connection.lose("cut")
    link = MqttBroker(host=server.host, port=server.port, device_id="t")
    inbox = link.messages()
    await link.subscribe("voiced/+/state")
    async with link:
        await link.wait_connected(30)
        first = await asyncio.wait_for(anext(inbox), 30)
        assert first.topic == "voiced/t/state", "only who lives here has a state"


async def test_one_warning_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    def ours() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name == "voiced.adapters.mqtt"]

    with caplog.at_level(logging.DEBUG, "voiced.adapters.mqtt"):
        async with MqttBroker(host="127.0.0.1", port=free_port(), backoff_s=(0.01, 0.02)) as link:
            async with asyncio.timeout(15):
                while len(ours()) <= 3:  # noqa: ASYNC110, a log has no event
                    await asyncio.sleep(0.02)
            assert not link.connected
            assert "refused" in link.trouble
            with pytest.raises(BrokerError, match="refused"):
                await link.wait_connected(0.01)
    assert [record.levelno for record in ours()].count(logging.WARNING) == 1


async def test_an_impossible_topic_costs_no_connection(broker: MqttBroker) -> None:
    with pytest.raises(BrokerError, match="cannot publish"):
        await broker.publish("house/#", "ON")
    assert broker.connected


async def test_what_is_no_topic_keeps_nobody_from_connecting(server: Mosquitto) -> None:
    link = MqttBroker(host=server.host, port=server.port, device_id="t", backoff_s=FAST)
    await link.subscribe("house/#/lamp")
    await link.subscribe("house/lamp")
    async with link, Observer(server) as observer:
        inbox = link.messages()
        await link.wait_connected(5)
        with pytest.raises(BrokerError, match="cannot subscribe"):
            await link.subscribe("house/#/lamp")
        assert link.connected
        assert link._connection is not None
        link._connection.lose("the test cut it")
        await link.wait_connected(5)
        await observer._link.publish("house/lamp", "on")
        assert (await asyncio.wait_for(anext(inbox), 2)).payload == b"on"


async def test_a_broker_that_does_not_let_go_holds_up_nobody_who_leaves(
    server: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    async with asyncio.timeout(15):
        async with MqttBroker(host=server.host, port=server.port, device_id="t", answer_s=0.3) as link:
            await link.wait_connected(5)
            monkeypatch.setattr(aiomqtt.Client, "__aexit__", never)


async def test_a_wrong_password_is_said_and_a_right_one_in_the_file_is_picked_up(tmp_path: Path) -> None:
    users = tmp_path / "users"
    subprocess.run(  # noqa: ASYNC221
        ["mosquitto_passwd", "-b", "-c", str(users), "voiced", "right"], check=True, capture_output=True
    )
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    with Mosquitto(config=f"password_file {users}", anonymous=False) as server:
        async with MqttBroker(
            host=server.host, port=server.port, username="voiced", password_file=secret, backoff_s=FAST
        ) as link:
            with pytest.raises(BrokerError, match=r"(?i)not authori[sz]ed"):
                await link.wait_connected(1.0)
            secret.write_text("right\n")
            await link.wait_connected(5)


async def test_tls_with_the_right_authority_and_never_without(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(  # noqa: ASYNC221
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate),
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    with Mosquitto(config=f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}"):
        async with MqttBroker(host="localhost", port=port, ca_file=certificate) as link:
            await link.wait_connected(5)
            await link.publish("house/lamp/set", "ON")
            assert await link.answers()
        async with MqttBroker(host="localhost", port=port, tls=True, backoff_s=FAST) as link:
            with pytest.raises(BrokerError, match=r"(?i)certificate verify failed"):
                await link.wait_connected(1.0)


async def test_a_missing_password_file_is_named(server: Mosquitto, tmp_path: Path) -> None:
    async with MqttBroker(host=server.host, port=server.port, username="x", password_file=tmp_path / "no") as link:
        with pytest.raises(BrokerError, match="no"):
            await link.wait_connected(0.3)


async def test_a_flood_drops_the_oldest_and_counts() -> None:
    inbox = Inbox(3)
    for number in range(10):
        inbox.put(BrokerMessage("t", str(number).encode()))
    assert inbox.dropped == 7
    assert [(await anext(inbox)).payload for _ in range(3)] == [b"7", b"8", b"9"]


async def test_a_message_that_is_too_large_never_arrives(server: Mosquitto, broker: MqttBroker) -> None:
    await broker.subscribe("voiced/t/say")
    inbox = broker.messages()
    async with MqttBroker(host=server.host, port=server.port, device_id="other") as other:
        await other.wait_connected(5)
        await other.publish("voiced/t/say", b"x" * 1_000_000)
        await other.publish("voiced/t/say", b"short")
    assert (await asyncio.wait_for(anext(inbox), 2)).payload == b"short"
    assert broker.connected
