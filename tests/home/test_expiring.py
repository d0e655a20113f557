"""A sensor that has been silent for longer than it says it would be: what it told is no answer any more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.home import network
from tests.home.household import Household
from voiced.home.load import load_home
from voiced.home.model import Entity, Home
from voiced.home.states import StateBook

HOURS_S = 3600


@pytest.fixture
def house() -> Household:
    contact = network.Z2M_CONTACT
    return Household([network.SHELLY_WARMTH, network.SHELLY_WINDOW, network.RTL_433_WARMTH, contact])


def test_a_shelly_that_woke_within_twelve_hours_is_believed_and_then_no_more(house: Household) -> None:
    house.tell("shellies/shellyht-f3a1c2/sensor/temperature", "19.5")
    house.now_s = 12 * HOURS_S
    assert house.said("what is the attic temperature") == "Attic is at nineteen point five degrees."
    house.now_s += 1
    assert house.said("what is the attic temperature") == "I don't know."
    house.tell("shellies/shellyht-f3a1c2/sensor/temperature", "19.5")
    assert "nineteen point five" in house.said("what is the attic temperature")


def test_a_window_that_has_not_told_for_long_is_one_of_the_others(house: Household) -> None:
    house.tell("shellies/shellydw2-8ce1d0/sensor/state", "open")
    assert house.said("is the larder window open") == "Yes, the larder window is open."
    assert house.said("which windows are open") == "The larder window is open."
    house.now_s = 13 * HOURS_S
    assert house.said("is the larder window open") == "I don't know."
    assert house.said("which windows are open") == "I don't know."


def test_what_is_there_and_has_said_nothing_for_ten_minutes_is_not_called_offline(house: Household) -> None:
    house.tell("rtl_433/pi/availability", "online")
    house.tell("rtl_433/pi/devices/Acurite-Tower/A/1234/temperature_C", "31.04")
    assert house.said("what is the greenhouse") == "Greenhouse is at thirty one degrees."
    house.now_s = 601
    assert house.said("what is the greenhouse") == "I don't know."
    house.tell("rtl_433/pi/availability", "offline")
    assert house.said("what is the greenhouse") == "The greenhouse is offline."


def test_what_says_nothing_of_expiring_is_believed_for_good(house: Household) -> None:
    house.tell("zigbee2mqtt/Window Contact", {"contact": False})
    house.now_s = 1000 * HOURS_S
    assert house.said("is the window contact open") == "Yes, the window contact is open."


def test_what_is_only_kept_by_the_broker_is_no_younger_for_being_told_again(house: Household) -> None:
    topic = "shellies/shellydw2-8ce1d0/sensor/state"
    house.tell(topic, "open")
    house.now_s = 13 * HOURS_S
    house.house.heard_state(topic, b"open", retained=True)  # we connected again
    assert house.said("is the larder window open") == "I don't know."
    house.house.heard_state(topic, b"close", retained=True)  # told while we were away
    assert house.said("is the larder window open") == "No, the larder window is closed."


def test_the_owner_may_write_it_too() -> None:
    home = load_home(
        '[[entities]]\nid = "sensor.pool"\nname = "Pool"\nmqtt = { state_topic = "pool", expire_after = 60 }\n'
    )
    book = StateBook(home).heard("pool", b"24", now_s=5)
    assert book.at(65)["sensor.pool"].number == 24
    assert book.at(66)["sensor.pool"].silent


@given(
    after_s=st.integers(1, 1000), told_s=st.lists(st.integers(0, 5000), min_size=1, max_size=5),
    asked_s=st.integers(0, 9000),
)  # fmt: skip
def test_only_the_last_word_counts(after_s: int, told_s: list[int], asked_s: int) -> None:
    home = Home(entities=(Entity("sensor.x", "X", mqtt={"state_topic": "x", "expire_after": float(after_s)}),))
    book = StateBook(home)
    for now_s in sorted(told_s):
        book = book.heard("x", b"1", now_s)
        book = book.heard("elsewhere", b"1", now_s + 100)
    late = asked_s - max(told_s) > after_s
    assert book.at(asked_s)["sensor.x"].silent is late
    assert book.at(asked_s) is book.states or late
