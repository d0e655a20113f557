"""What the filter takes out where the loudspeaker is the microphone: no room, no noise, nobody speaks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from tests.faults.sound import SoundServer
from voiced.messages import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, Frame
from voiced.workers.clients import EarClient, MouthClient

TEXT = "The garage door is closed, the kitchen lights are on, and it is twenty degrees in the bedroom."
_REPLIES = 4


@dataclass(frozen=True, slots=True)
class Straight:
    """In dB of full scale, each of the second half of a reply."""

    came_in_db: float
    left_db: tuple[float, ...]

    @property
    def least_db(self) -> float:
        """By how much an echo was lowered at least; the first reply, in which the filter finds its delay, left out."""
        return self.came_in_db - max(self.left_db[1:])

    @property
    def most_db(self) -> float:
        return self.came_in_db - min(self.left_db[1:])


async def straight(server: SoundServer) -> Straight:
    """Real mouth and ear at the sound's own pace. VoiceError where there is no voice."""
    server.ctl("load-module", "module-remap-source", "source_name=nearby", "master=speaker.monitor")
    ear = EarClient(options={"device": "nearby"})
    mouth = MouthClient(options={"speaker": "pulse", "tells": True})
    frames: list[Frame] = []

    async def listen() -> None:
        async for heard in ear.frames():
            frames.extend([heard] if isinstance(heard, Frame) else [])

    async with ear.supervisor, mouth.supervisor:
        jobs = [asyncio.create_task(listen())]
        try:
            await mouth.started()
            async with asyncio.timeout(60):
                while not frames:  # noqa: ASYNC110 - frames are counted, not told
                    await asyncio.sleep(0.05)
            came_in = await _level_db(mouth, frames)
            jobs.append(asyncio.create_task(ear.overhear(mouth)))
            left = [await _level_db(mouth, frames) for _ in range(_REPLIES)]
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
    return Straight(came_in, tuple(left))


async def _level_db(mouth: MouthClient, frames: list[Frame]) -> float:
    frames.clear()
    played = await mouth.say(TEXT)
    half = round(played.duration_ms / 2 * SAMPLE_RATE_HZ / 1000) * BYTES_PER_SAMPLE
    sound = np.frombuffer(b"".join(frame.pcm for frame in frames)[-half:], np.int16) / 32768
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))
