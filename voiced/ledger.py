"""PURE. What each stage of a turn took, against the 300 ms budget. One ledger a turn, one line a ledger.

All times are milliseconds after t0, the end of the last voiced frame; before it they are negative. A ledger holds
figures and nothing that was said, so it may be kept, published and counted.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from voiced.messages import EngineTimes, Hearing

BUDGET_MS = 300.0
BIN_MS = 50.0


class Mark(enum.StrEnum):
    """Points of a turn, in the order in which they are normally passed."""

    ASKED = "asked"
    """A slow engine was asked before the hush."""
    HUSH = "hush"
    DECIDED = "decided"
    """The decision that was used is there; it may come before the end."""
    END = "end"
    REHEARD = "reheard"
    """Nothing had been certain, and the words were heard again."""
    POLICY = "policy"
    PUBLISHED = "published"
    CONFIRMED = "confirmed"
    FIRST_SENTENCE = "first_sentence"
    """Of an answer in free words, complete as text."""
    FIRST_SOUND = "first_sound"


_OF_A_HUSH = (Mark.ASKED, Mark.HUSH, Mark.DECIDED, Mark.END, Mark.REHEARD)


@dataclass(frozen=True, slots=True)
class Stage:
    """One bar of the waterfall."""

    name: str
    from_ms: float
    to_ms: float
    hidden_ms: float = 0.0
    """The part of it that ran while the closing silence was still being waited for: it cost the speaker nothing."""

    @property
    def ms(self) -> float:
        return self.to_ms - self.from_ms


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one turn."""

    turn: int
    marks: Mapping[Mark, float] = field(default_factory=dict)
    """Milliseconds after t0."""
    engine: EngineTimes = field(default_factory=EngineTimes)
    speculations: int = 0
    """Decisions that were asked for and thrown away because speech went on."""
    certainty: float | None = None
    """Of the decision that was used."""
    by: str = ""
    """The model that made it."""
    into: str = ""
    """The language in which it was said again; empty where it was not."""
    hearing: Hearing = Hearing.AS_SAID
    """In which the words were understood."""

    def at(self, mark: Mark, ms_after_t0: float) -> Ledger:
        """With `mark` at this time; the first time counts."""
        return self if mark in self.marks else replace(self, marks={**self.marks, mark: ms_after_t0})

    def with_engine(self, times: EngineTimes) -> Ledger:
        return replace(self, engine=times)

    def abandoned(self) -> Ledger:
        """Speech went on: the hush, and what was decided in it, did not happen."""
        marks: dict[Mark, float] = {k: v for k, v in self.marks.items() if k not in _OF_A_HUSH}
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
        return sum(stage.hidden_ms for stage in self.stages() if stage.name != "silence")

    def stages(self) -> tuple[Stage, ...]:
        """The waterfall, in order of time. What was not passed is missing."""
        marks, end = self.marks, self.marks.get(Mark.END)
        bars: list[tuple[str, float, float]] = [] if end is None else [("silence", 0.0, end)]
        asked, decided = marks.get(Mark.ASKED, marks.get(Mark.HUSH, end)), marks.get(Mark.DECIDED)
        if asked is not None and decided is not None:
            bars += self._decision(asked, max(asked, decided))
        order = [
            (Mark.REHEARD, "rehearing"),
            (Mark.POLICY, "policy"),
            (Mark.PUBLISHED, "publish"),
            (Mark.CONFIRMED, "confirm"),
            (Mark.FIRST_SENTENCE, "sentence"),
            (Mark.FIRST_SOUND, "answer"),
        ]
        before = max((at for at in (decided, end) if at is not None), default=None)
        for mark, name in order:
            at = marks.get(mark)
            if at is not None and before is not None:
                bars.append((name, min(before, at), at))
            before = before if at is None else at
        return tuple(
            Stage(name, a, b, 0.0 if end is None or name == "silence" else max(0.0, min(b, end) - a))
            for name, a, b in bars
        )

    def _decision(self, asked: float, decided: float) -> list[tuple[str, float, float]]:
        """What the engine did between the request and its answer, laid out backwards from the answer."""
        engine = self.engine
        steps = [("draft", engine.draft_ms), ("encode", engine.tail_encode_ms)]
        steps += [("prefill", engine.tail_ms - engine.tail_encode_ms)]
        steps += [(f"choice {number}", ms) for number, ms in enumerate(engine.choice_ms, 1)]
        steps += [("judge", max(0.0, engine.decide_ms - sum(engine.choice_ms)))]
        work = sum(ms for _, ms in steps)
        wait = max(0.0, decided - asked - work)
        ends = list(accumulate((ms for _, ms in steps), initial=asked + wait))
        bars = [(name, a, b) for (name, _), (a, b) in zip(steps, pairwise(ends), strict=True) if b > a]
        return ([("queue", asked, asked + wait)] if wait > 0 else []) + bars

    def to_json(self) -> dict[str, object]:
        engine = self.engine
        return {
            "turn": self.turn,
            **{f"{mark}_ms": round(ms, 1) for mark, ms in sorted(self.marks.items(), key=lambda kv: kv[1])},
            "encode_ms": round(engine.encode_ms, 1),
            "prefill_ms": round(engine.prefill_ms, 1),
            "draft_ms": round(engine.draft_ms, 1),
            "tail_ms": round(engine.tail_ms, 1),
            "tail_encode_ms": round(engine.tail_encode_ms, 1),
            "choose_ms": round(engine.decide_ms, 1),
            "choice_ms": [round(ms, 1) for ms in engine.choice_ms],
            "choices": engine.choices,
            "audio_tokens": engine.audio_tokens,
            "by": self.by,
            **({"into": self.into} if self.into else {}),
            **({"hearing": str(self.hearing)} if self.hearing is not Hearing.AS_SAID else {}),
            "certainty": None if self.certainty is None else round(self.certainty, 3),
            "hidden_ms": round(self.hidden_ms, 1),
            "speculations": self.speculations,
            "spent_ms": None if self.spent_ms is None else round(self.spent_ms, 1),
            "budget_ms": BUDGET_MS,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Ledger:
        """What `to_json` wrote; what is missing counts as not passed. ValueError on anything else."""

        def number(key: str) -> float:
            value = data.get(key) or 0.0
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{key} is no number: {value!r}")
            return float(value)

        choices = data.get("choice_ms", [])
        if not isinstance(choices, list) or not all(isinstance(ms, int | float) for ms in choices):
            raise ValueError("choice_ms is no list of numbers")
        times = EngineTimes(
            encode_ms=number("encode_ms"),
            prefill_ms=number("prefill_ms"),
            tail_ms=number("tail_ms"),
            decide_ms=number("choose_ms"),
            choices=int(number("choices")),
            audio_tokens=int(number("audio_tokens")),
            tail_encode_ms=number("tail_encode_ms"),
            draft_ms=number("draft_ms"),
            choice_ms=tuple(map(float, choices)),
        )
        marks = {mark: number(f"{mark}_ms") for mark in Mark if data.get(f"{mark}_ms") is not None}
        return cls(
            int(number("turn")),
            marks,
            times,
            int(number("speculations")),
            None if data.get("certainty") is None else number("certainty"),
            by=str(data.get("by", "")),
            into=str(data.get("into", "")),
            hearing=Hearing(str(data.get("hearing", Hearing.AS_SAID))),
        )

    def line(self) -> str:
        """For the log."""
        passed = " ".join(f"{mark}={ms:.0f}" for mark, ms in sorted(self.marks.items(), key=lambda kv: kv[1]))
        spent = "nothing sent" if self.spent_ms is None else f"spent {self.spent_ms:.0f} of {BUDGET_MS:.0f} ms"
        engine = self.engine
        steps = "+".join(f"{ms:.0f}" for ms in engine.choice_ms) or "0"
        draft = f"draft {engine.draft_ms:.0f}, " if engine.draft_ms else ""
        return (
            f"turn {self.turn}: {spent}; {passed}; {draft}encode {engine.tail_encode_ms:.0f}, "
            f"prefill {engine.tail_ms - engine.tail_encode_ms:.0f}, choices {steps}; "
            f"hidden in the silence {self.hidden_ms:.0f}"
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """Many turns: how long from t0 to the command, where there was one."""

    turns: int
    sent: int
    p50_ms: float | None
    p95_ms: float | None
    within_budget: float | None
    """Share of those that were sent."""
    bins: tuple[tuple[float, int], ...]
    """(lower edge in ms, turns), `BIN_MS` wide, from the lowest to the highest that is not empty."""


def totals(ledgers: Sequence[Ledger]) -> Totals:
    spent = [one.spent_ms for one in ledgers if one.spent_ms is not None]
    numbers = [int(ms // BIN_MS) for ms in spent]
    edges = range(min(numbers), max(numbers) + 1) if numbers else range(0)
    return Totals(
        len(ledgers),
        len(spent),
        percentile(spent, 0.5),
        percentile(spent, 0.95),
        sum(ms <= BUDGET_MS for ms in spent) / len(spent) if spent else None,
        tuple((edge * BIN_MS, numbers.count(edge)) for edge in edges),
    )


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not exceed (nearest rank); None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * round(share * 10_000) // 10_000))
    return ordered[min(len(ordered), rank) - 1]
