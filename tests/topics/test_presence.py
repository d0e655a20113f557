"""voiced in Home Assistant and for Hermes clients, on a real mosquitto."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from tests.home.test_learned import learn
from voiced.adapters.fakes import FrameEar, MemoryMouth, ScriptedEngine
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.config import Config, DiscoveryConfig, HermesConfig
from voiced.configfile import load_config
from voiced.errors import ConfigError
from voiced.home.house import House
from voiced.home.model import Home
from voiced.home.network.templates import parse
from voiced.listen.listener import Listener
from voiced.messages import Call, Decision, Verdict
from voiced.topics.hermes import Hermes, rendered
from voiced.topics.presence import ACTIVITIES, activity, announcement, next_alarm, next_timer
from voiced.topics.presenting import Presenting

SCHEMA = json.loads((resources.files("voiced") / "data" / "topics.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(scope="module")
def server() -> Iterator[Mosquitto]:
    with Mosquitto() as one:
        yield one


def test_the_announcement_is_what_home_assistant_wants() -> None:
    out = announcement("kitchen", "Kitchen", "homeassistant")
    assert (out.topic, out.retain) == ("homeassistant/device/voiced_kitchen/config", True)
    body = json.loads(out.payload)
    assert body["device"]["suggested_area"] == "Kitchen"
    assert body["origin"]["name"] == "voiced"
    ids = [c["unique_id"] for c in body["components"].values()]
    assert len(set(ids)) == len(ids)
    for component in body["components"].values():
        assert "object_id" not in component
        assert component["default_entity_id"].startswith(component["platform"] + ".")
        assert not any(key.endswith("_topic") and "voiced/kitchen/" not in v for key, v in component.items())
        if "value_template" in component:
            parse(component["value_template"])
    available = parse(body["availability"][0]["value_template"])
    assert available.read('{"state": "offline"}') == "offline"
    assert available.read('{"state": "idle", "muted": false, "lacks": []}') == "online"


def test_any_name_of_the_device_is_a_topic_that_home_assistant_takes() -> None:
    out = announcement("Küche.2", "", "homeassistant")
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", out.topic)
    body = json.loads(out.payload)
    assert body["components"]["mute"]["command_topic"] == "voiced/Küche.2/mute"
    ids = [component["default_entity_id"] for component in body["components"].values()]
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", one) for one in ids)


def test_what_is_told_holds_no_words_and_lasts_only_where_it_should() -> None:
    command = {"event": "command", "t_ms": 1.0, "turn": 1, "entity": "light.bed", "verb": "turn_on", "payload": "x"}
    event, last = activity("k", command)
    assert json.loads(event.payload) == {
        "event_type": "command", "turn": 1, "entity": "light.bed", "verb": "turn_on"
    }  # fmt: skip
    assert (event.retain, last.retain) == (False, True)
    for kind in ("wake", "ignored", "question", "refused", "failed", "timer_over"):
        (out,) = activity("k", {"event": kind, "text": "secret", "turn": 1})
        assert json.loads(out.payload)["event_type"] in ACTIVITIES
        assert "secret" not in out.payload
    assert not list(activity("k", {"event": "decision", "calls": []}))
    assert next_timer("k", None, dt.datetime.now(dt.UTC)).payload == "None"


def test_the_next_alarm_is_published_as_the_hour_that_was_named() -> None:
    """The clocks go back in the night before it."""
    evening = dt.datetime(2026, 10, 31, 22, 0, tzinfo=ZoneInfo("America/New_York"))
    house = House(Home(), random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: evening)
    house.judge(Decision(Verdict.CALLS, (Call("AlarmSet", {"hour": 8, "half": "am", "day": "tomorrow"}),), 0.99))
    told = next_alarm("k", house.clocks.next_alarm_s(), evening.astimezone(dt.UTC))
    assert told.payload == "2026-11-01T13:00:00+00:00"


def test_hermes_gets_a_sentence_and_where_its_values_stand() -> None:
    said, slots = rendered("HassLightSet", {"name": "bed light", "brightness": 40}, 0.9)
    assert said == "light set bed light 40"
    for slot in slots:
        where = slot["range"]
        assert isinstance(where, dict)
        assert said[where["start"] : where["end"]] == slot["rawValue"]
    hermes = Hermes("kitchen")
    assert hermes.asked("hermes/tts/say", b'{"text": "hello", "siteId": "other"}') is None
    for payload in (b"", b"[" * 5000, b'{"siteId": "kitchen", "text": 7}', b"x" * 20_000, b'{"siteId": ["kitchen"]}'):
        hermes.asked("hermes/tts/say", payload)
    topics = [
        out.topic
        for happening in (
            {"event": "wake", "turn": 1, "word": "hey_jarvis", "score": 0.9},
            {"event": "decision", "turn": 1, "verdict": "not_for_me", "calls": [], "certainty": 1.0},
            {"event": "turn_end", "turn": 1},
        )
        for out in hermes.told(happening)
    ]
    assert topics == [
        "hermes/hotword/hey_jarvis/detected", "hermes/dialogueManager/sessionStarted",
        "hermes/nlu/intentNotRecognized", "hermes/dialogueManager/sessionEnded",
    ]  # fmt: skip


async def test_a_device_that_home_assistant_can_use(server: Mosquitto, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ncat > {tmp_path}/got\n", "utf-8")
    hook.chmod(0o700)
    config = Config(
        id="t", discovery=DiscoveryConfig(), hermes=HermesConfig("default"),
        hooks={"wake": (str(hook),), "reply": ("/nonexistent",)},
    )  # fmt: skip
    async with (
        MqttBroker(host="127.0.0.1", port=server.port, device_id="t") as broker,
        MqttBroker(host="127.0.0.1", port=server.port, device_id="ha") as ha,
        asyncio.timeout(60),
    ):
        messages = ha.messages()
        for topic in ("homeassistant/device/+/config", "voiced/t/#", "hermes/#"):
            await ha.subscribe(topic)
        await broker.wait_connected(20)
        await ha.wait_connected(20)
        house = real_house(learn().home)
        mouth = MemoryMouth()
        assistant = Assistant(
            ear=FrameEar(()), engine=ScriptedEngine({}), mouth=mouth, broker=broker, listener=Listener(), house=house
        )  # fmt: skip
        presenting = Presenting(config, broker, house, assistant)
        running = asyncio.create_task(presenting.run())

        async def until(topic: str) -> str:
            async for message in messages:
                own = message.topic.removeprefix("voiced/t/")
                if own in SCHEMA["properties"] and own != "state":
                    text = message.payload.decode()
                    VALID.validate({own: json.loads(text) if text.startswith("{") else text})
                if message.topic == topic:
                    return message.payload.decode()
            raise AssertionError(topic)

        await until("homeassistant/device/voiced_t/config")
        assert float(await until("voiced/t/threshold")) == 0.5
        assert await until("voiced/t/next_timer") == "None"
        await ha.publish("voiced/t/threshold/set", "7")
        await ha.publish("voiced/t/threshold/set", "0.3")
        assert float(await until("voiced/t/threshold")) == 0.3
        assert assistant.listener.settings.word("alexa").threshold == 0.3
        assert house.volume == 100
        await ha.publish("voiced/t/volume/set", "9" * 400)
        await ha.publish("voiced/t/volume/set", "40")
        while await until("voiced/t/volume") != "40":
            pass
        assert house.loudness() == 0.4
        house.judge(Decision(Verdict.CALLS, (Call("AlarmSet", {"hour": 7}),), 0.9))
        presenting.tell({"event": "turn_end", "turn": 1})
        while (rings := await until("voiced/t/next_alarm")) == "None":
            pass
        assert dt.datetime.fromisoformat(rings).astimezone().strftime("%M:%S") == "00:00"
        await ha.publish("homeassistant/status", "online")
        await until("homeassistant/device/voiced_t/config")
        presenting.tell({"event": "reply", "text": "x"})
        presenting.tell({"event": "wake", "turn": 3, "word": "hey_jarvis", "score": 0.9})
        assert json.loads(await until("voiced/t/activity"))["event_type"] == "wake"
        await until("hermes/dialogueManager/sessionStarted")
        await ha.publish("hermes/tts/say", json.dumps({"text": "the post is here", "siteId": "default", "id": "7"}))
        assert json.loads(await until("hermes/tts/sayFinished")) == {"id": "7", "siteId": "default"}
        assert mouth.said == ["the post is here"]
        while not (tmp_path / "got").exists() or not (tmp_path / "got").read_text("utf-8"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert json.loads((tmp_path / "got").read_text("utf-8"))["word"] == "hey_jarvis"
        running.cancel()


def test_the_configuration_of_it_is_checked() -> None:
    config = load_config(
        '[hooks]\nwake = ["/usr/bin/true", "-x"]\n[hermes]\nsite = "kitchen"\n[discovery]\nlearn = false\n'
    )
    assert config.hooks == {"wake": ("/usr/bin/true", "-x")}
    assert (config.discovery.learn, config.discovery.announce, config.hermes.site) == (False, True, "kitchen")
    with pytest.raises(ConfigError, match="a program and its arguments"):
        load_config('[hooks]\nwake = ["rm -rf"]\n')
    with pytest.raises(ConfigError, match="a topic without"):
        load_config('[discovery]\nprefix = "a/#"\n')
