"""`voiced run`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from voiced.app import home_file_of
from voiced.commands.show import Screen
from voiced.config import Config
from voiced.configfile import read_config
from voiced.daemon import Daemon
from voiced.turn.timeline import Happening


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, help="voiced.toml; without it the defaults, and the house that the network tells of"
    )
    parser.add_argument("--json", action="store_true", help="every event as a JSON line on standard output")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config)
    asyncio.run(_run(Daemon(config, home_file_of(config)), config, as_json=options.json))
    return 0


async def _run(daemon: Daemon, config: Config, *, as_json: bool) -> None:
    screen = Screen(Console())

    def as_line(happening: Happening) -> None:
        print(json.dumps(happening), flush=True)

    def for_people(happening: Happening) -> None:
        if happening["event"] == "status":
            words = " or ".join(f"“{word.replace('_', ' ')}”" for word in config.wake.words)
            text = f"listening for {words}" if happening["text"] == "listening" else str(happening["text"])
            console.print(f"[bold]{escape(config.id)}[/bold]: {escape(text)}   [dim]Ctrl-C ends[/dim]")
        else:
            screen.show(happening)

    console = Console()
    if as_json:
        daemon.tell = as_line
    elif sys.stdout.isatty():
        daemon.tell = for_people
    await daemon.run()
