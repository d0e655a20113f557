"""Every figure that the project has a goal for, measured one after the other, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from voiced.errors import ModelFileError

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    text: str
    run: str
    key: str
    goal: float
    unit: str = ""


RUNS: dict[str, tuple[str, ...]] = {
    "turn-replica": ("turn", "--model", "replica", "--runs", "5"),
    "stream-replica": ("stream", "--model", "replica", "--runs", "3"),
    "turn-nano": ("turn", "--model", "nano", "--realtime", "--runs", "3", "--turns", "50"),
    "tts": ("tts", "--runs", "50"),
    "idle": ("idle", "--model", "nano"),
    "memory": ("idle", "--model", "replica", "--seconds", "2"),
    "predict": ("predict", "--model", "replica"),
}
FIGURES = (
    Figure("t0 to decision, ours / stock with its prefix kept", "turn-replica", "ratio_to_stock", 0.15),
    Figure("t0 to decision, ours / stock without", "turn-replica", "ratio_to_stock_cold", 0.06),
    Figure("t0 to decision, ours / Whisper base, then text", "turn-replica", "ratio_to_whisper", 0.15),
    Figure(
        "after the silence that ends the turn, to a three-choice decision, in whole-model tokens",
        "turn-replica", "after_silence_in_tokens", 2.0,
    ),
    Figure("while speaking: work time / audio time", "stream-replica", "load", 0.6),
    Figure("encoding 10 s as they arrive / once", "stream-replica", "live_to_once_10s", 1.3),
    Figure("12 new tokens encoded / the encoder's weights read once",
           "stream-replica", "encode_12_tokens_to_weights", 1.5),
    Figure("prefill in the lower half / in all layers, per token", "stream-replica", "lower_to_full", 0.40),
    Figure("nano: t0 to command, p95, complete and certain commands of the fixtures, real time",
           "turn-nano", "end_to_command_p95_ms", 300.0, "ms"),
    Figure("the same, all commands", "turn-nano", "end_to_command_p95_ms_all", 300.0, "ms"),
    Figure("cached confirmation: published to first sample, p95", "tts", "cached_p95_ms", 20.0, "ms"),
    Figure("idle: whole daemon / wake model alone, CPU", "idle", "idle_to_wake_alone", 1.15),
    Figure("peak proportional set size with replica, all processes", "memory", "peak_pss_gb", 4.2, "GB"),
    Figure("predicted for the Pi 5, E2B: t0 to command", "predict", "command_after_t0_ms", 300.0, "ms"),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), metavar="RUN", help=", ".join(RUNS))


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`figures`: one row each, `value` null where it could not be measured; `runs`: all that was measured."""
    console = Console(stderr=True)
    results: dict[str, Mapping[str, Any]] = {}
    failed: dict[str, str] = {}
    for name in options.only:
        with console.status(f"bench {' '.join(RUNS[name])}"):
            try:
                results[name] = _bench(RUNS[name])
            except ModelFileError as error:
                failed[name] = str(error)
                console.print(f"{name}: {error}")
    return {"figures": [_row(one, results) for one in FIGURES if one.run in options.only], "runs": results,
            "failed": failed}  # fmt: skip


def markdown(result: Mapping[str, Any]) -> str:
    lines = ["| figure | goal | measured | met |", "|---|---|---|---|"]
    for row in result["figures"]:
        value = "not measured" if row["value"] is None else f"{row['value']:g}{row['unit']}"
        met = "" if row["met"] is None else "yes" if row["met"] else "no"
        lines.append(f"| {row['figure']} | <= {row['goal']:g}{row['unit']} | {value} | {met} |")
    return "\n".join(lines)


def _row(figure: Figure, results: Results) -> dict[str, object]:
    value = results.get(figure.run, {}).get(figure.key)
    met = None if value is None else value <= figure.goal
    unit = f" {figure.unit}" if figure.unit else ""
    return {"figure": figure.text, "goal": figure.goal, "value": value, "unit": unit, "met": met}


def _bench(arguments: tuple[str, ...]) -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "voiced", "bench", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ModelFileError((done.stderr.strip().splitlines() or ["it failed without a word"])[-1])
    result: Mapping[str, Any] = json.loads(done.stdout)
    return result
