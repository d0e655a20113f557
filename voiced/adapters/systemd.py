"""What systemd wants to hear from a service of Type=notify: one datagram to $NOTIFY_SOCKET."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)


class Systemd:
    """Says nothing, and never fails, where the process was not started by systemd."""

    def __init__(self, *, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog_s: float | None = None
        """How long systemd waits for a `watchdog()` before it kills; None where it does not. Feed it twice as often."""
        micros = environ.get("WATCHDOG_USEC", "")
        if micros.isdigit() and int(micros) and environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            self.watchdog_s = int(micros) / 1e6

    def ready(self, status: str = "") -> None:
        self._send("READY=1", status)

    def status(self, status: str) -> None:
        """What `systemctl status` shows, in words."""
        self._send("", status)

    def watchdog(self) -> None:
        """Sound is flowing and engine and broker answer. Call it for nothing less."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> None:
        self._send("STOPPING=1", status)

    def _send(self, state: str, status: str = "") -> None:
        if not self._address:
            return
        lines = [line for line in (state, f"STATUS={' '.join(status.split())}" if status else "") if line]
        # "@name" is an abstract socket, whose address begins with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sock:
                sock.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.debug("systemd does not listen: %s", error)
