"""`voiced setup`: microphone level, wake word, loudspeaker and broker, each tried, then a first voiced.toml."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from pathlib import Path

from rich.console import Console
from rich.prompt import Confirm, Prompt

from voiced.adapters.microphone import list_inputs
from voiced.adapters.mqtt import MqttBroker
from voiced.app import microphone_ear, mouth, running
from voiced.config import BrokerConfig, Config, MicrophoneConfig, SpeakerConfig
from voiced.errors import UsageError, VoicedError
from voiced.listen.level import power_of
from voiced.messages import EarLost, Frame

_LEVEL_S = 3.0
_WAKE_S = 15.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("voiced.toml"), help="file to write (voiced.toml)")
    parser.add_argument("--home", default="home.toml", help="what the configuration names as the home")
    parser.add_argument("--dry-run", action="store_true", help="show the file instead of writing it")


def run(options: argparse.Namespace) -> int:
    console = Console()
    if options.out.exists() and not options.dry_run:
        raise UsageError(f"{options.out} is there already; name another with --out")
    text = asyncio.run(_ask_everything(console, options.home))
    console.rule(str(options.out))
    console.print(text, markup=False, highlight=False)
    if not options.dry_run:
        options.out.write_text(text, "utf-8")
        console.print(
            f"written. Next: voiced check-config --config {options.out}, then voiced run --config {options.out}"
        )
    return 0


async def _ask_everything(console: Console, home: str) -> str:
    microphone = await _microphone(console)
    speaker = await _speaker(console)
    broker = await _broker(console)
    area = Prompt.ask("In which area does this device stand (as home.toml names it, empty for none)", default="")
    return _toml(home, area, microphone, speaker, broker)


async def _microphone(console: Console) -> str:
    names = [one.name for one in list_inputs() if not one.monitor]
    if not names:
        console.print("[red]There is no microphone.[/red] Plug one in and start again, or go on and name it later.")
    for name in names:
        console.print(f"  {name}")
    device = Prompt.ask("Microphone: part of its name, empty for the default one", default="")
    ear = microphone_ear(Config(microphone=MicrophoneConfig(device=device)))
    console.print("Be quiet for three seconds, then say “hey jarvis”.")
    quiet: list[float] = []
    best, opened = 0.0, time.monotonic()
    async with running(ear.supervisor):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEVEL_S + _WAKE_S):
                async for heard in ear.frames():
                    if isinstance(heard, EarLost):
                        console.print(f"[red]no sound:[/red] {heard.reason}")
                    if not isinstance(heard, Frame):
                        continue
                    if time.monotonic() - opened < _LEVEL_S:
                        quiet.append(power_of(heard.pcm))
                    best = max([best, *(heard.wake or {}).values()])
                    if best >= 0.5 and len(quiet) > 10:
                        break
    if quiet:
        console.print(f"the room's noise: {sum(quiet) / len(quiet):.0f} (power of 16-bit samples)")
    verdict = "[green]heard[/green]" if best >= 0.5 else "[red]not heard[/red]"
    console.print(f"wake word: {verdict}, best score {best:.2f}")
    return device


async def _speaker(console: Console) -> str:
    device = Prompt.ask("Loudspeaker: part of its name, default, or none", default="default")
    client = mouth(Config(speaker=SpeakerConfig(device=device)))
    try:
        async with running(client.supervisor):
            await client.supervisor.wait_ready(60)
            await client.say("Hello. This is how I sound.")
        if device != "none" and not Confirm.ask("Did you hear it", default=True):
            console.print("Look at `voiced devices` for other loudspeakers.")
    except VoicedError as error:
        console.print(f"[red]{error}[/red]")
    return device


async def _broker(console: Console) -> BrokerConfig:
    host = Prompt.ask("MQTT broker: host", default="localhost")
    port = int(Prompt.ask("port", default="1883"))
    async with MqttBroker(host=host, port=port, device_id="setup", guest=True) as broker:
        for _ in range(30):
            if broker.connected:
                break
            await asyncio.sleep(0.1)
        console.print("[green]connected[/green]" if broker.connected else f"[red]no answer:[/red] {broker.trouble}")
    return BrokerConfig(host, port)


def _toml(home: str, area: str, microphone: str, speaker: str, broker: BrokerConfig) -> str:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return "\n".join(
        [
            f"home = {quoted(home)}",
            *([f"area = {quoted(area)}"] if area else []),
            "",
            "[microphone]",
            f"device = {quoted(microphone)}",
            "",
            "[speaker]",
            f"device = {quoted(speaker)}",
            "",
            "[broker]",
            f"host = {quoted(broker.host)}",
            f"port = {broker.port}",
            "",
        ]
    )
