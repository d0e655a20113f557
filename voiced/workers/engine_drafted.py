"""A small model hears every turn beside a large one: what it understands is what the large one reads ahead.

The large model decides as if there were none: where the small one is right that saves passes, where it is wrong it
costs a few rows of one. What it drafts depends on nothing but the sound, so the same sound gives the same bits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from voiced.errors import InferenceError
from voiced.gemma.models import ModelPair
from voiced.ports import Expect
from voiced.workers.engine import EngineCore, Planned, Setup
from voiced.workers.engine_house import Compile, compile_home


class DraftedCore(EngineCore):
    """The large model's engine."""

    def __init__(
        self, pair: ModelPair, small: ModelPair, setup: Setup | None = None, compile_with: Compile = compile_home
    ) -> None:
        """Verifies all files, then loads them. ModelFileError."""
        super().__init__(pair, setup, compile_with)
        self._small = EngineCore(small)
        self._asks = True

    @contextlib.contextmanager
    def undrafted(self) -> Iterator[None]:
        """To measure what a draft is worth: decisions within are found without one."""
        self._asks = False
        try:
            yield
        finally:
            self._asks = True

    def close(self) -> None:
        self._small.close()
        super().close()

    def plan(self, home: Mapping[str, Any], area: str = "") -> Planned:
        return replace(super().plan(home, area), small=self._small.plan(home, area))

    def adopt(self, planned: Planned) -> None:
        super().adopt(planned)
        if planned.small is None:
            raise InferenceError("this house was not compiled for the small model")
        self._small.adopt(planned.small)

    def begin(self, turn: int, expect: str = Expect.COMMAND) -> None:
        super().begin(turn, expect)
        self._small.begin(turn, expect)

    def feed(self, turn: int, pcm: bytes) -> None:
        self._small.feed(turn, pcm)
        super().feed(turn, pcm)

    def end(self, turn: int) -> None:
        self._small.end(turn)
        super().end(turn)

    def likely(self, turn: int) -> tuple[int, ...]:
        if not self._asks:
            return ()
        understood, _ = self._small.decide(turn)
        return self.spelled(understood.calls[0]) if understood.calls else ()
