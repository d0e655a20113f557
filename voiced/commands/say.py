"""`voiced say`."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from voiced.app import mouth, running
from voiced.configfile import read_config
from voiced.errors import UsageError
from voiced.ports import Played


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help="what to say")
    parser.add_argument("--config", type=Path, help="voiced.toml: its loudspeaker and voice are used")
    parser.add_argument("--wav", type=Path, metavar="FILE", help="write a WAV file instead of playing")
    parser.add_argument("--json", action="store_true", help="what was played, as one JSON object")


def run(options: argparse.Namespace) -> int:
    if not options.text.strip():
        raise UsageError("there is nothing to say")
    played = asyncio.run(_say(options))
    if options.json:
        print(json.dumps({"first_sound_ms": round(played.first_sound_ms, 1), "duration_ms": round(played.duration_ms)}))
    elif options.wav:
        print(f"{options.wav}: {played.duration_ms / 1000:.1f} s")
    return 0


async def _say(options: argparse.Namespace) -> Played:
    client = mouth(
        read_config(options.config),
        speaker=f"wav:{options.wav}" if options.wav else None,
        realtime=options.wav is None,
    )
    async with running(client.supervisor):
        await client.started()
        return await client.say(options.text)
