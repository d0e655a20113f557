"""`voiced`, with those children by a script that VOICED_SCRIPTED names, and with what VOICED_FAULT names going wrong in
the core at SIGUSR1:

    loop      a call that does not return for a minute, the interpreter free
    gil       the same, the interpreter held
    lock      the loop waits for what never comes
    fsync     the disk takes what is written and does not answer
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from pathlib import Path
from unittest.mock import patch

import voiced.daemon
from voiced.adapters.store import Store
from voiced.assistant import Assistant
from voiced.cli import main
from voiced.config import Config
from voiced.workers.clients import EarClient, EngineClient, MouthClient

_CHILDREN = "tests.faults.children"
_HANGS_S = 60


def _ear(_config: Config) -> EarClient:
    return EarClient(options={"role": "ear"}, module=_CHILDREN)


def _engine(_config: Config) -> EngineClient:
    return EngineClient(options={"role": "engine"}, module=_CHILDREN)


def _mouth(_config: Config) -> MouthClient:
    return MouthClient(options={"role": "mouth"}, module=_CHILDREN)


async def _for_ever(*_: object) -> None:
    await asyncio.Event().wait()


def _hang(*_: object) -> None:
    time.sleep(_HANGS_S)


def _wrong(fault: str) -> None:
    match fault:
        case "loop":
            time.sleep(_HANGS_S)
        case "gil":
            ctypes.PyDLL(None).sleep(_HANGS_S)
        case "lock":
            patch.object(Assistant, "_events", _for_ever).start()
        case "fsync":
            patch.object(Store, "save", _hang).start()


if __name__ == "__main__":
    scripted = os.environ["VOICED_SCRIPTED"].split(",")
    for name, factory, stand_in in (
        ("ear", "microphone_ear", _ear), ("engine", "engine", _engine), ("mouth", "mouth", _mouth)
    ):  # fmt: skip
        if name in scripted:
            patch.object(voiced.daemon, factory, stand_in).start()
    signal.signal(signal.SIGUSR1, lambda *_: _wrong(os.environ.get("VOICED_FAULT", "")))
    Path("/proc/self/comm").write_text("voiced", "ascii")
    raise SystemExit(main())
