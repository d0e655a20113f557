"""Whole turns on the shipped fakes: what surrounds the model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiced.adapters.fakes import FrameEar, MemoryBroker, MemoryMouth, ScriptedEngine
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME
from voiced.errors import BusyError, InferenceError
from voiced.home.judgement import Kind
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.messages import FRAME_SAMPLES, Call, Decision, EarLost, EarOpened, EngineTimes, Frame, Verdict
from voiced.ports import Expect
from voiced.turn.timeline import Happening

PCM = bytes(FRAME_SAMPLES * 2)


@pytest.fixture
def home() -> Home:
    return load_home(Path(DEMO_HOME).read_text("utf-8"))


def frames(pattern: str) -> Iterator[Frame]:
    """One frame a letter: s speech, w speech with the wake word, . silence; * repeats the letter before it tenfold."""
    at = 0
    letters = "".join(c * 10 if i + 1 < len(pattern) and pattern[i + 1] == "*" else c for i, c in enumerate(pattern))
    for letter in letters.replace("*", ""):
        wake = {"hey_jarvis": 0.9 if letter == "w" else 0.0}
        yield Frame(at, PCM, speech=letter in "sw", wake=wake)
        at += FRAME_SAMPLES


def calls(intent: str, certainty: float = 0.95, **slots: str | float) -> Decision:
    return Decision(Verdict.CALLS, (Call(intent, slots),), certainty, "a sentence")


class Stage:
    def __init__(self, home: Home, pattern: str, *decisions: Decision, reachable: bool = True) -> None:
        self.told: list[Happening] = []
        self.engine, self.mouth = ScriptedEngine(decisions), MemoryMouth()
        self.broker = MemoryBroker(answer=simulate(home))
        self.broker.connected = reachable
        self.assistant = Assistant(
            ear=FrameEar(frames(pattern)),
            engine=self.engine,
            mouth=self.mouth,
            broker=self.broker,
            listener=Listener(),
            house=real_house(home, random_digits=lambda: "47"),
            tell=self.told.append,
            paced=False,
        )

    async def play(self) -> list[str]:
        await self.assistant.run()
        return [str(h["event"]) for h in self.told]


TURN = "....w....s*s*.*.*.*"


async def test_it_can_be_cancelled_while_a_decision_is_awaited(home: Home) -> None:
    class Thinking(ScriptedEngine):
        async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
            asked.set()
            await asyncio.Event().wait()
            return await super().decide(turn)

    asked, stage = asyncio.Event(), Stage(home, TURN)
    assistant = Assistant(
        ear=FrameEar(frames(TURN)), engine=Thinking([]), mouth=stage.mouth, broker=stage.broker, listener=Listener(),
        house=real_house(home), paced=False,
    )  # fmt: skip
    running = asyncio.create_task(assistant.run())
    await asyncio.wait_for(asked.wait(), 5)
    running.cancel()
    await asyncio.wait([running], timeout=2)
    assert running.cancelled()


async def test_a_command_is_sent_confirmed_and_said(home: Home) -> None:
    stage = Stage(home, TURN, calls("HassTurnOff", name="standing light"))

    events = await stage.play()

    order = ["wake", "speech_start", "hush", "speech_end", "decision", "command", "confirmed", "reply", "turn_end"]
    assert [e for e in events if e in order] == order
    assert stage.broker.published[0][1] == "OFF"
    assert "standing light" in stage.mouth.said[0].lower()
    assert stage.assistant.ledgers[0].within_budget is not None


async def test_an_unreachable_broker_is_said_and_nothing_is_sent(home: Home) -> None:
    stage = Stage(home, TURN, calls("HassTurnOff", name="standing light"), reachable=False)

    events = await stage.play()

    assert "command" not in events
    assert stage.broker.published == []
    assert "cannot reach" in stage.mouth.said[0]


async def test_what_is_not_for_us_stays_without_consequence(home: Home) -> None:
    stage = Stage(home, TURN, Decision(Verdict.NOT_FOR_ME, certainty=0.9))

    events = await stage.play()

    assert "ignored" in events
    assert stage.broker.published == []
    assert stage.mouth.said == []


@pytest.mark.parametrize(("heard", "opens"), [("47", True), ("74", False), ("", False)])
async def test_a_door_opens_only_after_the_right_code(home: Home, heard: str, opens: bool) -> None:
    code = Decision(Verdict.DIGITS, certainty=0.9, digits=heard) if heard else Decision(Verdict.NOT_FOR_ME)
    stage = Stage(home, TURN + "..s*.*.*.*", calls("HassUnlock", name="front door"), code)

    await stage.play()

    assert stage.engine.expected == [Expect.COMMAND, Expect.CODE]
    assert "four seven" in stage.mouth.said[0]
    assert [p for _, p in stage.broker.published] == (["UNLOCK"] if opens else [])


async def test_silence_after_the_question_opens_nothing(home: Home) -> None:
    stage = Stage(home, TURN + ".*" * 60, calls("HassUnlock", name="front door"))

    events = await stage.play()

    assert "refused" in events
    assert stage.broker.published == []


async def test_an_engine_without_an_answer_ends_the_turn_with_an_apology(home: Home) -> None:
    stage = Stage(home, TURN)

    events = await stage.play()

    assert "failed" in events
    assert stage.broker.published == []
    assert len(stage.mouth.said) == 1


async def test_one_utterance_with_a_pause_acts_once(home: Home) -> None:
    stage = Stage(home, "....w....s*s*........s*s*.*.*.*", calls("HassTurnOff", name="standing light"))

    events = await stage.play()

    assert events.count("resumed") == 1
    assert events.count("command") == 1


async def test_an_apology_leaves_a_newer_turn_alone(home: Home) -> None:
    """The first turn fails in the engine while its speaker has already begun anew."""
    stage = Stage(home, "", calls("HassTurnOff", name="standing light"))
    assistant = stage.assistant
    await assistant._events(assistant.listener.open_turn())
    newer = assistant.listener.turn
    assert newer == 1

    await assistant._fail(newer - 1, InferenceError("too late"))

    assert assistant.listener.turn == newer
    assert len(stage.mouth.said) == 1


async def test_an_ear_that_was_opened_anew_is_listened_to_at_once(home: Home) -> None:
    """Its samples are counted from 0 again: a reply to the old ear's turn must not shut the new one."""
    stage = Stage(home, "", calls("HassTurnOff", name="standing light"))
    first: list[Frame | EarLost | EarOpened] = [
        *frames("." * 400),
        EarLost("unplugged"),
        EarOpened("plugged in"),
        *frames(TURN),
    ]
    stage.assistant._ear = FrameEar(first)
    stage.assistant._speaking._shut_until = 399 * FRAME_SAMPLES

    assert "command" in await stage.play()


