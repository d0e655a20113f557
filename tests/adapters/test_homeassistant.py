"""Home Assistant as the house, against a stand-in that speaks its documented API."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.ha_standin import TOKEN, StandIn
from voiced.adapters import homeassistant
from voiced.adapters.fakes import MemoryBroker
from voiced.adapters.homeassistant import HomeAssistant
from voiced.errors import BrokerError, DeclinedError
from voiced.home.dispatch import command, lacking
from voiced.home.intents import Step
from voiced.home.load import HomeFile
from voiced.home.model import Home
from voiced.home.network.discovery import Found
from voiced.home.network.learned import merge
from voiced.home.network.registry import Registry, registry_of, things
from voiced.home.policy import judge
from voiced.home.ruling import Ask
from voiced.home.states import StateBook, confirms, is_gone
from voiced.messages import BrokerMessage, Call, Command, Decision, Verdict


def state(entity_id: str, said: str, **attributes: object) -> dict[str, Any]:
    return {"entity_id": entity_id, "state": said, "attributes": {"friendly_name": entity_id, **attributes}}


STATES = [
    state("light.lamp", "off", friendly_name="Reading <|Lamp|>", supported_color_modes=["hs", "color_temp"]),
    state("switch.pump", "off", friendly_name="Pump"),
    state("lock.door", "locked", friendly_name="Front Door"),
    state("cover.blind", "closed", friendly_name="Blind", current_position=0),
    state("climate.heat", "heat", friendly_name="Heating", temperature=20, current_temperature=19.5),
    state("sensor.out", "7.5", friendly_name="Outside", device_class="temperature", unit_of_measurement="°C"),
    state("light.hidden", "off", friendly_name="Hidden"),
    state("person.me", "home"),
]
LISTS: dict[str, list[dict[str, Any]]] = {
    "config/area_registry/list": [{"area_id": "a1", "name": "Bedroom"}],
    "config/device_registry/list": [{"id": "d1", "area_id": "a1"}],
    "config/entity_registry/list": [
        {"entity_id": "light.lamp", "device_id": "d1", "area_id": None},
        {"entity_id": "light.hidden", "hidden_by": "user"},
    ],
}


def registry() -> Registry:
    areas, devices, entities = LISTS.values()
    return Registry(areas, devices, entities, STATES)


def home() -> Home:
    return merge(HomeFile(), things(registry())).home


def sent(entity: str, verb: str, **values: str | float) -> Command:
    made = command(Step(entity, verb, values), home())
    assert made is not None
    return made


def intent(entity: str, verb: str, **values: str | float) -> tuple[str, Mapping[str, object]]:
    body = json.loads(sent(entity, verb, **values).payload)
    assert body["data"].pop("name") == entity
    return body["name"], body["data"]


def test_what_home_assistant_exposes_is_the_house() -> None:
    made = home()
    assert {(e.id, e.name, e.area) for e in made.entities} == {
        ("light.lamp", "Reading Lamp", "bedroom"), ("switch.pump", "Pump", ""), ("lock.door", "Front Door", ""),
        ("cover.blind", "Blind", ""), ("climate.heat", "Heating", ""), ("sensor.out", "Outside", ""),
    }  # fmt: skip
    only = {"light.lamp": {"conversation": True}, "lock.door": {"conversation": False}}
    shown = merge(HomeFile(), things(replace(registry(), exposed=only))).home
    assert [e.id for e in shown.entities] == ["light.lamp"]
    assert things(Registry(states=[{}, {"entity_id": 7}, {"entity_id": "light.x", "attributes": 3}])) == ()


def test_every_verb_is_the_intent_that_means_it() -> None:
    assert intent("switch.pump", "turn_on") == ("HassTurnOn", {})
    assert intent("light.lamp", "set", brightness=40) == ("HassLightSet", {"brightness": 40})
    assert intent("light.lamp", "set", color="red") == ("HassLightSet", {"color": "red"})
    assert intent("light.lamp", "set", temperature=2700) == ("HassLightSet", {"temperature": 2703})
    assert intent("cover.blind", "open") == ("HassTurnOn", {})
    assert intent("cover.blind", "set_position", position=30) == ("HassSetPosition", {"position": 30})
    assert intent("climate.heat", "set_temperature", temperature=21) == (
        "HassClimateSetTemperature",
        {"temperature": 21},
    )


def test_locking_is_turning_on_there_and_unlocking_needs_the_code() -> None:
    assert intent("lock.door", "lock") == ("HassTurnOn", {})
    assert intent("lock.door", "unlock") == ("HassTurnOff", {})
    decision = Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), certainty=1.0)
    assert isinstance(judge(decision, home(), code="47"), Ask)


def test_states_are_read_as_home_assistant_tells_them() -> None:
    book = StateBook(home())
    for one in STATES:
        book = book.heard(f"ha/{one['entity_id']}/state", json.dumps(one).encode())
    known = book.states
    assert known["lock.door"].state == "locked"
    assert (known["climate.heat"].temperature_degrees, known["climate.heat"].target_degrees) == (19.5, 20)
    assert known["climate.heat"].state == "heat"
    unknown = state("climate.heat", "unknown")
    assert book.heard("ha/climate.heat/state", json.dumps(unknown).encode()).states["climate.heat"].state == "heat"
    assert known["sensor.out"].number == 7.5
    dimmed = sent("light.lamp", "set", brightness=40)
    assert confirms(dimmed, dimmed.state_topic, json.dumps({"state": "on", "attributes": {"brightness": 102}}).encode())
    assert not confirms(
        dimmed, dimmed.state_topic, json.dumps({"state": "on", "attributes": {"brightness": 255}}).encode()
    )
    red = sent("light.lamp", "set", color="red")
    assert confirms(
        red, red.state_topic, json.dumps({"state": "on", "attributes": {"rgb_color": [255, 0, 0]}}).encode()
    )


def of_home_assistant(*states: dict[str, Any]) -> Home:
    return merge(HomeFile(), things(Registry(states=list(states)))).home


@pytest.mark.parametrize(("thing", "verb"), [("vacuum", "stop"), ("vacuum", "pause"), ("lawn_mower", "pause")])
def test_what_home_assistant_has_no_intent_for_is_not_sent(thing: str, verb: str) -> None:
    """The words of MQTT's vacuums went to the intent API, and what it said of them was told as a lost connection."""
    house = of_home_assistant(state(f"{thing}.robo", "docked"))
    assert command(Step(f"{thing}.robo", verb), house) is None
    assert lacking(Step(f"{thing}.robo", verb), house) == "way to do that"


