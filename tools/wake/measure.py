"""`python -m tools.wake.measure WORD --said MANIFEST --text alexa [--noise FOLDER --snr 10] --others FOLDER`

How often a wake word is missed in recordings of it, and how often it wakes among recordings in which nobody says it.
WORD is a shipped one or the path of a model of your own. What counts is what the daemon counts: the score reaches the
threshold, and not within a second of the wake before. Every share comes with its n and its 95 % bound, and what woke
it is named.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.mix.__main__ import read, sounds
from tools.mix.level import RATE_HZ
from tools.mix.mixing import mixed
from voiced.adapters.wakeword import WakeWords, open_wake_words
from voiced.bench.common import wilson

STEP = 1280
STEPS_PER_S = RATE_HZ / STEP
REFRACTORY_S = 1.0
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_BEFORE_S, _AFTER_S = 1.0, 0.5

Scores = NDArray[np.float32]


def quickest(words: Sequence[str]) -> WakeWords:
    """Both backends score alike; openWakeWord's own is four times as fast."""
    return open_wake_words(words=words, backend="onnx" if importlib.util.find_spec("openwakeword") else "pyopen")


def along(words: WakeWords, word: str, pcm: NDArray[np.int16]) -> Scores:
    """The score at each step of a recording that is heard after silence, and followed by some."""
    words.reset()
    pcm = np.concatenate(
        [np.zeros(int(_BEFORE_S * RATE_HZ), np.int16), pcm, np.zeros(int(_AFTER_S * RATE_HZ), np.int16)]
    )
    pcm = np.pad(pcm, (0, -len(pcm) % STEP))
    return np.array([words.score(pcm[at : at + STEP].tobytes())[word] for at in range(0, len(pcm), STEP)], np.float32)


def wakes(scores: Scores, threshold: float) -> int:
    """How often it wakes."""
    count, last, armed = 0, -math.inf, True
    for step, score in enumerate(scores.tolist()):
        if score < threshold:
            armed = True
        elif armed:
            armed = False
            if step - last >= REFRACTORY_S * STEPS_PER_S:
                count, last = count + 1, step
    return count


def most(events: int, hours: float) -> float:
    """Upper 95 % bound of a rate per hour: Poisson's, by Wilson and Hilferty's approximation."""
    n = events + 1
    return n * (1 - 1 / (9 * n) + 1.645 / (3 * math.sqrt(n))) ** 3 / hours


def table(said: Sequence[Scores], others: Sequence[Scores]) -> list[dict[str, object]]:
    """One row for each threshold."""
    hours = sum(len(s) for s in others) / STEPS_PER_S / 3600
    rows: list[dict[str, object]] = []
    for threshold in THRESHOLDS:
        row: dict[str, object] = {"threshold": threshold}
        if said:
            missed = sum(wakes(s, threshold) == 0 for s in said)
            row |= {"missed": round(missed / len(said), 4), "n": len(said), "missed_95": wilson(missed, len(said))}
        if others:
            woke = sum(wakes(s, threshold) for s in others)
            row |= {
                "false_accepts": woke, "hours": round(hours, 2), "per_hour": round(woke / hours, 2),
                "per_hour_most_95": round(most(woke, hours), 2),
            }  # fmt: skip
        rows.append(row)
    return rows


def lines(rows: Iterable[dict[str, object]]) -> str:
    """For people."""
    told = []
    for row in rows:
        text = f"  threshold {row['threshold']:.2f}:"
        if "n" in row:
            text += f" missed {float(str(row['missed'])):.1%} of {row['n']} (95 %: {row['missed_95']});"
        if "hours" in row:
            text += (
                f" woke {row['false_accepts']} times in {row['hours']} h (at most {row['per_hour_most_95']} an hour)"
            )
        if "near_woke" in row:
            text += f"; {float(str(row['near_woke'])):.1%} of what sounds near it"
        told.append(text)
    return "\n".join(told)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.wake.measure", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("word")
    add("--said", type=Path, action="append", default=[], help="manifest.jsonl (audio, text) of recordings of the word")
    add("--text", default="", help="only lines with this text")
    add("--others", type=Path, action="append", default=[], help="recordings, or folders of them, without the word")
    add("--noise", type=Path, help="mixed below the recordings of the word")
    add("--snr", type=float, default=10.0, metavar="DB")
    add("--seed", type=int, default=0)
    add("--json", action="store_true")
    given = parser.parse_args()
    word = Path(given.word).stem if given.word.endswith((".onnx", ".tflite")) else given.word
    words = quickest([given.word])
    noises = sounds(given.noise) if given.noise else []
    said = []
    for manifest in given.said:
        for row in map(json.loads, manifest.read_text("utf-8").splitlines()):
            if given.text and row.get("text") != given.text:
                continue
            pcm = read(manifest.parent / row["audio"])
            if noises:
                rng = np.random.default_rng([given.seed, *hashlib.sha256(str(row["audio"]).encode()).digest()])
                pcm = mixed(pcm, read(noises[int(rng.integers(len(noises)))]), given.snr, rng).sound
            said.append(along(words, word, np.rint(pcm * 32767).astype(np.int16)))
    paths = [path for folder in given.others for path in sounds(folder)]
    others = [along(words, word, np.rint(read(path) * 32767).astype(np.int16)) for path in paths]
    rows = table(said, others)
    loudest = sorted(
        ((float(np.max(s, initial=0)), f"{p.parent.name}/{p.name}") for s, p in zip(others, paths, strict=True))
    )
    woke = [{"audio": name, "score": round(score, 3)} for score, name in loudest[::-1] if score >= THRESHOLDS[0]]
    if given.json:
        print(json.dumps({"word": word, "snr_db": given.snr if noises else None, "rows": rows, "woke": woke}))
        return 0
    print(lines(rows))
    for one in woke:
        print(f"  {one['score']:.3f} in {one['audio']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
