"""`python -m tools.echo`: our echo canceller and the sound server's own (module-echo-cancel) in one simulated room.

A PulseAudio (or PipeWire: --server) of its own with null sinks for loudspeaker and microphone; the real mouth speaks,
the real ear listens, at the sound's own pace. First our canceller where the loudspeaker is the microphone (--straight:
nothing else), then in the room, for each canceller, everything started anew:

    first, later   dB by which the echo is lower than it came in: in the first reply, in the ones after it (median)
    woke           of "hey jarvis" spoken over replies, 6 dB softer than their echo, how often the wake word is heard
    false          how often it is heard where nobody said it
    untouched      dB by which somebody who speaks while nothing plays is changed; 0 is best

Takes five minutes, and wants a quiet machine: sound that is late is hard on all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from tests.faults.sound import PipeWire, SoundServer, sound_server
from tools.echo.room import Room, Sound, simulated
from tools.echo.straight import Straight, straight
from voiced.adapters.piper import Voice
from voiced.adapters.rates import resample
from voiced.errors import VoicedError
from voiced.messages import SAMPLE_RATE_HZ, Frame
from voiced.workers.clients import EarClient, MouthClient

REPLIES = (
    "The garage door is closed, the kitchen lights are on, and it is twenty degrees in the bedroom.",
    "Your timer for the pasta has four minutes left, and the next alarm rings tomorrow at half past six.",
    "The front door is locked. There are three things on the shopping list: bread, butter, and coffee.",
)
PACES = (0.9, 1.0, 1.1, 1.2)
_WORD = "hey_jarvis"
_WOKEN = 0.5
_SOFTER_DB = 6.0
_SERVERS: dict[str, tuple[type[SoundServer], tuple[str, ...]]] = {
    "pulseaudio": (SoundServer, ("none", "ours", "webrtc", "speex")),
    "pipewire": (PipeWire, ("none", "ours", "webrtc")),
}
"""And what is compared there: PipeWire's has only the library of PulseAudio's `webrtc`."""


@dataclass(frozen=True, slots=True)
class Measured:
    canceller: str
    first_db: float
    later_db: float
    woke: int
    of: int
    false: int
    untouched_db: float


class Listening:
    """Frames of an ear, and what came of them."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    async def to(self, ear: EarClient) -> None:
        async for heard in ear.frames():
            self.frames.extend([heard] if isinstance(heard, Frame) else [])

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.frames) < count:  # noqa: ASYNC110 - frames are counted, not told
                await asyncio.sleep(0.05)

    def level_db(self) -> float:
        """Of the loudest half of the frames: where there are words."""
        sound = np.frombuffer(b"".join(frame.pcm for frame in self.frames), np.int16).reshape(-1, 320) / 32768
        powers = np.sort(np.mean(sound**2, axis=1))
        return float(10 * np.log10(np.mean(powers[len(powers) // 2 :]) + 1e-12))

    def wakes(self) -> int:
        scores = [frame.wake[_WORD] for frame in self.frames if frame.wake]
        return sum(now >= _WOKEN > before for before, now in zip([0.0, *scores], scores, strict=False))


class Stage:
    def __init__(self, mouth: MouthClient, listening: Listening, room: Room) -> None:
        self._mouth, self._listening, self._room = mouth, listening, room

    async def reply(self, text: str, words: Sound | None = None, after_s: float = 1.5) -> Listening:
        """What the ear heard of it, and of somebody who speaks over it."""
        frames = self._listening.frames
        frames.clear()
        saying = asyncio.create_task(self._mouth.say(text))
        if words is not None:
            await asyncio.sleep(after_s)
            self._room.says(words)
        await saying
        await asyncio.sleep(0.6)
        return self._taken()

    async def somebody(self, words: Sound) -> Listening:
        self._listening.frames.clear()
        self._room.says(words)
        await asyncio.sleep(len(words) / SAMPLE_RATE_HZ + 0.5)
        return self._taken()

    def _taken(self) -> Listening:
        taken = Listening()
        taken.frames = list(self._listening.frames)
        return taken


async def measured(server: SoundServer, canceller: str, calls: Sequence[Sound], raw_db: list[float]) -> Measured:
    """`raw_db`: what came in of each reply, and of a call, measured with no canceller; filled then."""
    source, module = "mic", ""
    if canceller in ("webrtc", "speex"):
        module = server.ctl(
            *("load-module", "module-echo-cancel", f"aec_method={canceller}", "source_master=mic"),
            *("sink_master=speaker", "source_name=cancelled", "sink_name=towards"),
        )
        source = "cancelled"
        server.ctl("set-default-sink", "towards")
    ear = EarClient(options={"device": source, "wake_words": (_WORD,)})
    mouth = MouthClient(options={"speaker": "pulse", "tells": canceller == "ours"})
    listening = Listening()
    with simulated() as room:
        async with ear.supervisor, mouth.supervisor:
            jobs = [asyncio.create_task(listening.to(ear))]
            if canceller == "ours":
                jobs.append(asyncio.create_task(ear.overhear(mouth)))
            try:
                await mouth.started()
                await listening.until(50)
                stage = Stage(mouth, listening, room)
                levels, false = [], 0
                for text in (*REPLIES, REPLIES[0]):
                    heard = await stage.reply(text)
                    levels.append(heard.level_db())
                    false += heard.wakes()
                woke = 0
                for number, call in enumerate(calls):
                    heard = await stage.reply(REPLIES[number % len(REPLIES)], call, 1.2 + 0.3 * (number % 4))
                    woke += heard.wakes() > 0
                alone_db = (await stage.somebody(calls[0])).level_db()
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
    if module:
        server.ctl("set-default-sink", "speaker")
        server.ctl("unload-module", module)
    if canceller == "none":
        raw_db[:] = [*levels, alone_db]
    gains = [raw - level for raw, level in zip(raw_db, levels, strict=False)]
    return Measured(
        canceller, round(gains[0], 1), round(statistics.median(gains[1:]), 1), woke, len(calls), false,
        round(alone_db - raw_db[-1], 1),
    )  # fmt: skip


def spoken(count: int, level: float) -> list[Sound]:
    """A call, "hey jarvis", at several paces, of that effective amplitude."""
    out = []
    for pace in PACES:
        voice = Voice(length_scale=pace)
        pcm = resample(np.concatenate(list(voice.sentences("Hey jarvis!"))), voice.rate_hz, SAMPLE_RATE_HZ) / 32768
        out.append(np.asarray(pcm / np.sqrt(np.mean(pcm**2)) * level))
    return [out[number % len(out)] for number in range(count)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.echo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--calls", type=int, default=8, help="wake words over replies (default 8)")
    parser.add_argument("--only", choices=("ours", "webrtc", "speex"), help="this canceller, beside none")
    parser.add_argument("--server", choices=tuple(_SERVERS), default="pulseaudio")
    parser.add_argument("--straight", action="store_true", help="only ours, without a room (a minute)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(arguments)
    kind, cancellers = _SERVERS[options.server]
    for program in (*kind.programs, "pactl", "parec", "pacat"):
        if not shutil.which(program):
            print(f"tools.echo: {program} is not installed: apt install {options.server} pulseaudio-utils",
                  file=sys.stderr)  # fmt: skip
            return 2
    chosen = [one for one in cancellers if options.only in (None, one) or one == "none"]
    rows: list[Measured] = []
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for server in sound_server(Path(folder), patch, kind):
            try:
                with console.status("ours, without a room: 5 replies"):
                    alone = asyncio.run(straight(server))
            except VoicedError as error:
                print(f"tools.echo: {error}", file=sys.stderr)
                return error.exit_code
            print(json.dumps(_plain(alone)) if options.json else _words(alone), flush=True)
            if options.straight:
                break
            raw: list[float] = []
            calls = spoken(options.calls, 10 ** ((-21 - 6 - _SOFTER_DB) / 20))
            for canceller in chosen:
                with console.status(f"{canceller}: {5 + options.calls} replies"):
                    try:
                        rows.append(asyncio.run(measured(server, canceller, calls, raw)))
                    except VoicedError as error:
                        print(f"tools.echo: {error}", file=sys.stderr)
                        return error.exit_code
                if options.json:
                    print(json.dumps(asdict(rows[-1])), flush=True)
    if rows and not options.json:
        Console().print(_table(rows, options.server))
    return 0


def _plain(alone: Straight) -> dict[str, object]:
    return {"straight_db": [round(alone.least_db, 1), round(alone.most_db, 1)], **asdict(alone)}


def _words(alone: Straight) -> str:
    return f"without a room our echo is {alone.least_db:.0f} to {alone.most_db:.0f} dB lower, from the second reply on"


def _table(rows: Sequence[Measured], server: str) -> Table:
    table = Table("canceller", "first", "later", "woke", "false", "untouched")
    for row in rows:
        name = {"ours": "ours", "none": "none"}.get(row.canceller, f"{server}, {row.canceller}")
        table.add_row(
            name, f"{row.first_db:.1f} dB", f"{row.later_db:.1f} dB", f"{row.woke}/{row.of}", str(row.false),
            f"{row.untouched_db:+.1f} dB",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    sys.exit(main())
