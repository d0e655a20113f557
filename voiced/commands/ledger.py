"""`voiced ledger`: what the last turns took, from the file that the owner asked for, or live from the broker."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from voiced.app import ledger_file, mqtt
from voiced.commands.waterfall import histogram, waterfall
from voiced.config import Config
from voiced.configfile import read_config
from voiced.errors import ConfigError, UsageError
from voiced.ledger import Ledger, totals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--last", type=int, default=5, metavar="N", help="waterfalls of the last N turns (default 5)")
    parser.add_argument("--follow", action="store_true", help="live from the broker: each turn as it ends")
    parser.add_argument("--json", action="store_true", help="a JSON object for each turn, then one for all of them")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config)
    console = Console()
    if options.follow:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(follow(config, print if options.json else lambda text: _show(console, text)))
        return 0
    ledgers = kept(config)
    if options.json:
        for one in ledgers:
            print(json.dumps(one.to_json()))
        sums = totals(ledgers)
        print(json.dumps({name: getattr(sums, name) for name in ("turns", "sent", "p50_ms", "p95_ms")}))
        return 0
    for one in ledgers[-options.last :] if options.last > 0 else ():
        console.print(waterfall(one))
    console.print(histogram(ledgers))
    return 0


def kept(config: Config) -> list[Ledger]:
    """The turns in the file. ConfigError where the owner keeps none, UsageError where they are somebody else's."""
    file = ledger_file(config)
    if file is None:
        raise ConfigError(
            "no ledger is kept on disk: set keep_turns in [ledger] and state_dir in voiced.toml "
            "(figures only, nothing that was said), or watch the running daemon with --follow"
        )
    try:
        turns = file.read()
    except OSError as error:
        hint = ": try with sudo" if isinstance(error, PermissionError) else ""
        raise UsageError(f"{file.path}: {error.strerror}{hint}") from error
    ledgers = []
    for data in turns:
        with contextlib.suppress(ValueError):
            ledgers.append(Ledger.from_json(data))
    return ledgers


def _show(console: Console, text: str) -> None:
    with contextlib.suppress(ValueError):
        console.print(waterfall(Ledger.from_json(json.loads(text))))


async def follow(config: Config, show: Callable[[str], object]) -> None:
    broker = mqtt(config, suffix="ledger")
    messages = broker.messages()
    async with broker:
        await broker.wait_connected(5)
        await broker.subscribe(f"voiced/{config.id}/ledger")
        async for message in messages:
            show(message.payload.decode("utf-8", "replace"))
