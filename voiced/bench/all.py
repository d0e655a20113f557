"""Every figure that the project has a goal for, measured one after the other, each in a process of its own.

What was measured is kept after each of them: an interrupted or overdue run still gives its table, and `--resume`
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from voiced.config import models_cache

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Figure:
    text: str
    run: str
    key: str
    goal: float
    unit: str = ""


RUNS: dict[str, tuple[str, ...]] = {
    "predict": ("predict", "--model", "replica"),
    "tts": ("tts", "--runs", "50"),
    "turn-replica": ("turn", "--model", "replica", "--runs", "5"),
    "turn-longest": ("turn", "--model", "replica", "--runs", "5", "--longest"),
    "stream-replica": ("stream", "--model", "replica", "--runs", "3"),
    "memory": ("idle", "--model", "replica", "--seconds", "2"),
    "idle": ("idle", "--model", "nano"),
    "turn-nano": ("turn", "--model", "nano", "--realtime", "--runs", "3", "--turns", "50"),
}
"""The shortest first, so that a run which is cut off has most of them."""
FIGURES = (
    Figure("t0 to decision, ours / stock with its prefix kept", "turn-replica", "ratio_to_stock", 0.15),
    Figure("t0 to decision, ours / stock without", "turn-replica", "ratio_to_stock_cold", 0.06),
    Figure("t0 to decision, ours / Whisper base, then text", "turn-replica", "ratio_to_whisper", 0.15),
    Figure(
        "after the silence that ends the turn, to a three-choice decision, in whole-model tokens",
        "turn-replica", "after_silence_in_tokens", 2.0,
    ),
    Figure("the same, without nano's draft", "turn-replica", "undrafted_after_silence_in_tokens", 2.0),
    Figure("longest call of three choices, undrafted: ours / stock", "turn-longest", "ratio_to_stock", 0.15),
    Figure("the same: ours / Whisper base, then text", "turn-longest", "ratio_to_whisper", 0.15),
    Figure("the same: after the silence, in whole-model tokens", "turn-longest", "after_silence_in_tokens", 2.0),
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
    parser.add_argument("--minutes", type=float, default=12.0, help="for all of them together (default 12)")
    parser.add_argument("--resume", action="store_true", help="take over what an earlier call of this has measured")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`figures`: one row each, `value` null where it could not be measured; `runs`: all that was measured."""
    console = Console(stderr=True)
    kept = Kept(models_cache() / "bench" / "all.json", options.resume)
    failed: dict[str, str] = {}
    until = time.monotonic() + 60 * options.minutes
    for name in options.only:
        if name in kept.results:
            continue
        begun = time.monotonic()
        try:
            with console.status(f"bench {' '.join(RUNS[name])}"):
                kept.add(name, _bench(RUNS[name], until - begun))
        except _UnmeasuredError as error:
            failed[name] = str(error)
        except KeyboardInterrupt:
            failed[name] = "interrupted"
            break
        finally:
            console.print(f"{name}: {failed.get(name, 'measured')}, {time.monotonic() - begun:.0f} s", highlight=False)
    runs = {name: kept.results[name] for name in options.only if name in kept.results}
    figures = [_row(one, runs) for one in FIGURES if one.run in options.only]
    return {"machine": kept.machine, "figures": figures, "runs": runs, "failed": failed}


class Kept:
    """What was measured so far, in a file."""

    def __init__(self, path: Path, resume: bool) -> None:
        self._path = path
        before = _read(path) if resume else {}
        self.machine: str = before.get("machine") or _machine()
        runs = before.get("runs", {})
        self.results: dict[str, Mapping[str, Any]] = {
            name: runs[name]["result"] for name in runs if runs[name]["arguments"] == list(RUNS.get(name, ()))
        }

    def add(self, name: str, result: Mapping[str, Any]) -> None:
        self.results[name] = result
        runs = {one: {"arguments": RUNS[one], "result": got} for one, got in self.results.items()}
        part = self._path.with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"machine": self.machine, "runs": runs}), "utf-8")
        part.replace(self._path)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _machine() -> str:
    """What it is measured on, and how busy that was at the beginning."""
    lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    when = datetime.now(UTC).date().isoformat()
    return f"{names[0] if names else 'unknown processor'}, {cores} cores, load {load:.1f} before it, {when}"


def markdown(result: Mapping[str, Any]) -> str:
    lines = ["| figure | goal | measured | met |", "|---|---|---|---|"]
    for row in result["figures"]:
        value = "not measured" if row["value"] is None else f"{row['value']:g}{row['unit']}"
        met = "" if row["met"] is None else "yes" if row["met"] else "no"
        lines.append(f"| {row['figure']} | <= {row['goal']:g}{row['unit']} | {value} | {met} |")
    return "\n".join([*lines, "", f"Measured in one run of `voiced bench all` on {result['machine']}."])


class _UnmeasuredError(Exception):
    """Why there is no result, in words."""


def _row(figure: Figure, results: Results) -> dict[str, object]:
    value = results.get(figure.run, {}).get(figure.key)
    met = None if value is None else value <= figure.goal
    unit = f" {figure.unit}" if figure.unit else ""
    return {"figure": figure.text, "goal": figure.goal, "value": value, "unit": unit, "met": met}


def _bench(arguments: tuple[str, ...], seconds: float) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "voiced", "bench", *arguments, "--json"]
    if seconds <= 0:
        raise _UnmeasuredError("no time was left for it")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise _UnmeasuredError(f"not done within the {seconds:.0f} s that were left") from error
    if done.returncode:
        raise _UnmeasuredError((done.stderr.strip().splitlines() or ["it failed without a word"])[-1])
    result: Mapping[str, Any] = json.loads(done.stdout)
    return result
