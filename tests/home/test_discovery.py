"""What devices publish about themselves becomes entities to command and read; the rest is said, not guessed."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.home import network
from voiced.home.dispatch import PAYLOADS, command
from voiced.home.intents import Step
from voiced.home.load import HomeFile
from voiced.home.model import Entity, Home
from voiced.home.network.discovery import MAX_COMPONENTS, Found, discover
from voiced.home.network.learned import Network, merge
from voiced.home.network.tasmota import tasmota
from voiced.home.network.words import is_serial, written
from voiced.home.states import UNKNOWN, EntityState, StateBook, confirms, heard, is_gone
from voiced.workers import protocol
from voiced.workers.channel import encode


def found(message: network.Message) -> Found:
    (one,) = discover("homeassistant", *network.raw(message))
    return one


def thing(one: Found) -> Entity:
    return Entity(f"{one.domain}.x", one.name or one.device, mqtt=one.mqtt)


def state(entity: Entity, topic: str, payload: object) -> EntityState:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return StateBook(Home(entities=(entity,))).heard(topic, text.encode()).states.get(entity.id, EntityState())


def sent(entity: Entity, verb: str, **values: str | float) -> tuple[str, object]:
    made = command(Step(entity.id, verb, values), Home(entities=(entity,)))
    assert made is not None
    try:
        return made.topic, json.loads(made.payload)
    except ValueError:
        return made.topic, made.payload


def test_a_zigbee_lamp_takes_brightness_and_colour_and_says_so() -> None:
    one = found(network.Z2M_LAMP)
    assert (one.device, one.name, one.area, one.object_id) == ("Bed Lamp", "", "Bedroom", "bed_lamp")
    assert (one.origin, one.problems, one.secondary) == ("Zigbee2MQTT", (), False)
    lamp = thing(one)
    assert sent(lamp, "set", brightness=50) == ("zigbee2mqtt/Bed Lamp/set", {"state": "ON", "brightness": 127})
    assert sent(lamp, "set", temperature=2700)[1] == {"state": "ON", "color_temp": 370}
    said = {"state": "ON", "brightness": 127, "color_mode": "xy", "color": {"x": 0.7006, "y": 0.2993}, "linkquality": 9}
    known = state(lamp, "zigbee2mqtt/Bed Lamp", said)
    assert (known.state, known.brightness_percent, known.color) == ("on", 50, (255, 1, 2))
    red = command(Step("light.x", "set", {"color": "red"}), Home(entities=(lamp,)))
    assert red
    assert confirms(red, red.state_topic, json.dumps(said).encode())
    assert not confirms(red, red.state_topic, json.dumps({**said, "color": {"x": 0.1355, "y": 0.0399}}).encode())


def test_signal_strength_is_nothing_to_talk_to() -> None:
    assert found(network.Z2M_SIGNAL).secondary


def test_a_zigbee_plug_is_read_out_of_its_json() -> None:
    plug = thing(found(network.Z2M_PLUG))
    assert plug.name == "heater plug"
    on = command(Step("switch.x", "turn_on"), Home(entities=(plug,)))
    assert on
    assert (on.topic, on.payload) == ("zigbee2mqtt/heater_plug/set", "ON")
    assert confirms(on, on.state_topic, b'{"state": "ON", "power": 3}')
    assert not confirms(on, on.state_topic, b'{"state": "OFF", "power": 3}')
    assert not confirms(on, on.state_topic, b'{"power": 3}')
    assert state(plug, "zigbee2mqtt/heater_plug", {"state": "OFF"}).state == "off"


def test_a_contact_says_true_when_it_is_closed() -> None:
    contact = thing(found(network.Z2M_CONTACT))
    assert contact.name == "door"
    assert state(contact, "zigbee2mqtt/Window Contact", {"contact": False}).state == "on"
    assert state(contact, "zigbee2mqtt/Window Contact", {"contact": True}).state == "off"


def test_a_zigbee_blind_moves_to_a_position() -> None:
    blind = thing(found(network.Z2M_BLIND))
    assert sent(blind, "set_position", position=30) == ("zigbee2mqtt/Office Blind/set", {"position": 30})
    assert sent(blind, "open") == ("zigbee2mqtt/Office Blind/set", "OPEN")
    known = state(blind, "zigbee2mqtt/Office Blind", {"state": "OPEN", "position": 30, "moving": None})
    assert (known.state, known.position_percent) == ("open", 30)
    there = command(Step("cover.x", "set_position", {"position": 30}), Home(entities=(blind,)))
    assert there
    assert confirms(there, there.state_topic, b'{"state": "OPEN", "position": 30}')


def test_a_zigbee_lock_has_its_own_words() -> None:
    lock = thing(found(network.Z2M_LOCK))
    assert lock.sensitive
    assert sent(lock, "lock") == ("zigbee2mqtt/Front Door/set", "LOCK")
    assert state(lock, "zigbee2mqtt/Front Door", {"state": "UNLOCK"}).state == "unlocked"


def test_a_radiator_knows_two_temperatures() -> None:
    radiator = thing(found(network.Z2M_VALVE))
    assert sent(radiator, "set_temperature", temperature=21) == (
        "zigbee2mqtt/Radiator/set/occupied_heating_setpoint",
        21,
    )
    known = state(radiator, "zigbee2mqtt/Radiator", {"local_temperature": 19.5, "occupied_heating_setpoint": 21})
    assert (known.temperature_degrees, known.target_degrees) == (19.5, 21)


def test_tasmotas_abbreviations_are_understood_and_its_colour_is_read() -> None:
    lamp, sensor = (
        discover("homeassistant", *network.raw((topic, config)))[0] for topic, config in network.TASMOTA.items()
    )
    assert sent(thing(lamp), "set", brightness=50) == ("cmnd/tasmota_A1B2C3/Dimmer", 50)
    assert sent(thing(lamp), "turn_on") == ("cmnd/tasmota_A1B2C3/Dimmer", 100)  # by its brightness, as it asks
    assert sent(thing(lamp), "turn_off") == ("cmnd/tasmota_A1B2C3/POWER", "OFF")
    assert state(thing(lamp), "tele/tasmota_A1B2C3/STATE", {"POWER": "ON", "Dimmer": 40}).brightness_percent == 40
    lit = {"POWER": "ON", "Dimmer": 40, "Color": "255,0,20,0,0"}
    assert state(thing(lamp), "tele/tasmota_A1B2C3/STATE", lit).color == (255, 0, 20)
    assert lamp.problems == ()
    assert state(thing(sensor), "tele/tasmota_A1B2C3/SENSOR", {"SI7021": {"Temperature": 21.4}}).number == 21.4
    assert (sensor.unit, sensor.device_class) == ("°C", "temperature")


def test_tasmotas_own_discovery() -> None:
    plug, lamp = tasmota(*network.raw(network.TASMOTA_NATIVE))
    assert (plug.domain, plug.name, plug.device, plug.origin) == ("switch", "Work Light", "", "Tasmota")
    on = command(Step("switch.x", "turn_on"), Home(entities=(thing(plug),)))
    assert on
    assert (on.topic, on.payload) == ("cmnd/tasmota_345678/POWER1", "ON")
    assert confirms(on, on.state_topic, b"ON")
    assert (lamp.domain, lamp.name) == ("light", "Soldering Iron")
    assert sent(thing(lamp), "set", brightness=40) == ("cmnd/tasmota_345678/Dimmer", 40)
    assert sent(thing(lamp), "set", color="red") == ("cmnd/tasmota_345678/Color2", "255,0,0")
    assert sent(thing(lamp), "set", temperature=2700) == ("cmnd/tasmota_345678/CT", 370)
    assert state(thing(lamp), "stat/tasmota_345678/RESULT", {"POWER2": "ON", "Dimmer": 40}).brightness_percent == 40
    topic, config = network.TASMOTA_NATIVE
    (single,) = tasmota(*network.raw((topic, {**config, "rl": [1], "ft": "home/%topic%/%prefix%/", "fn": [None]})))
    assert sent(thing(single), "turn_off") == ("home/tasmota_345678/cmnd/POWER", "OFF")
    assert (single.name, single.device) == ("", "Workbench")


def test_tasmotas_sensors_need_both_messages_in_any_order() -> None:
    config, sensors = network.raw(network.TASMOTA_NATIVE), network.raw(network.TASMOTA_SENSORS)
    for first, second in ((config, sensors), (sensors, config)):
        known = Network()
        known.hear(*first)
        assert known.hear(*second)
        things = {e.name: e for e in merge(HomeFile(), known.found).home.entities}
        warm = things["Workbench temperature"]
        assert (warm.unit, warm.device_class) == ("°C", "temperature")
        told = {"SI7021": {"Temperature": 19.5}, "ENERGY": {"Power": 40}}
        assert state(warm, "tele/tasmota_345678/SENSOR", told).number == 19.5
        assert state(things["Workbench power"], "tele/tasmota_345678/SENSOR", told).number == 40
        assert "Workbench voltage" not in things  # a diagnosis
        assert known.hear(sensors[0], b"")
        assert not any(f.domain == "sensor" for f in known.found)
        known.hear(*sensors)
        assert known.hear(config[0], b"")


def test_tasmotas_shutters_open_close_stop_and_stand_where_they_are_told() -> None:
    topic, config = network.TASMOTA_NATIVE
    one, other = tasmota(*network.raw((topic, {**config, "rl": [3, 3, 3, 3], "fn": [None] * 4, "sho": [0, 1]})))
    assert (one.device, one.name, one.domain) == ("Workbench", "shutter 1", "cover")
    assert sent(thing(one), "open") == ("cmnd/tasmota_345678/Backlog", "ShutterOpen1")
    assert sent(thing(one), "stop") == ("cmnd/tasmota_345678/Backlog", "ShutterStop1")
    assert sent(thing(one), "set_position", position=30) == ("cmnd/tasmota_345678/ShutterPosition1", 30)
    assert sent(thing(other), "set_position", position=30) == ("cmnd/tasmota_345678/ShutterPosition2", 70)
    told = {"Shutter1": {"Position": 0, "Direction": 0}, "Shutter2": {"Position": 0}}
    assert state(thing(one), "stat/tasmota_345678/RESULT", told).state == "closed"
    assert state(thing(other), "stat/tasmota_345678/RESULT", told).state == "open"
    (only,) = tasmota(*network.raw((topic, {**config, "rl": [3, 3, 0], "fn": [None] * 3})))
    assert (only.name, only.device) == ("", "Workbench")


def test_esphome_lamps_and_fans() -> None:
    lamp = found(network.ESPHOME_LAMP)
    assert (lamp.device, lamp.name, lamp.area, lamp.object_id) == ("Porch", "Lamp", "Porch", "porch_lamp")
    assert sent(thing(lamp), "set", color="blue")[1] == {"state": "ON", "color": {"r": 0, "g": 0, "b": 255}}
    fan = thing(found(network.ESPHOME_FAN))
    assert sent(fan, "set_speed", percentage=66) == ("attic/fan/fan/speed_level/command", 2)
    assert state(fan, "attic/fan/fan/state", "ON").state == "on"


def test_a_thermometer_behind_any_gateway_is_heard() -> None:
    thermometer = thing(found(network.OMG_THERMOMETER))
    topic = "home/OpenMQTTGateway/BTtoMQTT/A4C138112233"
    assert state(thermometer, topic, {"id": "A4:C1:38:11:22:33", "tempc": 12.5}).number == 12.5
    assert state(thermometer, topic, {"batt": 80}) == EntityState()
    assert state(thermometer, "home/BTtoMQTT/A4C138112233", {"tempc": 1}) == EntityState()


def test_a_whole_device_in_one_message() -> None:
    heat, boost = discover("homeassistant", *network.raw(network.WHOLE_DEVICE))
    assert (heat.device, heat.name, heat.area, heat.origin) == ("Boiler", "temperature", "Cellar", "bla2mqtt")
    assert state(thing(heat), "boiler/state", {"temperature": 60.5, "boost": False}).number == 60.5
    assert state(thing(boost), "boiler/state", {"temperature": 60.5, "boost": False}).state == "off"
    assert sent(thing(boost), "turn_on") == ("boiler/boost/set", "ON")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"cmd_t": "a/#"}, "command_topic is not a topic"),
        ({"cmd_t": "$SYS/x"}, "command_topic is not a topic"),
        ({"cmd_t": 7, "stat_t": "#"}, "state_topic is not a topic"),
        ({"cmd_t": "a/" + "b" * 600}, "command_topic is not a topic"),
        ({"cmd_t": "a", "pl_on": {"x": 1}}, "payload_on is not a text"),
        ({"cmd_t": "a", "cmd_tpl": "{{ states('x') }}"}, "calling 'states' is not supported"),
        ({}, "no topic"),
    ],
)
def test_what_cannot_be_read_is_said(config: dict[str, object], why: str) -> None:
    (one,) = discover("homeassistant", "homeassistant/switch/x/config", json.dumps({"name": "X", **config}).encode())
    assert any(why in problem for problem in one.problems), one.problems


def test_names_are_data() -> None:
    assert written('Lamp<|turn>\n"system": {ignore}`') == "Lamp turn system : ignore"
    assert len(written("very " * 100)) <= 64
    assert written("Küche\u202egnp.exe\u0000") == "Küche gnp.exe"
    assert written(None) == written(["x"]) == written(True) == ""
    assert is_serial("0x00158d0001a2b3c4")
    assert is_serial("A4:C1:38:11:22:33")
    assert not is_serial("Kitchen 2")
    assert not is_serial("decade facade")


def test_a_flood_of_components_is_cut() -> None:
    body = {"dev": {"ids": "x"}, "cmps": {str(i): {"p": "switch", "cmd_t": f"a/{i}"} for i in range(5000)}}
    payload = json.dumps(body).encode()
    assert len(discover("homeassistant", "homeassistant/device/x/config", payload)) in (0, MAX_COMPONENTS)


def test_another_voice_satellite_is_known_by_what_it_does_and_not_by_its_settings() -> None:
    """The whole-device form with Home Assistant's abbreviations, shared availability and base topic; of its parts
    those with a category are settings, and events and notifications nothing to talk to.
    """
    body = {
        "dev": {"ids": ["sat_1"], "name": "Kitchen voice", "mf": "others", "sa": "Kitchen"}, "o": {"name": "others"},
        "avty_t": "sat/kitchen/availability", "~": "sat/kitchen",
        "cmps": {
            "mute": {"p": "switch", "name": "Mute", "uniq_id": "m", "stat_t": "~/mute", "cmd_t": "~/mute/set",
                     "ent_cat": "config"},
            "volume": {"p": "number", "name": "Volume", "uniq_id": "v", "stat_t": "~/volume", "cmd_t": "~/volume/set",
                       "min": 0, "max": 100, "step": 1, "mode": "slider", "unit_of_meas": "%"},
            "state": {"p": "sensor", "name": "State", "uniq_id": "s", "stat_t": "~/state", "dev_cla": "enum",
                      "ops": ["idle", "listening"]},
            "mic": {"p": "binary_sensor", "name": "Microphone", "uniq_id": "i", "stat_t": "~/mic_problem",
                    "dev_cla": "problem", "ent_cat": "diagnostic"},
            "activity": {"p": "event", "name": "Activity", "uniq_id": "a", "stat_t": "~/event",
                         "event_types": ["wake"]},
            "announce": {"p": "notify", "name": "Announce", "uniq_id": "n", "cmd_t": "~/announce"},
            "listen": {"p": "button", "name": "Listen", "uniq_id": "l", "cmd_t": "~/listen", "pl_prs": "PRESS"},
        },
    }  # fmt: skip
    found = {
        f.name: f for f in discover("homeassistant", "homeassistant/device/sat_1/config", json.dumps(body).encode())
    }
    assert {f.name for f in found.values() if not f.secondary} == {"Volume", "State", "Listen"}
    assert {f.name for f in found.values() if f.secondary} == {"Mute", "Microphone"}
    assert all(f.mqtt["availability_topic"] == "sat/kitchen/availability" and not f.problems for f in found.values())
    assert found["Volume"].mqtt["command_topic"] == "sat/kitchen/volume/set"
    assert (found["Volume"].mqtt["min"], found["Volume"].mqtt["max"], found["Volume"].unit) == (0.0, 100.0, "%")
    assert found["Listen"].mqtt["payload_press"] == "PRESS"
    assert {f.area for f in found.values()} == {"Kitchen"}


_KEYS = st.sampled_from(
    ["name", "~", "stat_t", "cmd_t", "val_tpl", "cmps", "dev", "o", "p", "schema", "bri_scl", "pl_on", "sup_clrm",
     "unique_id", "spd_rng_max", "position_open", "cmd_tpl", "def_ent_id", "dev_cla", "unit_of_meas", "sa", "x",
     "avty", "avty_t", "avty_mode", "avty_tpl", "pl_avail", "t", "pr_modes", "pr_mode_cmd_t", "modes", "mode_cmd_t",
     "act_stat_t", "dock_cmd_t", "pos_t", "set_pos_t", "pos", "ops"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["light", "switch", "json", "{{ value_json.a }}", "{{", "a/b", "~/c", "+/#", "ON"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=3), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip
_TOPICS = st.sampled_from(
    ["homeassistant/light/x/config", "homeassistant/device/x/config", "homeassistant/cover/n/x/config",
     "homeassistant/climate/x/config", "homeassistant/lawn_mower/x/config", "homeassistant/valve/x/config",
     "homeassistant/humidifier/x/config", "homeassistant/alarm_control_panel/x/config", "homeassistant/x/config",
     "homeassistant/lock/x/state", "homeassistant//config"]
)  # fmt: skip


def survives(topic: str, payload: bytes, said: bytes) -> None:
    for one in (*discover("homeassistant", topic, payload), *tasmota(topic, payload)):
        entity = thing(one)
        assert one.name == written(one.name)
        assert one.device == written(one.device)
        home = Home(entities=(entity,))
        for state_topic in home.topics():
            StateBook(home).heard(state_topic, said)
        now = heard(entity, UNKNOWN, next(iter(home.topics()), ""), said)
        is_gone(entity, now)
        encode(protocol.LoadHome(1, home.to_dict()))
        encode(protocol.Say(1, now.state))
        for verb in (*PAYLOADS, "set", "set_position", "set_temperature", "set_mode", "select", "set_speed"):
            command(Step(entity.id, verb, {"brightness": 5} if verb == "set" else {}), home, now)


@settings(deadline=None)
@given(
    _TOPICS,
    st.binary(max_size=40) | st.dictionaries(_KEYS, _VALUES, max_size=12).map(lambda v: json.dumps(v).encode()),
    st.binary(max_size=40) | _VALUES.map(lambda v: json.dumps(v).encode()),
)
def test_any_message_is_read_and_any_state_is_borne(topic: str, payload: bytes, said: bytes) -> None:
    survives(topic, payload, said)


@pytest.mark.parametrize("key", ["state_topic", "payload_on", "state_value_template", "brightness_scale", "name"])
@pytest.mark.parametrize("value", ["a/\ud800", 10**400, -(10**400), 1e308])
def test_what_nobody_could_pass_on_is_left_out(key: str, value: object) -> None:
    config = {"command_topic": "a/set", "state_topic": "a", "schema": "json", "brightness": True, key: value}
    said = json.dumps({"state": "\ud800", "brightness": value, "color_temp": 1e-320}).encode()
    survives("homeassistant/light/x/config", json.dumps(config).encode(), said)
    survives("homeassistant/light/x/config", json.dumps({**config, "schema": "default"}).encode(), said)


REAL = [network.raw(m) for m in [*vars(network).values(), *network.TASMOTA.items()] if isinstance(m, tuple)]
_SPLINTERS = [b'"', b"{", b"}", b"null", b"-1e999", b"true", b"[]", b"{{", b"}}", b"|", b"~", b"\\u0000", b"#", b"\xff"]


def test_five_thousand_damaged_messages_are_read_or_left() -> None:
    rng = random.Random(5)
    for _ in range(5000):
        topic, payload = rng.choice(REAL)
        damaged = bytearray(payload)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randint(0, 9)] = rng.choice([*_SPLINTERS, rng.randbytes(3), payload[at : at + 40]])
        survives(topic, bytes(damaged), bytes(damaged[: rng.randint(0, 60)]))
