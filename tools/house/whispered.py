"""`python -m tools.house.whispered MANIFEST.jsonl --home HOME.toml`: the usual way on the same recordings, to compare.

Whisper base (faster-whisper, int8, greedy) writes down what was said; the house's own grammar must have exactly that
sentence. Judged as `voiced evaluate` judges.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from rich.progress import track

from tools.mix.__main__ import read
from voiced.adapters.whisper import Whisper
from voiced.bench.common import models_cache
from voiced.commands.evaluate import read_manifest, wilson
from voiced.home.load import load_home
from voiced.home.outcome import outcome
from voiced.home.sentences import word_graph
from voiced.home.typed import typed
from voiced.messages import Verdict


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.house.whispered",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--details", action="store_true", help="what Whisper wrote, to standard error")
    given = parser.parse_args()
    home = load_home(given.home.read_text("utf-8"), str(given.home))
    graph, whisper = word_graph(home), Whisper(cache=models_cache(), threads=1)
    results, took_ms = [], []
    for line in track(read_manifest(given.manifest), "listening", disable=not sys.stderr.isatty()):
        pcm = (read(line.audio) * 32767).astype("int16").tobytes()
        begun = time.process_time()
        text = whisper.transcribe(pcm)
        took_ms.append((time.process_time() - begun) * 1000)
        decision = typed(graph, text)
        acted = decision.verdict is Verdict.CALLS
        if line.expect is None:
            result = "wrong_action" if acted else "exact"
        elif not acted:
            result = "rejected"
        else:
            result = "exact" if outcome(decision.calls, home) == outcome(line.expect, home) else "wrong_action"
        results.append(result)
        if given.details:
            print(f"{result}: {text}", file=sys.stderr)
    n = len(results)
    shares = {name: round(results.count(name) / n, 4) for name in ("exact", "wrong_action", "rejected")}
    told = {"interval": wilson(results.count("exact"), n), "cpu_p50_ms": round(statistics.median(took_ms), 1)}
    print(json.dumps({"n": n, **shares, **told}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
