"""What listening for the wake word costs, by backend, and how many of the shipped recordings wake."""

from __future__ import annotations

import argparse
import time
from functools import partial

from voiced.adapters.wakeword import open_wake_words
from voiced.bench.common import RECORDINGS, at_least_one, long_speech, machine, median, milliseconds, pcm_of, positive
from voiced.errors import VoicedError
from voiced.ledger import percentile
from voiced.messages import FRAME_SAMPLES, WAKE_FRAMES

_WORD = "hey_jarvis"
_STEP_BYTES = 2 * FRAME_SAMPLES * WAKE_FRAMES
_STEP_MS = 80.0
_THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=positive, default=20.0, help="of sound to score (default 20)")
    parser.add_argument(
        "--recordings", type=at_least_one, default=10, metavar="N", help="that begin with the word (default 10)"
    )
    parser.add_argument("--threshold", type=positive, default=0.5, help="score that counts as heard (default 0.5)")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`load` is CPU time over audio time."""
    rows: list[dict[str, object]] = []
    best: dict[str, list[float]] = {}
    for backend in ("onnx", "pyopen"):
        try:
            row, best[backend] = _backend(backend, options)
            rows.append(row)
        except VoicedError as error:
            rows.append({"backend": backend, "missing": str(error)})
    woken = [{"threshold": t} | {b: sum(s >= t for s in scores) for b, scores in best.items()} for t in _THRESHOLDS]
    return {**machine(1), "audio_s": options.seconds, "backends": rows, "woken_at": woken}


def _backend(backend: str, options: argparse.Namespace) -> tuple[dict[str, object], list[float]]:
    """Its row, and the best score of each recording."""
    scorer = open_wake_words(words=(_WORD,), backend=backend)
    sound = long_speech(options.seconds)
    steps = [sound[at : at + _STEP_BYTES] for at in range(0, len(sound) - _STEP_BYTES + 1, _STEP_BYTES)]
    for step in steps[:25]:
        scorer.score(step)
    cpu = time.process_time()
    took = [milliseconds(partial(scorer.score, step)) for step in steps]
    load = (time.process_time() - cpu) * 1000 / (len(steps) * _STEP_MS)
    files = [p for p in sorted(RECORDINGS.glob("joe-*-*.flac")) if "digit" not in p.name][: options.recordings]
    best = []
    for path in files:
        pcm = bytes(16_000) + pcm_of(path)
        scores = [scorer.score(pcm[at : at + _STEP_BYTES]) for at in range(0, len(pcm) - _STEP_BYTES + 1, _STEP_BYTES)]
        best.append(max(score[_WORD] for score in scores))
    row = {
        "backend": backend,
        "load": round(load, 4),
        "step_p50_ms": median(took, 2),
        "step_p95_ms": round(percentile(took, 0.95) or 0.0, 2),
        "woken": sum(score >= options.threshold for score in best),
        "recordings": len(files),
    }
    return row, best
