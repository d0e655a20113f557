"""PURE. What each stage of a turn took, against the 300 ms budget. One ledger a turn, one line a ledger.

All times are milliseconds after t0, the end of the last voiced frame; before it they are negative. Stages that ran
while the closing silence was still being waited for cost nothing: they are `hidden`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from voiced.messages import EngineTimes

BUDGET_MS = 300.0


class Mark(enum.StrEnum):
    """Points of a turn, in the order in which they are normally passed."""

    HUSH = "hush"
    DECIDED = "decided"
    """The decision that was used is there; it may come before the end."""
    END = "end"
    POLICY = "policy"
    PUBLISHED = "published"
    CONFIRMED = "confirmed"
    FIRST_SOUND = "first_sound"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one turn."""

    turn: int
    marks: dict[Mark, float] = field(default_factory=dict)
    """Milliseconds after t0."""
    engine: EngineTimes = field(default_factory=EngineTimes)
    speculations: int = 0
    """Decisions that were asked for and thrown away because speech went on."""

    def at(self, mark: Mark, ms_after_t0: float) -> Ledger:
        """With `mark` at this time; the first time counts."""
        return self if mark in self.marks else replace(self, marks={**self.marks, mark: ms_after_t0})

    def with_engine(self, times: EngineTimes) -> Ledger:
        return replace(self, engine=times)

    def abandoned(self) -> Ledger:
        """Speech went on: the hush, and what was decided in it, did not happen."""
        marks: dict[Mark, float] = {k: v for k, v in self.marks.items() if k not in (Mark.HUSH, Mark.DECIDED)}
        return replace(self, marks=marks, speculations=self.speculations + 1)

    @property
    def spent_ms(self) -> float | None:
        """t0 to the command's publication; None where nothing was published."""
        return self.marks.get(Mark.PUBLISHED)

    @property
    def within_budget(self) -> bool | None:
        return None if self.spent_ms is None else self.spent_ms <= BUDGET_MS

    @property
    def hidden_ms(self) -> float:
        """Work of the engine after the hush that was done before the end was certain."""
        hush, decided, end = (self.marks.get(m) for m in (Mark.HUSH, Mark.DECIDED, Mark.END))
        if hush is None or decided is None or end is None:
            return 0.0
        return max(0.0, min(decided, end) - hush)

    def to_json(self) -> dict[str, object]:
        engine = self.engine
        return {
            "turn": self.turn,
            **{f"{mark}_ms": round(ms, 1) for mark, ms in sorted(self.marks.items(), key=lambda kv: kv[1])},
            "encode_ms": round(engine.encode_ms, 1),
            "prefill_ms": round(engine.prefill_ms, 1),
            "tail_ms": round(engine.tail_ms, 1),
            "choose_ms": round(engine.decide_ms, 1),
            "choices": engine.choices,
            "audio_tokens": engine.audio_tokens,
            "hidden_ms": round(self.hidden_ms, 1),
            "speculations": self.speculations,
            "spent_ms": None if self.spent_ms is None else round(self.spent_ms, 1),
            "budget_ms": BUDGET_MS,
        }

    def line(self) -> str:
        """For the log."""
        passed = " ".join(f"{mark}={ms:.0f}" for mark, ms in sorted(self.marks.items(), key=lambda kv: kv[1]))
        spent = "nothing sent" if self.spent_ms is None else f"spent {self.spent_ms:.0f} of {BUDGET_MS:.0f} ms"
        return f"turn {self.turn}: {spent}; {passed}; tail {self.engine.tail_ms:.0f}, choices {self.engine.choices}"


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not exceed (nearest rank); None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * round(share * 10_000) // 10_000))
    return ordered[min(len(ordered), rank) - 1]
