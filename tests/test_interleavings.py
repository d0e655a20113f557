"""Speech that pauses and goes on, answers that come late, engines that die: one utterance, at most one action.

The real assistant, listener and house; an engine whose answers arrive in their order, but whenever the story says so.
Each decision carries the number of its request, so that a command tells which request it came from.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiced.adapters.fakes import MemoryBroker, MemoryMouth, ScriptedEngine
from voiced.app import real_house
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME
from voiced.errors import InferenceError
from voiced.home.house import House
from voiced.home.load import load_home
from voiced.home.model import Home, Risk
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.listen.settings import ListenerSettings
from voiced.messages import FRAME_SAMPLES, Call, Decision, EarLost, EarOpened, EngineTimes, Frame, Verdict
from voiced.ports import Expect
from voiced.turn.timeline import Happening, TurnSettings
from voiced.workers.cascade import Cascade

HOME = load_home(Path(DEMO_HOME).read_text("utf-8"))
NOTICED = replace(
    HOME, entities=tuple(replace(e, risk=Risk.NOTICED) if e.name == "Bed Light" else e for e in HOME.entities)
)
"""Here the second model hears the bed light again, too, unless the first is certain."""
PCM = bytes(FRAME_SAMPLES * 2)
PATIENCE = 100
"""Steps of the event loop that are enough for everything that can happen to happen."""


class LateEngine(ScriptedEngine):
    """Answers in order, when told to. A dead one knows nothing of the turn that was open."""

    def __init__(self, certainty: list[float], verdicts: list[Verdict], *, slow: bool) -> None:
        super().__init__(())
        self._slow = slow
        self._certainty, self._verdicts = certainty, verdicts
        self._numbers = count()
        self._pending: list[tuple[asyncio.Future[Decision], Decision]] = []
        self._open: int | None = None
        self.given_up: list[int] = []
        self.asked: dict[int, int] = {}
        """Turn by request number."""

    @property
    def slow(self) -> bool:
        return self._slow

    async def begin(self, turn: int, expect: Expect) -> None:
        self._open = turn

    async def feed(self, turn: int, pcm: bytes) -> None:
        self._check(turn)

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        self._check(turn)
        number = next(self._numbers)
        self.asked[number] = turn
        verdict = self._verdicts[number % len(self._verdicts)]
        calls = (Call("HassLightSet", {"name": "bed light", "brightness": number % 100 + 1}),)
        decision = Decision(
            verdict, calls if verdict is Verdict.CALLS else (), self._certainty[number % len(self._certainty)]
        )
        answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._pending.append((answer, decision))
        try:
            return await answer, EngineTimes(choices=1)
        except asyncio.CancelledError:
            self.given_up.append(number)
            raise

    async def end(self, turn: int) -> None:
        if self._open == turn:
            self._open = None

    def answer(self) -> None:
        if self._pending:
            future, decision = self._pending.pop(0)
            if not future.done():
                future.set_result(decision)

    def answer_all(self) -> None:
        while self._pending:
            self.answer()

    def die(self) -> None:
        self._open = None
        for future, _ in self._pending:
            if not future.done():
                future.set_exception(InferenceError("the engine went away"))
        self._pending = []

    def _check(self, turn: int) -> None:
        if self._open != turn:
            raise InferenceError(f"the engine does not know turn {turn}")


class StoryEar:
    """Plays a story: `s` 60 ms of speech, `.` 60 ms of silence, `w` the wake word, `g` 500 ms that are lost, `l` the
    ear is lost, `a` the engine answers the oldest request, `d` it dies, `y` everybody else gets a little time.
    """

    def __init__(self, story: str, engine: LateEngine) -> None:
        self._story, self._engine = story, engine

    async def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        yield EarOpened("story")
        at = 0
        for step in self._story + "." * 40:
            match step:
                case "s" | "." | "w":
                    for _ in range(3):
                        yield Frame(at, PCM, speech=step != ".", wake={"hey_jarvis": 0.9 if step == "w" else 0.0})
                        at += FRAME_SAMPLES
                case "g":
                    at += 25 * FRAME_SAMPLES
                case "l":
                    yield EarLost("story")
                    yield EarOpened("story")
                    at = 0
                case "a":
                    self._engine.answer()
                case "d":
                    self._engine.die()
            for _ in range(PATIENCE if step == "y" else 1):
                await asyncio.sleep(0)
        for _ in range(20):  # whoever still waits gets an answer
            self._engine.answer_all()
            for _ in range(PATIENCE):
                await asyncio.sleep(0)


class Both(LateEngine):
    """Two late engines: the second is asked where the first makes nothing of it. Requests are numbered through both,
    and answered alternately.
    """

    def __init__(self, certainty: list[float], verdicts: list[Verdict]) -> None:
        super().__init__(certainty, verdicts, slow=False)
        self._second = LateEngine(certainty, verdicts, slow=True)
        self._second._numbers, self._second.asked = self._numbers, self.asked

    def answer(self) -> None:
        super().answer()
        self._second.answer()

    def die(self) -> None:
        self._second.die()

    def cascade(self, house: House) -> Cascade:
        return Cascade(self, self._second, house.in_doubt)


async def played(
    story: str,
    certainty: list[float],
    verdicts: list[Verdict],
    *,
    two: bool = False,
    slow: bool = False,
    home: Home = HOME,
) -> tuple[list[Happening], LateEngine]:
    """A slow engine is asked before the hush."""
    told: list[Happening] = []
    engine = Both(certainty, verdicts) if two else LateEngine(certainty, verdicts, slow=slow)
    house = real_house(home)
    assistant = Assistant(
        ear=StoryEar(story, engine),
        engine=engine.cascade(house) if isinstance(engine, Both) else engine,
        mouth=MemoryMouth(),
        broker=MemoryBroker(answer=simulate(home)),
        listener=Listener(ListenerSettings(ask_ms=60)),
        house=house,
        tell=lambda happening: told.append({**happening, "asked": len(engine.asked)}),
        settings=TurnSettings(confirm_s=0.0, gate_tail_ms=0),
        paced=True,
    )
    await asyncio.wait_for(assistant.run(), 30)
    return told, engine


def check(told: list[Happening], engine: LateEngine) -> int:
    """The laws; returns how many commands were sent."""
    sent: dict[int, int] = {}
    given_up: dict[int, int] = {}
    """By turn: requests before this number were about words that went on."""
    over: set[int] = set()
    for happening in told:
        turn = happening.get("turn")
        if not isinstance(turn, int):
            continue
        match happening["event"]:
            case "resumed" | "speech_start":
                given_up[turn] = int(str(happening["asked"]))
            case "decision" if happening["verdict"] == "calls":
                calls = happening["calls"]
                assert isinstance(calls, list)
                number = next(n for n in engine.asked if n % 100 + 1 == calls[0]["slots"]["brightness"])
                assert engine.asked[number] == turn, "a decision of another turn"
                assert number >= given_up.get(turn, 0), "of a speculation that was given up"
            case "command":
                sent[turn] = sent.get(turn, 0) + 1
                assert sent[turn] == 1, "two actions for one utterance"
                assert turn not in over, "an action after the turn's end"
            case "failed" | "turn_end":
                over.add(turn)
    return sum(sent.values())


pieces = st.sampled_from(
    ["s" * 8, "s" * 3, "s", "..", "...", "....", "." * 6, "." * 30, "a", "a", "y", "ya", "d", "g", "l"]
)
stories = st.lists(st.one_of(pieces, st.just("w...")), max_size=25).map("".join)
certainties = st.lists(st.sampled_from([0.1, 0.4, 0.65, 0.71, 0.95]), min_size=1, max_size=4)
verdicts = st.lists(
    st.sampled_from([Verdict.CALLS, Verdict.CALLS, Verdict.INCOMPLETE, Verdict.NOT_FOR_ME]), min_size=1, max_size=4
)


@settings(deadline=None, max_examples=200)
@given(stories, certainties, verdicts, st.sampled_from(["fast", "slow", "two", "noticed"]))
def test_one_utterance_never_acts_twice_nor_on_what_was_given_up(
    story: str, certainty: list[float], verdicts: list[Verdict], kind: str
) -> None:
    home, two = (NOTICED if kind == "noticed" else HOME), kind in ("two", "noticed")
    check(*asyncio.run(played("w..." + story, certainty, verdicts, two=two, slow=kind == "slow", home=home)))


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize(
    ("story", "commands"),
    [
        ("w..." + "s" * 12 + "...ya" + "." * 20, 1),  # decided in the hush
        ("w..." + "s" * 12 + "." * 20 + "a", 1),  # decided after the end
        (
            "w..." + "s" * 12 + "..." + "s" * 8 + "aya" + "." * 20 + "ya",
            1,
        ),  # the first answer comes too late
        ("w..." + "s" * 12 + "..." + "s" * 270 + "ayaya", 1),  # it is cut at its greatest length
        ("w..." + "s" * 12 + "..." + "d" + "." * 20, 0),  # the engine dies in the hush
        ("w..." + "s" * 12 + "." * 6 + "d" + "." * 20, 0),  # ... or after the end
        ("w..." + "s" * 12 + "g" + "s" * 6 + "." * 20 + "a", 0),  # half of the words are lost
        ("w..." + "s" * 12 + "...yal" + "." * 20 + "a", 0),  # the ear dies in the hush
    ],
)
def test_what_becomes_of_an_utterance(story: str, commands: int, slow: bool) -> None:
    assert check(*asyncio.run(played(story, [0.95], [Verdict.CALLS], slow=slow))) == commands


def test_a_slow_engine_is_asked_before_the_hush_and_told_when_that_was_in_vain() -> None:
    for slow, asked in ((False, 1), (True, 2)):
        told, engine = asyncio.run(
            played("w..." + "s" * 12 + "." + "s" * 12 + "...ya", [0.95], [Verdict.CALLS], slow=slow)
        )
        assert len(engine.asked) == asked
        assert len(engine.given_up) == asked - 1
        assert check(told, engine) == 1


BREAKS_OFF = "w..." + "s" * 12 + "...ya" + "." * 30 + "y"


@pytest.mark.parametrize(
    ("story", "verdicts", "commands", "turns"),
    [
        (BREAKS_OFF + "s" * 12 + "...ya" + "." * 20, "ic", 1, 1),  # the rest comes after a pause
        (BREAKS_OFF + "s" * 12 + "." * 20 + "ya", "ic", 1, 1),  # ... and is decided after its end
        (BREAKS_OFF + "s" * 12 + "...ya" + "." * 30 + "y" + "s" * 8 + "...ya" + "." * 20, "iic", 1, 1),
        (BREAKS_OFF + "." * 80, "ic", 0, 1),  # nothing comes
        (BREAKS_OFF + "." * 10 + "w..." + "s" * 12 + "...ya" + "." * 20, "ic", 1, 2),  # said again from the beginning
        (BREAKS_OFF + "s" * 12 + "d" + "." * 20, "ic", 0, 1),  # the engine dies, and what it had heard with it
        (BREAKS_OFF + "l" + "s" * 12 + "...ya" + "." * 20, "ic", 0, 1),  # the ear dies
    ],
)
def test_what_breaks_off_goes_on_in_the_same_turn(story: str, verdicts: str, commands: int, turns: int) -> None:
    kinds = {"i": Verdict.INCOMPLETE, "c": Verdict.CALLS}
    told, engine = asyncio.run(played(story, [0.95], [kinds[v] for v in verdicts]))
    assert check(told, engine) == commands
    assert "goes_on" in [h["event"] for h in told]
    assert len({h["turn"] for h in told if "turn" in h}) == turns
    assert sum(h["event"] == "turn_end" for h in told) == turns


SPOKEN = "w..." + "s" * 12 + "..."


@pytest.mark.parametrize(
    ("story", "certainty", "commands"),
    [
        (SPOKEN + "yaya" + "." * 20 + "ya", [0.1, 0.95], 1),  # the second one knows, in the hush
        (SPOKEN + "." * 20 + "yayaya", [0.1, 0.95], 1),  # ... or long after the end
        (SPOKEN + "ya" + "s" * 8 + "...yayayaya" + "." * 20 + "yaya", [0.1, 0.95], 1),  # words go on meanwhile
        (SPOKEN + "yad" + "." * 20 + "ya", [0.1, 0.95], 0),  # it dies
        (SPOKEN + "yaya" + "." * 20 + "ya", [0.1, 0.1], 0),  # nobody knows
        (SPOKEN + "yaya" + "." * 20 + "ya", [0.95, 0.95], 1),  # the first one knows
    ],
)
def test_of_two_models_one_decides(story: str, certainty: list[float], commands: int) -> None:
    told, engine = asyncio.run(played(story, certainty, [Verdict.CALLS], two=True))
    assert check(told, engine) == commands


@pytest.mark.parametrize(
    ("story", "certainty", "commands", "asked"),
    [
        (SPOKEN + "yaya" + "." * 20 + "ya", [0.7, 0.95], 1, 2),  # the second one knows better
        (SPOKEN + "yaya" + "." * 20 + "ya", [0.7, 0.1], 0, 2),  # ... or that nobody does
        (SPOKEN + "yad" + "." * 20 + "ya", [0.7, 0.95], 1, 2),  # it dies: the first one is certain enough
        (SPOKEN + "yad" + "." * 20 + "ya", [0.4, 0.95], 0, 2),  # ... or is not
        (SPOKEN + "ya" + "s" * 8 + "...yayayaya" + "." * 20 + "yaya", [0.7, 0.95], 1, 4),  # words go on meanwhile
        (SPOKEN + "yaya" + "." * 20 + "ya", [0.95, 0.95], 1, 1),  # the first one is certain
    ],
)
def test_what_is_not_harmless_is_heard_again_and_done_once(
    story: str, certainty: list[float], commands: int, asked: int
) -> None:
    told, engine = asyncio.run(played(story, certainty, [Verdict.CALLS], two=True, home=NOTICED))
    assert check(told, engine) == commands
    assert len(engine.asked) == asked
