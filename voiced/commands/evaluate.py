"""`voiced evaluate`: recordings with expected outcomes through ear, listener and engine, without a house to act on."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import track

from voiced.app import area_id
from voiced.bench.common import wilson
from voiced.bench.manifest import Line, read_manifest
from voiced.bench.ours import hear
from voiced.config import Config
from voiced.configfile import read_config, read_text
from voiced.errors import ConfigError, UsageError
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.outcome import Result, result
from voiced.ledger import percentile
from voiced.messages import Hearing, Verdict
from voiced.turn.reasons import decided
from voiced.workers.engine import EngineCore
from voiced.workers.engine_load import load_model
from voiced.workers.engine_setup import Setup


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "manifest", type=Path, help='JSON lines: {"audio", "expect": [{"intent", "slots"}] or null, ...}'
    )
    parser.add_argument("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--area", default="", help="the area in which the device stands; none unless said")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--details",
        type=Path,
        default=Path(os.devnull),
        metavar="FILE",
        help="a JSON line for each recording as it is heard, with its paths and scores",
    )


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config)
    path = options.home or config.home
    home = load_home(read_text(path), str(path))
    lines = read_manifest(options.manifest)
    if not lines:
        raise ConfigError(f"{options.manifest}: holds no recording")
    area = area_id(replace(config, area=options.area), home, strict=True)
    core = load_model(config.model.path, Setup(threads=config.model.threads, encoder=config.model.encoder))
    core.load_home(home.to_dict(), area)
    console = Console(stderr=True)
    rows = []
    with contextlib.closing(core), _opened(options.details) as details:
        for line in track(lines, "evaluating", console=console, disable=not console.is_terminal):
            rows.append(judge(core, home, line, area, config))
            print(json.dumps(rows[-1]), file=details)
    found = summary(rows)
    if options.json:
        print(json.dumps(found))
    else:
        _show(found)
    return 0


def _opened(path: Path) -> TextIO:
    """A row that is written stays, whatever becomes of the next one."""
    try:
        return path.open("w", buffering=1, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--details: {path} cannot be written: {error.strerror}") from error


def _show(found: dict[str, Any]) -> None:
    low, high = found["interval"]
    print(f"{found['n']} recordings")
    print(f"{found['exact']:6.1%}  exactly right (95 % interval: {low:.0%} to {high:.0%})")
    print(f"{found['wrong_action']:6.1%}  something else would have been done")
    print(f"{found['wrong_reply']:6.1%}  something else would have been answered or asked, and nothing done")
    print(f"{found['rejected']:6.1%}  rejected: nothing would have been done or said")
    if found["p50_ms"] is not None:
        print(f"end of speech to the decision: p50 {found['p50_ms']:.0f} ms, p95 {found['p95_ms']:.0f} ms")
    for hearing, of_hearing in found["by_hearing"].items():
        if hearing != Hearing.AS_SAID:
            told = f"{of_hearing['exact']} rightly, {of_hearing['wrong_action'] + of_hearing['wrong_reply']} wrongly"
            print(f"understood only when heard again, {hearing.replace('_', ' ')}: {told}")
    for tag, of_tag in found["by_tag"].items():
        print(f"  {tag:16s} {of_tag['exact']:6.1%} exactly right of {of_tag['n']}")


def judge(core: EngineCore, home: Home, line: Line, area: str, config: Config) -> dict[str, Any]:
    """One recording's row: its outcome and why."""
    decision, delay_ms = hear(core, line, home, config, area)
    calls = decision.calls if decision.verdict is Verdict.CALLS else ()
    return {
        "audio": line.audio.name,
        "text": line.text,
        "result": str(result(calls, line.expect, home, area)),
        "expect": None if line.expect is None else [c.to_json() for c in line.expect],
        **decided(decision),
        "delay_ms": None if delay_ms is None else round(delay_ms, 1),
        "tags": list(line.tags),
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, object]:
    """What `--json` prints. The interval is Wilson's, 95 %, of `exact`."""
    n = len(rows)
    delays = [row["delay_ms"] for row in rows if row["delay_ms"] is not None]
    tags: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for tag in row["tags"] or ["untagged"]:
            tags[tag].append(row["result"])

    def share(results: Sequence[str], what: str) -> float:
        return round(results.count(what) / len(results), 4) if results else 0.0

    results = [row["result"] for row in rows]
    hearings: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        hearings[row["hearing"]].append(row["result"])
    return {
        "n": n,
        "exact": share(results, Result.EXACT),
        "wrong_action": share(results, Result.WRONG_ACTION),
        "wrong_reply": share(results, Result.WRONG_REPLY),
        "rejected": share(results, Result.REJECTED),
        "p50_ms": percentile(delays, 0.5),
        "p95_ms": percentile(delays, 0.95),
        "by_tag": {tag: {"n": len(r), "exact": share(r, "exact")} for tag, r in sorted(tags.items())},
        "by_hearing": {
            hearing: {str(what): r.count(what) for what in Result} for hearing, r in sorted(hearings.items())
        },
        "interval": wilson(results.count("exact"), n),
    }