@pytest.mark.parametrize("said", ["on", "idle", "playing", "paused", "buffering"])
def test_a_player_that_was_turned_on_may_idle_or_play(said: str) -> None:
    on, off = (
        command(Step("media_player.tv", verb), of_home_assistant(state("media_player.tv", "off")))
        for verb in ("turn_on", "turn_off")
    )
    assert on is not None
    assert off is not None
    now, standby = (json.dumps({"state": one, "attributes": {}}).encode() for one in (said, "standby"))
    assert (confirms(on, on.state_topic, now), confirms(off, off.state_topic, now)) == (True, False)
    assert (confirms(on, on.state_topic, standby), confirms(off, off.state_topic, standby)) == (False, True)


@contextlib.asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    job = asyncio.create_task(work)
    try:
        yield
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


async def test_a_command_goes_and_its_state_comes_back(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n", "utf-8")
    houses: asyncio.Queue[tuple[Found, ...]] = asyncio.Queue()
    async with StandIn({s["entity_id"]: s for s in STATES}, LISTS) as standin, asyncio.timeout(60):
        broker = HomeAssistant(
            MemoryBroker(), url=f"http://127.0.0.1:{standin.port}", token_file=token, settle_s=0.1
        )  # fmt: skip
        broker.registry = lambda lists: houses.put_nowait(things(registry_of(lists)))
        messages = broker.messages()
        async with in_background(broker.run()):
            assert await houses.get() == things(registry())
            lock = sent("lock.door", "unlock")
            await broker.publish(lock.topic, lock.payload)
            assert standin.handled == [{"name": "HassTurnOff", "data": {"name": "lock.door"}}]
            async for message in messages:
                if message.topic == lock.state_topic and confirms(lock, lock.state_topic, message.payload):
                    break
            standin.states["switch.new"] = state("switch.new", "on")
            await standin.registry_changed()
            assert "switch.new" in {f.key for f in await houses.get()}
            with pytest.raises(DeclinedError, match="No such thing"):
                await broker.publish("ha/light.gone/set", json.dumps({"name": "HassTurnOn", "data": {"name": "x.y"}}))
            standin.mumbles = True
            with pytest.raises(BrokerError, match="did not say what became of it") as mumbled:
                await broker.publish(lock.topic, lock.payload)
            assert not isinstance(mumbled.value, DeclinedError)
            standin.deaf = True
            with pytest.raises(BrokerError, match="does not answer"):
                await broker.publish(lock.topic, lock.payload)
            token.write_text("wrong", "utf-8")
            standin.deaf = False
            with pytest.raises(BrokerError, match="401") as refused:
                await broker.publish(lock.topic, lock.payload)
            assert not isinstance(refused.value, DeclinedError)
            await broker.publish("other/topic", "x")


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error", "502 Bad Gateway", "503 Unavailable"]
)
async def test_a_house_whose_home_assistant_restarts_is_out_of_reach_and_declines_nothing(
    tmp_path: Path, status: str
) -> None:
    """Behind a proxy, or before its intents are loaded: "Front door does not do that" was said of a door that does."""
    (token := tmp_path / "token").write_text(TOKEN, "utf-8")
    lock = sent("lock.door", "unlock")
    async with StandIn({s["entity_id"]: s for s in STATES}, LISTS) as standin, asyncio.timeout(60):
        standin.restarting = status
        broker = HomeAssistant(MemoryBroker(), url=f"http://127.0.0.1:{standin.port}", token_file=token)
        with pytest.raises(BrokerError, match=f"answered {status[:3]}") as lost:
            await broker.publish(lock.topic, lock.payload)
        assert not isinstance(lost.value, DeclinedError)
        assert standin.handled == []


