"""What systemd hears: a Python socket stands in for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiced.adapters.systemd import Systemd


@pytest.fixture(params=["path", "abstract"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    name = f"@voiced-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ears:
        ears.bind("\0" + name[1:] if name.startswith("@") else name)
        yield ears, name


def test_the_life_of_a_service(listening: tuple[socket.socket, str]) -> None:
    ears, name = listening
    systemd = Systemd(environ={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000"})
    assert systemd.watchdog_s == 30
    systemd.status("no sound:\nunplugged")
    systemd.ready("listening")
    systemd.watchdog()
    systemd.stopping("leaving")
    told = [ears.recv(1000).decode() for _ in range(4)]
    assert told == [
        "STATUS=no sound: unplugged", "READY=1\nSTATUS=listening", "WATCHDOG=1", "STOPPING=1\nSTATUS=leaving",
    ]  # fmt: skip
    with pytest.raises(BlockingIOError):
        ears.recv(1)


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid())}, 5.0),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_whose_watchdog_it_is(environ: dict[str, str], watchdog_s: float | None) -> None:
    assert Systemd(environ=environ).watchdog_s == watchdog_s


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@nobody-listens-here"])
def test_without_systemd_nothing_is_said_and_nothing_fails(address: str) -> None:
    systemd = Systemd(environ={"NOTIFY_SOCKET": address})
    systemd.ready("listening")
    systemd.watchdog()
