"""Fits a model's `[calibration]`: `python -m tools.calibrate MANIFEST.jsonl ... --home HOME.toml [--model FOLDER]`.

Each clip is walked once. The certainty is a logistic fitted to whether the decision was right, pulled a little towards
the plain guesses; lines without an `expect` are speech that was no command, for which no action is right. Below the
least certainty nothing is done: it is chosen so that of the commands no more than `--most-wrong`, and of the other
speech no more than `--most-foreign`, are acted on wrongly. With `--begun`, commands that break off in the middle, what
a beginning costs beside a whole sentence is chosen, too: between whole ones taken for broken off and others acted on
early.

The table goes to standard output, the figures to standard error. With `--check` and `--out` the certainty is put to
the test on other recordings: how often decisions of a certainty are right, as a picture and a table for the model card.
Use recordings to fit that nothing is reported on afterwards, and others to check.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tools.calibrate.reliability import Judged, picture, table
from voiced.bench.manifest import Line, read_manifest
from voiced.bench.ours import hear
from voiced.gemma.automaton import Choice, Reading, State, TokenAutomaton
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import Walk
from voiced.gemma.judge import judge
from voiced.gemma.models import resolve
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.outcome import outcome
from voiced.messages import Verdict
from voiced.ports import Expect
from voiced.workers.engine import EngineCore

FITTED = ("bias", "share", "level", "spelling", "unheard")
PULL = 1.0
"""Clips that the plain guesses are worth."""
COSTS = tuple(step / 2 for step in range(21))
"""Nats that a beginning may cost."""
WRONG = 2.0
"""Right commands that a wrong action is worth."""
BREAK_OFF = 0.1
"""Share of commands in which people stop and go on: a guess."""


class Remembering:
    """An automaton that works out each reading once."""

    def __init__(self, inner: TokenAutomaton, text: Callable[[tuple[int, ...]], str]) -> None:
        self.text = cache(text)
        self._inner, self._known = inner, dict[tuple[int, ...], tuple[Reading, ...]]()
        self.start, self.end_token = inner.start, inner.end_token

    def choice(self, state: State) -> Choice:
        return self._inner.choice(state)

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        if tokens not in self._known:
            self._known[tokens] = self._inner.readings(tokens)
        return self._known[tokens]


@dataclass(frozen=True, slots=True)
class House:
    """What may be said in it, and what it means there."""

    home: Home
    automaton: Remembering


@dataclass(frozen=True, slots=True)
class Clip:
    walk: Walk
    house: House
    want: frozenset[Any] | None
    """The outcome that is right; None where nothing may happen."""


def heard(core: EngineCore, line: Line, home: Home) -> Walk | None:
    """The walk of the decision that the recording's turn ends with, as `voiced evaluate` hears it: at the hush, not at
    the end of whatever goes on behind the words. None where nothing was decided.
    """
    core.last_walk = None
    hear(core, line, home)
    return core.last_walk


def walked(core: EngineCore, manifests: Sequence[Path], home: Path) -> list[Clip]:
    """All lines, each in the house whose home.toml lies beside its manifest, else in `home`."""
    clips = []
    for manifest in manifests:
        beside = manifest.parent / "home.toml"
        path = beside if beside.exists() else home
        known = load_home(path.read_text("utf-8"), str(path))
        core.load_home(known.to_dict())
        house = House(known, Remembering(core.automaton(Expect.COMMAND), core.spell))
        for line in read_manifest(manifest):
            walk = heard(core, line, known)
            if walk is not None:
                clips.append(Clip(walk, house, outcome(line.expect, known) if line.expect else None))
    return clips


def judged(clips: Sequence[Clip], by: Calibration) -> list[Judged]:
    results = []
    for clip in clips:
        automaton = clip.house.automaton
        decision = judge(clip.walk, automaton, by, automaton.text)
        acted = decision.verdict is Verdict.CALLS
        right = acted and clip.want is not None and outcome(decision.calls, clip.house.home) == clip.want
        results.append(Judged(decision.certainty if acted else 0.0, acted, right, clip.want is not None))
    return results


def cut_cost(whole: Sequence[Clip], begun: Sequence[Clip], by: Calibration) -> float:
    """What a beginning costs, so that most commands are right for their wrong actions."""

    def worth(cost: float) -> float:
        as_if = dataclasses.replace(by, cut_cost=cost)
        commands = [j for j in judged(whole, as_if) if j.command]
        early = sum(j.acted for j in judged(begun, as_if)) / len(begun)
        done = sum(1.0 if j.right else -WRONG * j.acted for j in commands) / len(commands)
        return done - BREAK_OFF * WRONG * early

    return max(COSTS, key=worth)


def fit(clips: Sequence[Clip], cut_cost: float) -> Calibration:
    """The likeliest weights."""
    best = Calibration(least=0.0, cut_cost=cut_cost)
    alone = [judged(clips, dataclasses.replace(best, **{n: float(n == name) for n in FITTED})) for name in FITTED[1:]]
    rows = [
        ([1.0, *(math.log(max(j.certainty, 1e-6) / max(1 - j.certainty, 1e-6)) for j in one)], float(one[0].right))
        for one in zip(*alone, strict=True)
        if one[0].acted
    ]
    if not rows:
        return best
    x, y = np.array([row for row, _ in rows]), np.array([right for _, right in rows])
    plain = np.array([getattr(Calibration(), name) for name in FITTED])
    weights = plain.copy()
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (p - y) + PULL * (weights - plain)
        weights -= np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + PULL * np.eye(len(weights)), slope)
    bias, *others = (round(float(w), 3) for w in weights)
    return dataclasses.replace(best, bias=bias, **{n: max(0.0, w) for n, w in zip(FITTED[1:], others, strict=True)})


def least_certain(results: Sequence[Judged], most_wrong: float, right: Sequence[float]) -> float:
    """The least certainty of an action at which no more than this share of `results` is acted on wrongly.

    It lies in the middle between the first one that is not acted on and the next of `right`, certainties of right
    decisions: those may be other results than these.
    """
    wrong = sorted((j.certainty for j in results if j.acted and not j.right), reverse=True)
    allowed = int(most_wrong * len(results))
    if len(wrong) <= allowed:
        return 0.0
    return (wrong[allowed] + min((c for c in right if c > wrong[allowed]), default=1.0)) / 2


def least_of(every: Sequence[Judged], most_wrong: float, most_foreign: float) -> float:
    """For commands and other speech."""
    commands, foreign = [j for j in every if j.command], [j for j in every if not j.command]
    right = [j.certainty for j in commands if j.right]
    return max(least_certain(commands, most_wrong, right), least_certain(foreign, most_foreign, right))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.calibrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("manifest", type=Path, nargs="+")
    add("--home", type=Path, required=True, help="where none lies beside the manifest as home.toml")
    add("--model", type=Path, default=Path(__file__).parents[2] / "models" / "nano")
    add("--most-wrong", type=float, default=0.03, help="the share of commands that may be acted on wrongly")
    add("--most-foreign", type=float, default=0.02, help="the share of other speech that may be acted on")
    add("--begun", type=Path, nargs="+", default=[], help="manifests of commands that break off in the middle")
    add("--check", type=Path, nargs="+", default=[], help="manifests to test the certainty on, in the same home")
    add("--out", type=Path, help="folder for reliability.png and reliability.md")
    given = parser.parse_args()
    # a calibration decides which hush ends a turn: with the model's own, the result would depend on the last one
    pair = dataclasses.replace(resolve(given.model), calibration=Calibration())
    core = EngineCore(pair)
    clips = walked(core, given.manifest, given.home)
    chosen = fit(clips, Calibration().cut_cost)
    if given.begun:
        begun = walked(core, given.begun, given.home)
        for _ in range(2):  # where it acts depends on the least certainty, which depends on the weights
            bar = least_of(judged(clips, chosen), given.most_wrong, given.most_foreign)
            chosen = fit(clips, cut_cost(clips, begun, dataclasses.replace(chosen, least=bar)))
    every = judged(clips, chosen)
    commands, foreign = [j for j in every if j.command], [j for j in every if not j.command]
    right = [j.certainty for j in commands if j.right]
    sys.stderr.write(f"a beginning costs {chosen.cut_cost:.1f}\n")
    for share in (0.2, 0.15, 0.1, 0.05, 0.03, 0.02):
        least = least_certain(commands, share, right)
        kept = sum(j.right and j.certainty >= least for j in commands) / max(1, len(commands))
        sys.stderr.write(f"wrong at most {share:.0%}: {kept:.1%} right, least certainty {least:.3f}\n")
    least = least_of(every, given.most_wrong, given.most_foreign)
    chosen = dataclasses.replace(chosen, least=least)
    results = judged(clips, chosen)
    wrong = sum(j.acted and not j.right and j.command for j in results)
    sys.stderr.write(
        f"{len(commands)} commands: {sum(j.right for j in results)} right, {wrong} wrong actions; "
        f"{len(foreign)} others: {sum(j.acted for j in results if not j.command)} actions\n"
    )
    sys.stdout.write("[calibration]\n")
    for name, value in dataclasses.asdict(chosen).items():
        sys.stdout.write(f"{name} = {value:.3f}\n")
    if given.out:
        # what is rejected shows how sure it was, too: the diagram is of all decisions
        core.close()
        core = EngineCore(dataclasses.replace(pair, calibration=chosen))
        checked = judged(
            walked(core, given.check or given.manifest, given.home), dataclasses.replace(chosen, least=0.0)
        )
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "reliability.md").write_text(table(checked), "utf-8")
        picture(checked, chosen.least, given.out / "reliability.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
