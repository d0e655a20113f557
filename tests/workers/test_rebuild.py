"""One house takes the other's place in the engine's process."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from voiced.workers import protocol, rebuild


class House:
    """Part of a circle, as compiled houses are: only the garbage collector finds it."""

    def __init__(self) -> None:
        self.itself = self


class Core:
    in_turn = False

    def __init__(self) -> None:
        self.house: House | None = None

    @property
    def has_home(self) -> bool:
        return self.house is not None

    def plan(self, home: Mapping[str, Any], area: str = "") -> House:
        return House()

    def preparing(self, planned: House) -> Iterator[None]:
        yield

    def adopt(self, planned: House) -> None:
        self.house = planned

    def handle(self, message: protocol.Message) -> protocol.Message | None:
        assert isinstance(message, protocol.LoadHome)
        self.adopt(self.plan(message.home))
        return protocol.Done(message.request)


class Link:
    """Loads a house, another one when the first is ready, and closes when that is, too."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.first: weakref.ref[House] | None = None
        self.frozen: list[int] = []
        self.waiting: list[protocol.Message] = [protocol.LoadHome(1, {}, "")]

    def receive(self, timeout_s: float | None = None) -> protocol.Message | None:
        return self.waiting.pop(0) if self.waiting else None

    def send(self, message: protocol.Message) -> None:
        assert isinstance(message, protocol.Done)
        self.frozen.append(gc.get_freeze_count())
        if message.request == 1:
            assert self.core.house
            self.first = weakref.ref(self.core.house)
            self.waiting.append(protocol.LoadHome(2, {}, ""))
        else:
            self.waiting.append(protocol.Close())


@pytest.fixture
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_thawed")
def test_a_house_is_no_work_for_the_collector_while_it_stays_and_garbage_when_the_next_one_comes() -> None:
    core = Core()
    link = Link(core)
    rebuild.serve(link, core, core.handle, lambda _: pytest.fail("nobody talks"))  # type: ignore[arg-type]
    assert min(link.frozen) > 1000, "what is there when a house is ready is not walked again"
    assert link.first is not None
    assert link.first() is None, "the first house is gone"
    assert core.has_home
