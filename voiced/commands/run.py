"""`voiced run`."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from voiced.app import Daemon, load_home_of
from voiced.config import read_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="voiced.toml; without it the defaults and the demo's house")
    parser.add_argument("--json", action="store_true", help="every event as a JSON line on standard output")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config)
    home = load_home_of(config)

    def tell(happening: dict[str, object]) -> None:
        if options.json:
            print(json.dumps(happening), flush=True)

    asyncio.run(Daemon(config, home, tell).run())
    return 0
