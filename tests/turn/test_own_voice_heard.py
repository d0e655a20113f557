"""Row A7 with what is real in it: 300 things that Piper says for us, heard by the wake models and the voice detector of
the ear, understood by the shipped model. The canceller is left out: this is the room in which it has learnt nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from tests.conftest import Figure
from voiced.adapters.fakes import MemoryBroker, MemoryMouth
from voiced.adapters.piper import Voice
from voiced.adapters.rates import resample
from voiced.app import engine, real_house, running
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME, Config
from voiced.home.load import load_home
from voiced.home.replies import Reply
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.listen.settings import ListenerSettings, WakeWord
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ, WAKE_FRAMES, EarLost, EarOpened, Frame
from voiced.ports import Played
from voiced.speak.numbers import digits
from voiced.speak.phrases import confirmations, say
from voiced.turn.timeline import Happening
from voiced.workers.earoptions import EarOptions
from voiced.workers.hearing import Hearing

pytestmark = [pytest.mark.whole, pytest.mark.faults]

HOME = load_home(DEMO_HOME.read_text("utf-8"))
CLIPS, CODES = 300, 60
MOST_LETTERS = 30
"""Of what is said besides the questions: four of them while one code is waited for, which are 8 s."""
LEVELS_DB = (0, -6, -12)
PAUSE_FRAMES = 16
LATE_FRAMES = 8
"""What the loudspeaker still holds back when the mouth is done: 160 ms, of the 200 that the gate stays shut."""
WORDS = ("hey_jarvis",)
RISKY = (("unlock", "front door"), ("open", "garage door"))


def question(number: int) -> tuple[str, str, str]:
    """The command, its code, and what we say to it."""
    verb, name = RISKY[number % len(RISKY)]
    code = f"{(number * 37 + 10) % 100:02d}"
    return f"{verb} the {name}", code, say(Reply("say_code", {"digits": code, "verb": verb, "names": [name]}))


QUESTIONS = tuple(question(number) for number in range(CODES))


def spelled(code: str) -> str:
    return f"{digits(code).capitalize()}."


def other_texts() -> Iterator[str]:
    """Everything that may be taken for a command, an answer or a wake word; then what is usually said."""
    yield from ("Hey jarvis.", "Hey jarvis, unlock the front door.", "Jarvis here. The light is off.", "Yes.", "Stop.")
    yield from ("Yes, unlock the front door.", "Unlock the front door.", "Open the garage door.", "Okay, do it.")
    for entity in HOME.entities[:12]:
        yield f"Turn on the {entity.name}."
        yield f"The {entity.name}."
    for minutes in (1, 2, 3, 5, 10, 15, 20, 25, 30, 45):
        yield say(Reply("timer_over", {"name": "", "seconds": 60.0 * minutes}))
        yield say(Reply("timer_left", {"seconds": 60.0 * minutes - 13}))
    for name in ("pasta", "egg", "tea", "laundry", "pizza"):
        yield say(Reply("timer_over", {"name": name, "seconds": 60.0}))
    yield from confirmations(HOME, CLIPS)
    for hour in range(24):
        for minute in (0, 7, 25, 41):
            yield say(Reply("time", {"hour": hour, "minute": minute, "twelve": True}))


def texts() -> tuple[str, ...]:
    of_codes = (text for _, code, asked in QUESTIONS for text in (asked, spelled(code)))
    others = (text for text in other_texts() if len(text) <= MOST_LETTERS)
    return tuple(islice(dict.fromkeys((*of_codes, *others)), CLIPS))


@pytest.fixture(scope="module")
def clips() -> dict[str, tuple[Frame, ...]]:
    """What the ear makes of each text, at one of three levels, said one after the other into a silent room."""
    voice, hearing, at = Voice(), Hearing(EarOptions(wake_words=WORDS)), 0

    def heard(pcm: bytes) -> Iterator[Frame]:
        nonlocal at
        for begin in range(0, len(pcm), 2 * FRAME_SAMPLES):
            yield hearing.frame(at, pcm[begin : begin + 2 * FRAME_SAMPLES])
            at += FRAME_SAMPLES

    found = {}
    for number, text in enumerate(texts()):
        sound = np.concatenate(list(voice.sentences(text)))
        quieter = 10 ** (LEVELS_DB[number % len(LEVELS_DB)] / 20)
        pcm = (resample(sound, voice.rate_hz, SAMPLE_RATE_HZ) * quieter).astype(np.int16).tobytes()
        found[text] = tuple(heard(pcm + bytes(-len(pcm) % (2 * FRAME_SAMPLES * WAKE_FRAMES))))
        list(heard(bytes(2 * FRAME_SAMPLES * PAUSE_FRAMES)))
    return found


def quiet(count: int) -> list[Frame]:
    return [Frame(0, bytes(2 * FRAME_SAMPLES), speech=False)] * count


class Room:
    """An ear that hears what is played into it, and its loudspeaker's last words late."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self._at = 0
        self.late: list[Frame] = []

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        yield EarOpened("room")
        while True:
            yield replace(await self._frames.get(), first_sample=self._at)
            self._at += FRAME_SAMPLES
            self._frames.task_done()

    async def hear(self, frames: Iterable[Frame]) -> None:
        """Until all of it has gone through the listener."""
        for frame in (*self.late, *frames):
            self._frames.put_nowait(frame)
        self.late = []
        await self._frames.join()


