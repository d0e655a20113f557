"""How often decisions of a certainty are right, as a table and as a picture."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voiced.bench.common import wilson

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Judged:
    certainty: float
    acted: bool
    right: bool
    command: bool
    """Whether there was something to do."""


@dataclass(frozen=True, slots=True)
class Bin:
    low: float
    high: float
    n: int
    certainty: float
    """Mean."""
    right: float
    interval: tuple[float, float]
    """95 %, Wilson's."""


def bins(results: Sequence[Judged]) -> Iterator[Bin]:
    """Of the decisions to act, those of each range of certainty that has some."""
    acted = [j for j in results if j.acted]
    for low, high in itertools.pairwise(EDGES):
        within = [j for j in acted if low <= j.certainty < high or j.certainty == high == EDGES[-1]]
        if within:
            right, n = sum(j.right for j in within), len(within)
            low_bound, high_bound = wilson(right, n)
            yield Bin(low, high, n, sum(j.certainty for j in within) / n, right / n, (low_bound, high_bound))


def off(results: Sequence[Judged]) -> float:
    """Mean distance of certainty and share right, each range as often as it occurs (expected calibration error)."""
    found = list(bins(results))
    return sum(b.n * abs(b.certainty - b.right) for b in found) / max(1, sum(b.n for b in found))


def table(results: Sequence[Judged]) -> str:
    """Markdown."""
    rows = [
        f"| {b.low:.1f} to {b.high:.1f} | {b.n} | {b.certainty:.2f} | {b.right:.0%} | {between(b.interval)} |"
        for b in bins(results)
    ]
    head = ["| certainty | decisions | mean | right | 95 % interval |", "|---|---|---|---|---|"]
    commands = sum(j.command for j in results)
    about = (
        f"{commands} commands, {len(results) - commands} clips of other speech; certainty is off by "
        f"{off(results):.3f} on average (expected calibration error)."
    )
    return "\n".join([*head, *rows, "", about, ""])


def between(interval: tuple[float, float]) -> str:
    return f"{max(0.0, interval[0]):.0%} to {interval[1]:.0%}"


def picture(results: Sequence[Judged], least: float, path: Path) -> None:
    """PNG. Needs matplotlib (tools/nano/requirements.txt)."""
    from matplotlib.figure import Figure

    found = list(bins(results))
    figure = Figure(figsize=(4.5, 4.5))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    at, right = [b.certainty for b in found], [b.right for b in found]
    around = [[b.right - b.interval[0] for b in found], [b.interval[1] - b.right for b in found]]
    axes.errorbar(at, right, yerr=around, marker="o", capsize=3)
    for b in found:
        axes.annotate(f"n = {b.n}", (b.certainty, b.right), textcoords="offset points", xytext=(6, -12), fontsize=8)
    axes.axvline(least, color="tab:red", linewidth=1)
    axes.text(least + 0.01, 0.02, "nothing is done below", color="tab:red", fontsize=8)
    axes.set(xlabel="certainty", ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
    figure.tight_layout()
    figure.savefig(path, dpi=120)
