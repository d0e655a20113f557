"""What is said: the phrase and what sounds near it in every installed voice, other sentences, people's recordings."""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr

from tools.nano.corpora import Shelf
from tools.nano.synth import RATE, shard
from tools.nano.voices import Pcm
from tools.wake.replies import texts
from voiced.config import DEMO_HOME
from voiced.home.load import load_home

SHARES = {"kokoro": 0.45, "piper": 0.2, "espeak": 0.15, "flite": 0.12, "festival": 0.08}
"""Of the takes: the natural voices say most of it."""
_TAKE_S = 1.1
_REPLY_S = 1.8
SOUNDS = (".wav", ".flac", ".opus", ".ogg", ".mp3")
EIGHTH = 8


def synthesize(
    phrase: str,
    near: Callable[[random.Random], str],
    *,
    kinds: Sequence[str],
    cache: Path,
    folder: Path,
    takes: int,
    held_out: bool,
    told: Callable[[str], None],
) -> Shelf:
    """About `takes` clips in `folder`, of which half are the phrase; what lies there already is kept."""
    if held_out:
        kinds = [kind for kind in kinds if kind != "piper"] or kinds  # it has one voice, and that one trains

    def texts(rng: random.Random) -> Iterator[str]:
        while True:
            yield phrase if rng.random() < 0.5 else near(rng)

    whole = sum(SHARES[kind] for kind in kinds)
    for kind in sorted(kinds, key=lambda k: -SHARES[k]):
        told(kind)
        hours = takes * SHARES[kind] / whole * _TAKE_S / 3600
        shard(kind, cache, folder, int(held_out), hours, texts, held_out)
    return Shelf(folder)


def replies(phrase: str, *, cache: Path, folder: Path, held_out: bool) -> Shelf:
    """All that we say without the phrase in it, twice in our own voice at several speeds; renderings that are held out
    are others.
    """
    said = list(texts(load_home(DEMO_HOME.read_text("utf-8")), phrase))
    random.Random(0).shuffle(said)
    hours = len(said) * _REPLY_S / 3600 * (1 if held_out else 2)
    shard("piper", cache, folder, int(held_out), hours, lambda _: itertools.cycle(said))
    return Shelf(folder, f"piper-{int(held_out)}")


def recordings(folders: Sequence[Path], held_out: bool, seed: int) -> Iterator[Pcm]:
    """People who do not say the phrase, in no order; every eighth file is held out, by a hash of its name."""
    files = sorted(p for f in folders for p in f.rglob("*") if p.suffix in SOUNDS)
    files = [p for p in files if (zlib.crc32(f"{p.parent.name}/{p.stem}".encode()) % EIGHTH == 0) == held_out]
    random.Random(seed).shuffle(files)
    for path in files:
        pcm, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        pcm = np.asarray(soxr.resample(pcm[:, 0] - pcm[:, 0].mean(), rate_hz, RATE), np.float32)
        if len(pcm) > RATE // 2:
            yield pcm
