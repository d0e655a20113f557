"""How to run a model: what nobody chose is chosen by its size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voiced.gemma.decide import WalkSettings
from voiced.gemma.machine import usable_cpus
from voiced.gemma.models import ModelPair
from voiced.gemma.prompt import Dialect

LARGE_BYTES = 500_000_000
"""From here on memory bandwidth is the limit: more threads, a narrow beam, no scores for forced tokens."""


@dataclass(frozen=True, slots=True)
class Setup:
    """0 and `None` leave it to the model's size."""

    threads: int = 0
    cache: Path | None = None
    cells: int = 0
    """Positions that the memory holds: prefix, 30 s of sound, and the walk's."""
    encoder: str = "incremental"
    """Or "mtmd": llama.cpp's own, which has to encode all sound again at each step."""
    walk: WalkSettings | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """As `Setup`, with nothing left open."""

    large: bool
    threads: int
    cells: int
    walk: WalkSettings


def chosen(setup: Setup, pair: ModelPair) -> Chosen:
    """Looks at the size of the file, nothing else."""
    large = pair.text.stat().st_size > LARGE_BYTES
    calls = pair.dialect is Dialect.CALLS
    # a small model on two threads waits at barriers more than it works: on a busy machine, for seconds
    threads = setup.threads or (min(4, usable_cpus()) if large else 1)
    walk = setup.walk or (
        WalkSettings(beam=2, width=6.0, free=False, score_forced=False, run=64)
        if large
        else WalkSettings(free=not calls, run=0 if pair.name_prior else 1)  # a corrected token is a choice like any
    )
    return Chosen(large, threads, setup.cells or (8192 if calls else 2048), walk)
