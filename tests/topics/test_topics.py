"""Own topics on a real mosquitto: everything published is as the schema says, everything asked is answered."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.adapters.fakes import FrameEar, MemoryMouth, ScriptedEngine
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.commands.why import asked
from voiced.config import DEMO_HOME, BrokerConfig, Config
from voiced.errors import BrokerError, UsageError
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.messages import (
    FRAME_SAMPLES,
    BrokerMessage,
    Call,
    Decision,
    EarLost,
    EarOpened,
    Evidence,
    Frame,
    Rule,
    Scored,
    Verdict,
)  # fmt: skip
from voiced.ports import Played
from voiced.topics.remote import KINDS, MAX_BYTES, Mute, Remote, Request, Why, read
from voiced.topics.reporter import Reporter
from voiced.turn.reasons import Reasons

HOME = load_home(DEMO_HOME.read_text("utf-8"))
SCHEMA = json.loads((resources.files("voiced") / "data" / "topics.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)


def check(topic: str, payload: bytes) -> None:
    text = payload.decode()
    VALID.validate({topic.removeprefix("voiced/t/"): json.loads(text) if text.startswith("{") else text})


def test_the_schema_is_one_and_names_every_event_that_the_code_tells() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    told = {"command"}
    for path in (Path(__file__).parents[2] / "voiced").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="tell"), args=[ast.Constant(str(name)), *_]):
                    told.add(name)
                case ast.Call(func=ast.Name(id="tell"), args=[ast.Constant(str(name)), *_]):
                    told.add(name)
                case ast.Dict(keys=[ast.Constant("event"), *_], values=[ast.Constant(str(name)), *_]):
                    told.add(name)
                case ast.Dict(keys=[ast.Constant("event"), *_], values=[ast.IfExp(body=a, orelse=b), *_]):
                    told |= {ast.literal_eval(a), ast.literal_eval(b)}
    assert told - {"command"} == set(SCHEMA["$defs"]["event"]["properties"]["event"]["enum"])


@given(st.sampled_from(KINDS), st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_payload_is_a_request_or_one_line(kind: str, payload: bytes) -> None:
    said = ""
    try:
        request = read(kind, payload)
    except UsageError as error:
        said = str(error)
    else:
        check(f"voiced/t/{kind}", b"{}" if kind in ("listen", "cancel") else _canonical(request))
    assert "\n" not in said


def _canonical(request: Request) -> bytes:
    if isinstance(request, Why):
        return json.dumps({"turns": request.turns}).encode()
    return b"on" if isinstance(request, Mute) else json.dumps({"text": getattr(request, "text", "")}).encode()


@pytest.mark.parametrize(("text", "on"), [("on", True), ("OFF", False), ('{"mute": true}', True), ("0", False)])
def test_mute_in_many_words(text: str, on: bool) -> None:
    assert read("mute", text.encode()) == Mute(on)
    check("voiced/t/mute", text.encode())


class Ear:
    """Sound when the test gives some."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[Frame | EarOpened | EarLost] = asyncio.Queue()
        self._next = 0
        self.given.put_nowait(EarOpened("test"))

    def hears(self, pattern: str) -> None:
        for letter in pattern:
            wake = {"hey_jarvis": 0.9 if letter == "w" else 0.0}
            self.given.put_nowait(Frame(self._next, bytes(2 * FRAME_SAMPLES), speech=letter in "sw", wake=wake))
            self._next += FRAME_SAMPLES

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        while True:
            yield await self.given.get()