class Loudspeaker(MemoryMouth):
    """Plays clips into the room."""

    def __init__(self, room: Room, clips: dict[str, tuple[Frame, ...]]) -> None:
        super().__init__()
        self._room, self._clips = room, clips

    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        await super().say(text, loudness=loudness, from_ms=from_ms)
        frames = self._clips[text]
        await self._room.hear(frames[:-LATE_FRAMES])
        self._room.late = list(frames[-LATE_FRAMES:])
        return Played(0.0, 20.0 * len(frames), cached=True)


class Story:
    def __init__(self, clips: dict[str, tuple[Frame, ...]]) -> None:
        self.room, self.broker, self.told = Room(), MemoryBroker(answer=simulate(HOME)), list[Happening]()
        self.mouth = Loudspeaker(self.room, clips)
        self.engine = engine(Config())
        codes = iter([code for _, code, _ in QUESTIONS])
        self.assistant = Assistant(
            ear=self.room, engine=self.engine, mouth=self.mouth, broker=self.broker,
            listener=Listener(ListenerSettings(words={word: WakeWord() for word in WORDS})),
            house=real_house(HOME, random_digits=lambda: next(codes)), tell=self.told.append,
        )  # fmt: skip

    def count(self, *events: str) -> int:
        return sum(happening["event"] in events for happening in self.told)

    async def until(self, event: str) -> Happening:
        async with asyncio.timeout(60):
            while not self.count(event):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return next(happening for happening in self.told if happening["event"] == event)


@contextlib.asynccontextmanager
async def living(clips: dict[str, tuple[Frame, ...]]) -> AsyncIterator[Story]:
    story = Story(clips)
    await story.engine.load_home(HOME.to_dict(), "")
    async with running(story.engine.supervisor):
        assert await story.engine.supervisor.wait_ready(120), story.engine.supervisor.state
        job = asyncio.create_task(story.assistant.run())
        try:
            await story.room.hear(quiet(PAUSE_FRAMES))
            yield story
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)


@pytest.mark.row("A7")
async def test_nothing_that_we_say_wakes_us_or_does_anything(
    clips: dict[str, tuple[Frame, ...]], figure: Figure
) -> None:
    async with living(clips) as story:
        for text in clips:
            await story.assistant.announce(text)
            await story.room.hear(quiet(PAUSE_FRAMES))
        assert len(story.mouth.said) == CLIPS
        figure("wakes", story.count("wake", "speech_start", "decision"))
        figure("actions", len(story.broker.published))


@pytest.mark.row("A7")
async def test_nothing_that_we_say_answers_our_own_question(
    clips: dict[str, tuple[Frame, ...]], figure: Figure
) -> None:
    """Sixty times a code is asked for. While it is waited for we say that very code aloud, and three other things."""
    others = [text for text in clips if text not in {t for _, code, asked in QUESTIONS for t in (asked, spelled(code))}]
    answers, waiting = 0, 0
    async with living(clips) as story:
        for number, (command, code, asked) in enumerate(QUESTIONS):
            assert (await story.assistant.ask(command)).say == asked
            story.told.clear()
            for text in (spelled(code), *others[number::CODES]):
                await story.assistant.announce(text)
                await story.room.hear(quiet(4))
                waiting += story.assistant.listener.turn is not None
            answers += story.count("wake", "speech_start", "decision")
            await story.assistant.cancel()
            await story.room.hear(quiet(PAUSE_FRAMES))
        assert sorted(story.mouth.said) == sorted(clips)
        assert waiting == CLIPS - CODES, "what is said while nobody waits for an answer shows nothing"
        figure("confirmations", answers)
        figure("actions", len(story.broker.published))


async def test_from_any_other_mouth_the_same_words_would_count(clips: dict[str, tuple[Frame, ...]]) -> None:
    """Or nothing above would say anything."""
    async with living(clips) as story:
        await story.room.hear((*clips["Hey jarvis."], *quiet(PAUSE_FRAMES)))
        assert story.count("wake") == 1
        await story.assistant.cancel()
        await story.room.hear(quiet(60))
        story.told.clear()

        command, code, asked = QUESTIONS[0]
        assert (await story.assistant.ask(command)).say == asked
        await story.room.hear((*quiet(PAUSE_FRAMES), *clips[spelled(code)]))
        async with asyncio.timeout(60):
            while not story.count("speech_end"):
                await story.room.hear(quiet(1))
                await asyncio.sleep(0.02)
            while not story.broker.published:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert story.broker.published[0][0] == "demo/front/lock/set"
