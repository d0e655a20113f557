"""Rows C3, C5, C7, C8 and C9 of the target table: dead links, repeated messages, floods, and who may do what."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.faults.link import Link
from tests.faults.test_broker import FAST, HOME, house
from voiced.adapters.fakes import FrameEar, MemoryMouth, ScriptedEngine
from voiced.adapters.mosquitto import Mosquitto, free_port
from voiced.adapters.mqtt import MqttBroker
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.errors import BrokerError
from voiced.ledger import percentile
from voiced.listen.listener import Listener
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ, Call, Decision, EarLost, EarOpened, Frame, Verdict
from voiced.topics.remote import KINDS, Remote
from voiced.turn.timeline import Happening

LIGHT = "demo/living/standing/set"


def turned(on: bool) -> Decision:
    return Decision(Verdict.CALLS, (Call("HassTurnOn" if on else "HassTurnOff", {"name": "standing light"}),), 0.95)


async def until(what: Callable[[], object], within_s: float = 60.0) -> float:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < within_s
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.row("C3")
async def test_c3_a_dead_link_is_noticed_in_flight_and_idle_and_the_will_is_seen(figure: Figure) -> None:
    """Nothing passes any more and nobody says so, as where a cable is pulled behind the next switch."""
    async with house([turned(True)]) as one:
        states = one.device.messages()
        await one.device.subscribe("voiced/v/state")
        assert (await asyncio.wait_for(anext(states), 30)).payload
        one.proxy.become(Link.STALLED)
        began = time.monotonic()
        await one.assistant.ask("the standing light, please")
        await until(lambda: not one.broker.connected)
        in_flight_s = time.monotonic() - began
        assert "cannot reach" in one.mouth.said[-1]
        async with asyncio.timeout(60):
            while b"offline" not in (await anext(states)).payload:
                pass
        will_s = time.monotonic() - began
        one.proxy.become(Link.GOOD)
        await one.broker.wait_connected(60)
        await asyncio.sleep(0.5)
        one.proxy.become(Link.STALLED)
        idle_s = await until(lambda: not one.broker.connected)
        assert not [at for at, *_ in one.seen], "nothing arrives late"
    figure("in_flight_s", in_flight_s)
    figure("idle_s", idle_s)
    figure("will_s", will_s)


@pytest.mark.row("C5")
async def test_c5_retained_and_repeated_messages_on_our_own_topics_act_on_nothing(figure: Figure) -> None:
    """What somebody retained on every control topic comes again with each connection and subscription; and what a
    broker sends again because it was not acknowledged cannot come at all: we subscribe with QoS 0.
    """
    told: list[Happening] = []
    sent = 0
    with Mosquitto() as server:
        async with (
            MqttBroker(host="127.0.0.1", port=server.port, device_id="t", backoff_s=FAST) as link,
            MqttBroker(host="127.0.0.1", port=server.port, device_id="world", guest=True) as world,
        ):
            await link.wait_connected(30)
            await world.wait_connected(30)
            muted: list[bool] = []

            async def mute(on: bool) -> None:
                muted.append(on)

            engine = ScriptedEngine([turned(True)] * 5000)
            assistant = Assistant(
                ear=FrameEar(()), engine=engine, mouth=MemoryMouth(), broker=link, listener=Listener(),
                house=real_house(HOME), tell=told.append,
            )  # fmt: skip
            remote = Remote(link, "t", assistant, mute=mute, why=lambda _: {}, tell=told.append)
            for kind in KINDS:
                await world.publish(f"voiced/t/{kind}", "on" if kind == "mute" else "1 light on", retain=True)
            assert await world.answers()  # all of it is there, before anybody subscribes
            job = asyncio.create_task(remote.run())
            await until(lambda: len(told) >= len(KINDS))
            for _ in range(2000 // len(KINDS)):  # the subscription is made anew: all that is retained comes again
                assert link._connection is not None
                for kind in KINDS:
                    granted = await link._connection._client.subscribe(f"voiced/t/{kind}")
                    assert [getattr(code, "value", code) for code in granted] == [0], "QoS 0"
                    sent += 1
            await until(lambda: sum(h["event"] == "request_refused" for h in told) >= sent * 0.9)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)
    figure("messages", sent)
    commands = [h for h in told if h["event"] == "command"]
    figure("extra_actions", len(commands))
    assert commands == []
    assert True not in muted


class Speaker:
    """An ear that hears, at the sound's own pace, silence, and whenever it is told the wake word and words."""

    def __init__(self) -> None:
        self._script = deque[str]()

    def speaks(self) -> None:
        self._script.extend("w" + "." * 7 + "s" * 30)

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        yield EarOpened("script")
        began = time.monotonic()
        for number in itertools.count():
            await asyncio.sleep(max(0.0, began + number * FRAME_SAMPLES / SAMPLE_RATE_HZ - time.monotonic()))
            letter = self._script.popleft() if self._script else "."
            yield Frame(
                number * FRAME_SAMPLES, bytes(2 * FRAME_SAMPLES), letter == "s", {"hey_jarvis": float(letter == "w")}
            )


FLOOD_A_SECOND = 1000


