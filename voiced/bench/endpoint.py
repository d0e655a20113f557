"""Cut-offs against delay: how often a turn ends before its speaker does, and how long the others wait for the end.

Each recording is heard once by the real ear and decided on at each of its hushes. Then the real listener hears the same
frames under every rule; what was decided at a hush does not depend on the rule, so it need not be asked again.
The words end with the last voiced frame that is speech for another judge too (Silero's detector): noise behind them
is none of them. A turn is cut off when it ends before that. Delays are of turns that were understood as complete: from
t0 until both the end is certain and the decision is there; what that takes is CPU time of one thread, so that a busy
machine changes nothing.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from voiced.adapters.whisper import last_word_s
from voiced.bench.common import at_least_one, wilson
from voiced.bench.follow import Asked, follow, frames_for, open_turn
from voiced.bench.manifest import Line, read_manifest
from voiced.configfile import read_config, read_text
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.outcome import outcome
from voiced.home.unsaid import slots_left
from voiced.ledger import percentile
from voiced.listen.endpoint import Endpoint
from voiced.listen.listener import Listener
from voiced.listen.settings import ListenerSettings
from voiced.messages import (
    BYTES_PER_SAMPLE,
    Decision,
    Ended,
    Frame,
    Hushed,
    ListenerEvent,
    Verdict,
    ms_to_samples,
    samples_to_ms,
)
from voiced.workers.engine import EngineCore
from voiced.workers.engine_load import load_model
from voiced.workers.engine_setup import Setup

_AFTER_MS = 2500
_FIXED_MS = (140, 180, 220, 260, 300, 400, 500, 700, 1000)
_CERTAIN_END_MS = (120, 140, 160, 180, 200, 220, 250, 300, 400, 500, 700, 900)
_HUSH_MS = ListenerSettings().hush_ms
_EARLY_HUSH_MS = 80
"""Who wants an end sooner than a decision after the usual hush can give it, asks sooner."""
_EARLY_END_MS = (80, 100, 120, 140, 160, 180)
_SLOTS_LEFT_MS = (0, 100, 200, Endpoint().slots_left_ms)
_SAME_END_MS = 100
_DECAY_MS = 60
"""Words sound for another frame or three in the other judge's ears."""


class Decided(NamedTuple):
    decision: Decision
    work_ms: float
    speech_end: int
    slots_left: bool
    """Whether the speaker is likely to name something more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording."""

    frames: tuple[Frame, ...]
    wake: bool
    """Whether a wake word opens the turn; otherwise it is open at the first sample."""
    decided: dict[int, Decided]
    """By the sample of the hush."""
    words_end: int
    """t0, noise behind the words left out."""
    right: bool | None
    """Whether the decision at the last hush is the expected one; None where none is expected."""

    @property
    def last(self) -> Decision | None:
        """What was decided once all words were heard, and before any noise behind them."""
        words = [one for one in self.decided.values() if not self.cuts(one.speech_end)]
        return words[0].decision if words else None

    def cuts(self, speech_end: int) -> bool:
        return speech_end < self.words_end - ms_to_samples(_SAME_END_MS)


