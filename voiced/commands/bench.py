"""`voiced bench`: one measurement, one module in `voiced/bench/`, loaded only when it is called."""

from __future__ import annotations

import argparse
import importlib
import json

from rich.console import Console
from rich.table import Table

BENCHES = {
    "turn": "end of speech to the decision: ours, the stock way, Whisper then text",
    "stream": "whether the machine keeps up while somebody speaks, and with what reserve",
    "idle": "what listening costs while nobody speaks, against the wake model alone; memory",
    "wake": "what the wake model costs, by backend",
    "tts": "how soon an answer begins to sound",
    "predict": "what a turn would take on a Raspberry Pi 5, from the model's files and published rates",
    "all": "every figure that has a goal, as a table",
    "hearing": "the same recordings: nano, Whisper and the closest sentence, Whisper and exactly that sentence",
    "endpoint": "how often a turn is cut off, against how long the others wait for its end",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(map(len, BENCHES))
    parser.epilog = "measurements:\n" + "\n".join(f"  {name:{width}}  {text}" for name, text in BENCHES.items())
    parser.add_argument("bench", metavar="MEASUREMENT", choices=BENCHES, help="one of those below")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="its options: MEASUREMENT --help")


def run(options: argparse.Namespace) -> int:
    module = importlib.import_module(f"voiced.bench.{options.bench}")
    text = BENCHES[options.bench]
    parser = argparse.ArgumentParser(prog=f"voiced bench {options.bench}", description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    module.add_arguments(parser)
    options = parser.parse_args(options.rest)
    result = module.measure(options)
    if options.json:
        print(json.dumps(result))
        return 0
    if getattr(options, "markdown", False):
        print(module.markdown(result))
        return 0
    console = Console()
    for key, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            table = Table(*value[0], box=None, title=key, title_justify="left")
            for one in value:
                table.add_row(*map(_text, one.values()))
            console.print(table)
        else:
            console.print(f"{key:32s} {_text(value)}")
    return 0


def _text(value: object) -> str:
    return "-" if value is None else str(value)
