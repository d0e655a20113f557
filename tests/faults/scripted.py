"""`voiced`, with those children by a script that VOICED_SCRIPTED names, and with what VOICED_FAULT names going wrong in
the core at SIGUSR2:

    loop      a call that does not return for a minute, the interpreter free
    gil       the same, the interpreter held
    lock      the loop waits for what never comes
    fsync     the disk takes what is written and does not answer

or, from the start:

    confined  what the unit forbids and anybody can forbid himself: new privileges, memory that is written and run
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import voiced.app
import voiced.daemon
from voiced.adapters.store import Store
from voiced.assistant import Assistant
from voiced.cli import main

_CHILDREN = "tests.faults.children"
_HANGS_S = 60
_NO_NEW_PRIVILEGES, _NO_WRITE_AND_EXECUTE = 38, 65
"""prctl's numbers; the second one from Linux 6.3 on."""


def _by_script(role: str, where: ModuleType, factory: str) -> None:
    """The daemon's client stays as it is; the child that it starts is another."""
    make = getattr(where, factory)

    def made(*given: Any, **named: Any) -> Any:
        client = make(*given, **named)
        client.supervisor._module, client.supervisor._options = _CHILDREN, {"role": role}
        return client

    patch.object(where, factory, made).start()


async def _for_ever(*_: object) -> None:
    await asyncio.Event().wait()


def _hang(*_: object) -> None:
    time.sleep(_HANGS_S)


def _wrong(fault: str) -> None:
    os.write(2, f"goes wrong: {fault}\n".encode())
    match fault:
        case "loop":
            time.sleep(_HANGS_S)
        case "gil":
            ctypes.PyDLL(None).sleep(_HANGS_S)
        case "lock":
            patch.object(Assistant, "_events", _for_ever).start()
        case "fsync":
            patch.object(Store, "save", _hang).start()


def _confine() -> None:
    """For this process and all that come of it."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for option in (_NO_NEW_PRIVILEGES, _NO_WRITE_AND_EXECUTE):
        if prctl(option, 1, 0, 0, 0):
            os.write(2, b"cannot be confined here\n")


if __name__ == "__main__":
    if os.environ.get("VOICED_FAULT") == "confined":
        _confine()
    scripted = os.environ["VOICED_SCRIPTED"].split(",")
    for role, where, factory in (
        ("ear", voiced.daemon, "microphone_ear"), ("engine", voiced.app, "engine"), ("mouth", voiced.daemon, "mouth"),
    ):  # fmt: skip
        if role in scripted:
            _by_script(role, where, factory)
    signal.signal(signal.SIGUSR2, lambda *_: _wrong(os.environ.get("VOICED_FAULT", "")))
    Path("/proc/self/comm").write_text("voiced", "ascii")
    raise SystemExit(main())
