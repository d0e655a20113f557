"""Recordings in place of a microphone, one after the other: for the demo, the benchmarks and the simulated house."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from voiced.app import file_ear, running
from voiced.config import Config
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, EarLost, EarOpened, Frame


@dataclass(frozen=True, slots=True)
class Take:
    """A recording. `wake`: a turn opens at the wake word in it, else at its first sample."""

    path: Path
    wake: bool = True


@dataclass(frozen=True, slots=True)
class Hush:
    """A frame of silence."""


async def one_by_one(paths: Iterable[Path]) -> AsyncIterator[Take]:
    """Each in its turn, with nothing between."""
    for path in paths:
        yield Take(path)


class Playlist:
    """`ports.Ear`: each take through an ear process of its own, all on one count of samples.

    `takes` is asked for the next one when the last was heard to its end, so it may wait there, and choose.
    """

    def __init__(self, config: Config, takes: AsyncIterator[Take | Hush], *, realtime: bool = True) -> None:
        self._config, self._takes, self._realtime = config, takes, realtime
        self.pid: int | None = None
        """The ear's process."""

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        yield EarOpened("recordings")
        end = 0
        async for take in self._takes:
            if isinstance(take, Hush):
                yield Frame(end, bytes(FRAME_SAMPLES * BYTES_PER_SAMPLE), speech=False)
                end += FRAME_SAMPLES
                continue
            begin = end
            ear = file_ear(self._config, take.path, wake=take.wake, realtime=self._realtime)
            async with running(ear.supervisor):
                async for heard in ear.frames():
                    self.pid = ear.supervisor.pid
                    if isinstance(heard, Frame):
                        end = begin + heard.first_sample + len(heard.pcm) // BYTES_PER_SAMPLE
                        yield replace(heard, first_sample=begin + heard.first_sample)
