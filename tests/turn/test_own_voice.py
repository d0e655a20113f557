"""It does not hear itself, and can be cut short: sound at its own pace, with a mouth that takes its time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from voiced.adapters.chimes import chime
from voiced.adapters.fakes import MemoryBroker, MemoryMouth, ScriptedEngine
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME
from voiced.home.load import load_home
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.listen.settings import ListenerSettings, WakeWord
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ, Call, Decision, EarLost, EarOpened, Frame, Verdict
from voiced.ports import Chime, Engine, Played
from voiced.turn.timeline import Happening, TurnSettings

HOME = load_home(DEMO_HOME.read_text("utf-8"))
PCM = b"\x01\x02" * FRAME_SAMPLES


class Room:
    """An ear that hears what the test lets it hear."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Frame | EarOpened | EarLost] = asyncio.Queue()
        self._frames.put_nowait(EarOpened("room"))
        self._at = 0

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        while True:
            yield await self._frames.get()

    async def hear(
        self, count: int, *, speech: bool = False, wake: float = 0.0, stop: float = 0.0, pcm: bytes = PCM
    ) -> None:
        for _ in range(count):
            self._frames.put_nowait(Frame(self._at, pcm, speech, {"hey_jarvis": wake}, stop))
            self._at += FRAME_SAMPLES
        while not self._frames.empty():  # noqa: ASYNC110
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)


