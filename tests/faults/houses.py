"""Whole daemons, each in a house of its own, whose ear, engine and mouth follow a script (children.py)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.daemon import Daemon, House, house_at
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.errors import BrokerError

try:
    find_mosquitto()
except BrokerError as error:
    pytest.skip(str(error), allow_module_level=True)

ALL = ("ear", "engine", "mouth")
CLOSE = [("demo/garage/door/set", "CLOSE")]


@contextlib.asynccontextmanager
async def scripted(folder: Path, broker: Mosquitto, *, fault: str = "") -> AsyncIterator[tuple[Daemon, House]]:
    async with house_at(broker.port) as house, Daemon(folder, broker.port, scripted=ALL, fault=fault) as one:
        await one.ready()
        yield one, house


@contextlib.contextmanager
def own(folder: Path, name: str) -> Iterator[tuple[Path, Mosquitto]]:
    """A folder and a broker of one's own, for what runs beside others."""
    (own := folder / name.replace(" ", "-")).mkdir()
    with Mosquitto() as broker:
        yield own, broker
