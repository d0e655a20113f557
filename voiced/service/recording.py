"""The sound of turns, kept for the owner who asked for it (`[recording]`), to hear what the device heard.

What is sent to the engine goes to a file when the turn is over, and nothing else: no sound before a wake word, none of
a turn in which nobody spoke, nothing of what two people say to each other through the interpreter. A disk that is full
or fails stops no turn; it is said once, and again where it fails after it worked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable

from voiced.adapters.recordings import Recordings
from voiced.messages import Decision, EngineTimes
from voiced.ports import Engine, Expect

_log = logging.getLogger(__name__)
_PRUNE_S = 600.0
_WAITING = 4


class Recorder:
    """`ports.Engine` around another one. `run` does the writing, beside the turns."""

    def __init__(self, engine: Engine, kept: Recordings, *, now_s: Callable[[], float] = time.time) -> None:
        self._engine, self._kept, self._now_s = engine, kept, now_s
        self._turn, self._pcm = 0, list[bytes]()
        self._waiting: asyncio.Queue[tuple[int, float, bytes]] = asyncio.Queue(_WAITING)
        self._failing = set[str]()

    async def run(self) -> None:
        """Until cancelled. What is too old goes, also where nobody speaks any more."""
        while True:
            await self._do("what was heard is kept longer than it should be", self._kept.prune, self._now_s())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PRUNE_S):
                    turn, now_s, pcm = await self._waiting.get()
                when = time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(now_s))
                await self._do("what is heard is not kept", self._kept.keep, f"{when}-turn-{turn}", pcm, now_s)

    async def _do(self, failing: str, work: Callable[..., object], *what: object) -> None:
        """`work` in a thread; where the disk does not let it, that is said in the words `failing`."""
        try:
            await asyncio.to_thread(work, *what)
        except OSError as error:
            if failing not in self._failing:
                _log.warning("%s: %s", failing, error)
            self._failing.add(failing)
        else:
            self._failing.discard(failing)

    async def begin(self, turn: int, expect: Expect) -> None:
        self._over()
        self._turn = 0 if expect is Expect.INTERPRET else turn
        await self._engine.begin(turn, expect)

    async def feed(self, turn: int, pcm: bytes) -> None:
        if turn == self._turn:
            self._pcm.append(pcm)
        await self._engine.feed(turn, pcm)

    async def end(self, turn: int) -> None:
        if turn == self._turn:
            self._over()
        await self._engine.end(turn)

    def _over(self) -> None:
        pcm, self._pcm = b"".join(self._pcm), []
        if pcm:
            with contextlib.suppress(asyncio.QueueFull):
                self._waiting.put_nowait((self._turn, self._now_s(), pcm))

    # --- as the engine is -------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        return self._engine.ready

    @property
    def slow(self) -> bool:
        return self._engine.slow

    @property
    def talks(self) -> bool:
        return self._engine.talks

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        return await self._engine.decide(turn)

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        return await self._engine.again(turn)

    async def ask(self, turn: int, text: str) -> tuple[Decision, EngineTimes]:
        return await self._engine.ask(turn, text)

    def talk(self, turn: int, text: str = "") -> AsyncGenerator[str]:
        return self._engine.talk(turn, text)

    def translate(self, turn: int, into: str, text: str = "") -> AsyncGenerator[str]:
        return self._engine.translate(turn, into, text)

    async def remember(self, turn: int, answer: str) -> None:
        await self._engine.remember(turn, answer)