async def heard(messages: AsyncIterator[BrokerMessage], topic: str, state: str) -> None:
    async for message in messages:
        if message.topic == topic and json.loads(message.payload)["state"] == state:
            return


async def test_what_was_so_before_is_told_again_and_so_confirmed(tmp_path: Path) -> None:
    """Home Assistant tells no state that has not changed: "No answer from the pump", which was off already."""
    token = tmp_path / "token"
    token.write_text(TOKEN, "utf-8")
    pump, elsewhere = sent("switch.pump", "turn_off"), sent("light.lamp", "turn_off")
    async with StandIn({s["entity_id"]: s for s in STATES}, LISTS) as standin, asyncio.timeout(60):
        standin.tells_only_changes = True
        broker = HomeAssistant(MemoryBroker(), url=f"http://127.0.0.1:{standin.port}", token_file=token, settle_s=0.1)
        messages = broker.messages()
        async with in_background(broker.run()):
            await heard(messages, "ha/switch.pump/state", "off")
            await broker.publish(pump.topic, pump.payload)
            message = await anext(m async for m in messages if m.topic == pump.state_topic)
            assert confirms(pump, message.topic, message.payload)
            assert message.retained
            assert not confirms(elsewhere, message.topic, message.payload)


async def test_a_home_assistant_that_restarts_is_found_again_and_meanwhile_nothing_is_known(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN, "utf-8")
    here = {s["entity_id"]: s for s in STATES}
    async with StandIn(dict(here), LISTS) as first, asyncio.timeout(60):
        port = first.port
        broker = HomeAssistant(MemoryBroker(), url=f"http://127.0.0.1:{port}", token_file=token, settle_s=0.1)
        messages = broker.messages()
        assert broker.trouble == f"Home Assistant at http://127.0.0.1:{port}: not reached yet"
        working = in_background(broker.run())
        await working.__aenter__()
        await heard(messages, "ha/lock.door/state", "locked")
        assert not broker.trouble
    async with asyncio.timeout(60):
        await heard(messages, "ha/lock.door/state", "unavailable")
        assert broker.trouble.startswith(f"Home Assistant at http://127.0.0.1:{port}: ")
        book = StateBook(home()).heard("ha/lock.door/state", b'{"state": "unavailable"}')
        door = home().entity("lock.door")
        assert door is not None
        assert is_gone(door, book.states["lock.door"])
        with pytest.raises(BrokerError, match="does not answer"):
            await broker.publish("ha/lock.door/set", "{}")
        here["lock.door"] = state("lock.door", "unlocked", friendly_name="Front Door")
        async with StandIn(dict(here), LISTS, port=port):
            await heard(messages, "ha/lock.door/state", "unlocked")
        await working.__aexit__(None, None, None)


async def test_what_is_taken_out_of_home_assistant_is_gone(tmp_path: Path) -> None:
    """Whether it says so, or only no longer names it."""
    token = tmp_path / "token"
    token.write_text(TOKEN, "utf-8")
    async with StandIn({s["entity_id"]: s for s in STATES}, LISTS) as standin, asyncio.timeout(60):
        url = f"http://127.0.0.1:{standin.port}"
        broker = HomeAssistant(MemoryBroker(), url=url, token_file=token, settle_s=0.1)
        messages = broker.messages()
        async with in_background(broker.run()):
            await heard(messages, "ha/lock.door/state", "locked")
            await standin.take_out("lock.door")
            await heard(messages, "ha/lock.door/state", "unavailable")
            other = next(iter(standin.states))
            del standin.states[other]
            await standin.registry_changed()
            await heard(messages, f"ha/{other}/state", "unavailable")


async def test_a_token_that_is_refused_is_said_once_and_another_one_is_tried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homeassistant, "_BACKOFF_S", (0.01, 0.02))
    token = tmp_path / "token"
    token.write_text("wrong", "utf-8")
    token.chmod(0o644)
    async with StandIn({s["entity_id"]: s for s in STATES}, LISTS) as standin, asyncio.timeout(60):
        broker = HomeAssistant(MemoryBroker(), url=f"http://127.0.0.1:{standin.port}", token_file=token)
        messages = broker.messages()
        async with in_background(broker.run()):
            while "it does not take the token" not in caplog.text:  # noqa: ASYNC110 - a log line is waited for
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            token.write_text(TOKEN, "utf-8")
            await heard(messages, "ha/lock.door/state", "locked")
    assert caplog.text.count("it does not take the token") == 1
    assert caplog.text.count("can be read by everybody") == 1
    assert TOKEN not in caplog.text
