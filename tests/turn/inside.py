"""The engine's code in this process, behind `ports.Engine`: for whole turns without a child."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from voiced.messages import Decision, EngineTimes
from voiced.ports import Expect
from voiced.workers.engine import EngineCore
from voiced.workers.engine_talk import TalkSettings, words


class InsideEngine:
    def __init__(self, core: EngineCore) -> None:
        self.core = core
        self.settings = TalkSettings(seed=1)
        self.begun: list[int] = []
        self.decided: list[Decision] = []

    @property
    def ready(self) -> bool:
        return self.core.has_home

    @property
    def slow(self) -> bool:
        return self.core.slow

    @property
    def talks(self) -> bool:
        return self.core.talks

    async def begin(self, turn: int, expect: Expect) -> None:
        self.begun.append(turn)
        self.core.begin(turn, expect)

    async def feed(self, turn: int, pcm: bytes) -> None:
        self.core.feed(turn, pcm)

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        decision, times = self.core.decide(turn)
        self.decided.append(decision)
        return decision, times

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        return self.core.again(turn)

    async def ask(self, turn: int, text: str) -> tuple[Decision, EngineTimes]:
        return self.core.ask(turn, text)

    async def end(self, turn: int) -> None:
        self.core.end(turn)

    def talk(self, turn: int, text: str = "") -> AsyncGenerator[str]:
        return self.translate(turn, "", text)

    async def translate(self, turn: int, into: str, text: str = "") -> AsyncGenerator[str]:
        for piece in words(self.core, turn, text, self.settings, into):
            await asyncio.sleep(0)
            yield piece

    async def remember(self, turn: int, answer: str) -> None:
        self.core.remember(turn, answer)
