"""`python -m tools.wake "hey gemma" [--speech FOLDER]`: makes a wake word of your own, an ONNX file of about 300 KB.

The phrase is synthesized by every voice that is installed (Piper; flite, festival, espeak-ng; Kokoro where its files
lie in --cache), put into simulated rooms and noise, and told apart from words that sound near it and from --speech:
folders with recordings in which nobody says the phrase (an hour or more; without it the word will wake too easily).
Voices and files that are not trained on give the table at the end: how often the word is missed, how often something
else wakes.

Then set in voiced.toml:   [wake]  words = ["hey_gemma.onnx"]   threshold = 0.5
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from tools.wake import network, speech
from tools.wake.network import FRAMES, Floats
from tools.wake.speech import RATE_HZ, STEP, House, Said
from voiced.adapters.wakeword import open_wake_words

CHUNK_STEPS = 750
"""A minute: longer recordings are embedded in pieces, each after silence."""


def windows(house: House, clips: Iterable[Said], times: int) -> tuple[list[Floats], list[list[Floats]]]:
    """Embedding windows [n, 16, 96]: where the phrase ends, clip by clip; and all windows of the other clips."""
    embedder = open_wake_words(words=[], backend="onnx" if importlib.util.find_spec("openwakeword") else "pyopen")
    hits: list[Floats] = []
    others: list[list[Floats]] = []
    for said in clips:
        of_clip: list[Floats] = []
        for _ in range(times if len(said.pcm) < 6 * RATE_HZ else 1):
            pcm, end = house.carried(said)
            embedder.reset()
            steps = [embedder.embed(pcm[at : at + STEP].tobytes()).copy() for at in range(0, len(pcm), STEP)]
            seen = np.stack(steps)
            last = range(FRAMES, len(seen) + 1)
            if said.phrase:
                # What the last embedding has seen ends with its step; the head may answer within a quarter of a second.
                hits.append(np.stack([seen[n - FRAMES : n] for n in last if 0 <= n * STEP - end <= 0.26 * RATE_HZ]))
            else:
                of_clip.append(np.stack([seen[n - FRAMES : n] for n in last]))
        if of_clip:
            others.append(of_clip)
    return hits, others


def peaks(head: network.Head, groups: list[Floats]) -> Floats:
    return np.array([head.score(group).max() for group in groups], np.float32)


def bound(events: int, hours: float) -> float:
    """Upper 95 % bound of a rate: the Poisson bound by Wilson and Hilferty's approximation."""
    return 0.5 * 2 * (events + 1) * (1 - 1 / (9 * (events + 1)) + 1.645 / (3 * math.sqrt(events + 1))) ** 3 / hours


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.wake", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("phrase", help="as people say it, in small letters; two or three words of four syllables wake best")
    add("--out", type=Path, help="default: the phrase with underscores, .onnx")
    add("--speech", type=Path, action="append", default=[], help="a folder of recordings without the phrase")
    add("--same", action="append", default=[], help="another spelling that sounds the same: never a negative")
    add("--cache", type=Path, default=Path("build/nano"), help="where Kokoro lies (see tools/nano)")
    add("--voices", default="", help="only these, by comma: piper, kokoro, flite, festival, espeak")
    add("--count", type=int, default=500, help="takes of the phrase, and as many of near ones")
    add("--hours", type=float, default=1.5, help="of recordings to train on")
    add("--rooms", type=int, default=3, help="rooms that each take is put into")
    add("--epochs", type=int, default=30)
    add("--seed", type=int, default=1)
    add("--json", action="store_true", help="print the table as one JSON object")
    o = parser.parse_args()
    phrase = " ".join(o.phrase.lower().split())
    out: Path = o.out or Path(phrase.replace(" ", "_") + ".onnx")
    programs = {"flite": "flite", "festival": "text2wave", "espeak": "espeak-ng"}
    kinds = [kind for kind, program in programs.items() if shutil.which(program)]
    kinds += ["piper", *(["kokoro"] if (o.cache / "kokoro").is_dir() else [])]
    kinds = [kind for kind in kinds if not o.voices or kind in o.voices.split(",")]
    if not kinds:
        parser.error(f"none of the voices {o.voices} is installed here")
    console = Console(stderr=True)
    console.print(f"voices: {', '.join(kinds)}")
    if not o.speech:
        console.print(
            "[yellow]no --speech: near words are all it learns to ignore, and it will wake too easily[/yellow]"
        )
    with Progress(console=console, disable=not sys.stderr.isatty()) as bar:

        def clips(held_out: bool, count: int, hours: float) -> Iterable[Said]:
            task = bar.add_task("held out" if held_out else "training speech", total=None)
            made = speech.synthesize(
                phrase,
                kinds=kinds,
                cache=o.cache,
                count=count,
                held_out=held_out,
                seed=o.seed + held_out,
                sames=tuple(o.same),
            )
            for said in (*made, *speech.recordings(o.speech, hours, o.seed, held_out)):
                bar.advance(task)
                yield said

        babble = [said.pcm for said in speech.recordings(o.speech, 0.1, o.seed + 7, False)]
        hits, others = windows(House(o.seed, babble), clips(False, o.count, o.hours), o.rooms)
        task = bar.add_task("training", total=o.epochs)
        head = network.train(
            np.concatenate(hits), np.concatenate([w for clip in others for w in clip]), epochs=o.epochs, seed=o.seed,
            told=lambda _, __: bar.advance(task),
        )  # fmt: skip
        held_hits, held_others = windows(House(o.seed + 1, babble), clips(True, max(20, o.count // 5), 1.0), 1)
    said, other = peaks(head, held_hits), peaks(head, [np.concatenate(clip) for clip in held_others])
    hours = sum(len(w) for clip in held_others for w in clip) * STEP / RATE_HZ / 3600
    table = [
        {
            "threshold": t, "missed": round(float(np.mean(said < t)), 4), "phrases": len(said),
            "false_accepts": int(np.sum(other >= t)), "hours": round(hours, 2),
            "false_accepts_per_hour_95": round(bound(int(np.sum(other >= t)), hours), 2),
        }
        for t in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
    ]  # fmt: skip
    about = json.dumps({"phrase": phrase, "voices": kinds, "held_out": table})
    network.write(head, out, about=about)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    if o.json:
        print(json.dumps({"file": str(out), "sha256": digest, "phrase": phrase, "held_out": table}))
        return 0
    print(f"{out}: {out.stat().st_size} bytes, sha256 {digest}")
    print(
        "on voices and files that were not trained on, in noise (a third of the files says something near the phrase):"
    )
    for row in table:
        print(
            f"  threshold {row['threshold']:.2f}: missed {100 * float(row['missed']):5.1f} % of {row['phrases']}, "
            f"woke {row['false_accepts']} times in {row['hours']} h"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
