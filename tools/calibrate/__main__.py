"""Fits a model's `[calibration]`: `python -m tools.calibrate MANIFEST.jsonl --home HOME.toml [--model FOLDER]`.

Each clip is walked once; the thresholds are then chosen by trying them on the walks (exact counts one, a wrong action
costs two), and the certainty is a logistic fitted to whether the decision was right, pulled towards the plain guesses.
Where that still gives more
wrong actions than `--most-wrong`, the least certainty of an action is raised until it does not.
The table goes to standard output, the figures to standard error. Use recordings that nothing is reported on afterwards.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from voiced.gemma.automaton import Choice, Reading, State, TokenAutomaton
from voiced.gemma.decide import Walk
from voiced.gemma.judge import Calibration, judge
from voiced.gemma.models import resolve
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.outcome import outcome
from voiced.messages import Call, Verdict
from voiced.ports import Expect
from voiced.workers.engine import EngineCore

GRID = {
    "foreign_gap": (0.3, 0.5, 0.7, 0.9, 1.2, 1.5, 2.0, 3.0),
    "foreign_total": (2.0, 4.0, 8.0),
    "floor": (0.8, 1.2, 1.6, 2.0, 2.5),
    "cut_cost": (0.0, 1.0, 3.0, 5.0, 8.0),
}
FITTED = ("bias", "share", "gap", "level")
WRONG_COSTS = 2.0


class Remembering:
    """An automaton that works out each reading once."""

    def __init__(self, inner: TokenAutomaton) -> None:
        self._inner, self._known = inner, dict[tuple[int, ...], tuple[Reading, ...]]()
        self.start, self.end_token = inner.start, inner.end_token

    def choice(self, state: State) -> Choice:
        return self._inner.choice(state)

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        if tokens not in self._known:
            self._known[tokens] = self._inner.readings(tokens)
        return self._known[tokens]


@dataclass(frozen=True, slots=True)
class Clip:
    walk: Walk
    want: frozenset[Any] | None
    """The outcome that is right; None where nothing may happen."""


def heard(core: EngineCore, path: Path) -> Walk | None:
    """The walk at the end of a 16 kHz mono recording with 300 ms of silence behind it."""
    pcm, rate = soundfile.read(path, dtype="int16")
    if rate != 16000 or pcm.ndim != 1:
        raise SystemExit(f"{path}: not 16 kHz mono")
    core.last_walk = None
    core.begin(1)
    core.feed(1, pcm.tobytes() + bytes(9600))
    core.decide(1)
    core.end(1)
    return core.last_walk


def right(clip: Clip, automaton: TokenAutomaton, by: Calibration, home: Home) -> tuple[float, bool | None, float]:
    """(points, whether an action was right or None where there was none, certainty)."""
    decision = judge(clip.walk, automaton, by, lambda _: "")
    if decision.verdict is not Verdict.CALLS:
        return (1.0 if clip.want is None else 0.0), None, decision.certainty
    good = clip.want is not None and outcome(decision.calls, home) == clip.want
    return (1.0 if good else -WRONG_COSTS), good, decision.certainty


def thresholds(clips: list[Clip], automaton: TokenAutomaton, home: Home) -> tuple[Calibration, float]:
    """The best of the grid; of equals the one nearest to the plain guesses."""
    best, points = Calibration(), -math.inf
    tries = [Calibration(**dict(zip(GRID, values, strict=True))) for values in itertools.product(*GRID.values())]
    plain = Calibration()
    tries.sort(key=lambda c: sum(abs(math.log((getattr(c, n) + 0.5) / (getattr(plain, n) + 0.5))) for n in GRID))
    for one in tries:
        got = sum(right(clip, automaton, one, home)[0] for clip in clips)
        if got > points + 1e-9:
            best, points = one, got
    return best, points


def logistic(clips: list[Clip], automaton: TokenAutomaton, by: Calibration, home: Home) -> Calibration:
    """`FITTED` by gradient descent on the log-loss, with a pull of a few clips to where they were."""
    rows, truth = [], []
    for clip in clips:
        logits = []
        for name in FITTED[1:]:
            one = dataclasses.replace(by, **{n: float(n == name) for n in FITTED})
            _, good, certainty = right(clip, automaton, one, home)
            logits.append(math.log(certainty / (1 - certainty)) if 0 < certainty < 1 else 0.0)
        if good is not None:
            rows.append([1.0, *logits])
            truth.append(float(good))
    start = np.array([getattr(by, name) for name in FITTED])
    if not rows:
        return by
    x, y, w = np.array(rows), np.array(truth), start.copy()
    for _ in range(4000):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w -= 0.02 * ((x.T @ (p - y)) + 3.0 * (w - start)) / len(y)
    weights = {name: max(0.0, round(float(v), 3)) for name, v in zip(FITTED, w, strict=True)}
    return dataclasses.replace(by, **{**weights, "bias": float(w[0])})


def least_certain(results: list[tuple[float, bool | None, float]], most_wrong: float) -> float:
    """The least certainty of an action at which no more than this share of all clips is acted on wrongly."""
    wrong = sorted((sure for _, good, sure in results if good is False), reverse=True)
    allowed = int(most_wrong * len(results))
    if len(wrong) <= allowed:
        return 0.0
    above = [sure for _, good, sure in results if good and sure > wrong[allowed]]
    return (wrong[allowed] + min(above, default=1.0)) / 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.calibrate", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[2] / "models" / "nano")
    parser.add_argument(
        "--most-wrong", type=float, default=0.05, help="the share of clips that may be acted on wrongly"
    )
    given = parser.parse_args()
    home = load_home(given.home.read_text("utf-8"), str(given.home))
    core = EngineCore(resolve(given.model))
    core.load_home(home.to_dict())
    clips: list[Clip] = []
    for line in given.manifest.read_text("utf-8").splitlines():
        item = json.loads(line)
        walk = heard(core, given.manifest.parent / item["audio"])
        calls = item["expect"] and tuple(Call(c["intent"], c.get("slots", {})) for c in item["expect"])
        if walk is not None:
            clips.append(Clip(walk, outcome(calls, home) if calls else None))
    automaton = Remembering(core.automaton(Expect.COMMAND))
    chosen, points = thresholds(clips, automaton, home)
    chosen = logistic(clips, automaton, chosen, home)
    every = [right(clip, automaton, chosen, home) for clip in clips]
    for share in (0.2, 0.15, 0.1, 0.05, 0.02):
        least = least_certain(every, share)
        kept = sum(good is True and sure >= least for _, good, sure in every)
        sys.stderr.write(f"wrong at most {share:.0%}: {kept / len(every):.1%} right, least certainty {least:.3f}\n")
    chosen = dataclasses.replace(chosen, least=least_certain(every, given.most_wrong))
    results = [right(clip, automaton, chosen, home) for clip in clips]
    acted = [good for _, good, _ in results if good is not None]
    sys.stderr.write(
        f"{len(clips)} clips, {sum(acted)} right actions, {len(acted) - sum(acted)} wrong, points {points:.0f}\n"
    )
    sys.stdout.write("[calibration]\n")
    for name, value in dataclasses.asdict(chosen).items():
        sys.stdout.write(f"{name} = {value:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
