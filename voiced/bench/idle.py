"""What the daemon costs while nobody speaks, against the wake model alone; and how much memory it takes.

The whole daemon (core, ear, engine, mouth, a broker's connection) hears quiet noise at its own pace. The wake model
alone is a process of its own that scores the same sound at the same pace with the same backend, and does nothing else;
both are measured at the same time, so that what else the machine does hits them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from voiced.adapters.wakeword import open_wake_words
from voiced.adapters.wavfile import write_wav
from voiced.app import engine, listener_settings, mouth, real_house, running
from voiced.assistant import Assistant
from voiced.bench.common import (
    RECORDINGS,
    demo_home,
    folder_of,
    frames,
    machine,
    model_argument,
    pcm_of,
    positive,
    ratio,
)
from voiced.bench.pipeline import broker_of
from voiced.bench.playlist import Playlist, one_by_one
from voiced.bench.processes import cpu_s, family, pss_bytes
from voiced.config import Config, ModelConfig, WakeConfig
from voiced.listen.listener import Listener
from voiced.messages import SAMPLE_RATE_HZ, WAKE_FRAMES

_WORD = "hey_jarvis"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    model_argument(parser)
    parser.add_argument("--seconds", type=positive, default=30.0, help="of idle listening, twice (default 30)")
    parser.add_argument("--settle", type=float, default=3.0, help="seconds before that (default 3)")
    parser.add_argument("--backend", default="", help="wake word backend: onnx or pyopen")


def measure(options: argparse.Namespace) -> dict[str, object]:
    """`idle_to_wake_alone` is CPU time over CPU time."""
    with tempfile.TemporaryDirectory() as scratch:
        noise = Path(scratch) / "noise.wav"
        rng = np.random.default_rng(0)
        samples = round((options.seconds + 2 * options.settle) * SAMPLE_RATE_HZ)
        write_wav(noise, (rng.standard_normal(samples) * 20).astype(np.int16).tobytes())
        shares, wake_alone, pss = asyncio.run(_daemon(options, noise))
    whole = sum(shares.values())
    return {
        "model": options.model,
        **machine(1),
        "seconds": options.seconds,
        "backend": options.backend or "as installed",
        "wake_alone_cpu": round(wake_alone, 4),
        "daemon_cpu": round(whole, 4),
        "idle_to_wake_alone": ratio(whole, wake_alone),
        **{f"{name}_cpu": round(share, 4) for name, share in shares.items()},
        "peak_pss_gb": round(pss / 1e9, 3),
    }


def alone(path: Path, backend: str, seconds: float, settle_s: float) -> float:
    """CPU time over audio time of the wake model on this recording, at its own pace."""
    scorer = open_wake_words(words=(_WORD,), backend=backend)
    pcm = pcm_of(path)
    step, pieces = b"", frames(pcm)
    begun = time.monotonic()
    cpu = used = 0.0
    for number, piece in enumerate(pieces, 1):
        step += piece
        if number % WAKE_FRAMES:
            continue
        at = number * len(piece) / 2 / SAMPLE_RATE_HZ
        time.sleep(max(0.0, begun + at - time.monotonic()))
        if at >= settle_s and not cpu:
            cpu = time.process_time()
        scorer.score(step)
        step = b""
        if at >= settle_s + seconds:
            used = time.process_time() - cpu
            break
    return used / seconds


async def _daemon(options: argparse.Namespace, noise: Path) -> tuple[dict[str, float], float, int]:
    """CPU shares by process while idle, the wake model's alone, and the most memory that the daemon's processes took
    together, a turn included.
    """
    config = Config(id="bench", model=ModelConfig(folder_of(options.model)), wake=WakeConfig(backend=options.backend))
    home = demo_home()
    most = 0
    async with contextlib.AsyncExitStack() as stack:
        broker, _ = await broker_of(stack)
        mind, voice = engine(config), mouth(config, speaker="none")
        await mind.load_home(home.to_dict())
        await stack.enter_async_context(running(voice.supervisor, mind.supervisor))
        await mind.started()
        await voice.started()
        ear = Playlist(config, one_by_one((noise, RECORDINGS / "joe-kitchen-lights-on.flac")))
        assistant = Assistant(
            ear=ear, engine=mind, mouth=voice, broker=broker, listener=Listener(listener_settings(config)),
            house=real_house(home, device_id=config.id),
        )  # fmt: skip
        listening = asyncio.create_task(assistant.run())
        while not assistant.frames:  # noqa: ASYNC110 - frames are counted, not told
            await asyncio.sleep(0.1)
        times = (str(options.seconds), str(options.settle))
        lonely = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voiced.bench.idle", str(noise), options.backend, *times),
            stdout=asyncio.subprocess.PIPE,
        )
        await asyncio.sleep(options.settle)
        names = {mind.supervisor.pid: "engine", voice.supervisor.pid: "mouth"}
        before = {pid: cpu_s(pid) for pid in family()}
        core = time.process_time()
        begun = time.monotonic()
        await asyncio.sleep(options.seconds)
        passed = time.monotonic() - begun
        shares = {"core": (time.process_time() - core) / passed}
        for pid in before:
            if pid in (os.getpid(), lonely.pid):
                continue
            name = names.get(pid, "ear" if pid == ear.pid else "broker")
            if name != "broker":
                shares[name] = (cpu_s(pid) - before[pid]) / passed
        wake_alone = float((await lonely.communicate())[0])
        while not listening.done():
            most = max(most, sum(pss_bytes(pid) for pid in family()))
            await asyncio.sleep(0.5)
        await listening
    return shares, wake_alone, most


if __name__ == "__main__":
    print(alone(Path(sys.argv[1]), sys.argv[2], *map(float, sys.argv[3:])))
