"""`voiced setup` on a terminal of its own, without a sound server, with a real broker."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiced.adapters.mosquitto import Mosquitto
from voiced.cli import main
from voiced.commands import setup
from voiced.config import BrokerConfig
from voiced.configfile import load_config, read_config

PATIENCE_S = 90.0


class Terminal:
    """A program and what it prints; `answer` waits for a question."""

    def __init__(self, *arguments: str) -> None:
        self.here, there = pty.openpty()
        environ = {**os.environ, "PULSE_SERVER": "/nowhere", "TERM": "dumb"}
        command = ["setsid", "--ctty", sys.executable, "-m", "voiced", *arguments]
        self.process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, env=environ)
        os.close(there)
        self.text = ""

    def until(self, words: str) -> None:
        ends = time.monotonic() + PATIENCE_S
        while words not in self.text:
            assert time.monotonic() < ends, self.text
            try:
                self.text += os.read(self.here, 4096).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                assert words in self.text, self.text

    def answer(self, question: str, text: str) -> None:
        self.until(question)
        self.text = self.text.split(question, 1)[1]
        os.write(self.here, text.encode() + b"\n")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.here)


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as one:
        yield one


def test_a_first_configuration(tmp_path: Path, mosquitto: Mosquitto) -> None:
    out = tmp_path / "voiced.toml"
    terminal = Terminal("setup", "--out", str(out))
    try:
        terminal.answer("Microphone:", "USB")
        terminal.answer("Loudspeaker:", "none")
        terminal.answer("MQTT broker: host", "127.0.0.1")
        terminal.answer("port", "many")
        terminal.answer("valid integer", "70000")
        terminal.answer("from 1 to 65535", "0")
        terminal.answer("from 1 to 65535", "1")
        terminal.answer("user name", "")
        terminal.until("Connection refused")
        terminal.answer("Another try", "y")
        terminal.answer("MQTT broker: host", "127.0.0.1")
        terminal.answer("port", str(mosquitto.port))
        terminal.answer("user name", "somebody")
        terminal.answer("password", "~nosuchuser/password")
        terminal.answer("home folder", "")
        terminal.until("connected")
        terminal.answer("Room", 'the "big" \x1b[Done')
        terminal.until("written")
        assert terminal.process.wait(PATIENCE_S) == 0
    finally:
        terminal.close()
    config = read_config(out)
    assert (config.microphone.device, config.speaker.device, config.area) == ("USB", "none", 'the "big" \x1b[Done')
    assert config.broker == BrokerConfig("127.0.0.1", mosquitto.port, "somebody")
    # No home.toml lies beside it: one that is named all the same would keep the daemon from starting.
    assert config.home == load_config("").home
    assert '# home = "home.toml"' in out.read_text("utf-8"), "and where it goes, the owner is told"
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert main(["check-config", "--config", str(out)]) == 0, "the room is one of the house, and not of the demo's"
    assert f"{out}: right" in told.getvalue()


@pytest.mark.parametrize("lies", ["beside", "elsewhere", "nowhere"])
def test_a_home_beside_the_configuration_is_named_from_there(tmp_path: Path, lies: str) -> None:
    """So both can be moved together, as the installer does."""
    (folder := tmp_path / lies).mkdir()
    (home := (tmp_path if lies == "beside" else folder) / "house.toml").write_text("# mine\n")
    out = tmp_path / "voiced.toml"
    options = argparse.Namespace(home=None if lies == "nowhere" else home, out=out)
    named = setup._home(options)
    assert named == {"beside": Path("house.toml"), "elsewhere": home.resolve(), "nowhere": None}[lies]
    out.write_text(setup._toml(named, "", "", "", BrokerConfig()), "utf-8")
    assert read_config(out).home == (home.resolve() if named else load_config("").home)


def test_one_ctrl_c_at_a_question_ends_it(tmp_path: Path) -> None:
    terminal = Terminal("setup", "--out", str(tmp_path / "voiced.toml"))
    try:
        terminal.until("empty for the default one")
        os.write(terminal.here, b"\x03")
        assert terminal.process.wait(PATIENCE_S) == -signal.SIGINT
    finally:
        terminal.close()
    assert not (tmp_path / "voiced.toml").exists()