@dataclass(frozen=True, slots=True)
class Rule:
    end_ms: int
    endpoint: Endpoint | None = None
    hush_ms: int = _HUSH_MS

    @property
    def name(self) -> str:
        if self.endpoint is None:
            return f"fixed {self.end_ms}"
        early = "" if self.hush_ms == _HUSH_MS else f", hush {self.hush_ms}"
        return f"adaptive {self.endpoint.certain_end_ms} + {self.endpoint.slots_left_ms}{early}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("manifest", type=Path, help="JSON lines as for `voiced evaluate`")
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    parser.add_argument(
        "--noise-counts", action="store_true", help="noise behind the words counts as words: asks no second judge"
    )
    parser.add_argument("--limit", type=at_least_one, metavar="N", help="only the first N recordings")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`curve`: one row for each rule; `reliability`: how often decisions of a certainty are right."""
    config = read_config(options.config)
    path = options.home or config.home
    home = load_home(read_text(path), str(path))
    lines = read_manifest(options.manifest)
    core = load_model(config.model.path, Setup(threads=1, encoder=config.model.encoder))
    core.load_home(home.to_dict())
    heard, early = [], []
    for line in lines[: options.limit or None]:
        one = hear(core, line, home, noise_counts=options.noise_counts)
        if one.last and line.expect:
            right = one.last.verdict is Verdict.CALLS and outcome(one.last.calls, home) == outcome(line.expect, home)
            one = replace(one, right=right)
        heard.append(one)
        early.append(hear(core, line, home, _EARLY_HUSH_MS, noise_counts=options.noise_counts))
    core.close()
    usual = ListenerSettings().end_ms
    rules = [Rule(ms) for ms in _FIXED_MS]
    for left_ms in _SLOTS_LEFT_MS:
        rules += [Rule(usual, Endpoint(ms, left_ms)) for ms in _CERTAIN_END_MS]
        rules += [Rule(usual, Endpoint(ms, left_ms), _EARLY_HUSH_MS) for ms in _EARLY_END_MS]
    curve = [row(rule, heard if rule.hush_ms == _HUSH_MS else early) for rule in rules]
    shipped = row(Rule(usual, Endpoint()), heard)
    return {
        "n": len(heard),
        "cut_off": shipped["cut_off"],
        "cut_off_95": shipped["cut_off_95"],
        "delay_p50_ms": shipped["delay_p50_ms"],
        "delay_mean_ms": shipped["delay_mean_ms"],
        "curve": curve,
        "fixed_not_beaten_p50": not_beaten(curve, "delay_p50_ms"),
        "fixed_not_beaten_mean": not_beaten(curve, "delay_mean_ms"),
        "hushes": hushes(heard),
        "reliability": reliability(heard),
    }


def hear(core: EngineCore, line: Line, home: Home, hush_ms: int = _HUSH_MS, *, noise_counts: bool = False) -> Heard:
    """The recording once, to its end, with a decision at every hush."""
    listener = Listener(ListenerSettings(hush_ms=hush_ms, end_ms=ListenerSettings().cap_ms - 1, short_end_ms=0))
    frames: list[Frame] = []
    decided: dict[int, Decided] = {}
    if not line.wake:
        open_turn(core, listener, window_ms=15_000)
    for frame in frames_for(core, line.audio, wake=line.wake, silence_ms=_AFTER_MS):
        frames.append(frame)
        for event in follow(core, listener.hear(frame)):
            if isinstance(event, Asked):
                decision, hush = event.decision, event.hush
                left = slots_left(home, decision.calls)
                decided[hush.at_sample] = Decided(decision, event.cpu_ms, hush.speech_end_sample, left)
    return Heard(tuple(frames), line.wake, decided, _words_end(frames, noise_counts), None)


def _words_end(frames: Sequence[Frame], noise_counts: bool) -> int:
    ends = [frame.first_sample + len(frame.pcm) // BYTES_PER_SAMPLE for frame in frames if frame.speech]
    if noise_counts:
        return max(ends, default=0)
    latest = ms_to_samples(1000 * last_word_s(b"".join(frame.pcm for frame in frames)) + _DECAY_MS)
    return max((end for end in ends if end <= latest), default=0)


def turn(rule: Rule, one: Heard) -> tuple[Ended, float] | None:
    """How the turn ends under this rule, and when (ms after t0) end and decision are both there."""
    listener = Listener(ListenerSettings(end_ms=rule.end_ms, hush_ms=min(rule.hush_ms, rule.end_ms)))
    if not one.wake:
        listener.open_turn(window_ms=15_000)
    due: list[tuple[int, int, int]] = []
    ready_at = 0.0
    for event in _events(listener, one.frames, due):
        if isinstance(event, Hushed) and event.at_sample in one.decided:
            decided = one.decided[event.at_sample]
            ready_at = event.at_sample + ms_to_samples(decided.work_ms)
            if rule.endpoint:
                silence_ms = rule.endpoint.silence_ms(decided.decision, slots_left=decided.slots_left)
                due.append((round(ready_at), event.turn, silence_ms))
        elif isinstance(event, Ended):
            return event, samples_to_ms(round(max(ready_at, event.at_sample)) - event.speech_end_sample)
    return None


def _events(listener: Listener, frames: Sequence[Frame], due: list[tuple[int, int, int]]) -> Iterator[ListenerEvent]:
    """Answers (`due`: sample, turn, silence) reach the listener as late as the engine gave them."""
    for frame in frames:
        while due and due[0][0] <= frame.first_sample:
            _, number, silence_ms = due.pop(0)
            listener.set_end(number, silence_ms)
        yield from listener.hear(frame)
    yield from listener.file_end()


def row(rule: Rule, heard: Sequence[Heard]) -> dict[str, object]:
    delays, cut = [], 0
    for one in heard:
        ended = turn(rule, one)
        if ended is None or one.cuts(ended[0].speech_end_sample):
            cut += 1
        elif one.last and one.last.verdict is Verdict.CALLS:
            delays.append(ended[1])
    return {
        "rule": rule.name,
        "cut_off": round(cut / len(heard), 4) if heard else None,
        "cut_off_95": wilson(cut, len(heard)),
        "delay_mean_ms": round(statistics.mean(delays), 1) if delays else None,
        "delay_p50_ms": percentile(delays, 0.5),
        "delay_p95_ms": percentile(delays, 0.95),
    }


def not_beaten(curve: Sequence[Mapping[str, object]], delay: str) -> list[object]:
    """The fixed silences that no adaptive rule beats: one that is no slower and cuts off no more."""

    def of(row: Mapping[str, object]) -> tuple[float, float]:
        return float(str(row["cut_off"])), float(str(row[delay]))

    rows = [one for one in curve if one["cut_off"] is not None and one[delay] is not None]
    fixed = [one for one in rows if str(one["rule"]).startswith("fixed")]
    adaptive = [of(one) for one in rows if one not in fixed]

    def beaten(cut: float, ms: float) -> bool:
        return any(c <= cut and d <= ms and (c, d) != (cut, ms) for c, d in adaptive)

    return [one["rule"] for one in fixed if not beaten(*of(one))]


def hushes(heard: Sequence[Heard]) -> list[dict[str, object]]:
    """What was decided in hushes that words followed, and in those that ended them."""
    kinds = Counter[tuple[str, bool]]()
    for one in heard:
        for decided in one.decided.values():
            if decided.speech_end <= one.words_end + ms_to_samples(_SAME_END_MS):
                kinds[_kind(decided.decision), one.cuts(decided.speech_end)] += 1
    return [
        {"decided": kind, "words followed": kinds[kind, True], "words ended": kinds[kind, False]}
        for kind in sorted({kind for kind, _ in kinds})
    ]


def _kind(decision: Decision) -> str:
    if decision.verdict is Verdict.CALLS:
        return f"calls from {max(low for low in (0.0, 0.7, 0.8, 0.9, 0.95) if decision.certainty >= low):g}"
    return f"{decision.verdict.value}: {decision.evidence.rule.value if decision.evidence else ''}"


def reliability(heard: Sequence[Heard]) -> list[dict[str, object]]:
    """Decisions at the last hush that are complete: how many of each certainty are right, and from there on up."""
    judged = [
        (one.last.certainty, bool(one.right))
        for one in heard
        if one.right is not None and one.last and one.last.verdict is Verdict.CALLS
    ]
    rows: list[dict[str, object]] = []
    for low in (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        right = [ok for certainty, ok in judged if certainty >= low]
        rows.append({"certainty": low, "n": len(right), "right": round(sum(right) / len(right), 3) if right else None})
    return rows
