"""Row E7 of the target table: nothing leaves, shown to the owner by the kernel's own account, and by strace."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from tests.daemon import Daemon
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.sockets import Socket, sockets_of
from voiced.commands.doctor import BROKER, ELSEWHERE, HERE, place
from voiced.config import DEMO_HOME

RECORDING = DEMO_HOME.parent / "demo" / "joe-close-garage-door.flac"


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voiced", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.row("E7")
async def test_e7_the_owner_sees_that_nothing_leaves(tmp_path: Path, server: SoundServer) -> None:
    with Mosquitto() as mosquitto:
        async with Daemon(tmp_path, mosquitto.port, device="mic") as one:
            await one.ready()
            told = doctor("--pid", str(one.process.pid), "--config", str(tmp_path / "voiced.toml"), "--json")
            assert told.returncode == 0, told.stderr + told.stdout
            found = json.loads(told.stdout)
            assert found["offline"]
            inet = [each for each in found["sockets"] if each["kind"] in ("tcp", "udp", "raw")]
            assert [each["place"] for each in inet] == [BROKER], "one connection, from the core to the broker"
            assert {each["process"] for each in found["sockets"]} >= {"voiced-ear", "voiced-engine", "voiced-mouth"}
            for_people = doctor("--pid", str(one.process.pid), "--config", str(tmp_path / "voiced.toml"))
            assert "nothing leaves the house" in for_people.stdout


@pytest.mark.row("E7")
def test_e7_what_does_leave_is_seen() -> None:
    """A socket that listens to the world, one to a far address, and one that the kernel lists in no table."""
    with socket.socket() as world, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        world.bind(("0.0.0.0", 0))
        world.listen()
        far.connect(("192.0.2.7", 53))
        told = doctor("--pid", str(os.getpid()), "--json")
    assert told.returncode == 1
    outside = [each for each in json.loads(told.stdout)["sockets"] if each["place"] == ELSEWHERE]
    assert {each["remote"] for each in outside} >= {"", "192.0.2.7:53"}


def test_e7_places() -> None:
    broker = frozenset({ip_address("10.0.0.9")})
    to_broker = Socket(1, "voiced", "tcp", "10.0.0.2:40000", "10.0.0.9:1883", ip_address("10.0.0.9"))
    assert place(to_broker, broker, 1883) == BROKER
    assert place(to_broker, broker, 8883) == ELSEWHERE
    assert place(Socket(1, "voiced", "unix"), broker, 1883) == HERE
    assert place(Socket(1, "voiced", "other (5)"), broker, 1883) == ELSEWHERE
    assert sockets_of(os.getpid()) is not None


@pytest.mark.row("E7")
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_e7_a_whole_turn_with_no_network_but_the_loopback(tmp_path: Path) -> None:
    """A recording through ear, engine and house: no connect() leaves this machine, and no name is asked for."""
    trace = tmp_path / "trace"
    turn = [sys.executable, "-m", "voiced", "replay", str(RECORDING), "--json"]
    traced = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), *turn]
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0:
        traced = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *traced]
    done = subprocess.run(traced, capture_output=True, text=True, check=False, timeout=300)
    if "ptrace" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    assert '"turn_end"' in done.stdout
    calls = trace.read_text()
    addresses = re.findall(r'inet_addr\("([^"]+)"\)', calls) + re.findall(r'inet_pton\(AF_INET6, "([^"]+)"', calls)
    assert all(ip_address(one).is_loopback for one in addresses), addresses
    assert "htons(53)" not in calls
