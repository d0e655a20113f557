"""Questions that are no command: spoken sentence by sentence, stopped by anybody, honest where no model can talk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.test_assistant import TURN, Stage, frames
from voiced.adapters.fakes import FrameEar, MemoryMouth
from voiced.config import DEMO_HOME
from voiced.home.load import load_home
from voiced.messages import Call, Decision, Verdict
from voiced.ports import Played
from voiced.turn import talking

HOME = load_home(DEMO_HOME.read_text("utf-8"))
QUESTION = Decision(Verdict.QUESTION, certainty=0.9)
WORDS = ("Ada Love", "lace wrote", " the first program. It", " was for a machine", " of Babbage's.")


async def test_an_answer_is_spoken_sentence_by_sentence() -> None:
    stage = Stage(HOME, TURN, QUESTION)
    stage.engine.words = WORDS
    await stage.play()
    assert stage.mouth.said == ["Ada Lovelace wrote the first program.", "It was for a machine of Babbage's."]
    assert stage.broker.published == []
    (ledger,) = stage.assistant.ledgers
    assert "first_sentence_ms" in ledger.to_json()
    assert "sentence" in [s.name for s in ledger.stages()]


async def test_a_model_that_cannot_talk_knows_only_the_house() -> None:
    stage = Stage(HOME, TURN, QUESTION)
    await stage.play()
    assert stage.mouth.said == ["I'm sorry, I didn't get that. I only know this house."]


AGAIN = Decision(Verdict.CALLS, (Call("RepeatThat"),), 0.95)


async def test_what_was_said_in_free_words_is_said_again() -> None:
    stage = Stage(HOME, f"{TURN}.*.*.*.*.*.*.*" * 3, QUESTION, AGAIN, AGAIN)
    stage.engine.words = WORDS
    await stage.play()
    both = "Ada Lovelace wrote the first program. It was for a machine of Babbage's."
    assert stage.mouth.said == [
        "Ada Lovelace wrote the first program.",
        "It was for a machine of Babbage's.",
        both,
        both,
    ]
    assert stage.broker.published == []


async def test_a_model_that_cannot_talk_says_that_again() -> None:
    stage = Stage(HOME, f"{TURN}.*.*.*.*.*.*.*" * 2, QUESTION, AGAIN)
    await stage.play()
    assert stage.mouth.said == ["I'm sorry, I didn't get that. I only know this house."] * 2


async def test_an_announcement_and_an_apology_are_said_again_and_no_code_comes_of_it() -> None:
    unlock = Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.95)
    stage = Stage(HOME, "", unlock, AGAIN)
    await stage.assistant.ask("unlock the front door")
    assert await stage.assistant.announce("Dinner is ready.")
    await stage.assistant.ask("repeat that")
    assert stage.mouth.said[1:] == ["Dinner is ready.", "Dinner is ready."]
    broken = Stage(HOME, f"{TURN}.*.*.*.*.*.*.*" * 2)  # nothing can be decided
    await broken.play()
    sorry = "Sorry, something went wrong. Please say it again."
    assert broken.mouth.said == [sorry, sorry]
    assert broken.assistant.house.judge(AGAIN).say == sorry


async def test_an_answer_has_an_end() -> None:
    stage = Stage(HOME, TURN, QUESTION)
    stage.engine.words = ("And so on. ",) * 1000
    await stage.play()
    assert len(stage.mouth.said) == talking.MOST_SENTENCES


async def test_a_long_thought_is_waited_for_and_never_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "WORDLESS_S", 0.5)
    for signs, said in ((True, ["It was Ada."]), (False, [])):
        stage = Stage(HOME, TURN, QUESTION)

        async def talk(turn: int, text: str = "", signs: bool = signs) -> AsyncGenerator[str]:
            for _ in range(15):
                await asyncio.sleep(0.05)
                if signs:
                    yield ""
            yield "It was Ada."

        monkeypatch.setattr(stage.engine, "talk", talk)
        await stage.play()
        assert stage.mouth.said == said


class Slow(MemoryMouth):
    """Speaks until it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.speaks, self.stopped = asyncio.Event(), asyncio.Event()

    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        await super().say(text, loudness=loudness, from_ms=from_ms)
        self.speaks.set()
        await self.stopped.wait()
        return Played(0.0, 0.0, cached=False, interrupted=True)

    async def stop(self) -> None:
        self.stopped.set()


async def test_the_wake_word_ends_an_answer() -> None:
    stage = Stage(HOME, TURN, QUESTION, Decision(Verdict.NOT_FOR_ME, certainty=0.9))
    stage.engine.words = WORDS
    assistant = stage.assistant
    mouth = Slow()
    assistant._speaking._mouth = mouth
    assistant._timeline.paced = True
    pattern = TURN + "." * 60 + "....w....s*s*.*.*.*.*"

    class Ear(FrameEar):
        async def frames(self):  # type: ignore[no-untyped-def]
            async for one in super().frames():
                yield one
                for _ in range(20):
                    await asyncio.sleep(0)

    assistant._ear = Ear(frames(pattern))
    await asyncio.wait_for(assistant.run(), 60)
    assert mouth.said == ["Ada Lovelace wrote the first program."], "nothing more after the wake word"
    assert "interrupted" in [h["event"] for h in stage.told]


async def test_typed_questions_are_answered_too_and_cancel_ends_them() -> None:
    stage = Stage(HOME, "", QUESTION)
    stage.engine.words = WORDS
    mouth = Slow()
    stage.assistant._speaking._mouth = mouth
    asking = asyncio.create_task(stage.assistant.ask("who was Ada Lovelace"))
    await mouth.speaks.wait()
    await stage.assistant.cancel()
    await asyncio.wait_for(asking, 30)
    assert len(mouth.said) == 1


async def test_a_language_that_nobody_knows_is_said() -> None:
    stage = Stage(HOME, TURN, Decision(Verdict.LANGUAGE, certainty=0.9))
    await stage.play()
    assert stage.mouth.said == ["I'm sorry, I only understand English."]
