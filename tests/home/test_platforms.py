"""Every kind of thing that MQTT discovery describes: learned, commanded in words, confirmed only by what it says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.home import network
from tests.home.household import Household
from tests.home.network import Message
from voiced.home.dispatch import command
from voiced.home.intents import Step
from voiced.home.model import Entity, Home
from voiced.home.network.discovery import COMPONENTS
from voiced.home.network.mqtt import PLATFORMS
from voiced.home.states import UNKNOWN, confirms, heard


def thing(component: str, name: str, **config: object) -> Message:
    device = {"ids": name.casefold(), "name": name}
    return f"homeassistant/{component}/{name.casefold().replace(' ', '_')}/config", {
        "name": None, "uniq_id": f"{component}_{name}", "dev": device, **config,
    }  # fmt: skip


THINGS: dict[str, Message] = {
    "switch": thing("switch", "Plug", cmd_t="p/set", stat_t="p", val_tpl="{{ value_json.POWER }}"),
    "fan": thing(
        "fan", "Attic Fan", cmd_t="f/set", stat_t="f", pr_mode_cmd_t="f/mode/set", pr_mode_stat_t="f/mode",
        pr_modes=["sleep", "breeze"], pct_cmd_t="f/pct/set", pct_stat_t="f/pct",
    ),
    "lock": thing("lock", "Shed Lock", cmd_t="l/set", stat_t="l", stat_locked="LOCKED"),
    "valve": thing("valve", "Water Main", cmd_t="v/set", stat_t="v", pos=True),
    "siren": thing("siren", "Attic Siren", cmd_t="s/set", stat_t="s"),
    "vacuum": thing("vacuum", "Robbie", cmd_t="r/set", stat_t="r", sup_feat=["start", "pause", "stop", "return_home"]),
    "lawn_mower": thing(
        "lawn_mower", "Shaun", act_stat_t="m", act_val_tpl="{{ value_json.activity }}", dock_cmd_t="m/dock",
        strt_mw_cmd_t="m/mow", pause_mw_cmd_t="m/pause", strt_mw_cmd_tpl='{"do":"{{ value }}"}',
    ),
    "alarm_control_panel": thing("alarm_control_panel", "House Alarm", cmd_t="a/set", stat_t="a", pl_arm_nite="NIGHT"),
    "water_heater": thing(
        "water_heater", "Boiler", mode_cmd_t="b/mode/set", mode_stat_t="b/mode", temp_cmd_t="b/t/set",
        temp_stat_t="b/t", curr_temp_t="b/now", max_temp=65,
    ),
    "humidifier": thing(
        "humidifier", "Mister", cmd_t="h/set", stat_t="h", hum_cmd_t="h/hum/set", hum_stat_t="h/hum", min_hum=30,
        mode_cmd_t="h/mode/set", mode_stat_t="h/mode", modes=["eco", "baby"],
    ),
    "climate": thing(
        "climate", "Radiator", temp_cmd_t="c/t/set", temp_stat_t="c/t", mode_cmd_t="c/mode/set", mode_stat_t="c/mode",
        modes=["off", "heat"], pr_mode_cmd_t="c/pre/set", pr_mode_stat_t="c/pre", pr_modes=["boost", "comfort"],
    ),
    "cover": thing("cover", "Den Blind", dev_cla="blind", cmd_t="k/set", pos_t="k/pos", set_pos_t="k/pos/set"),
    "scene": thing("scene", "Movie Night", cmd_t="sc/set"),
    "button": thing("button", "Doorbell", cmd_t="bt/set"),
    "select": thing("select", "Dishwasher", cmd_t="se/set", stat_t="se", ops=["eco", "quick wash"]),
    "number": thing("number", "Bass", cmd_t="n/set", stat_t="n", min=0, max=10),
    "light": network.Z2M_LAMP, "sensor": network.OMG_THERMOMETER, "binary_sensor": network.Z2M_CONTACT,
}  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Household:
    return Household(THINGS.values())


def test_all_platforms_that_are_read_are_in_this_test(house: Household) -> None:
    assert set(THINGS) == set(COMPONENTS)
    assert {e.domain for e in house.learned.home.entities} == set(COMPONENTS)
    assert house.problems() == {}


@pytest.mark.parametrize(
    ("words", "topic", "payload", "state_topic", "proof", "no_proof"),
    [
        ("turn on the plug", "p/set", "ON", "p", '{"POWER": "ON"}', '{"POWER": "OFF"}'),
        ("set the attic fan to breeze", "f/mode/set", "breeze", "f/mode", "breeze", "sleep"),
        ("set the attic fan to forty percent", "f/pct/set", "40", "f/pct", "40", "10"),
        ("lock the shed lock", "l/set", "LOCK", "l", "LOCKED", "LOCKING"),
        ("open the water main", "v/set", "OPEN", "v", "opening", "closed"),
        ("open the water main halfway", "v/set", "50", "v", "50", "20"),
        ("turn on the siren", "s/set", '{"state": "ON"}', "s", '{"state":"ON","tone":"fire"}', '{"state":"OFF"}'),
        ("start robbie", "r/set", "start", "r", '{"state":"cleaning","battery_level":61}', '{"state":"docked"}'),
        ("send robbie home", "r/set", "return_to_base", "r", '{"state":"returning"}', '{"state":"cleaning"}'),
        ("pause robbie", "r/set", "pause", "r", '{"state":"paused"}', '{"state":"cleaning"}'),
        ("mow the lawn", "m/mow", '{"do":"start_mowing"}', "m", '{"activity":"mowing"}', '{"activity":"docked"}'),
        ("stop mowing", "m/dock", "dock", "m", '{"activity":"docked"}', '{"activity":"mowing"}'),
        ("close all the covers", "k/set", "CLOSE", "k/pos", "0", "100"),
        ("pause shaun", "m/pause", "pause", "m", '{"activity":"paused"}', '{"activity":"mowing"}'),
        ("arm the house alarm", "a/set", "ARM_AWAY", "a", "arming", "disarmed"),
        ("arm the alarm for the night", "a/set", "NIGHT", "a", "armed_night", "armed_home"),
        ("set the boiler to fifty degrees", "b/t/set", "50", "b/t", "50.0", "45"),
        ("set the boiler to eco", "b/mode/set", "eco", "b/mode", "eco", "gas"),
        ("set the mister to fifty percent", "h/hum/set", "50", "h/hum", "50", "45"),
        ("set the mister to baby", "h/mode/set", "baby", "h/mode", "baby", "eco"),
        ("set the radiator to twenty one degrees", "c/t/set", "21", "c/t", "21", "19"),
        ("set the radiator to heat", "c/mode/set", "heat", "c/mode", "heat", "off"),
        ("set the radiator to boost", "c/pre/set", "boost", "c/pre", "boost", "comfort"),
        ("set the dishwasher to quick wash", "se/set", "quick wash", "se", "quick wash", "eco"),
        ("set the bass to five", "n/set", "5", "n", "5", "4"),
    ],
)  # fmt: skip
def test_what_is_said_is_sent_and_proved_by_the_state_alone(
    house: Household, words: str, topic: str, payload: str, state_topic: str, proof: str, no_proof: str
) -> None:
    assert house.sent(words) == [(topic, payload)]
    assert house.confirmed(words, state_topic, proof)
    assert not house.confirmed(words, state_topic, no_proof)
    assert not house.confirmed(words, "elsewhere", proof)


def test_a_lamp_is_made_no_warmer_than_it_goes_and_confirms_that(house: Household) -> None:
    """Zigbee2MQTT's lamp tells 250 to 454 mireds: 2000 kelvin would be 500."""
    for kelvin, mireds in ((2000, 454), (2700, 370), (6500, 250)):
        words = f"set the bed lamp to {kelvin} kelvin"
        assert house.sent(words) == [("zigbee2mqtt/Bed Lamp/set", f'{{"state": "ON", "color_temp": {mireds}}}')]
        assert house.confirmed(words, "zigbee2mqtt/Bed Lamp", {"state": "ON", "color_temp": mireds})


