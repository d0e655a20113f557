"""`voiced setup`: microphone level, wake word, loudspeaker and broker, each tried, then a first voiced.toml."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm, IntPrompt, InvalidResponse, Prompt, PromptBase

from voiced.adapters.mqtt import MqttBroker
from voiced.app import microphone_ear, mouth, running
from voiced.config import BrokerConfig, Config, MicrophoneConfig, SpeakerConfig
from voiced.configfile import PORTS
from voiced.errors import BrokerError, UsageError, VoicedError
from voiced.listen.level import power_of
from voiced.messages import EarLost, Frame
from voiced.workers.clients import sound_devices

_LEVEL_S = 3.0
_WAKE_S = 15.0
_CONNECT_S = 4.0
_NO_HOME = '# home = "home.toml"  # a file beside this one: what the devices do not tell of the house, or tell wrongly'
"""The house is what its devices tell. One that is named and is not there would keep the daemon from starting."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("voiced.toml"), help="file to write (voiced.toml)")
    parser.add_argument(
        "--home",
        type=Path,
        help="a home.toml; without it the one beside the new file, if there is one, else none: "
        "the house is then what its devices tell the broker",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the file instead of writing it")


def run(options: argparse.Namespace) -> int:
    console = Console()
    if not options.dry_run:
        _may_write(options.out)
    text = _ask_everything(console, _home(options))
    console.rule(str(options.out))
    console.print(text, markup=False, highlight=False)
    if not options.dry_run:
        try:
            options.out.write_text(text, "utf-8")
        except OSError as error:
            raise UsageError(f"{options.out}: {error.strerror}") from error
        program = sys.argv[0] if Path(sys.argv[0]).name == "voiced" else "voiced"
        console.print(f"written. Next: {program} check-config --config {options.out}", soft_wrap=True, markup=False)
        console.print(f"to try it: {program} run --config {options.out}", soft_wrap=True, markup=False)
        console.print(f"as a service: sudo tools/install --config {options.out}", soft_wrap=True, markup=False)
    return 0


def _may_write(file: Path) -> None:
    """UsageError before the questions, and not after them."""
    if file.exists():
        raise UsageError(f"{file} is there already; name another with --out")
    if not os.access(file.parent, os.W_OK):
        raise UsageError(f"{file}: the folder {file.parent} is not there, or may not be written")


def _home(options: argparse.Namespace) -> Path | None:
    """As the configuration will name it: from its own folder."""
    if options.home is None:
        return Path("home.toml") if (options.out.parent / "home.toml").is_file() else None
    if not options.home.is_file():
        raise UsageError(f"--home: there is no file {options.home}")
    beside = options.home.parent.resolve() == options.out.parent.resolve()
    return Path(options.home.name) if beside else Path(options.home).resolve()


def _ask_everything(console: Console, home: Path | None) -> str:
    """The questions stand outside of any event loop, which would take one Ctrl-C for itself."""
    microphone = _microphone(console)
    speaker = _speaker(console)
    broker = _broker(console)
    with _question():
        area = Prompt.ask("Room in which this device stands, as the house names it, empty for none", default="")
    return _toml(home, area, microphone, speaker, broker)


@contextlib.contextmanager
def _question() -> Iterator[None]:
    """Ctrl-C ends the program here by the kernel's hand: where Python takes it just before it waits for a line, it is
    not looked at until that line is there.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _microphone(console: Console) -> str:
    names = [one.name for one in asyncio.run(sound_devices()).inputs if not one.monitor]
    if not names:
        console.print("[red]There is no microphone.[/red] Plug one in and start again, or go on and name it later.")
    for name in names:
        console.print(f"  {name}", markup=False)
    with _question():
        device = Prompt.ask("Microphone: part of its name, empty for the default one", default="")
    if not names:
        return device
    console.print("Be quiet for three seconds, then say “hey jarvis”.")
    quiet, best = asyncio.run(_listened(console, device))
    if quiet:
        loudness = 10 * math.log10(max(1.0, sum(quiet) / len(quiet)) / 32768**2)
        console.print(f"the room's noise: {loudness:.0f} dB of full scale")
    verdict = "[green]heard[/green]" if best >= 0.5 else "[red]not heard[/red]"
    console.print(f"wake word: {verdict}, best score {best:.2f}")
    return device


async def _listened(console: Console, device: str) -> tuple[list[float], float]:
    """Power of each frame of the quiet seconds, and the wake word's best score."""
    ear = microphone_ear(Config(microphone=MicrophoneConfig(device=device)))
    quiet: list[float] = []
    best, opened, lost = 0.0, time.monotonic(), ""
    async with running(ear.supervisor):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEVEL_S + _WAKE_S):
                async for heard in ear.frames():
                    if isinstance(heard, EarLost) and heard.reason != lost:
                        lost = heard.reason
                        console.print(f"[red]no sound:[/red] {escape(lost)}")
                    if not isinstance(heard, Frame):
                        continue
                    if time.monotonic() - opened < _LEVEL_S:
                        quiet.append(power_of(heard.pcm))
                    best = max([best, *(heard.wake or {}).values()])
                    if best >= 0.5 and len(quiet) > 10:
                        break
    return quiet, best


