"""A mosquitto of one's own on a free port of the loopback, for the demo and the tests. Nothing else can reach it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from voiced.errors import BrokerError

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Debian keeps it in a directory that a user's PATH lacks."""


def find_mosquitto() -> Path:
    """The program, or BrokerError that says how to get it."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(_PLACES))
    if found is None:
        raise BrokerError("mosquitto is not installed: apt-get install mosquitto")
    return Path(found)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Mosquitto:
    """A broker process: `with Mosquitto() as broker: ... broker.port`. Leaving the block ends it, whatever its state.

    `config` is appended to its configuration file (users, ACLs, a TLS listener). Nothing is persisted.
    """

    def __init__(self, *, port: int | None = None, config: str = "", anonymous: bool = True) -> None:
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self._extra, self._anonymous = config, anonymous
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_text(self) -> str:
        """What it has written to its log so far."""
        if self._directory is None:
            return ""
        path = Path(self._directory.name) / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self, *, timeout_s: float = 30.0) -> None:
        """Up and listening when this returns; BrokerError with its own words otherwise."""
        program = find_mosquitto()
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="voiced-mosquitto-")
        config = Path(self._directory.name) / "mosquitto.conf"
        anonymous = "true" if self._anonymous else "false"
        # Started by root, mosquitto becomes user "mosquitto" (or "nobody"), which cannot read a private directory.
        user = "user root\n" if os.geteuid() == 0 else ""
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous {anonymous}\npersistence false\n{user}{self._extra}\n",
            "utf-8",
        )
        with (Path(self._directory.name) / "log").open("ab") as output:
            self._process = subprocess.Popen(
                [str(program), "-c", str(config)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection((self.host, self.port), 0.2).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        # Each line begins with a time stamp, which says nothing here.
        words = "; ".join(line.split(": ", 1)[-1] for line in self.log_text.strip().splitlines() if "Error" in line)
        self.stop()
        raise BrokerError(f"mosquitto did not start: {words or 'it did not say why'}")

    def kill(self) -> None:
        """End it at once, as a power cut would; `start()` brings it back on the same port, empty."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It stays connected and answers nothing (SIGSTOP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it politely, or by force after a second, and remove its files."""
        if (process := self._process) is not None:
            self._process = None
            process.terminate()
            process.send_signal(signal.SIGCONT)  # a frozen process would not hear the other one
            try:
                process.wait(1.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
