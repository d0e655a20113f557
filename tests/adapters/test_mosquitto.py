from __future__ import annotations

import socket

import pytest

from voiced.adapters import mosquitto
from voiced.adapters.mosquitto import Mosquitto
from voiced.errors import BrokerError


def _installed() -> bool:
    try:
        mosquitto.find_mosquitto()
    except BrokerError:
        return False
    return True


needs_mosquitto = pytest.mark.skipif(not _installed(), reason="mosquitto is not installed: apt-get install mosquitto")


@needs_mosquitto
def test_it_listens_inside_the_block_and_not_after_it() -> None:
    with Mosquitto() as broker:
        socket.create_connection((broker.host, broker.port), 1).close()
        assert "running" in broker.log_text
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((broker.host, broker.port), 1)


@needs_mosquitto
def test_a_frozen_one_is_stopped_all_the_same() -> None:
    with Mosquitto() as broker:
        broker.freeze()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((broker.host, broker.port), 1)


@needs_mosquitto
def test_after_a_kill_it_comes_back_on_the_same_port() -> None:
    with Mosquitto() as broker:
        broker.kill()
        broker.start()
        socket.create_connection((broker.host, broker.port), 1).close()


@needs_mosquitto
def test_a_bad_configuration_is_reported_in_its_own_words() -> None:
    with pytest.raises(BrokerError, match=r"mosquitto did not start: .*nonsense"):
        Mosquitto(config="nonsense 1").start()


def test_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(mosquitto, "_PLACES", ())
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        Mosquitto().start()
