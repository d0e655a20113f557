"""Programs beside the daemon know the same house as it does, if they are told to ask the broker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.home import network
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import endpoint, home_of, known_states, listener_settings, turn_settings
from voiced.config import BrokerConfig, Config
from voiced.errors import ConfigError
from voiced.listen.endpoint import Endpoint
from voiced.listen.settings import ListenerSettings, WakeWord
from voiced.turn.timeline import TurnSettings


async def test_a_file_of_corrections_needs_the_network_that_it_corrects(tmp_path: Path) -> None:
    file = tmp_path / "home.toml"
    file.write_text(
        '[[entities]]\nid = "light.bed_lamp"\nname = "Reading Lamp"\n[[entities]]\nid = "lock.front_door"\n'
    )
    with Mosquitto() as server:
        config = Config(id="t", home=file, broker=BrokerConfig("127.0.0.1", server.port))
        with pytest.raises(ConfigError, match="--learn does so"):
            await home_of(config, learn=False)
        async with MqttBroker(host="127.0.0.1", port=server.port, device_id="bridge", guest=True) as bridge:
            await bridge.wait_connected(20)
            for message in (network.Z2M_LAMP, network.Z2M_LOCK):
                await bridge.publish(*network.raw(message), retain=True)
        home = await home_of(config, learn=True)
    assert [(e.name, e.reachable) for e in home.entities] == [("Reading Lamp", True), ("Front Door", True)]


async def test_what_is_so_in_the_house_is_known_before_the_first_question(tmp_path: Path) -> None:
    with Mosquitto() as server:
        config = Config(id="t", broker=BrokerConfig("127.0.0.1", server.port))
        async with MqttBroker(host="127.0.0.1", port=server.port, device_id="bridge", guest=True) as bridge:
            await bridge.wait_connected(20)
            await bridge.publish(*network.raw(network.Z2M_LOCK), retain=True)
            await bridge.publish("zigbee2mqtt/Front Door", '{"state": "LOCK"}', retain=True)
            await bridge.publish("zigbee2mqtt/bridge/state", '{"state": "online"}', retain=True)
        home = await home_of(config, learn=True)
        told = {message.topic: message.payload for message in await known_states(config, home)}
    assert told == {"zigbee2mqtt/Front Door": b'{"state": "LOCK"}', "zigbee2mqtt/bridge/state": b'{"state": "online"}'}


def test_what_an_owner_leaves_out_is_what_the_rooms_do_by_themselves() -> None:
    """The pure rooms know no configuration and have defaults of their own: they say the same."""
    settings, turn = listener_settings(Config()), turn_settings(Config())
    assert replace(settings, words={}, ask_ms=0) == replace(ListenerSettings(), words={})
    assert settings.word("hey_jarvis") == WakeWord()
    assert endpoint(Config()) == Endpoint() == turn.endpoint
    assert replace(turn, stop_word=TurnSettings().stop_word) == TurnSettings()
