"""`voiced check-config`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from voiced.config import DEMO_HOME, read_config, read_text
from voiced.errors import ConfigError
from voiced.home.interpreter import Interpreter
from voiced.home.language import sentences
from voiced.home.language.alike import alike
from voiced.home.load import read_home_file
from voiced.home.network.learned import merge


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="voiced.toml; without it the defaults")
    parser.add_argument("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    parser.add_argument("--json", action="store_true", help="the effective configuration as one JSON object")


def run(options: argparse.Namespace) -> int:
    faults: list[str] = []
    config, home = None, None
    try:
        config = read_config(options.config)
    except ConfigError as error:
        faults.append(str(error))
    path = options.home or (config.home if config else None)
    learns = bool(config and config.learns and config.home != DEMO_HOME)
    if path:
        try:
            home = merge(read_home_file(read_text(path), str(path), learns=learns), ()).home
        except ConfigError as error:
            faults.append(str(error))
    if home:
        faults += [f"{path}: {fault}" for fault in sentences.faults(home)]
    if config and home and config.area and not learns and home.area_called(config.area) is None:
        names = ", ".join(area.name for area in home.areas) or "none"
        faults.append(f"{options.config}: area: '{config.area}' is no area of {path}; there are: {names}")
    if faults:
        raise ConfigError("\n".join(faults))
    assert config is not None
    assert home is not None
    warnings = (*alike(home), *_interpreter(config.interpreter))
    if options.json:
        found = {"entities": len(home.entities), "areas": len(home.areas), "warnings": list(warnings)}
        print(json.dumps({"config": config.to_json(), **found}))
        return 0
    print(f"{options.config or 'defaults'}: right")
    print(
        f"{path}: right; {len(home.entities)} entities in {len(home.areas)} areas, {len(home.sentences)} own sentences"
    )
    unreachable = [e.name for e in home.entities if not e.reachable]
    if unreachable:
        print(f"without a command topic (understood, but out of reach): {', '.join(unreachable)}")
    languages = " and ".join(config.interpreter.languages)
    print(f"interpreter: {languages}" if languages else "interpreter: off (no [interpreter])")
    for warning in warnings:
        print(warning)
    return 0


def _interpreter(of: Interpreter) -> tuple[str, ...]:
    """What it lacks."""
    files = (of.voice, f"{of.voice}.json") if of.voice else ()
    return tuple(f"interpreter.voice: {file} does not exist" for file in files if not Path(file).is_file())