@pytest.mark.parametrize(("words", "topic"), [("activate movie night", "sc/set"), ("press the doorbell", "bt/set")])
def test_what_cannot_be_proved_is_said_to_be_sent(house: Household, words: str, topic: str) -> None:
    judged = house.judged(words)
    assert [c.topic for c in judged.commands] == [topic]
    assert house.house.report(judged, confirmed=judged.commands, silent=(), failed=()) == "Sent."


def test_disarming_asks_for_the_code(house: Household) -> None:
    assert house.judged("disarm the house alarm").wants_code


# --- covers that tell their position -------------------------------------------------------------------------------


def test_a_blind_that_moves_the_right_way_has_understood() -> None:
    one = Household([THINGS["cover"]])
    one.tell("k/pos", "80")
    assert one.sent("open the den blind halfway") == [("k/pos/set", "50")]
    assert one.confirmed("open the den blind halfway", "k/pos", "76")
    assert one.confirmed("open the den blind halfway", "k/pos", "50")
    assert not one.confirmed("open the den blind halfway", "k/pos", "80")
    assert not one.confirmed("open the den blind halfway", "k/pos", "85")
    assert one.confirmed("close the den blind", "k/pos", "78")
    assert not one.confirmed("close the den blind", "k/pos", "90")
    assert one.confirmed("open the blinds halfway", "k/pos", "60")


def test_a_blind_that_is_open_a_third_is_not_open_already() -> None:
    one = Household([THINGS["cover"]])
    one.tell("k/pos", "30")
    judged = one.judged("open the den blind")
    said = one.house.report(judged, confirmed=judged.commands, silent=(), failed=())
    assert said == "Den blind is opening."
    one.tell("k/pos", "100")
    judged = one.judged("open the den blind")
    said = one.house.report(judged, confirmed=judged.commands, silent=(), failed=())
    assert said == "Den blind is already open."


