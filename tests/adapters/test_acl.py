"""The ACL file that ships: with it, voiced learns, commands and is seen, and reaches nothing else."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker

pytestmark = pytest.mark.skipif(shutil.which("mosquitto_passwd") is None, reason="mosquitto_passwd is not installed")
USERS = ("voiced", "homeassistant", "owner")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mosquitto]:
    passwords, acl = tmp_path / "passwords", tmp_path / "acl"
    passwords.touch(0o600)
    for user in USERS:
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, f"{user}-secret"], check=True)
        (tmp_path / user).write_text(f"{user}-secret\n", "utf-8")
    shipped = (resources.files("voiced") / "data" / "mosquitto.acl").read_text(encoding="utf-8")
    acl.write_text(f"{shipped}\nuser owner\ntopic readwrite #\n", "utf-8")
    acl.chmod(0o600)
    with Mosquitto(config=f"password_file {passwords}\nacl_file {acl}", anonymous=False) as one:
        yield one


@pytest.mark.row("C9")
async def test_voiced_may_do_its_work_and_nothing_else(server: Mosquitto, tmp_path: Path) -> None:
    def client(user: str) -> MqttBroker:
        return MqttBroker(
            host="127.0.0.1", port=server.port, device_id=user, username=user, password_file=tmp_path / user
        )

    async with client("voiced") as voiced, client("homeassistant") as ha, client("owner") as owner:
        seen = {name: broker.messages() for name, broker in (("voiced", voiced), ("ha", ha), ("owner", owner))}
        for broker in (voiced, ha, owner):
            await broker.wait_connected(20)
        for topic in ("homeassistant/+/+/config", "zigbee2mqtt/+", "secret/+", "voiced/voiced/mute"):
            await voiced.subscribe(topic)
        await owner.subscribe("#")
        await ha.subscribe("voiced/#")
        attempts = [
            (voiced, "zigbee2mqtt/lamp/set"), (voiced, "voiced/voiced/event"), (voiced, "secret/door"),
            (voiced, "homeassistant/light/x/config"), (voiced, "homeassistant/device/voiced_voiced/config"),
            (voiced, "zigbee2mqtt/bridge/request/permit_join"), (ha, "zigbee2mqtt/lamp/set"),
            (ha, "voiced/voiced/mute"), (ha, "homeassistant/status"), (owner, "secret/door"),
            (owner, "homeassistant/light/x/config"), (owner, "zigbee2mqtt/lamp"), (voiced, "voiced/voiced/explanation"),
            (ha, "voiced/voiced/why"),
        ]  # fmt: skip
        for number, (broker, topic) in enumerate(attempts):
            await broker.publish(topic, str(number))
        for topic in ("zigbee2mqtt/last", "voiced/last"):
            await owner.publish(topic, "last")

        async def heard(name: str) -> set[tuple[str, str]]:
            found = set()
            async with asyncio.timeout(30):
                async for message in seen[name]:
                    if message.payload == b"last":
                        break
                    if message.payload.decode().isdigit():
                        found.add((message.payload.decode(), message.topic))
            return found

        assert {int(number) for number, _ in await heard("owner")} == {0, 1, 4, 7, 8, 9, 10, 11, 12}
        assert {topic for _, topic in await heard("ha")} == {"voiced/voiced/event", "voiced/voiced/mute"}
        assert {topic for _, topic in await heard("voiced")} == {
            "homeassistant/light/x/config", "zigbee2mqtt/lamp", "voiced/voiced/mute",
            "homeassistant/device/voiced_voiced/config",
        }  # fmt: skip
