"""`voiced why`: what the last turns heard, and why they went as they did, as the running daemon remembers it."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from voiced.app import mqtt
from voiced.config import Config
from voiced.configfile import read_config
from voiced.errors import BrokerError, UsageError
from voiced.turn.reasons import TURNS

_ANSWER_S = 5.0
_CONNECT_S = 10.0
_SHOWN_PATHS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "What the last turns heard, and why they were done, asked or rejected. The daemon keeps this in memory only "
        "(voiced.toml: [why] turns) and tells it on request. Scores are log-probabilities in nats: 0 is certain."
    )
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--last", type=int, default=TURNS, metavar="N", help=f"turns (default {TURNS})")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    if options.last < 1:
        raise UsageError("--last: at least one turn")
    told = asyncio.run(asked(read_config(options.config), options.last))
    if options.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    turns: Sequence[Mapping[str, Any]] = told["turns"]
    console = Console()
    for one in turns:
        console.print(shown(one))
    for word, count in told["wake"].items():
        console.print(_woken(word, count))
    if not turns:
        console.print("no turns yet" if told["keeps"] else "the daemon keeps no turns: [why] turns = 0")
    return 0


async def asked(config: Config, turns: int, *, answer_s: float = _ANSWER_S) -> dict[str, Any]:
    """The daemon's answer. BrokerError where there is none."""
    broker = mqtt(config, suffix="why")
    messages = broker.messages()
    async with broker:
        await broker.wait_connected(_CONNECT_S)
        await broker.subscribe(f"voiced/{config.id}/explanation")
        await broker.publish(f"voiced/{config.id}/why", str(turns))
        try:
            async with asyncio.timeout(answer_s):
                return dict(json.loads((await anext(messages)).payload))
        except TimeoutError:
            raise BrokerError(f"no daemon with the id {config.id!r} answers: is `voiced run` running?") from None


def shown(turn: Mapping[str, Any]) -> RenderableType:
    """A turn for people."""
    opened = {"wake": "{word} ({score})", "typed": "typed"}.get(turn["opened_by"], "asked for a {opened_by}")
    head = f"[bold]turn {turn['turn']}[/bold]   {turn['at'][11:19]}   [dim]{escape(opened.format(**turn))}[/dim]"
    sentences, scores = _table(), _table()  # apart: the scores' column would leave the sentences no room
    scores.add_column(justify="right", no_wrap=True)
    sentences.add_row("why", f"[bold]{escape(turn['why'])}[/bold]")
    if commands := turn.get("commands"):
        sentences.add_row("did", escape(", ".join(commands)))
    if "verdict" in turn:
        _add_decision(scores, turn)
    return Group(head, sentences, scores, "")


def _table() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True, style="dim", min_width=10)
    table.add_column(overflow="fold")
    return table


def _woken(word: str, count: Mapping[str, Any]) -> str:
    best = f" (best score {count['best_near']:.2f}, threshold {count['threshold']:g})" if count["near"] else ""
    return (
        f"{escape(word)}: woke {count['woken']} times, nearly {count['near']} times{best}, "
        f"{count['refractory']} times too soon or among a turn's words"
    )


def _add_decision(table: Table, turn: Mapping[str, Any]) -> None:
    if turn["heard"]:
        table.add_row("heard", f"“{escape(turn['heard'])}”", f"certainty {turn['certainty']:.2f}")
    for other in turn["alternatives"]:
        meant = other["sentence"] or ", ".join(call["intent"] for call in other["calls"])
        table.add_row("or", escape(meant), f"certainty {other['certainty']:.2f}")
    for at, path in enumerate(turn.get("paths", ())[:_SHOWN_PATHS]):
        ahead = f"   leads by {turn['margin_nats']:.2f}" if not at and "margin_nats" in turn else ""
        letters = f"   letters {-path['letters_behind']:.1f}" if path.get("letters_behind") else ""
        table.add_row("" if at else "best paths", escape(path["text"]), f"{path['nats']:.2f}{letters}{ahead}")
    for name, key in (("cut off", "cut_off"), ("no grammar", "free")):
        if path := turn.get(key):
            table.add_row(name, escape(path["text"]) or "(nothing)", f"{path['nats']:.2f}")
