"""Row A9: an hour of sound with known words in it, through real ear, engine and house, as fast as they take it.

Every utterance is a recording of the demo with its wake word, at a random place in a slot of its own, in quiet noise.
Lost is one after which nothing was decided, double one with two decisions. Memory, open files and threads of core, ear
and engine are looked at all the while. The first quarter of the sound, in which they start and their caches fill, does
not count, however fast it is heard. Memory is what is theirs alone and not a file's: the share of what others map too
changes with the others. Its slope is told with the end of its 95 % interval, for an hour that is too short or too
unsteady shows none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile

from tests.faults.test_memory import memory_mb
from voiced.adapters.fakes import MemoryBroker, MemoryMouth
from voiced.adapters.wavfile import Recording
from voiced.app import engine, file_ear, listener_settings, real_house, running, turn_settings
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME, Config, WakeConfig
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.ledger import percentile
from voiced.listen.listener import Listener
from voiced.messages import SAMPLE_RATE_HZ
from voiced.turn.timeline import Happening
from voiced.workers.supervisor import Supervisor

SLOT_S = 16.0
_NOISE = 3e-4
_LOOK_S = 0.25
_DEMO = DEMO_HOME.parent / "demo"


@dataclass(frozen=True, slots=True)
class Look:
    """At all three processes."""

    hours: float
    """Of sound that were heard by then."""
    mb: float
    files: int
    threads: int


@dataclass(slots=True)
class Hour:
    utterances: int
    audio_s: float
    took_s: float = 0.0
    decided: Counter[int] = field(default_factory=Counter)
    """Decisions by slot."""
    spent_ms: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        first, second = (self.spent_ms[: len(self.spent_ms) // 2], self.spent_ms[len(self.spent_ms) // 2 :])
        before, after = (percentile(some, 0.95) or 1.0 for some in (first, second))
        settled = self.settled()
        slope = slope_an_hour([(look.hours, look.mb) for look in settled])
        return {
            "utterances": self.utterances, "times_real_time": round(self.audio_s / self.took_s, 1),
            "lost": sum(self.decided[slot] == 0 for slot in range(self.utterances)),
            "double": sum(self.decided[slot] > 1 for slot in range(self.utterances)),
            "files_more": settled[-1].files - settled[0].files,
            "threads_more": settled[-1].threads - settled[0].threads,
            "p95_drift_percent": round(100 * (after / before - 1), 1),
            **(dict(zip(_SLOPE, slope, strict=True)) if slope else {}),
        }  # fmt: skip

    def settled(self) -> list[Look]:
        """Looks after a quarter of the sound; ValueError where there are fewer than two, so that nothing could grow."""
        settled = [look for look in self.looks if look.hours * 3600 >= self.audio_s / 4]
        if len(settled) < 2:
            raise ValueError(f"{len(settled)} of {len(self.looks)} looks are after the first quarter: two are needed")
        return settled


_SLOPE = ("memory_mb_an_hour", "memory_mb_an_hour_at_most")
_BLOCKS = 10
_T_8_975 = 2.306
"""Student's t with the degrees of freedom that a line through so many blocks leaves, two-sided 95 %."""


def slope_an_hour(looks: list[tuple[float, float]]) -> tuple[float, float] | None:
    """The slope of (hours, MB), and the end of its 95 % interval; None where there are too few looks to tell.

    Looks at memory that follow each other are alike, so the line goes through the means of blocks of them.
    """
    if len(looks) < 2 * _BLOCKS:
        return None
    blocks = np.array([np.mean(block, axis=0) for block in np.array_split(np.array(looks), _BLOCKS)])
    hours, mb = blocks[:, 0] - blocks[:, 0].mean(), blocks[:, 1]
    spread = float(hours @ hours)
    slope = float(hours @ mb) / spread
    left = mb - mb.mean() - slope * hours
    most = slope + _T_8_975 * math.sqrt(float(left @ left) / (_BLOCKS - 2) / spread)
    return round(slope, 2), round(most, 2)


def written(folder: Path, utterances: int, seed: int = 9) -> Path:
    """The sound, as one file. No timers, which would ring into it, and no codes, which would be asked for."""
    rows = [json.loads(line) for line in (_DEMO / "manifest.jsonl").read_text("utf-8").splitlines()]
    calm = [row for row in rows if row["outcome"] == "command" and row["wake"]]
    spoken = {row["audio"]: b"".join(Recording(path=_DEMO / row["audio"]).frames()) for row in calm}
    chance, noise = random.Random(seed), np.random.default_rng(seed)
    path = folder / "hour.flac"
    with soundfile.SoundFile(path, "w", SAMPLE_RATE_HZ, 1, subtype="PCM_16") as file:
        for _ in range(utterances):
            slot = noise.normal(0, _NOISE, int(SLOT_S * SAMPLE_RATE_HZ))
            words = np.frombuffer(spoken[chance.choice(calm)["audio"]], np.int16) / 32768
            at = int(chance.uniform(1.0, 4.0) * SAMPLE_RATE_HZ)
            slot[at : at + len(words)] += words[: len(slot) - at]
            file.write(np.clip(slot, -1, 1))
    return path


async def heard(folder: Path, utterances: int, *, backend: str = "") -> Hour:
    """InferenceError where the engine does not start. `backend` scores the wake word: it is most of the work, and
    onnxruntime needs a third of the time that pyopen-wakeword does.
    """
    hour = Hour(utterances, utterances * SLOT_S)
    path = await asyncio.to_thread(written, folder, utterances)
    config = replace(Config(), wake=WakeConfig(backend=backend))
    home = load_home(DEMO_HOME.read_text("utf-8"))
    ear, mind = file_ear(config, path, wake=True, realtime=False), engine(config)
    await mind.load_home(home.to_dict())

    def tell(happening: Happening) -> None:
        if happening["event"] == "decision":
            hour.decided[int(float(str(happening["t_ms"])) / 1000 // SLOT_S)] += 1
        ledger = happening.get("ledger")
        if isinstance(ledger, dict) and (spent_ms := ledger.get("published_ms")) is not None:
            hour.spent_ms.append(float(spent_ms))

    async with running(mind.supervisor):
        await mind.started()
        async with running(ear.supervisor):
            assistant = Assistant(
                ear=ear, engine=mind, mouth=MemoryMouth(), broker=MemoryBroker(answer=simulate(home)),
                listener=Listener(listener_settings(config)), house=real_house(home), tell=tell,
                settings=turn_settings(config), paced=False,
            )  # fmt: skip
            began = time.monotonic()
            looking = asyncio.create_task(_look(hour, assistant, (ear.supervisor, mind.supervisor)))
            try:
                await assistant.run()
            finally:
                looking.cancel()
            hour.took_s = time.monotonic() - began
    return hour


async def _look(hour: Hour, assistant: Assistant, children: tuple[Supervisor, ...]) -> None:
    while True:
        pids = [os.getpid(), *(pid for child in children if (pid := child.pid))]
        with contextlib.suppress(OSError):  # one of them has just ended
            files, threads = (sum(_entries(pid, what) for pid in pids) for what in ("fd", "task"))
            memory = sum(memory_mb(pid, "Pss_Anon") for pid in pids)
            hour.looks.append(Look(assistant.listener.now / SAMPLE_RATE_HZ / 3600, memory, files, threads))
        await asyncio.sleep(_LOOK_S)


def _entries(pid: int, what: str) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/{what}").iterdir())
