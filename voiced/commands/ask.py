"""`voiced ask`: typed words, the same way without the ear."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import Console

from voiced.adapters.fakes import MemoryBroker, MemoryMouth
from voiced.app import Minds, area_id, home_of, known_states, real_house, running
from voiced.assistant import Assistant
from voiced.commands.show import Screen
from voiced.config import Config
from voiced.configfile import read_config
from voiced.errors import ConfigError, UsageError
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.messages import EarLost, EarOpened, Frame
from voiced.ports import Expect
from voiced.turn.beside import alongside
from voiced.turn.timeline import Happening


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", help='for instance "turn on the kitchen lights"')
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    parser.add_argument("--area", help="the area in which the device stands")
    parser.add_argument("--learn", action="store_true", help="the house as the broker knows it, corrected by home.toml")
    parser.add_argument(
        "--interpret", action="store_true", help="say it again in the other one of the [interpreter]'s two languages"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object for each event")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config).with_place(home=options.home, area=options.area)
    if not options.text.strip():
        raise UsageError("there is nothing to ask")
    if options.interpret and not config.interpreter.languages:
        raise ConfigError("nobody interprets here: the configuration has no [interpreter]")
    asyncio.run(_ask(config, options))
    return 0


class _NoEar:
    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        return
        yield


async def _ask(config: Config, options: argparse.Namespace) -> None:
    """Devices are simulated: typed words are for trying out, and nothing is published. What is so in a house that was
    learned, its topics tell.
    """
    home = await home_of(config, learn=options.learn)
    area = area_id(config, home, strict=True)
    states = await known_states(config, home) if options.learn else ()
    minds = Minds.of(config)
    await minds.load_home(home.to_dict(), area)

    def tell(happening: Happening) -> None:
        simulated = {"simulated": True} if happening["event"] in ("command", "confirmed") else {}
        if options.json:
            print(json.dumps({**happening, **simulated}), flush=True)
        else:
            screen.show({**happening, **simulated})

    screen = Screen(Console())
    async with running(*minds.supervisors):
        await minds.started()
        house = real_house(home, area=area, device_id=config.id, locale=config.locale, interpreter=config.interpreter)
        for told in states:
            house.heard_state(told.topic, told.payload)
        engine = minds.in_house(house)
        if options.interpret and not engine.talks:
            raise ConfigError("nobody interprets here: the model only knows the house ([model] names another)")
        assistant = Assistant(
            ear=_NoEar(),
            engine=engine,
            mouth=MemoryMouth(),
            broker=MemoryBroker(answer=simulate(home)),
            listener=Listener(),
            house=house,
            tell=tell,
        )
        async with alongside({"states": assistant.follow_states()}):
            await assistant.ask(options.text, Expect.INTERPRET if options.interpret else Expect.COMMAND)