async def test_typed_words_never_open_a_door_and_the_voice_does(home: Home) -> None:
    stage = Stage(home, "", calls("HassUnlock", name="front door"), Decision(Verdict.DIGITS, digits="47"))
    assistant = stage.assistant
    await assistant.run()

    await assistant.ask("unlock the front door")
    assert stage.broker.published == []
    with pytest.raises(BusyError):
        await assistant.ask("four seven")
    assert stage.broker.published == []

    for heard in frames("..s*s*" + ".*" * 20):
        await assistant._events(assistant.listener.hear(heard))
    assert [p for _, p in stage.broker.published] == ["UNLOCK"]


async def test_cancel_drops_the_turn_and_the_question(home: Home) -> None:
    stage = Stage(home, "", calls("HassUnlock", name="front door"))
    await stage.assistant.run()
    await stage.assistant.ask("unlock the front door")

    await stage.assistant.cancel()

    assert stage.assistant.listener.turn is None
    assert stage.assistant.house.judge_code(Decision(Verdict.DIGITS, digits="47"), now_sample=0).kind is Kind.REFUSE


async def test_a_turn_in_which_nobody_spoke_counts_from_its_own_end(home: Home) -> None:
    stage = Stage(home, TURN + ".*" * 60, calls("HassUnlock", name="front door"))

    await stage.play()

    assert len(stage.assistant.ledgers) == 2
    assert all(ms < 1000 for ledger in stage.assistant.ledgers for ms in ledger.marks.values())


async def test_typed_words_are_timed_from_when_they_came(home: Home) -> None:
    """The last sound may be long ago: muted, or without a microphone at all."""
    stage = Stage(home, "", calls("HassTurnOff", name="standing light"))
    stage.assistant._timeline.paced = True
    stage.assistant._timeline._heard_at -= 3600
    states = asyncio.create_task(stage.assistant.follow_states())

    await stage.assistant.ask("standing light off")

    states.cancel()
    spent = stage.assistant.ledgers[0].spent_ms
    assert spent is not None
    assert 0 <= spent < 60_000


async def test_what_came_of_a_turn_is_told_to_the_engine_and_a_code_never_is(home: Home) -> None:
    stage = Stage(home, TURN, calls("HassTurnOff", name="standing light"))
    await stage.play()
    assert stage.engine.remembered == [(1, stage.mouth.said[0])]
    stage = Stage(home, TURN, calls("HassUnlock", name="front door"))
    await stage.play()
    assert "four" in stage.mouth.said[0]
    assert stage.engine.remembered == []
    stage = Stage(home, TURN, Decision(Verdict.NOT_FOR_ME, certainty=0.9))
    await stage.play()
    assert stage.engine.remembered == []
