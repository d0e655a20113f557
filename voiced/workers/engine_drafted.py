"""A small model hears every turn beside a large one: what it understands is what the large one reads ahead.

The large model decides as if there were none: where the small one is right that saves passes, where it is wrong it
costs a few rows of one. What it drafts depends on nothing but the sound, so the same sound gives the same bits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from voiced.gemma.models import ModelPair
from voiced.ports import Expect
from voiced.workers.engine import EngineCore
from voiced.workers.engine_house import Compile, Planned, compile_home
from voiced.workers.engine_setup import Setup

WORTH = 2.0
"""Four rows of a pass must cost less than so many passes of one row. On x86 (AVX-512) they cost 2.6: a right draft of
three choices saved at most 5 % of a decision there, a wrong one cost 24 %. Where reading weights is all, it is about 1.
"""


class DraftedCore(EngineCore):
    """The large model's engine. Where a row costs much of what a pass does, nothing is drafted."""

    def __init__(
        self,
        pair: ModelPair,
        small: ModelPair,
        setup: Setup | None = None,
        compile_with: Compile = compile_home,
        *,
        always: bool = False,
    ) -> None:
        """Verifies all files, then loads them. ModelFileError. `always` drafts wherever it is."""
        super().__init__(pair, setup, compile_with)
        self.rows_to_pass = self.measure_rows()
        self.drafts = always or self.rows_to_pass < WORTH
        self._small = EngineCore(small) if self.drafts else None
        self._heard = 0
        """The turn that the small model hears."""

    @contextlib.contextmanager
    def undrafted(self) -> Iterator[None]:
        """To measure what a draft is worth: turns that begin within are decided without one."""
        before, self.drafts = self.drafts, False
        try:
            yield
        finally:
            self.drafts = before

    def close(self) -> None:
        if self._small:
            self._small.close()
        super().close()

    def plan(self, home: Mapping[str, Any], area: str = "") -> Planned:
        made = super().plan(home, area)
        return replace(made, small=self._small.plan(home, area)) if self._small else made

    def adopt(self, house: Planned) -> None:
        super().adopt(house)
        if self._small and house.small:
            self._small.adopt(house.small)

    def begin(self, turn: int, expect: str = Expect.COMMAND) -> None:
        super().begin(turn, expect)
        self._heard = 0
        if self._small and self.drafts and expect != Expect.INTERPRET:
            self._small.begin(turn, expect)
            self._heard = turn

    def feed(self, turn: int, pcm: bytes) -> None:
        if self._small and self._heard == turn:
            self._small.feed(turn, pcm)
        super().feed(turn, pcm)

    def end(self, turn: int) -> None:
        if self._small and self._heard == turn:
            self._small.end(turn)
        super().end(turn)

    def likely(self, turn: int) -> tuple[int, ...]:
        if not self._small or self._heard != turn:
            return ()
        understood, _ = self._small.decide(turn)
        return self.spelled(understood.calls[0]) if understood.calls else ()
