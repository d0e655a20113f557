"""`voiced demo`: recordings that ship with the project, through the whole real pipeline, at their own pace."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.adapters.wavfile import Recording, write_wav
from voiced.app import (
    engine,
    listener_settings,
    load_home_of,
    mouth,
    real_house,
    running,
    simulated_devices,
    system_digits,
    turn_settings,
)
from voiced.assistant import Assistant
from voiced.bench.manifest import Line, read_manifest
from voiced.bench.playlist import Playlist, Take
from voiced.commands.show import Screen
from voiced.config import DEMO_HOME, BrokerConfig, Config
from voiced.errors import AudioDeviceError, UsageError
from voiced.home.model import Home
from voiced.home.outcome import outcome
from voiced.listen.listener import Listener
from voiced.messages import Call, ms_to_samples
from voiced.turn.timeline import Happening, TurnSettings
from voiced.workers.clients import sound_devices

RECORDINGS = DEMO_HOME.parent / "demo"
_TURN_S = 20.0
_VOICE = "joe-"
"""The recordings of the voice that speaks the demo begin so."""
_GAP = bytes(2 * ms_to_samples(60))
_BEFORE = bytes(2 * ms_to_samples(2 * TurnSettings().gate_tail_ms))
"""Nobody answers before the question is over; what is said until the ear opens again is not heard."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", type=int, metavar="N", help="only turn N of the ten")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo-out"),
        help="folder for the spoken answers, answers.wav (default demo-out)",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object for each event, and one for the result")


def run(options: argparse.Namespace) -> int:
    return asyncio.run(_demo(options))


@dataclass(slots=True)
class _Stage:
    """What the demo knows of the turn that is going on."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    calls: tuple[Call, ...] = ()
    happened: list[Happening] = field(default_factory=list)
    digits: str = ""
    asked: bool = False
    right: list[bool] = field(default_factory=list)

    def begin(self) -> None:
        self.over.clear()
        self.asked = False

    async def end(self) -> None:
        """The turn is over, or takes too long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), _TURN_S)

    def tell(self, happening: Happening) -> None:
        self.happened.append(happening)
        match happening["event"]:
            case "decision" if not self.calls:
                calls = happening["calls"]
                assert isinstance(calls, list)
                self.calls = tuple(Call(c["intent"], c["slots"]) for c in calls)
            case "question":
                self.asked = True
            case "turn_end":
                self.over.set()

    def code(self) -> str:
        self.digits = system_digits()
        return self.digits


async def _takes(lines: tuple[Line, ...], stage: _Stage, home: Home, scratch: Path) -> AsyncIterator[Take]:
    """Each recording, its code where one is asked for; judged when the turn is over."""
    for line in lines:
        stage.calls, stage.happened = (), []
        stage.begin()
        yield Take(line.audio)
        await stage.end()
        if stage.asked:
            stage.begin()
            yield Take(_code(stage.digits, scratch), wake=False)
            await stage.end()
        stage.right.append(_is_right(stage, line, home))


def _code(digits: str, scratch: Path) -> Path:
    """Two recorded digits as one recording: nobody knows beforehand which ones will be asked for."""
    sound = [b"".join(Recording(path=RECORDINGS / f"{_VOICE}digit-{d}.flac").frames()) for d in digits]
    path = scratch / "code.wav"
    write_wav(path, _BEFORE + _GAP.join(sound))
    return path


def _is_right(stage: _Stage, line: Line, home: Home) -> bool:
    """Understood as expected, and what should come true did: no command's effect is taken on trust."""
    kinds = [h["event"] for h in stage.happened]
    if line.expect is None:
        return "command" not in kinds and "reply" not in kinds
    if outcome(stage.calls, home) != outcome(line.expect, home):
        return False
    said = " ".join(str(h["text"]) for h in stage.happened if h["event"] == "reply")
    if line.expect[0].intent in ("HassGetState", "HassStartTimer"):
        return "yes" in said.casefold() or "timer set" in said.casefold()
    return bool(said) and "confirmed" in kinds


async def _demo(options: argparse.Namespace) -> int:
    console = Console(stderr=options.json)
    screen = Screen(console)
    lines = tuple(one for one in read_manifest(RECORDINGS / "manifest.jsonl") if one.audio.name.startswith(_VOICE))[:10]
    if options.only is not None:
        if not 1 <= options.only <= len(lines):
            raise UsageError(f"--only: there are turns 1 to {len(lines)}")
        lines = lines[options.only - 1 : options.only]
    stage = _Stage()
    shown: list[str] = []

    def tell(happening: Happening) -> None:
        if happening["event"] == "wake" and len(shown) < len(lines) and not options.json:
            line = lines[len(stage.right)]
            console.rule(f"[bold]{len(stage.right) + 1}. “hey jarvis, {line.text}”", align="left")
            shown.append(line.text)
        stage.tell(happening)
        if options.json:
            print(json.dumps(happening), flush=True)
        else:
            screen.show(happening)

    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out: {options.out}: {error.strerror}") from error
    answers = options.out / "answers.wav"
    audible = await _can_play()
    with tempfile.TemporaryDirectory() as scratch:
        async with contextlib.AsyncExitStack() as stack:
            server = stack.enter_context(Mosquitto())
            config = Config(id="demo", home=DEMO_HOME, broker=BrokerConfig("127.0.0.1", server.port))
            home = load_home_of(config)
            broker = await stack.enter_async_context(MqttBroker(host="127.0.0.1", port=server.port, device_id="demo"))
            devices = await stack.enter_async_context(
                MqttBroker(host="127.0.0.1", port=server.port, device_id="devices")
            )
            house = asyncio.create_task(simulated_devices(devices, home))
            stack.callback(house.cancel)
            mind, voice = engine(config), mouth(config, speaker="default" if audible else "none", copy=str(answers))
            await mind.load_home(home.to_dict())
            with console.status("starting the engine and the voice"):
                await stack.enter_async_context(running(voice.supervisor, mind.supervisor))
                await mind.started()
                await voice.started()
            assistant = Assistant(
                ear=Playlist(config, _takes(lines, stage, home, Path(scratch))),
                engine=mind,
                mouth=voice,
                broker=broker,
                listener=Listener(listener_settings(config)),
                house=(inner := real_house(home, device_id="demo", random_digits=stage.code)),
                tell=tell,
                settings=turn_settings(config),
            )
            for topic in home.topics():
                await broker.subscribe(topic)
            texts = inner.confirmations()
            with console.status("") as status:
                for number, text in enumerate(texts, 1):
                    status.update(f"rendering its answers ahead: {number} of {len(texts)}")
                    await voice.prepare((text,))
            await assistant.run()
    right = sum(stage.right)
    result = {"turns": len(lines), "right": right, "wrong": [i + 1 for i, ok in enumerate(stage.right) if not ok]}
    if options.json:
        print(json.dumps(result))
    else:
        console.rule()
        console.print(
            f"{right} of {len(lines)} turns as expected" + (f"; not: {result['wrong']}" if result["wrong"] else "")
        )
        silent = "" if audible else "no sound device was found: "
        console.print(f"{silent}what it answered is in {answers}")
    return 0 if right == len(lines) else 1


async def _can_play() -> bool:
    try:
        return bool((await sound_devices()).outputs)
    except AudioDeviceError:
        return False
