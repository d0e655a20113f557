"""`python -m tools.wake.over models/wake/stop.onnx --cache FOLDER`: a stop word over our own replies, and without it.

Everything that we say is rendered by the voice that ships and played into simulated rooms; the real echo canceller
takes it out again, as far as it can in four replies, and the decision is the daemon's. Over some of the replies
somebody says the word: held-out synthetic voices (what `python -m tools.wake` left in --cache) and people (clips of the
word alone among the corpora that `tools.nano prepare` left there). Every share comes with its n and its 95 % bound.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import soxr
from rich.console import Console
from rich.progress import Progress

from tools.nano.augment import noise_bank
from tools.nano.corpora import Shelf
from tools.nano.synth import RATE
from tools.nano.voices import Pcm
from tools.wake.house import STEP
from tools.wake.measure import quickest
from tools.wake.replies import TOGETHER, Kitchen, Overheard, Scene, texts
from voiced.adapters.piper import Voice
from voiced.adapters.wakeword import WakeWords, word_name
from voiced.bench.common import wilson
from voiced.config import DEMO_HOME
from voiced.home.load import load_home
from voiced.turn.stopping import StopWord

T = TypeVar("T")
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
LONG_S = 1.8
"""Nobody stops what is shorter."""
LATE_S = 0.5
"""A word that ends less before the reply does stops nothing."""
SCENES = {
    "6 dB louder than the echo": Scene((6, 6), (-40, -30), before_s=LATE_S),
    "as loud as the echo": Scene((0, 0), (-40, -30), before_s=LATE_S),
    "6 dB softer than the echo": Scene((-6, -6), (-40, -30), before_s=LATE_S),
    "as loud, noise 10 dB below": Scene((0, 0), (-10, -10), before_s=LATE_S),
}


def rendered(said: Sequence[str]) -> list[Pcm]:
    voice = Voice(threads=1)
    out = []
    for text in said:
        pcm = np.concatenate(list(voice.sentences(text))).astype(np.float32) / 32768
        out.append(np.asarray(soxr.resample(pcm, voice.rate_hz, RATE), np.float32))
    return out


def along(words: WakeWords, name: str, heard: Overheard) -> list[float]:
    """The score after each step, as the ear tells it."""
    words.reset()
    steps = range(0, len(heard.pcm), STEP)
    scores = [words.score(heard.pcm[at : at + STEP].tobytes())[name] for at in steps]
    return [0.0 if alone else score for score, alone in zip(scores, heard.alone, strict=True)]


def stopped(scores: Sequence[float], span: tuple[int, int], threshold: float, since: int = 0) -> bool:
    """Whether the reply that is heard in `span` is stopped by what is heard from sample `since` on."""
    word, begin, end = StopWord(threshold), *span
    for step, score in enumerate(scores):
        at = (step + 1) * STEP
        if word.said(score, listening=begin <= at <= end):
            return at >= since
    return False


def fours(what: Sequence[T]) -> Iterator[list[T]]:
    """Whole ones only."""
    return ([*what[at : at + TOGETHER]] for at in range(0, len(what) - TOGETHER + 1, TOGETHER))


def share(count: int, of: int) -> dict[str, object]:
    return {"share": round(count / max(1, of), 4), "n": of, "bound_95": wilson(count, of)}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.wake.over", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("model", type=Path)
    add("--cache", type=Path, default=Path("build/nano"))
    add("--times", type=int, default=2, help="rooms into which all that we say is played")
    add("--voices", type=int, default=60, help="of the held-out synthetic clips of the word")
    add("--seed", type=int, default=11)
    add("--json", action="store_true")
    o = parser.parse_args()
    name, rng = word_name(str(o.model)), random.Random(o.seed)
    phrase = name.replace("_", " ")
    words = quickest([str(o.model)])
    said = texts(load_home(DEMO_HOME.read_text("utf-8")), phrase)
    held, people = Shelf(o.cache / "wake" / name / "held"), Shelf(o.cache / "human", "human-*")
    synthetic = [held.pcm(c) for c in held.clips if c.text == phrase][: o.voices]
    human = [people.pcm(c) for c in people.clips if c.text == phrase]
    responses = np.load(o.cache / "rooms.npy")
    noises = noise_bank(np.random.default_rng(o.seed), Shelf(o.cache / "human", "foreign-*"), count=36)
    rows: list[dict[str, object]] = []
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("our replies are rendered", total=None)
        own = rendered(said)
        long = [pcm for pcm in own if len(pcm) > (LONG_S + 2 * LATE_S) * RATE]
        told, seconds = [], 0.0
        for time in range(o.times):
            kitchen = Kitchen(o.seed + time, responses, noises)
            four = list(fours(rng.sample(own, len(own))))
            bar.update(task, description=f"all that we say, room set {time + 1}", total=len(four), completed=0)
            for replies in four:
                heard = kitchen.hears(replies, [None] * TOGETHER)
                scores = along(words, name, heard)
                told += [(scores, span) for span in heard.replies]
                seconds += sum(end - begin for begin, end in heard.replies) / RATE
                bar.advance(task)
        for threshold in THRESHOLDS:
            count = sum(stopped(scores, span, threshold) for scores, span in told)
            rows.append({"what": "replies that stop themselves", "threshold": threshold, **share(count, len(told)),
                         "hours": round(seconds / 3600, 2)})  # fmt: skip
        for number, (scene_name, scene) in enumerate(SCENES.items()):
            kitchen = Kitchen(o.seed + 100 + number, responses, noises, scene)
            for who, clips in (("held-out voices", synthetic), ("people", human)):
                trials = []
                four_words = list(fours([*clips, *clips[: -len(clips) % TOGETHER]]))
                bar.update(task, description=f"{who}, {scene_name}", total=len(four_words), completed=0)
                for spoken in four_words:
                    heard = kitchen.hears(rng.sample(long, TOGETHER), spoken)
                    scores = along(words, name, heard)
                    trials += [
                        (scores, span, begin)
                        for span, (begin, end) in zip(heard.replies, heard.words, strict=True)
                        if end + LATE_S * RATE <= span[1]
                    ]
                    bar.advance(task)
                for threshold in THRESHOLDS:
                    missed = sum(not stopped(scores, span, threshold, begin) for scores, span, begin in trials)
                    rows.append({"what": "missed", "who": who, "scene": scene_name, "threshold": threshold,
                                 **share(missed, len(trials))})  # fmt: skip
    if o.json:
        print(json.dumps({"model": str(o.model), "texts": len(said), "rows": rows}))
        return 0
    for row in rows:
        where = f"{row['who']}, {row['scene']}" if "who" in row else f"{row['hours']} h"
        told_share = f"{float(str(row['share'])):.1%} of {row['n']} (95 %: {row['bound_95']})"
        print(f"  threshold {row['threshold']:.2f}: {row['what']}, {where}: {told_share}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