def test_zigbee2mqtts_blind_is_proved_by_its_position_while_its_state_stays_open() -> None:
    one = Household([network.Z2M_BLIND])
    one.tell("zigbee2mqtt/Office Blind", {"state": "OPEN", "position": 80})
    moving = {"state": "OPEN", "position": 71}
    assert one.confirmed("close the office blind", "zigbee2mqtt/Office Blind", moving)
    assert not one.confirmed(
        "open the office blind halfway", "zigbee2mqtt/Office Blind", {"state": "OPEN", "position": 80}
    )


@given(
    begun=st.integers(0, 100), wanted=st.integers(0, 100), told=st.integers(0, 100),
    closed=st.sampled_from([0.0, 100.0]),
)  # fmt: skip
def test_only_nearer_or_there_is_a_proof(begun: int, wanted: int, told: int, closed: float) -> None:
    topics = {"set_position_topic": "set", "position_topic": "pos"}
    blind = Entity("cover.x", "Blind", mqtt={**topics, "position_closed": closed, "position_open": 100 - closed})
    now = heard(blind, UNKNOWN, "pos", str(begun).encode())
    percent = wanted if closed == 0 else 100 - wanted
    made = command(Step("cover.x", "set_position", {"position": percent}), Home(entities=(blind,)), now)
    assert made is not None
    nearer = (told - begun) * (wanted - begun) > 0
    assert confirms(made, "pos", str(told).encode()) == (told == wanted or nearer)


# --- what is there and what is not ----------------------------------------------------------------------------------


def lamp(**availability: object) -> Message:
    return thing("light", "Lamp", cmd_t="x/set", stat_t="x", **availability)


def test_what_is_offline_is_not_sent_to_and_nothing_is_known_of_it() -> None:
    one = Household([lamp(avty_t="x/lwt", pl_avail="Online", pl_not_avail="Offline"), THINGS["switch"]])
    one.tell("x", "ON")
    assert one.sent("turn off the lamp") == [("x/set", "OFF")]
    one.tell("x/lwt", "Offline")
    judged = one.judged("turn off the lamp")
    assert (judged.commands, judged.reason, judged.say) == ((), "offline", "The lamp is offline.")
    assert one.said("is the lamp on") == "The lamp is offline."
    assert one.said("which lights are on") == "I don't know."
    assert one.sent("turn on the plug") == [("p/set", "ON")]
    one.tell("x/lwt", "Online")
    assert one.said("is the lamp on") == "Yes, the lamp is on."


def test_of_several_those_that_are_there_are_told_and_the_others_said() -> None:
    more = thing("light", "Strip", cmd_t="y/set", stat_t="y", sa="", avty_t="y/lwt")
    one = Household([lamp(), more])
    one.tell("y/lwt", "offline")
    judged = one.judged("turn on all the lights")
    assert [c.topic for c in judged.commands] == ["x/set"]
    said = one.house.report(judged, confirmed=judged.commands, silent=(), failed=())
    assert said == "The strip is offline. Lamp is on."


SOURCES = [{"t": "bridge", "val_tpl": "{{ value_json.state }}"}, {"topic": "x/lwt", "payload_available": "1",
                                                                   "payload_not_available": "0"}]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "told", "there"),
    [
        ({"avty_mode": "all"}, [("bridge", '{"state":"online"}'), ("x/lwt", "0")], False),
        ({"avty_mode": "all"}, [("x/lwt", "0"), ("bridge", '{"state":"online"}')], False),
        ({"avty_mode": "all"}, [("x/lwt", "1"), ("bridge", '{"state":"online"}')], True),
        ({"avty_mode": "any"}, [("x/lwt", "0")], True),
        ({"avty_mode": "any"}, [("x/lwt", "0"), ("bridge", '{"state":"online"}')], True),
        ({"avty_mode": "any"}, [("x/lwt", "0"), ("bridge", '{"state":"offline"}')], False),
        ({}, [("x/lwt", "0"), ("bridge", '{"state":"online"}')], True),
        ({}, [("bridge", '{"state":"online"}'), ("x/lwt", "0")], False),
        ({}, [("x/lwt", "something else")], True),
    ],
)
def test_availability_of_several_sources(mode: Mapping[str, object], told: list[tuple[str, str]], there: bool) -> None:
    one = Household([lamp(avty=SOURCES, **mode)])
    assert {"bridge", "x/lwt", "x"} <= set(one.learned.home.topics())
    for topic, payload in told:
        one.tell(topic, payload)
    assert bool(one.sent("turn on the lamp")) is there


def test_a_sign_of_life_that_cannot_be_read_is_told_and_not_guessed() -> None:
    one = Household([lamp(avty_t="x/lwt", avty_tpl="{% for a in value %}{{ a }}{% endfor %}")])
    assert "availability_topic has a template that is not understood" in one.problems()["light.lamp"][0]
    one.tell("x/lwt", "offline")
    assert one.sent("turn on the lamp") == [("x/set", "ON")]


def test_every_topic_of_every_platform_may_have_a_template() -> None:
    for keys in PLATFORMS.values():
        assert {f"{k.removesuffix('_topic')}_template" for k in keys if k.endswith("_topic")} <= set(keys)