class SlowMouth(MemoryMouth):
    """Speaks until it is told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.silence = asyncio.Event()

    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        del loudness
        self.said.append(text)
        if text == "a long story":
            await self.silence.wait()
        return Played(0.0, 0.0, cached=True)

    async def stop(self) -> None:
        self.silence.set()


class Stage:
    """The core on a real broker; what is around it is scripted."""

    port = 0

    def __init__(self, link: MqttBroker, *decisions: Decision) -> None:
        self.ear, self.mouth, self.muted = Ear(), SlowMouth(), list[bool]()
        self.reasons = Reasons(3)
        self.reporter = Reporter(link, "t", self.reasons.tell)
        self.assistant = Assistant(
            ear=self.ear, engine=ScriptedEngine(decisions), mouth=self.mouth, broker=link, listener=Listener(),
            house=real_house(HOME, device_id="t", random_digits=lambda: "47"), tell=self.reporter.tell,
            explain=self.reasons.explain, paced=False,
        )  # fmt: skip
        self.remote = Remote(
            link,
            "t",
            self.assistant,
            mute=self._mute,
            why=lambda turns: self.reasons.answer(turns, self.assistant.listener),
            tell=self.reporter.tell,
        )

    async def _mute(self, on: bool) -> None:
        self.muted.append(on)
        self.reporter.is_now(muted=on)


class World:
    """Everybody else on the broker: they see all, and ask."""

    def __init__(self, link: MqttBroker) -> None:
        self.link, self.inbox, self.seen = link, link.messages(), list[BrokerMessage]()

    async def ask(self, kind: str, payload: str | bytes = "", *, retain: bool = False) -> None:
        await self.link.publish(f"voiced/t/{kind}", payload, retain=retain)

    async def sees_both(self, *wanted: tuple[str, str]) -> None:
        """A message on each of these own topics that holds the words beside it; which comes first is not promised."""
        left = list(wanted)
        async with asyncio.timeout(15):
            while left:
                message = await anext(self.inbox)
                self.seen.append(message)
                left = [w for w in left if message.topic != f"voiced/t/{w[0]}" or w[1] not in message.payload.decode()]

    async def sees(self, topic: str, *parts: str) -> dict[str, Any]:
        """The next message on an own topic that holds all of `parts`."""
        async with asyncio.timeout(15):
            while True:
                message = await anext(self.inbox)
                self.seen.append(message)
                if message.topic == f"voiced/t/{topic}" and all(p in message.payload.decode() for p in parts):
                    return dict(json.loads(message.payload))


@contextlib.asynccontextmanager
async def house(*decisions: Decision) -> AsyncIterator[tuple[Stage, World]]:
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    with Mosquitto() as server:
        async with (
            MqttBroker(host=server.host, port=server.port, device_id="t") as link,
            MqttBroker(host=server.host, port=server.port, device_id="world") as other,
        ):
            world = World(other)
            await other.subscribe("#")
            await other.wait_connected(5)
            stage = Stage(link, *decisions)
            stage.port = server.port
            # what is asked before the core has subscribed is lost, and it does that when it begins
            for topic in (*HOME.topics(), *(f"voiced/t/{kind}" for kind in KINDS)):
                await link.subscribe(topic)
            await link.wait_connected(5)  # what happens before is not told
            jobs = [stage.assistant.run(), stage.reporter.run(), stage.remote.run(), devices(other)]
            tasks = [asyncio.create_task(job) for job in jobs]
            try:
                await world.sees_both(("state", '"idle"'), ("event", "ear_opened"))
                yield stage, world
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def devices(link: MqttBroker) -> None:
    answer = simulate(HOME)
    async for message in link.messages():
        for topic, payload in answer(message.topic, message.payload.decode("utf-8", "replace")):
            await link.publish(topic, payload)


def calls(intent: str, /, **slots: str | float) -> Decision:
    return Decision(Verdict.CALLS, (Call(intent, slots),), 0.95, "a sentence")


async def test_a_spoken_turn_is_told_as_the_schema_says() -> None:
    own = calls("HassListAddItem", item="milk")
    decisions = calls("HassTurnOff", name="standing light"), own, Decision(Verdict.NOT_FOR_ME, certainty=0.9)
    async with house(*decisions) as (stage, world):
        for _ in decisions:
            stage.ear.hears("..w.." + "s" * 30 + "." * 200)
            await world.sees("event", "turn_end")
        await world.sees("ledger")

    topics = {m.topic for m in world.seen}
    assert {f"voiced/t/{t}" for t in ("state", "event", "action", "ledger", "intent/HassListAddItem")} <= topics
    assert "demo/living/standing/set" in topics
    for message in world.seen:
        if message.topic.startswith("voiced/t/"):
            check(message.topic, message.payload)


async def test_typed_words_are_carried_out_and_a_door_asks_for_the_voice() -> None:
    unlock = calls("HassUnlock", name="front door")
    async with house(calls("HassTurnOff", name="standing light"), unlock, Decision(Verdict.DIGITS, digits="47")) as (
        stage,
        world,
    ):
        await world.ask("ask", "turn off the standing light")
        assert (await world.sees("action"))["topic"] == "demo/living/standing/set"
        await world.sees("event", "turn_end")

        await world.ask("ask", json.dumps({"text": "unlock the front door"}))
        await world.sees("event", "listening", "code")
        for digits in ("47", "four seven", json.dumps({"text": "four seven", "digits": "47"})):
            await world.ask("ask", digits)
            await world.sees("event", "request_refused", "speaking")
        assert not [m for m in world.seen if m.payload == b"UNLOCK"]
        ours = [m.payload for m in world.seen if m.topic.startswith("voiced/t/") and m.topic != "voiced/t/ask"]
        assert sum(b"Say the code to unlock the front door." in payload for payload in ours) == 2
        assert not [payload for payload in ours if b"four seven" in payload], "for those in the room alone"

        stage.ear.hears("." * 5 + "s" * 40 + "." * 200)
        assert (await world.sees("action"))["payload"] == "UNLOCK"


async def test_mute_waits_for_nothing_and_cancel_makes_silent() -> None:
    async with house() as (stage, world):
        await world.ask("say", "a long story")
        await world.sees("event", '"announce"')
        await world.ask("say", "another one")
        await world.ask("mute", "on")
        assert (await world.sees("state", '"muted": true'))["muted"] is True
        assert stage.mouth.said == ["a long story"]
        await world.ask("cancel")
        await world.sees("event", '"announced"')
        assert stage.mouth.said == ["a long story"], "what waited was cancelled, too"
        await world.ask("mute", '{"mute": false}')
        await world.sees("state", '"muted": false')
        assert stage.muted == [True, False]


async def test_listen_opens_a_turn_without_the_wake_word() -> None:
    async with house(calls("HassTurnOff", name="standing light")) as (stage, world):
        await world.ask("listen", "PRESS")
        await world.sees("event", '"listening"')
        stage.ear.hears("." * 5 + "s" * 40 + "." * 200)
        await world.sees("action", "demo/living/standing/set")
        await world.sees("event", "turn_end")
        await world.ask("listen")
        await world.sees("event", '"listening"')
        await world.ask("cancel")
        await world.sees("event", "turn_end", "cancelled")


async def test_whoever_asks_why_is_told_what_the_last_turns_heard() -> None:
    evidence = Evidence(Rule.UNSURE, 0.14, 0.4, (Scored("turn on the bed light", -9.0), Scored("stop", -12.0)))
    foreign = Decision(Verdict.NOT_FOR_ME, certainty=0.8, evidence=evidence)
    unlock, code = calls("HassUnlock", name="front door"), Decision(Verdict.DIGITS, digits="47")
    async with house(calls("HassTurnOff", name="standing light"), foreign, unlock, code) as (stage, world):
        for _ in range(2):
            stage.ear.hears("..w.." + "s" * 30 + "." * 200)
            await world.sees("event", "turn_end")
        await world.ask("why", "")
        done, rejected = (await world.sees("explanation"))["turns"]
        assert done["commands"] == ["turn_off light.standing"]
        assert done["certainty"] == 0.95 > done["needed"]
        assert rejected["margin_nats"] == 3.0
        assert "0.14 certain" in rejected["why"]
        assert "0.40 are needed" in rejected["why"]

        stage.ear.hears("..w.." + "s" * 30 + "." * 40)
        await world.sees("event", "listening", "code")
        stage.ear.hears("." * 5 + "s" * 40 + "." * 200)
        await world.sees("action", "UNLOCK")
        await world.sees("event", "turn_end")
        await world.ask("why", '{"turns": 100}')
        told = await world.sees("explanation")
        assert [turn["opened_by"] for turn in told["turns"]] == ["wake", "wake", "code"], "three are kept"
        assert "47" not in json.dumps(told["turns"][-1]["heard"])
        assert "digits" not in told["turns"][-1]

        assert told["wake"]["hey_jarvis"]["woken"] == 3
        port = Config(id="t", broker=BrokerConfig(port=stage.port))
        assert (await asked(port, 1))["turns"] == told["turns"][-1:]
    for message in world.seen:
        if message.topic.startswith("voiced/t/"):
            check(message.topic, message.payload)
            assert not (message.topic.endswith("/explanation") and message.retained)


async def test_nobody_answers_why() -> None:
    with Mosquitto() as server, pytest.raises(BrokerError, match="is `voiced run` running"):
        await asked(Config(id="t", broker=BrokerConfig(port=server.port)), 1, answer_s=0.5)


async def test_garbage_the_past_and_too_much_change_nothing() -> None:
    async with house() as (stage, world):
        for kind, payload in (
            ("say", b"\xff\xfe"), ("ask", b'{"txt": 1}'), ("mute", b"perhaps"), ("say", b"x" * (MAX_BYTES + 1)),
            ("ask", b"a" * 201), ("mute", b"{"), ("say", b" "), ("ask", b'{"text": ["a"]}'), ("say", b"bell \x07"),
            ("why", b"all"), ("why", b'{"turns": -1}'),
        ):  # fmt: skip
            await world.ask(kind, payload)
            check("voiced/t/event", json.dumps(await world.sees("event", "request_refused", kind)).encode())
        assert stage.mouth.said == []
        assert stage.muted == []
        for _ in range(12):
            await world.ask("say", "a long story")
        await world.sees("event", "too many words")
        stage.mouth.silence.set()


async def test_what_was_retained_before_we_came_is_not_done() -> None:
    async with house() as (stage, world):
        await world.ask("say", "from yesterday", retain=True)  # delivered live to us, retained to whoever comes
        await world.sees("event", '"announced"')
        remote = stage.remote
        message = BrokerMessage("voiced/t/say", b"from yesterday", retained=True)
        async with asyncio.TaskGroup() as group:
            await remote._take("say", message, group)
        await world.sees("event", "request_refused", "retained")
        assert stage.mouth.said == ["from yesterday"]


async def test_without_an_ear_no_code_is_asked_for_that_nobody_can_say() -> None:
    ear = FrameEar([])
    assistant = Assistant(
        ear=ear, engine=ScriptedEngine([calls("HassUnlock", name="front door")]), mouth=MemoryMouth(),
        broker=MqttBroker(host="localhost"), listener=Listener(),
        house=real_house(HOME, random_digits=lambda: "47"), paced=False,
    )  # fmt: skip
    await assistant.ask("unlock the front door")
    assert assistant.listener.turn is None
