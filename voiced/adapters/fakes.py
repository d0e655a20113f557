"""Honest stand-ins for what is around the model: they answer at once, and remember what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable

from voiced.errors import BrokerError, InferenceError, VoiceError
from voiced.messages import BrokerMessage, Decision, EarLost, EarOpened, EngineTimes, Frame
from voiced.ports import Chime, Expect, Played


class FrameEar:
    """`ports.Ear` over frames that are there already."""

    def __init__(self, frames: Iterable[Frame | EarLost | EarOpened]) -> None:
        self._frames = frames

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        yield EarOpened("frames")
        for frame in self._frames:
            await asyncio.sleep(0)
            yield frame


class ScriptedEngine:
    """`ports.Engine` that gives the next decision of a script for each turn: for what surrounds the model only."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._decisions = iter(decisions)
        self._now: Decision | None = None
        self.fed: dict[int, int] = {}
        """Bytes of sound by turn."""
        self.expected: list[Expect] = []
        self.remembered: list[tuple[int, str]] = []
        self.words: tuple[str, ...] = ()
        self.translated: list[tuple[int, str, str]] = []
        """Turn, language, and what was typed."""

    @property
    def ready(self) -> bool:
        return True

    @property
    def slow(self) -> bool:
        return False

    @property
    def talks(self) -> bool:
        return bool(self.words)

    async def begin(self, turn: int, expect: Expect) -> None:
        self.expected.append(expect)
        self._now = None
        self.fed[turn] = 0

    async def feed(self, turn: int, pcm: bytes) -> None:
        self.fed[turn] += len(pcm)

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        """The same decision however often a turn asks. InferenceError where the script is over."""
        if self._now is None:
            self._now = next(self._decisions, None)
        if self._now is None:
            raise InferenceError(f"the script has nothing for turn {turn}")
        return self._now, EngineTimes(choices=1)

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        """Nothing more than before."""
        del turn
        return None

    async def ask(self, turn: int, text: str) -> tuple[Decision, EngineTimes]:
        del text
        self._now = None
        return await self.decide(turn)

    async def end(self, turn: int) -> None:
        del turn

    async def talk(self, turn: int, text: str = "") -> AsyncGenerator[str]:
        """The pieces in `words`. InferenceError where there are none."""
        del text
        if not self.words:
            raise InferenceError(f"the script has no words for turn {turn}")
        for piece in self.words:
            await asyncio.sleep(0)
            yield piece

    def translate(self, turn: int, into: str, text: str = "") -> AsyncGenerator[str]:
        self.translated.append((turn, into, text))
        return self.talk(turn)

    async def remember(self, turn: int, answer: str) -> None:
        self.remembered.append((turn, answer))


class MemoryMouth:
    """`ports.Mouth` that says nothing aloud."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.chimes: list[Chime] = []
        self.loudness: list[float] = []
        """Of all that was said."""
        self.voices: list[str] = []
        """Likewise; "" is its own."""
        self.lacks: frozenset[str] = frozenset()
        """Voices that it does not have."""

    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        """VoiceError where it lacks this voice."""
        del from_ms
        await self.prepare((), voice=voice)
        self.said.append(text)
        self.voices.append(voice)
        self.loudness.append(loudness)
        return Played(0.0, 0.0, cached=True)

    async def chime(self, chime: Chime, *, loudness: float = 1.0) -> Played:
        del loudness
        self.chimes.append(chime)
        return Played(0.0, 0.0, cached=True)

    async def prepare(self, texts: tuple[str, ...], *, voice: str = "") -> None:
        del texts
        if voice in self.lacks:
            raise VoiceError(f"no voice: {voice} does not exist")

    async def stop(self) -> None:
        return


class MemoryBroker:
    """`ports.Broker` in memory. `answer` gives the state messages with which devices answer a command."""

    def __init__(
        self, *, answer: Callable[[str, str], tuple[tuple[str, str], ...]] = lambda _topic, _payload: ()
    ) -> None:
        self.connected = True
        self.published: list[tuple[str, str]] = []
        self.topics: set[str] = set()
        """What was subscribed to; everything arrives all the same."""
        self._answer = answer
        self._inboxes: list[asyncio.Queue[BrokerMessage]] = []

    @property
    def trouble(self) -> str:
        return "" if self.connected else "not connected"

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        del retain
        if not self.connected:
            raise BrokerError("not connected")
        text = payload if isinstance(payload, str) else payload.decode()
        self.published.append((topic, text))
        for reply in self._answer(topic, text):
            await self.arrive(*reply)

    async def arrive(self, topic: str, payload: str | bytes, *, retained: bool = False) -> None:
        """As if somebody else had published it."""
        for inbox in self._inboxes:
            inbox.put_nowait(
                BrokerMessage(topic, payload if isinstance(payload, bytes) else payload.encode(), retained)
            )

    async def subscribe(self, topic: str) -> None:
        self.topics.add(topic)

    async def unsubscribe(self, topic: str) -> None:
        self.topics.discard(topic)

    def messages(self) -> AsyncIterator[BrokerMessage]:
        """All that arrives from now on; each call has an inbox of its own."""
        inbox: asyncio.Queue[BrokerMessage] = asyncio.Queue()
        self._inboxes.append(inbox)

        async def arrivals() -> AsyncIterator[BrokerMessage]:
            while True:
                yield await inbox.get()

        return arrivals()
