"""`voiced replay`: a recording through the whole pipeline."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from voiced.adapters.fakes import MemoryBroker
from voiced.app import (
    CONNECT_S,
    Minds,
    area_id,
    file_ear,
    home_of,
    known_states,
    listener_settings,
    mouth,
    real_house,
    running,
    turn_settings,
)
from voiced.app import mqtt as real_broker
from voiced.assistant import Assistant
from voiced.commands.show import Screen
from voiced.commands.why import shown
from voiced.config import Config
from voiced.configfile import read_config
from voiced.errors import AudioFileError
from voiced.home.judgement import Judgement
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.messages import Decision
from voiced.ports import Broker
from voiced.turn.reasons import Reasons
from voiced.turn.timeline import Happening


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="WAV or FLAC, any rate")
    parser.add_argument("--config", type=Path, help="voiced.toml")
    parser.add_argument("--home", type=Path, help="home.toml, instead of the one that the configuration names")
    parser.add_argument("--area", help="the area in which the device stands")
    parser.add_argument(
        "--no-wake", action="store_true", help="the turn opens at the first sample, without a wake word"
    )
    parser.add_argument(
        "--realtime", action="store_true", help="at the pace of the sound; otherwise as fast as possible"
    )
    parser.add_argument(
        "--mqtt",
        action="store_true",
        help="really publish; otherwise commands are shown and their confirmation simulated",
    )
    parser.add_argument("--learn", action="store_true", help="the house as the broker knows it, corrected by home.toml")
    parser.add_argument("--why", action="store_true", help="after each turn, what it heard and why it went as it did")
    parser.add_argument("--json", action="store_true", help="a JSON object for each event")


def run(options: argparse.Namespace) -> int:
    config = read_config(options.config).with_place(home=options.home, area=options.area)
    console, reasons = Console(), Reasons(1)
    screen = Screen(console)

    def tell(happening: Happening) -> None:
        reasons.tell(happening)
        explained = reasons.last() if options.why and happening["event"] == "turn_end" else []
        if options.json:
            print(json.dumps({**happening, "explanation": explained[0]} if explained else happening), flush=True)
            return
        screen.show(happening)
        for turn in explained:
            console.print(shown(turn))

    if not options.file.is_file():
        raise AudioFileError(f"{options.file}: there is no such file")
    wake = not options.no_wake
    work = replay(
        config,
        options.file,
        tell=tell,
        explain=reasons.explain,
        wake=wake,
        realtime=options.realtime,
        mqtt=options.mqtt,
        learn=options.learn,
    )
    asyncio.run(work)
    return 0


async def replay(
    config: Config,
    path: Path,
    *,
    tell: Callable[[Happening], None],
    explain: Callable[[int, Decision, Judgement], None] = lambda *_: None,
    wake: bool,
    realtime: bool,
    mqtt: bool,
    learn: bool = False,
) -> None:
    """Every event goes to `tell`; those of a simulated house carry `"simulated": true`."""
    home = await home_of(config, learn=learn)
    area = area_id(config, home, strict=True)
    states = await known_states(config, home) if learn and not mqtt else ()
    ear, minds = file_ear(config, path, wake=wake, realtime=realtime), Minds.of(config)
    voice = mouth(config, speaker="none", realtime=realtime)
    await minds.load_home(home.to_dict(), area)

    def marked(happening: Happening) -> None:
        simulated = not mqtt and happening["event"] in ("command", "confirmed")
        tell({**happening, "simulated": True} if simulated else happening)

    async with contextlib.AsyncExitStack() as stack:
        broker: Broker
        if mqtt:
            broker = real = await stack.enter_async_context(real_broker(config, suffix="replay"))
            await real.wait_connected(CONNECT_S)
        else:
            broker = MemoryBroker(answer=simulate(home))
        await stack.enter_async_context(running(voice.supervisor, *minds.supervisors))
        await minds.started()
        await voice.supervisor.wait_ready(60)
        await stack.enter_async_context(running(ear.supervisor))
        house = real_house(home, area=area, device_id=config.id, locale=config.locale, interpreter=config.interpreter)
        for told in states:
            house.heard_state(told.topic, told.payload)
        assistant = Assistant(
            ear=ear,
            engine=minds.in_house(house),
            mouth=voice,
            broker=broker,
            listener=Listener(listener_settings(config)),
            house=house,
            tell=marked,
            explain=explain,
            settings=turn_settings(config),
            paced=realtime,
            wake=wake,
        )
        for topic in home.topics():  # now that somebody hears what was retained
            await broker.subscribe(topic)
        await assistant.run()
