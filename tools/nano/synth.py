"""Speech from sentences, into shards: raw int16 at 16 kHz, a JSON line per clip. A shard only grows, so it resumes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soxr

from . import voices

RATE = 16000


def trimmed(pcm: voices.Pcm) -> voices.Pcm:
    """PCM without leading and trailing near silence (40 dB below the peak), 30 ms kept on either side."""
    loud = np.flatnonzero(np.abs(pcm) > np.abs(pcm).max() * 0.01 + 1e-5)
    return pcm[max(0, loud[0] - 480) : loud[-1] + 480] if len(loud) else pcm[:0]


def shard(
    kind: str,
    cache: Path,
    out: Path,
    part: int,
    hours: float,
    sentences: Callable[[random.Random], Iterator[str]],
    held_out: bool = False,
    deadline: float = 0,
) -> None:
    """Adds clips to the shard `out`/KIND-PART.{raw,jsonl} until it holds `hours` or the clock passes `deadline`."""
    out.mkdir(parents=True, exist_ok=True)
    raw, index = out / f"{kind}-{part}.raw", out / f"{kind}-{part}.jsonl"
    lines = [json.loads(x) for x in index.read_text().splitlines()] if index.exists() else []
    at = lines[-1]["start"] + lines[-1]["n"] if lines else 0
    if raw.exists():
        with raw.open("r+b") as f:
            f.truncate(at * 2)
    engine, rng = voices.make(kind.removeprefix("open_"), cache), random.Random(f"{kind} {part} {len(lines)}")
    texts = sentences(rng)
    with raw.open("ab") as sound, index.open("a") as written:
        while at < hours * 3600 * RATE and not (deadline and time.time() > deadline):
            words = next(texts)
            pcm, rate, voice = engine.say(words, rng, held_out)
            pcm = trimmed(soxr.resample(pcm, rate, RATE).astype(np.float32))
            if not 0.15 * RATE < len(pcm) < 12 * RATE:
                continue
            data = (pcm / np.abs(pcm).max() * 0.7 * 32767).astype(np.int16)
            sound.write(data.tobytes())
            sound.flush()
            written.write(json.dumps({"start": at, "n": len(data), "text": words, "voice": voice, "kind": kind}) + "\n")
            written.flush()
            at += len(data)
