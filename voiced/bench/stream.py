"""Does the machine keep up while somebody speaks, and with what reserve?

`load` is work time over audio time while frames arrive (encoder and prefill). `live_to_once_10s` compares the encoder's
work for ten seconds that arrive in frames with what the reference encoder takes for the whole clip at once.
"""

from __future__ import annotations

import argparse
import mmap
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from voiced.bench.common import (
    FRAME_MS,
    Pace,
    at_least_one,
    demo_home,
    folder_of,
    frames,
    long_speech,
    machine,
    median,
    milliseconds,
    model_argument,
    positive,
    ratio,
)
from voiced.config import models_cache
from voiced.gemma.llama import AudioEncoder, Context
from voiced.gemma.models import resolve
from voiced.messages import SAMPLE_RATE_HZ
from voiced.workers.engine import EngineCore
from voiced.workers.engine_setup import Setup

SECONDS = 10.0
_STEP = 12
_TOKENS = 12 * _STEP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    model_argument(parser)
    parser.add_argument("--realtime", action="store_true", help="at the sound's own pace; otherwise only its account")
    parser.add_argument(
        "--runs", type=at_least_one, default=3, metavar="N", help="of each kind, after one that does not count"
    )
    parser.add_argument("--seconds", type=positive, default=SECONDS, help=argparse.SUPPRESS)


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Times in ms, medians."""
    pair = resolve(folder_of(options.model))
    core = EngineCore(pair, Setup(cache=models_cache() / "bench"))
    core.load_home(demo_home().to_dict())
    encoder = AudioEncoder(pair.audio, core.model, core.threads)
    contexts = [Context(core.model, _TOKENS + 64, 1, core.threads, short=short) for short in (True, False)]
    pcm = long_speech(options.seconds)
    sound = np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768)
    lives, onces, lags, busy = [], [], [], []
    lower: list[float] = []
    full: list[float] = []
    for _ in range(options.runs + 1):
        pace = Pace(real=options.realtime)
        core.begin(1)
        late = []
        for number, frame in enumerate(frames(pcm), 1):
            pace.work(number * FRAME_MS, partial(core.feed, 1, frame))
            late.append(pace.free_ms - number * FRAME_MS)
        _, times = core.decide(1)
        core.end(1)
        busy.append(pace.busy_ms)
        lags.append(max(late))
        lives.append(times.encode_ms)
        onces.append(milliseconds(lambda: encoder.encode(sound)))
        for context, costs in zip(contexts, (lower, full), strict=True):
            costs.append(_per_token_ms(context))
    for context in contexts:
        context.close()
    encoder.close()
    core.close()
    weights_ms = median([_read_ms(pair.audio, core.threads) for _ in range(options.runs + 1)][1:], 2)
    step_ms = median(lives[1:]) * _STEP / (options.seconds * SAMPLE_RATE_HZ / 640)
    return {
        "model": options.model,
        **machine(core.threads),
        "audio_s": options.seconds,
        "load_at_start": None if core.load is None else round(core.load, 4),
        "load": round(median(busy[1:]) / (options.seconds * 1000), 4),
        "reserve": round(1 - median(busy[1:]) / (options.seconds * 1000), 4),
        "worst_lag_ms": median(lags[1:]),
        "encode_live_ms": median(lives[1:]),
        "encode_once_ms": median(onces[1:]),
        "live_to_once_10s": ratio(median(lives[1:]), median(onces[1:])),
        "encode_12_tokens_ms": round(step_ms, 2),
        "encoder_weights_read_ms": weights_ms,
        "encode_12_tokens_to_weights": ratio(step_ms, weights_ms),
        "prefill_lower_ms_per_token": median(lower[1:], 2),
        "prefill_full_ms_per_token": median(full[1:], 2),
        "lower_to_full": ratio(median(lower[1:], 3), median(full[1:], 3)),
    }


def _per_token_ms(context: Context) -> float:
    """Prefill in steps of 12 tokens, as speech arrives; the median step."""
    context.remove(0)
    steps = range(0, _TOKENS, _STEP)
    took = [milliseconds(partial(context.prefill, range(300, 300 + _STEP), at, 0)) / _STEP for at in steps]
    return median(took[1:], 3)


def _read_ms(path: Path, threads: int) -> float:
    """All bytes of a file that is in memory already, once, by so many threads."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        words = np.frombuffer(mapped, np.uint64, count=len(mapped) // 8)
        parts = np.array_split(words, threads)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(np.max, parts))
            begun = time.perf_counter()
            list(pool.map(np.max, parts))
            took = (time.perf_counter() - begun) * 1000
        del parts, words
    return took
