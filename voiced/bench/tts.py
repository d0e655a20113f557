"""From "published" to the first sample of a confirmation that was rendered ahead, and of words that were not."""

from __future__ import annotations

import argparse
import asyncio
import time

from voiced.app import mouth, real_house, running
from voiced.bench.common import at_least_one, demo_home, machine, median
from voiced.config import Config
from voiced.errors import VoiceError
from voiced.ledger import percentile

_FRESH = ("The bed light is at {} percent.", "Timer set for {} minutes.", "It is {} degrees.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=at_least_one, default=50, metavar="N", help="confirmations to say (default 50)")
    parser.add_argument("--speaker", default="none", help="none, default, a device's name, wav:FILE (default none)")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Times in ms, the way from core to mouth included: a whole round trip of it, which is more than it takes."""
    return asyncio.run(_measure(options.runs, options.speaker))


async def _measure(runs: int, speaker: str) -> dict[str, object]:
    voice = mouth(Config(), speaker=speaker, realtime=False)
    texts = real_house(demo_home()).confirmations()[:20]
    cached, fresh = [], []
    async with running(voice.supervisor):
        await voice.started()
        await voice.prepare(texts)
        for number in range(runs + 3):
            begun = time.perf_counter()
            await voice.prepare(texts[:1])  # is there already: nothing but the way there and back
            way_ms = (time.perf_counter() - begun) * 1000
            played = await voice.say(texts[number % len(texts)])
            if not played.cached:
                raise VoiceError("a confirmation that was prepared is not there")
            cached.append(played.first_sound_ms + way_ms)
        for number in range(max(3, runs // 5)):
            played = await voice.say(_FRESH[number % len(_FRESH)].format(number + 23))
            fresh.append(played.first_sound_ms)
    return {
        **machine(1),
        "speaker": speaker,
        "confirmations": runs,
        "cached_p50_ms": median(cached[3:], 2),
        "cached_p95_ms": round(percentile(cached[3:], 0.95) or 0.0, 2),
        "fresh_p50_ms": median(fresh),
        "fresh_p95_ms": round(percentile(fresh, 0.95) or 0.0, 1),
    }
