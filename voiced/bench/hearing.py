"""The same recordings, three ways: ours; Whisper base and the closest sentence; Whisper base and exactly that sentence.

Ours hears them as `voiced evaluate` does. Whisper (faster-whisper, int8, greedy) writes down the whole recording; then
the house's own grammar must have the sentence, as `hassil` demands it word by word, or one close to it. Judged alike.
Recordings whose tags name a noise level (`tools.mix`) have rows of their own.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from voiced.adapters.wavfile import Recording
from voiced.adapters.whisper import Whisper
from voiced.bench.closest import closest
from voiced.bench.common import at_least_one, wilson
from voiced.bench.manifest import read_manifest
from voiced.bench.ours import hear
from voiced.config import models_cache
from voiced.configfile import read_config, read_text
from voiced.home.language.sentences import word_graph
from voiced.home.language.typed import typed
from voiced.home.load import load_home
from voiced.home.outcome import Result, result
from voiced.messages import Verdict
from voiced.workers.engine_load import load_model
from voiced.workers.engine_setup import Setup
from voiced.workers.rebuild import settle

TOLD = (Result.EXACT, Result.WRONG_ACTION, Result.WRONG_REPLY)
WAYS = ("nano", "Whisper base, closest sentence", "Whisper base, exact sentence")
_NOISE = re.compile(r"-?[\d.]+ dB")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("manifest", type=Path, nargs="+", help="JSON lines as for `voiced evaluate`")
    add("--config", type=Path, help="voiced.toml")
    add("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    add("--markdown", action="store_true", help="the table as Markdown")
    add("--limit", type=at_least_one, metavar="N", help="only the first N recordings of each")


@dataclass(frozen=True, slots=True)
class Heard:
    way: str
    noise: str
    what: Result
    cpu_ms: float


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`rows`: one for each way and noise level. CPU time is of one thread, for the whole recording."""
    config = read_config(options.config)
    path = options.home or config.home
    home = load_home(read_text(path), str(path))
    lines = [line for one in options.manifest for line in read_manifest(one)[: options.limit or None]]
    core = load_model(config.model.path, Setup(threads=1, encoder=config.model.encoder))
    core.load_home(home.to_dict())
    graph, whisper = word_graph(home), Whisper(cache=models_cache(), threads=1)
    settle()  # as the engine's process does once it knows a house

    heard: list[Heard] = []
    for line in track(lines, "listening", disable=not sys.stderr.isatty()):
        noise = next((tag for tag in line.tags if _NOISE.fullmatch(tag)), "as recorded")
        begun = time.process_time()
        decision, _ = hear(core, line, home, config)
        ours_ms = (time.process_time() - begun) * 1000
        pcm = b"".join(Recording(path=line.audio).frames())
        begun = time.process_time()
        text = whisper.transcribe(pcm)
        theirs_ms = (time.process_time() - begun) * 1000
        exact = typed(graph, text)
        for way, calls, ms in (
            (WAYS[0], decision.calls if decision.verdict is Verdict.CALLS else (), ours_ms),
            (WAYS[1], closest(graph, text), theirs_ms),
            (WAYS[2], exact.calls, theirs_ms),
        ):
            heard.append(Heard(way, noise, result(calls, line.expect, home), ms))
    core.close()
    return {"n": len(lines), "rows": table(heard)}


def table(heard: Sequence[Heard]) -> list[dict[str, object]]:
    groups: Mapping[tuple[str, str], list[Heard]] = defaultdict(list)
    for one in heard:
        groups[one.noise, one.way].append(one)
    rows: list[dict[str, object]] = []
    for (noise, way), some in groups.items():
        told = [one.what for one in some]
        n = len(some)
        rows.append({
            "noise": noise, "way": way, "n": n,
            **{f"{what}{suffix}": value for what in TOLD for suffix, value in (
                ("", round(told.count(what) / n, 4)), ("_95", wilson(told.count(what), n)))},
            "cpu_p50_ms": round(statistics.median(one.cpu_ms for one in some), 1),
        })  # fmt: skip
    return rows


def markdown(found: Mapping[str, object]) -> str:
    rows = found["rows"]
    assert isinstance(rows, list)

    def share(row: Mapping[str, Any], what: str) -> str:
        low, high = (100 * bound for bound in row[f"{what}_95"])
        return f"{100 * row[what]:.1f} % ({low:.0f} to {high:.0f})"

    head = [
        "| noise | way | n | right (95 %) | wrong action (95 %) | wrong reply (95 %) | CPU, median |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [
        f"| {row['noise']} | {row['way']} | {row['n']} | {' | '.join(share(row, what) for what in TOLD)} "
        f"| {row['cpu_p50_ms']} ms |"
        for row in rows
    ])  # fmt: skip
