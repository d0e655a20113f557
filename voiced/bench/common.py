"""What every measurement needs: which model, which sound, at what pace."""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voiced.adapters.wavfile import Recording
from voiced.config import DEMO_HOME, MODELS, models_cache
from voiced.errors import ModelFileError
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ, Call, ms_to_samples

RECORDINGS = DEMO_HOME.parent / "demo"
FRAME_MS = FRAME_SAMPLES * 1000 / SAMPLE_RATE_HZ
FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_COMMAND = RECORDINGS / "espeak-us-unlock-front-door.flac"
_COMMAND_T0 = 48_960
COMMAND_CALL = Call("HassUnlock", {"name": "front door"})
"""As the recording's manifest line says: "unlock the front door". In the demo's home a call of three choices."""
SECONDS = 3.0


def at_least_one(text: str) -> int:
    """An argument that counts things."""
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one")
    return count


def positive(text: str) -> float:
    """An argument that measures something."""
    if not (0 < (value := float(text)) < float("inf")):
        raise argparse.ArgumentTypeError("more than nothing")
    return value


def model_argument(parser: argparse.ArgumentParser, default: str = "nano") -> None:
    told = f"nano, replica (made by tools/replica), or a model's folder (default {default})"
    parser.add_argument("--model", default=default, help=told)


def folder_of(model: str) -> Path:
    if model == "replica":
        if not (models_cache() / "replica.toml").is_file():
            raise ModelFileError(f"no replica in {models_cache()}: python -m tools.replica --help tells how to make it")
        return models_cache()
    return MODELS / model if model == "nano" else Path(model)


def demo_home() -> Home:
    return load_home(DEMO_HOME.read_text("utf-8"), str(DEMO_HOME))


def pcm_of(path: Path) -> bytes:
    return b"".join(Recording(path=path).frames())


def command() -> tuple[bytes, bytes]:
    """The fixed input: three seconds that end with the last voiced sample of a command, and the silence after it."""
    pcm = pcm_of(_COMMAND)
    t0 = _COMMAND_T0 * BYTES_PER_SAMPLE
    size = round(SECONDS * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE
    return pcm[t0 - size : t0], pcm[t0 : t0 + ms_to_samples(500) * BYTES_PER_SAMPLE]


def long_speech(seconds: float) -> bytes:
    """Fixtures one after the other until they last so long."""
    size = round(seconds * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE
    pcm = b""
    for path in sorted(RECORDINGS.glob("joe-*-*.flac")):
        if "digit" not in path.name:
            pcm += pcm_of(path)
        if len(pcm) >= size:
            return pcm[:size]
    raise AssertionError("the fixtures are shorter than that")


def frames(pcm: bytes) -> Iterator[bytes]:
    return (pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))


@dataclass(slots=True)
class Pace:
    """Work that may begin when its sound has arrived, on one worker. Real: waits for the sound. Otherwise the same
    account is kept without waiting: work begins when its sound is there and the work before it is done.
    """

    real: bool = False
    busy_ms: float = 0.0
    free_ms: float = 0.0
    """When the last work was done, after the sound's beginning."""
    _begun: float = field(default_factory=time.perf_counter)

    def work(self, due_ms: float, do: Callable[[], object]) -> None:
        if self.real:
            time.sleep(max(0.0, self._begun + due_ms / 1000 - time.perf_counter()))
        begun = time.perf_counter()
        do()
        took_ms = (time.perf_counter() - begun) * 1000
        self.busy_ms += took_ms
        self.free_ms = (time.perf_counter() - self._begun) * 1000 if self.real else max(self.free_ms, due_ms) + took_ms


def machine(threads: int) -> dict[str, object]:
    """Where and beside what it was measured: a machine that does other things at the time is slower."""
    return {"cores": len(os.sched_getaffinity(0)), "threads": threads, "load_average": round(os.getloadavg()[0], 1)}


def milliseconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return (time.perf_counter() - begun) * 1000


def median(values: Sequence[float], digits: int = 1) -> float:
    return round(statistics.median(values), digits)


def ratio(one: float, other: float) -> float:
    return round(one / other, 4)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % confidence interval of a share (E. B. Wilson, 1927)."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, hits / n
    centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return round((centre - spread) / (1 + z * z / n), 4), round((centre + spread) / (1 + z * z / n), 4)