class SlowMouth(MemoryMouth):
    """Speaks until it is told to stop, or the test lets it end."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self.stops = 0
        self.said_from: list[float] = []

    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        """Each time, two seconds of it."""
        del loudness
        self.said.append(text)
        self.said_from.append(from_ms)
        self.ended.clear()
        stops = self.stops
        await self.ended.wait()
        return Played(0.0, 2000.0, cached=True, interrupted=self.stops > stops)

    async def stop(self) -> None:
        self.stops += 1
        self.ended.set()


class Story:
    def __init__(
        self,
        *decisions: Decision,
        settings: TurnSettings | None = None,
        around: Callable[[Engine], Engine] = lambda engine: engine,
    ) -> None:
        self.room, self.mouth = Room(), SlowMouth()
        self.engine = ScriptedEngine(decisions)
        self.broker = MemoryBroker(answer=simulate(HOME))
        self.told: list[Happening] = []
        self.assistant = Assistant(
            ear=self.room, engine=around(self.engine), mouth=self.mouth, broker=self.broker,
            listener=Listener(ListenerSettings(words={"hey_jarvis": WakeWord()})),
            house=real_house(HOME, random_digits=lambda: "47"), tell=self.told.append, paced=True,
            settings=settings,
        )  # fmt: skip

    def count(self, event: str) -> int:
        return sum(happening["event"] == event for happening in self.told)

    async def until(self, event: str, count: int = 1) -> None:
        async with asyncio.timeout(20):
            while self.count(event) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def command(self) -> None:
        """Somebody says the wake word and a command."""
        await self.room.hear(4, speech=True, wake=0.9)
        await self.room.hear(10)
        await self.room.hear(40, speech=True)
        await self.room.hear(90)


@contextlib.asynccontextmanager
async def running(story: Story) -> AsyncIterator[Story]:
    job = asyncio.create_task(story.assistant.run())
    try:
        await story.room.hear(50)
        yield story
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


def off(name: str = "standing light") -> Decision:
    return Decision(Verdict.CALLS, (Call("HassTurnOff", {"name": name}),), 0.95)


async def test_the_wake_word_cuts_a_reply_short_and_the_command_in_the_same_breath_is_heard() -> None:
    async with running(Story(off(), off("desk light"))) as story:
        await story.command()
        await story.until("reply")
        await story.room.hear(20, speech=True)  # our own voice
        assert story.count("wake") == 1

        await story.room.hear(4, speech=True, wake=0.9)
        await story.until("interrupted")
        async with asyncio.timeout(5):
            while not story.mouth.stops:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await story.room.hear(10)
        await story.room.hear(40, speech=True)
        await story.room.hear(90)
        await story.until("reply", 2)

        assert len(story.broker.published) == 2
        story.mouth.ended.set()


async def test_a_reply_that_nothing_cut_short_goes_on_where_it_was_again_and_again() -> None:
    async with running(Story(off(), Decision(Verdict.NOT_FOR_ME))) as story:
        await story.command()
        await story.until("reply")
        await story.room.hear(20)
        await story.room.hear(4, wake=0.9)
        await story.until("interrupted")
        await story.room.hear(90)  # a wake word that nobody said: nobody says anything after it
        assert story.count("reply_resumed") == 0, "somebody may still be about to speak"
        await story.room.hear(15)
        await story.until("reply_resumed")
        await story.room.hear(60)
        await story.room.hear(4, wake=0.9)
        await story.until("interrupted", 2)
        await story.room.hear(10)
        await story.room.hear(40, speech=True)  # and this time somebody speaks, but not to us
        await story.room.hear(90)
        await story.until("reply_resumed", 2)

        assert len(set(story.mouth.said)) == 1
        assert story.mouth.said_from == [0.0, 1500.0, 3000.0]
        assert Chime.NOT_UNDERSTOOD not in story.mouth.chimes
        story.mouth.ended.set()


async def test_where_nobody_was_cut_short_there_is_time_to_think() -> None:
    async with running(Story(off())) as story:
        await story.room.hear(4, speech=True, wake=0.9)
        await story.room.hear(230)  # 4.6 s
        await story.room.hear(40, speech=True)
        await story.room.hear(90)
        await story.until("reply")

        assert len(story.broker.published) == 1
        story.mouth.ended.set()


async def test_a_reply_that_a_command_cut_short_is_over() -> None:
    async with running(Story(off(), off("desk light"))) as story:
        await story.command()
        await story.until("reply")
        await story.room.hear(20)
        await story.command()
        await story.until("reply", 2)
        story.mouth.ended.set()
        await story.until("turn_end", 2)
        await story.room.hear(60)
        await story.room.hear(4, wake=0.9)
        await story.room.hear(300)

        assert story.count("reply_resumed") == 0
        assert len(set(story.mouth.said)) == 2


async def test_the_chime_for_a_wake_is_no_command_and_the_command_after_it_is_heard() -> None:
    """The detector takes every 20 ms of it for speech."""
    sound = chime(Chime.WOKEN, SAMPLE_RATE_HZ)
    pieces = [sound[at : at + FRAME_SAMPLES].tobytes() for at in range(FRAME_SAMPLES, len(sound) - FRAME_SAMPLES, 320)]
    async with running(Story(off())) as story:
        await story.room.hear(4, speech=True, wake=0.9)
        await story.room.hear(3)
        for piece in pieces:
            await story.room.hear(1, speech=True, pcm=piece)
        await story.room.hear(120)
        assert story.count("speech_start") == 0, "or the turn would be over before anybody spoke"
        await story.room.hear(40, speech=True)
        await story.room.hear(90)
        await story.until("reply")

        assert len(story.broker.published) == 1
        story.mouth.ended.set()


@pytest.mark.row("A7")
async def test_three_hundred_replies_with_everything_in_them_do_nothing() -> None:
    """Row A7: while we say "hey jarvis", "yes", the code or a command, nothing of it counts, nor in the room's echo."""
    texts = (
        "Hey jarvis, unlock the front door.",
        "Yes.",
        "Say four seven to unlock.",
        "Jarvis here. The light is off.",
    )
    async with running(Story()) as story:
        for number in range(300):
            saying = asyncio.create_task(story.assistant.announce(texts[number % len(texts)]))
            async with asyncio.timeout(5):
                while len(story.mouth.said) <= number:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            heard = 0.99 if "arvis" in texts[number % len(texts)] else 0.3
            await story.room.hear(30, speech=True, wake=heard)
            story.mouth.ended.set()
            await saying
            await story.room.hear(8, speech=True, wake=heard)
            await story.room.hear(10)
        assert story.count("wake") == story.count("speech_start") == story.count("command") == 0
        assert story.engine.fed == {}


async def test_a_code_is_not_taken_from_our_own_mouth() -> None:
    unlock = Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.95)
    overheard = Decision(Verdict.DIGITS, certainty=1.0, digits="47")
    async with running(Story(unlock, overheard)) as story:
        await story.command()
        await story.until("question")
        async with asyncio.timeout(5):
            while not story.mouth.said:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert "four seven" in story.mouth.said[0]
        await story.room.hear(60, speech=True)
        story.mouth.ended.set()
        await story.until("listening")
        await story.room.hear(8, speech=True)
        await story.room.hear(20)
        assert story.broker.published == []
        assert story.count("speech_start") == 1, "of the command, not of our own digits"