async def flooded(spoken: int, typed: int, *, rounds: int, answer_s: float = 1.0) -> dict[str, float]:
    """So many spoken commands, from their last word to the broker, and typed ones, until they are confirmed, without
    and under a thousand states a second; how many these really were at the least is told, too.

    Quiet and flood take turns, `rounds` times each: what else the machine has to do falls on both alike. A broker
    that does not answer within `answer_s` would lose a command.
    """
    decisions, ear = [turned(number % 2 == 0) for number in range(2 * (spoken + typed))], Speaker()
    async with house(decisions, ear=ear, direct=True, answer_s=answer_s) as one:

        async def by_voice(count: int) -> list[float]:
            took = []
            for _ in range(count):
                before = one.assistant.ledgers[-1:]
                while one.assistant.ledgers[-1:] == before:  # again, where the room still rang of the reply
                    ear.speaks()
                    with contextlib.suppress(AssertionError):
                        await until(lambda: one.assistant.ledgers[-1:] != before, within_s=5)  # noqa: B023
                await asyncio.sleep(0.5)
                spent_ms = one.assistant.ledgers[-1].spent_ms
                assert spent_ms is not None
                took.append(spent_ms)
            return took

        async def by_text(count: int) -> list[float]:
            took = []
            for _ in range(count):
                before, began = len(one.seen), time.monotonic()
                await one.assistant.ask("the standing light, please")
                assert len(one.seen) > before  # on a busy machine what was spoken before may be seen only now, too
                took.append((time.monotonic() - began) * 1000)
                await asyncio.sleep(0.1)
            return took

        connections = one.broker.connections
        topic = next(topic for topic in HOME.topics() if topic.startswith("demo/"))
        voice: dict[bool, list[float]] = {False: [], True: []}
        text: dict[bool, list[float]] = {False: [], True: []}
        sent: list[float] = []
        memory_mb = 0.0
        for _ in range(rounds):
            for flood in (False, True):
                before_mb = _most_memory_mb()
                async with flooding(one.server.port, topic, sent) if flood else contextlib.nullcontext():
                    voice[flood] += await by_voice(spoken // rounds)
                    text[flood] += await by_text(typed // rounds)
                memory_mb += (_most_memory_mb() - before_mb) * flood
        assert one.broker.connections == connections, "no disconnection"
    quiet_ms, flooded_ms = (percentile(voice[flood], 0.95) or 0.0 for flood in (False, True))
    return {
        "states_a_second": round(min(sent)), "quiet_p95_ms": quiet_ms, "flooded_p95_ms": flooded_ms,
        "quiet_median_ms": statistics.median(voice[False]), "flooded_median_ms": statistics.median(voice[True]),
        "slower_percent": 100 * (flooded_ms / quiet_ms - 1),
        "typed_quiet_p95_ms": percentile(text[False], 0.95) or 0.0,
        "typed_flooded_p95_ms": percentile(text[True], 0.95) or 0.0, "memory_mb": memory_mb,
    }  # fmt: skip


@contextlib.asynccontextmanager
async def flooding(port: int, topic: str, sent: list[float]) -> AsyncIterator[None]:
    """States on `topic` meanwhile; how many a second they were is added to `sent`."""
    flood = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.flood", str(port), topic, str(FLOOD_A_SECOND)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield
    finally:
        flood.terminate()
        told, _ = await flood.communicate()
    sent.append(float(told))


def _most_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.row("C7")
async def test_c7_a_flood_of_states_delays_no_command(record_property: Callable[[str, object], None]) -> None:
    figures = await flooded(15, 30, rounds=3, answer_s=10)  # other tests may take a broker's processor for a second
    for name, value in figures.items():
        record_property(name, value)
    assert figures["memory_mb"] <= 20
    assert figures["flooded_median_ms"] < figures["quiet_median_ms"] * 1.2 + 200, "p95 is what others do, mostly"


# --- C8: who is who ------------------------------------------------------------------------------------------------


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority (and another), and what it says of a broker: right, expired, and of another host."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")
    for authority in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / f"{authority}.key"),
                "-out", str(folder / f"{authority}.pem"), "-days", "30", "-subj", f"/CN={authority}")  # fmt: skip
    for name, host, days in (("good", "localhost", 30), ("stranger", "example.org", 30), ("expired", "localhost", -1)):
        request, extra = folder / f"{name}.csr", folder / f"{name}.ext"
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / f"{name}.key"), "-out", str(request),
                "-subj", f"/CN={host}")  # fmt: skip
        extra.write_text(f"subjectAltName=DNS:{host}\n", "utf-8")
        signed = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key"), "-CAcreateserial"]
        openssl("x509", "-req", "-in", str(request), *signed, "-out", str(folder / f"{name}.pem"), "-days", str(days),
                "-extfile", str(extra))  # fmt: skip
    return folder


