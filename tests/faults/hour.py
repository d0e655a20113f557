"""Row A9: an hour of sound with known words in it, through real ear, engine and house, as fast as they take it.

Every utterance is a recording of the demo with its wake word, at a random place in a slot of its own, in quiet noise.
Lost is one after which nothing was decided, double one with two decisions. Memory (Pss), open files and threads of
core, ear and engine are looked at all the while; their first quarter, in which caches fill, does not count.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from tests.faults.test_memory import memory_mb
from voiced.adapters.fakes import MemoryBroker, MemoryMouth
from voiced.adapters.wavfile import Recording
from voiced.app import engine, file_ear, listener_settings, real_house, running, turn_settings
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME, Config
from voiced.errors import InferenceError
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.ledger import percentile
from voiced.listen.listener import Listener
from voiced.messages import SAMPLE_RATE_HZ
from voiced.turn.timeline import Happening
from voiced.workers.supervisor import Supervisor

SLOT_S = 16.0
PACE = 10.0
"""How much faster than the sound's own pace it is heard on a quiet machine."""
_NOISE = 3e-4
_LOOK_S = 2.0
_DEMO = DEMO_HOME.parent / "demo"


@dataclass(slots=True)
class Hour:
    utterances: int
    audio_s: float
    took_s: float = 0.0
    decided: Counter[int] = field(default_factory=Counter)
    """Decisions by slot."""
    spent_ms: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Share of the sound that was heard, and MB of all three."""
    handles: list[tuple[int, int]] = field(default_factory=list)
    """Open files and threads of all three, at the same moments."""

    def figures(self) -> dict[str, float]:
        first, second = (self.spent_ms[: len(self.spent_ms) // 2], self.spent_ms[len(self.spent_ms) // 2 :])
        before, after = (percentile(some, 0.95) or 1.0 for some in (first, second))
        late = [(share, mb) for share, mb in self.memory if share > 0.25] or [(0.0, 0.0), (1.0, 0.0)]
        hours = self.audio_s / 3600
        slope = np.polyfit([share * hours for share, _ in late], [mb for _, mb in late], 1)[0]
        settled = self.handles[len(self.handles) // 4 :] or [(0, 0)]
        return {
            "utterances": self.utterances, "times_real_time": round(self.audio_s / self.took_s, 1),
            "lost": sum(self.decided[slot] == 0 for slot in range(self.utterances)),
            "double": sum(self.decided[slot] > 1 for slot in range(self.utterances)),
            "memory_mb_an_hour": round(float(slope), 2),
            "files_more": settled[-1][0] - settled[0][0], "threads_more": settled[-1][1] - settled[0][1],
            "p95_drift_percent": round(100 * (after / before - 1), 1),
        }  # fmt: skip


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


async def heard(folder: Path, utterances: int) -> Hour:
    """InferenceError where the engine does not start."""
    hour = Hour(utterances, utterances * SLOT_S)
    path = await asyncio.to_thread(written, folder, utterances)
    config, home = Config(), load_home(DEMO_HOME.read_text("utf-8"))
    ear, mind = file_ear(config, path, wake=True, realtime=False), engine(config)
    await mind.load_home(home.to_dict())

    def tell(happening: Happening) -> None:
        if happening["event"] == "decision":
            hour.decided[int(float(str(happening["t_ms"])) / 1000 // SLOT_S)] += 1
        ledger = happening.get("ledger")
        if isinstance(ledger, dict) and (spent_ms := ledger.get("published_ms")) is not None:
            hour.spent_ms.append(float(spent_ms))

    async with running(mind.supervisor):
        if not await mind.supervisor.wait_ready(180):
            raise InferenceError("the engine does not start")
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
            memory = sum(map(memory_mb, pids))
            hour.memory.append((assistant.listener.now / SAMPLE_RATE_HZ / hour.audio_s, memory))
            hour.handles.append((files, threads))
        await asyncio.sleep(_LOOK_S)


def _entries(pid: int, what: str) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/{what}").iterdir())
