"""A house that changes while the daemon runs: its topics are heard, those of what left no more."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from voiced.adapters.fakes import MemoryBroker
from voiced.home.house import House
from voiced.home.model import Entity, Home
from voiced.service.moving import Moving


def home(*names: str) -> Home:
    return Home(entities=tuple(Entity(f"switch.{n}", n, mqtt={"state_topic": f"{n}/state"}) for n in names))


async def test_topics_of_what_left_are_unsubscribed() -> None:
    async def load_home(_home: object, _area: str) -> None:
        return None

    voice: Any = SimpleNamespace(supervisor=SimpleNamespace(ready=False))
    broker = MemoryBroker()
    house = House(home(), random_digits=lambda: "47", now_s=lambda: 0.0, today=dt.datetime.now)
    moving = Moving(lambda _: "", load_home, house, voice, broker)
    await moving(home("plug", "pump"))
    assert broker.topics == {"plug/state", "pump/state"}
    await moving(home("pump", "fan"))
    assert broker.topics == {"pump/state", "fan/state"}
    assert house.home == home("pump", "fan")
