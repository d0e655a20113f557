"""Questions over states, as they are put at home, of a house with Zigbee2MQTT's contacts, sensors, lamps and blinds."""

from __future__ import annotations

import pytest

from tests.home import network
from tests.home.household import Household
from tests.home.network import Message, _z2m

HOME = """
floors = [{ name = "Upstairs" }, { name = "Ground floor" }]
areas = [
  { name = "Bedroom", floor = "Upstairs" }, { name = "Bathroom", floor = "Upstairs" },
  { name = "Kitchen", floor = "Ground floor" }, { name = "Hall", floor = "Ground floor" },
]
"""


def sensor(device: str, what: str, device_class: str, area: str, unit: str = "") -> Message:
    more = {"device_class": device_class, "value_template": f'{{{{ value_json["{what}"] }}}}'}
    if unit:
        return _z2m("sensor", what, device, {**more, "unit_of_measurement": unit}, area)
    contact = what == "contact"
    return _z2m("binary_sensor", what, device, {**more, "payload_on": not contact, "payload_off": contact}, area)


MESSAGES = [
    network.Z2M_LAMP, network.Z2M_BLIND, network.Z2M_LOCK, network.Z2M_VALVE,
    sensor("Kitchen Window", "contact", "window", "Kitchen"), sensor("Bath Window", "contact", "window", "Bathroom"),
    sensor("Garage Contact", "garage_door_contact", "garage_door", "Garage"),
    sensor("Hall Motion", "occupancy", "occupancy", "Hall"), sensor("Cellar Leak", "water_leak", "moisture", "Cellar"),
    sensor("Bedroom Climate", "temperature", "temperature", "Bedroom", "°C"),
    sensor("Bedroom Climate", "humidity", "humidity", "Bedroom", "%"),
    ("homeassistant/fan/attic/fan/config", {
        "name": None, "~": "attic/fan", "stat_t": "~/state", "cmd_t": "~/command", "pct_cmd_t": "~/speed/command",
        "pct_stat_t": "~/speed/state", "spd_rng_max": 4, "uniq_id": "f", "dev": {"ids": "a", "name": "Attic Fan"},
    }),
]  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Household:
    one = Household(MESSAGES, HOME)
    one.tell("zigbee2mqtt/Bed Lamp", {"state": "ON", "brightness": 127, "color": {"x": 0.68, "y": 0.31}})
    one.tell("zigbee2mqtt/Kitchen Window", {"contact": False})
    one.tell("zigbee2mqtt/Bath Window", {"contact": True})
    one.tell("zigbee2mqtt/Garage Contact", {"garage_door_contact": False})
    one.tell("zigbee2mqtt/Hall Motion", {"occupancy": True})
    one.tell("zigbee2mqtt/Cellar Leak", {"water_leak": False})
    one.tell("zigbee2mqtt/Bedroom Climate", {"temperature": 19.5, "humidity": 47})
    one.tell("zigbee2mqtt/Office Blind", {"state": "OPEN", "position": 80})
    one.tell("zigbee2mqtt/Front Door", {"state": "LOCK"})
    one.tell(
        "zigbee2mqtt/Radiator", {"system_mode": "heat", "occupied_heating_setpoint": 21, "local_temperature": 18.7}
    )
    one.tell("attic/fan/state", "ON")
    one.tell("attic/fan/speed/state", "2")
    return one


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("is the kitchen window open", "Yes, the kitchen window is open."),
        ("is the bath window open", "No, the bath window is closed."),
        ("which windows are open", "The kitchen window is open."),
        ("how many windows are open", "One: the kitchen window."),
        ("are any windows open upstairs", "No, the bath window is not open."),
        ("did i leave any windows open", "Yes, the kitchen window is open."),
        ("are all windows closed", "No, the kitchen window is not closed."),
        ("are the windows closed", "The bath window is closed, but the kitchen window is not."),
        ("are the garage doors closed", "Yes, the garage contact is closed."),
        ("is anything open upstairs", "No, nothing is open there."),
        ("what is open", "Two things are open: the kitchen window and the office blind."),
        ("is everything locked", "Yes, the front door is locked."),
        ("is anything on upstairs", "Yes, the bed lamp is on."),
        ("is everything off", "No, two things are not off: the attic fan and the bed lamp."),
        ("are the lights on", "Yes, the bed lamp is on."),
        ("are the bedroom lights off", "No, the bed lamp is not off."),
        ("how warm is the bedroom", "It is nineteen point five degrees."),
        ("what is the humidity in the bedroom", "Bedroom climate humidity is forty seven percent."),
        ("is there motion in the hall", "Yes: the hall motion."),
        ("is anyone in the hall", "Yes: the hall motion."),
        ("is there a leak in the cellar", "No."),
        ("how bright is the bed lamp", "Bed lamp is fifty percent."),
        ("what color is the bed lamp", "The bed lamp is red."),
        ("how fast is the attic fan", "Attic fan is fifty percent."),
        ("how far is the office blind open", "Office blind is eighty percent."),
        ("what is the radiator set to", "Radiator is set to twenty one degrees."),
        ("is the heating on", "Yes, the radiator is on."),
    ],
)  # fmt: skip
def test_what_is_asked_at_home_is_answered_truly(house: Household, asked: str, answered: str) -> None:
    assert house.said(asked) == answered


def test_degrees_are_the_owners() -> None:
    american = Household(MESSAGES, HOME, locale="en_US")
    american.tell("zigbee2mqtt/Bedroom Climate", {"temperature": 20.0})
    assert american.said("how warm is the bedroom") == "It is sixty eight degrees."


def test_what_no_device_told_is_not_guessed() -> None:
    silent = Household(MESSAGES, HOME)
    for asked in ("which windows are open", "is anything on", "how humid is the bedroom", "how bright is the bed lamp"):
        assert silent.said(asked) == "I don't know."
    silent.tell("zigbee2mqtt/Kitchen Window", {"contact": True})
    assert silent.said("are all windows closed") == "The kitchen window is closed. I don't know about the others."


def test_without_a_broker_old_states_are_not_told_as_if_they_were_so_now() -> None:
    one = Household(MESSAGES, HOME)
    one.tell("zigbee2mqtt/Front Door", {"state": "LOCK"})
    assert one.said("is the front door locked") == "Yes, the front door is locked."
    one.house.in_touch = False
    assert one.said("is the front door locked") == "I cannot reach the house."
    assert one.said("what time is it") == "It is seven oh five p m."
    one.house.in_touch = True
    assert one.said("is the front door locked") == "Yes, the front door is locked."
