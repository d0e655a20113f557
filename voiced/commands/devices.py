"""`voiced devices`."""

from __future__ import annotations

import argparse
import asyncio
import json

from voiced.workers.clients import sound_devices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    found = asyncio.run(sound_devices())
    inputs, outputs = found.inputs, found.outputs
    if options.json:
        print(
            json.dumps(
                {
                    "microphones": [
                        {"index": one.index, "name": one.name, "channels": one.channels, "monitor": one.monitor}
                        for one in inputs
                    ],
                    "loudspeakers": [{"index": index, "name": name} for index, name in outputs],
                }
            )
        )
        return 0
    print("Microphones (microphone.device takes any part of the name):")
    for one in inputs:
        print(
            f"  {one.index:3d}  {one.name}" + ("   (a loudspeaker's monitor: never listened to)" if one.monitor else "")
        )
    print("  none" if not inputs else "", end="" if inputs else "\n")
    print("Loudspeakers (speaker.device):")
    for index, name in outputs:
        print(f"  {index:3d}  {name}")
    if not outputs:
        print("  none")
    return 0