@pytest.mark.row("C8")
@pytest.mark.parametrize(
    ("server", "authority", "words"),
    [("good", "ca", ""), ("good", "other", "certificate verify failed"), ("good", "nowhere", "no such file"),
     ("stranger", "ca", "certificate verify failed"), ("expired", "ca", "certificate verify failed")],
)  # fmt: skip
async def test_c8_only_the_right_certificate_is_spoken_to(
    certificates: Path, server: str, authority: str, words: str
) -> None:
    port = free_port()
    tls = f"listener {port} 127.0.0.1\ncertfile {certificates / server}.pem\nkeyfile {certificates / server}.key"
    with Mosquitto(config=tls):
        async with MqttBroker(
            host="localhost", port=port, ca_file=certificates / f"{authority}.pem", backoff_s=FAST
        ) as link:
            if not words:
                await link.wait_connected(30)
                return
            await until(lambda: words in link.trouble.lower())
            assert not link.connected


@pytest.mark.row("C8")
@pytest.mark.parametrize("peer", ["plain", "silent", "closes"])
async def test_c8_what_does_not_speak_tls_gets_no_plain_word(certificates: Path, peer: str) -> None:
    """A broker without TLS, one that never answers the handshake, one that hangs up: not one byte of MQTT is theirs."""
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if peer != "closes":
            heard.extend(await reader.read(4096))
        if peer == "plain":
            writer.write(b"\x20\x02\x00\x00")  # CONNACK, as a broker without TLS would
            heard.extend(await reader.read(4096))
        if peer == "silent":
            await asyncio.sleep(5)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with MqttBroker(
        host="localhost", port=port, ca_file=certificates / "ca.pem", backoff_s=FAST, username="voiced"
    ) as link:
        with pytest.raises(BrokerError):
            await link.wait_connected(4)
        assert not link.connected
    server.close()
    assert b"MQTT" not in heard


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Mosquitto, Path]]:
    """The ACL that ships, and two users."""
    if not shutil.which("mosquitto_passwd"):
        pytest.skip("mosquitto_passwd is not installed")
    passwords, acl = tmp_path / "passwords", tmp_path / "acl"
    passwords.touch(0o600)
    for user in ("voiced", "owner"):
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, f"{user}-canary"], check=True)
        (tmp_path / user).write_text(f"{user}-canary\n", "utf-8")
    shipped = (resources.files("voiced") / "data" / "mosquitto.acl").read_text(encoding="utf-8")
    acl.write_text(f"{shipped}\nuser owner\ntopic readwrite #\n", "utf-8")
    acl.chmod(0o600)
    with Mosquitto(config=f"password_file {passwords}\nacl_file {acl}", anonymous=False) as server:
        yield server, tmp_path


@pytest.mark.row("C8")
@pytest.mark.parametrize("given", ["wrong", "", "none"])
async def test_c8_a_wrong_password_is_said_and_never_shown(
    guarded: tuple[Mosquitto, Path], given: str, caplog: pytest.LogCaptureFixture
) -> None:
    server, folder = guarded
    (folder / "given").write_text("canary-wrong" if given == "wrong" else "", "utf-8")
    file = None if given == "none" else folder / "given"
    with caplog.at_level(logging.DEBUG):
        async with MqttBroker(
            host="127.0.0.1", port=server.port, username=None if given == "none" else "voiced", password_file=file,
            backoff_s=FAST,
        ) as link:  # fmt: skip
            await until(lambda: "authori" in link.trouble.lower())
    assert "canary" not in caplog.text


@pytest.mark.row("C8", "C9")
async def test_c9_thirty_forbidden_topics_are_denied_and_it_stays_connected(
    guarded: tuple[Mosquitto, Path], figure: Figure
) -> None:
    server, folder = guarded

    def client(user: str) -> MqttBroker:
        return MqttBroker(
            host="127.0.0.1", port=server.port, device_id=user, username=user, password_file=folder / user
        )

    forbidden = [
        *(f"zigbee2mqtt/bridge/request/{what}" for what in ("permit_join", "restart", "device/remove", "options")),
        *(f"homeassistant/{kind}/x/config" for kind in ("light", "lock", "cover", "switch", "sensor", "climate")),
        *(f"tele/{what}/STATE" for what in ("a", "b", "c")), *(f"stat/{what}/POWER" for what in ("a", "b", "c")),
        *(f"voiced/other/{what}" for what in ("mute", "ask", "say", "state", "event", "ledger")),
        "secret/door", "zigbee2mqtt/lamp", "homeassistant/status", "homeassistant/device/other/config", "a", "a/b/c/d",
        "zigbee2mqtt/lamp/get", "cmnd/a", "hermes/dialogueManager/startSession", "esphome/discover/x",
    ]  # fmt: skip
    assert len(forbidden) >= 30
    async with client("voiced") as voiced, client("owner") as owner:
        seen = owner.messages()
        for one in (voiced, owner):
            await one.wait_connected(30)
        await owner.subscribe("#")
        for topic in forbidden:
            await voiced.publish(topic, "forbidden")
        await voiced.publish("zigbee2mqtt/lamp/set", "allowed")
        found = []
        async with asyncio.timeout(60):
            while b"allowed" not in (message := await anext(seen)).payload:
                found.append(message.topic) if message.payload == b"forbidden" else None
        assert voiced.connected
    figure("denied", len(forbidden) - len(found))
    assert found == []
