"""`voiced check-config`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from voiced.adapters.wakeword import SHIPPED
from voiced.app import area_id
from voiced.config import DEMO_HOME, WAKE_MODELS, Config, WakeConfig
from voiced.configfile import read_config, read_text
from voiced.errors import ConfigError
from voiced.home.interpreter import Interpreter
from voiced.home.language import sentences
from voiced.home.language.alike import alike
from voiced.home.load import read_home_file
from voiced.home.network.learned import merge
from voiced.tables import did_you_mean


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
    if config and home and not config.learns:  # the demo's rooms are nobody's, either
        try:
            area_id(config, home, strict=True)
        except ConfigError as error:
            faults.append(f"{options.config}: {error}")
    if config:
        faults += [f"{options.config}: wake.words: {fault}" for fault in _words(config.wake)]
    if faults:
        raise ConfigError("\n".join(faults))
    assert config is not None
    assert home is not None
    warnings = (*alike(home), *_lacks(config), *_interpreter(config.interpreter))
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
        print(f"without a command topic (can be asked about, not switched): {', '.join(unreachable)}")
    languages = " and ".join(config.interpreter.languages)
    print(f"interpreter: {languages}" if languages else "interpreter: off (no [interpreter])")
    for warning in warnings:
        print(warning)
    return 0


def _words(wake: WakeConfig) -> list[str]:
    """What is wrong with the wake words."""
    faults = []
    for word in wake.words:
        if word.endswith(WAKE_MODELS):
            if not Path(word).is_file():
                faults.append(f"{word} does not exist")
        elif word not in SHIPPED:
            near = did_you_mean(word, SHIPPED) or f"; there are: {', '.join(SHIPPED)}, or the path of a model"
            faults.append(f"there is no wake word '{word}'{near}")
    return faults


def _lacks(config: Config) -> tuple[str, ...]:
    """Files without which the daemon stays up and says that it lacks something."""
    model, voice, secret = config.model.path, config.speaker.voice, config.broker.password_file
    lacks = [] if any(model.glob("*.gguf")) else [f"model.path: there is no model in {model}"]
    if voice and not voice.is_file():
        lacks.append(f"speaker.voice: {voice} does not exist")
    if secret and not secret.is_file():
        lacks.append(f"broker.password_file: {secret} does not exist")
    return tuple(lacks)


def _interpreter(of: Interpreter) -> tuple[str, ...]:
    """What it lacks."""
    files = (of.voice, f"{of.voice}.json") if of.voice else ()
    return tuple(f"interpreter.voice: {file} does not exist" for file in files if not Path(file).is_file())