def _speaker(console: Console) -> str:
    with _question():
        device = Prompt.ask("Loudspeaker: part of its name, default, or none", default="default")
    try:
        asyncio.run(_spoken(device))
    except VoicedError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
    else:
        with _question():
            heard = device == "none" or Confirm.ask("Did you hear it", default=True)
        if not heard:
            console.print("Look at `voiced devices` for other loudspeakers.")
    return device


async def _spoken(device: str) -> None:
    client = mouth(Config(speaker=SpeakerConfig(device=device)))
    async with running(client.supervisor):
        await client.started()
        await client.say("Hello. This is how I sound.")


class _Port(IntPrompt):
    def process_response(self, value: str) -> int:
        if (port := super().process_response(value)) not in PORTS:
            raise InvalidResponse(f"[prompt.invalid]A port is a number from {PORTS[0]} to {PORTS[-1]}")
        return port


class _File(PromptBase[Path]):
    response_type = Path

    def process_response(self, value: str) -> Path:
        try:
            return super().process_response(value).expanduser().resolve()
        except RuntimeError:
            raise InvalidResponse("[prompt.invalid]Nobody knows the home folder that '~' stands for") from None


def _broker(console: Console) -> BrokerConfig:
    while True:
        with _question():
            host = Prompt.ask("MQTT broker: host", default="localhost")
            port = _Port.ask("port", default=1883)
            user = Prompt.ask("user name, empty for none", default="")
            password = _File.ask("file that holds the password, and nothing else", default=None) if user else None
        trouble = asyncio.run(_tried(host, port, user, password))
        console.print(f"[red]no answer:[/red] {escape(trouble)}" if trouble else "[green]connected[/green]")
        with _question():
            again = bool(trouble) and Confirm.ask("Another try", default=True)
        if not again:
            return BrokerConfig(host, port, user, password)


async def _tried(host: str, port: int, user: str, password: Path | None) -> str:
    """Why the broker does not take us; empty where it does."""
    broker = MqttBroker(
        host=host, port=port, username=user or None, password_file=password, device_id="setup", guest=True
    )
    async with broker:
        with contextlib.suppress(BrokerError):
            await broker.wait_connected(_CONNECT_S)
        return broker.trouble


def _toml(home: Path | None, area: str, microphone: str, speaker: str, broker: BrokerConfig) -> str:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # and an arrow key typed is no fault

    return "\n".join(
        [
            f"home = {quoted(str(home))}" if home else _NO_HOME,
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
            *([f"user = {quoted(broker.user)}"] if broker.user else []),
            *([f"password_file = {quoted(str(broker.password_file))}"] if broker.password_file else []),
            "",
        ]
    )
