"""`voiced home`: the house as it is known now, where each fact comes from, and as a home.toml."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from voiced.app import learned_home
from voiced.configfile import read_config
from voiced.home.network.export import described, to_toml
from voiced.home.network.learned import Fact, Learned


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("show", "export"), default="show", help="show it, or write it down")
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    parser.add_argument("--all", action="store_true", help="also what is not for talking to, and why")
    parser.add_argument("--wait", type=float, default=2.0, metavar="SECONDS", help="quiet time that ends listening")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config).with_place(home=options.home, area=None)
    learned = asyncio.run(learned_home(config, options.wait))
    if options.what == "export":
        print(to_toml(learned), end="")
    elif options.json:
        print(json.dumps({"entities": [_plain(fact, learned) for fact in learned.facts]}, ensure_ascii=False))
    else:
        _show(learned, everything=options.all)
    return 0


def _plain(fact: Fact, learned: Learned) -> dict[str, object]:
    entity, area = fact.entity, learned.home.area(fact.entity.area)
    return {
        "id": entity.id, "name": entity.name, "aliases": list(entity.aliases), "area": area.name if area else "",
        "device_class": entity.device_class, "unit": entity.unit, "risk": entity.risk.value,
        "members": list(entity.members), "can": described(entity), "mqtt": dict(entity.mqtt), "origin": fact.origin,
        "topic": fact.topic, "corrected": list(fact.corrected), "hidden": fact.hidden, "problems": list(fact.problems),
    }  # fmt: skip


def _show(learned: Learned, *, everything: bool) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    for title in ("name", "room", "id", "can", "risk", "from", "remarks"):
        table.add_column(title, overflow="fold")
    shown = [fact for fact in learned.facts if everything or not fact.hidden]
    for fact in shown:
        entity, area = fact.entity, learned.home.area(fact.entity.area)
        corrected = f"home.toml: {', '.join(fact.corrected)}" if fact.corrected else ""
        remarks = "; ".join(one for one in (fact.hidden, corrected, *fact.problems) if one)
        place, can = area.name if area else "", described(entity)
        row = (entity.name, place, entity.id, can, entity.risk.value, fact.origin, remarks)
        table.add_row(*(text.replace("[", "\\[") for text in row), style="dim" if fact.hidden else None)
    console.print(table)
    hidden = sum(1 for fact in learned.facts if fact.hidden)
    console.print(f"{len(learned.facts) - hidden} things, {hidden} more that are not for talking to", end="")
    console.print("" if everything or not hidden else " (--all shows them)")
