"""A second model for what the first makes nothing of: who hears what, whose word counts, and what may be missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.gemma.tiny import tiny_folder
from voiced.adapters.fakes import ScriptedEngine
from voiced.app import Minds, real_house
from voiced.commands.replay import replay
from voiced.config import DEMO_HOME, Config, ModelConfig
from voiced.configfile import load_config
from voiced.errors import InferenceError
from voiced.home.judgement import Kind
from voiced.home.load import load_home
from voiced.messages import Call, Decision, EngineTimes, Evidence, Rule, Verdict
from voiced.ports import Expect
from voiced.turn.timeline import Happening
from voiced.workers.cascade import Cascade

HOUSE = real_house(load_home(DEMO_HOME.read_text("utf-8")))
DEMO = DEMO_HOME.parent / "demo"
LAMP = (Call("HassTurnOn", {"name": "bed light"}),)
SURE = Decision(Verdict.CALLS, LAMP, 0.9)
UNSURE = Decision(Verdict.CALLS, LAMP, 0.2)
OTHER = Decision(Verdict.NOT_FOR_ME, certainty=0.8, evidence=Evidence(Rule.UNSURE, 0.1, 0.3))
SILENCE = Decision(Verdict.NOT_FOR_ME, certainty=0.9, evidence=Evidence(Rule.NOTHING, 0.9, 0.6))
THEIRS = Decision(Verdict.CALLS, (Call("HassTurnOff", {"name": "bed light"}),), 0.8)


class Listening(ScriptedEngine):
    """Remembers the sound itself, and may take its time."""

    def __init__(self, *decisions: Decision) -> None:
        super().__init__(decisions)
        self.heard: dict[int, bytes] = {}
        self.asked = 0
        self.takes = asyncio.Event()
        self.takes.set()
        self.dead = False

    async def feed(self, turn: int, pcm: bytes) -> None:
        self.heard[turn] = self.heard.get(turn, b"") + pcm

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        self.asked += 1
        if self.dead:
            raise InferenceError("it went away")
        await self.takes.wait()
        return await super().decide(turn)


def both(
    first: Decision, second: Decision = THEIRS, *, patience_s: float = 30.0
) -> tuple[Cascade, Listening, Listening]:
    one, two = Listening(first), Listening(second)
    return Cascade(one, two, HOUSE.in_doubt, patience_s=patience_s), one, two


async def said(cascade: Cascade, *pieces: bytes, expect: Expect = Expect.COMMAND) -> Decision:
    await cascade.begin(1, expect)
    for piece in pieces:
        await cascade.feed(1, piece)
    decision, _ = await cascade.decide(1)
    await cascade.end(1)
    return decision


@pytest.mark.parametrize("first", [SURE, SILENCE, Decision(Verdict.INCOMPLETE, certainty=0.9)])
async def test_what_the_first_is_certain_of_the_second_never_hears(first: Decision) -> None:
    cascade, _, two = both(first)
    assert await said(cascade, b"one", b"two") is first
    assert two.heard == {}


@pytest.mark.parametrize("first", [UNSURE, OTHER])
async def test_what_the_first_makes_nothing_of_the_second_hears_from_the_beginning(first: Decision) -> None:
    cascade, one, two = both(first)
    assert await said(cascade, b"one", b"two") is THEIRS
    assert two.heard == one.heard == {1: b"onetwo"}


def door(intent: str, certainty: float) -> Decision:
    return Decision(Verdict.CALLS, (Call(intent, {"name": "front door"}),), certainty)


LOCK, UNLOCK = "HassTurnOn", "HassTurnOff"


@pytest.mark.parametrize(("first", "again"), [
    (Decision(Verdict.CALLS, LAMP, 0.4), False),  # harmless, and certain enough
    (door(LOCK, 0.7), True),  # would be done
    (door(LOCK, 0.85), False),
    (door(UNLOCK, 0.85), True),  # a code would be asked for
    (door(UNLOCK, 0.95), False),
])  # fmt: skip
async def test_what_is_not_harmless_needs_certainty_or_a_second_hearing(first: Decision, again: bool) -> None:
    cascade, _, two = both(first)
    assert await said(cascade, b"one") is (THEIRS if again else first)
    assert bool(two.heard) is again


@pytest.mark.parametrize("fault", ["dead", "slow"])
async def test_without_a_second_hearing_the_usual_thresholds_hold(fault: str) -> None:
    cascade, _, two = both(door(UNLOCK, 0.7), patience_s=0.05)
    two.dead = fault == "dead"
    two.takes.clear()
    judgement = HOUSE.judge(await said(cascade, b"one"))
    assert (judgement.kind, judgement.wants_code, judgement.needed) == (Kind.ASK, True, 0.6)


def test_it_is_what_it_was_a_moment_ago() -> None:
    """What "unlock it" says is no harmless thing after the front door."""
    house = real_house(load_home(DEMO_HOME.read_text("utf-8")))
    it = Decision(Verdict.CALLS, (Call(UNLOCK, {"it": "yes"}),), 0.7)
    assert not house.in_doubt(it)
    house.judge(door(LOCK, 0.95))
    assert house.in_doubt(it)


async def test_what_is_to_be_interpreted_is_for_the_one_that_talks_alone() -> None:
    cascade, one, two = both(SURE)
    assert not cascade.talks
    two.words = ("Guten Abend.",)
    assert cascade.talks
    assert await said(cascade, b"one", b"two", expect=Expect.INTERPRET) is THEIRS
    assert [piece async for piece in cascade.translate(1, "German")] == ["Guten Abend."]
    assert (one.expected, one.heard) == ([], {})
    assert (two.expected, two.heard, two.translated) == ([Expect.INTERPRET], {1: b"onetwo"}, [(1, "German", "")])
    await cascade.begin(2, Expect.INTERPRET)
    assert [piece async for piece in cascade.translate(2, "German", "good evening")] == ["Guten Abend."]
    await cascade.begin(3, Expect.COMMAND)
    await cascade.feed(3, b"three")
    assert (await cascade.decide(3))[0] is SURE, "the next command is the first one's again"


@pytest.mark.parametrize("expect", [Expect.CODE, Expect.STOP])
async def test_codes_and_stop_are_for_the_first_alone(expect: Expect) -> None:
    cascade, _, two = both(OTHER)
    assert await said(cascade, b"one", expect=expect) is OTHER
    assert two.heard == {}


async def test_speech_that_goes_on_is_given_once() -> None:
    cascade, one, two = both(OTHER)
    await cascade.begin(1, Expect.COMMAND)
    await cascade.feed(1, b"one")
    await cascade.decide(1)
    await cascade.feed(1, b"two")
    assert (await cascade.decide(1))[0] is THEIRS
    assert two.heard == one.heard
    await cascade.end(1)
    assert (await cascade.decide(1))[0] is OTHER
    assert two.asked == 2, "nothing of a turn is left after its end"


async def test_a_question_that_was_overtaken_is_not_put_to_the_second() -> None:
    cascade, _, two = both(OTHER)
    await cascade.begin(1, Expect.COMMAND)
    two.takes.clear()
    first, overtaken, last = (asyncio.create_task(cascade.decide(1)) for _ in range(3))
    await asyncio.sleep(0.01)
    two.takes.set()
    assert [d for d, _ in await asyncio.gather(first, overtaken, last)][1:] == [OTHER, THEIRS]
    assert two.asked == 2


@pytest.mark.parametrize("fault", ["dead", "slow"])
async def test_without_the_second_the_first_counts(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    cascade, _, two = both(OTHER, patience_s=0.05)
    two.dead = fault == "dead"
    two.takes.clear()
    assert await said(cascade, b"one") is OTHER
    assert "the second model" in caplog.text


async def test_typed_words_go_the_same_way() -> None:
    assert (await both(SURE)[0].ask(1, "bed light on"))[0] is SURE
    assert (await both(OTHER)[0].ask(1, "illuminate my bed"))[0] is THEIRS


def test_a_second_model_that_is_not_there_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    minds = Minds.of(Config(model=ModelConfig(second=tmp_path)))
    assert minds.second is None
    assert minds.in_house(HOUSE) is minds.first
    assert caplog.text.count("decides alone") == 1


def test_a_second_model_is_named_or_lies_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    named = load_config('[model]\nsecond = "e2b"', base=Path("/etc/voiced"))
    assert named.model.second == tmp_path / "voiced" / "models" / "e2b"
    assert load_config('[model]\nsecond = "./e2b"', base=Path("/etc/voiced")).model.second == Path("/etc/voiced/e2b")
    assert load_config("").model.second is None


@pytest.fixture(scope="module")
def two_models() -> Config:
    return Config(model=ModelConfig(second=tiny_folder()))


@pytest.mark.whole
@pytest.mark.parametrize(("recording", "by"), [("joe-close-garage-door", "nano"), ("joe-no-command", "other")])
async def test_nano_decides_and_another_model_hears_what_it_makes_nothing_of(
    two_models: Config, recording: str, by: str
) -> None:
    """Both as processes, on real sound. The other is random: what it says tells nothing, and does nothing."""
    told: list[Happening] = []
    path = DEMO / f"{recording}.flac"
    await replay(two_models, path, tell=told.append, wake=True, realtime=False, mqtt=False)
    ledger = next(h["ledger"] for h in told if h["event"] == "turn_end")
    assert isinstance(ledger, dict)
    assert (ledger["by"] == "nano") is (by == "nano")
    commands = [h for h in told if h["event"] == "command"]
    assert len(commands) == (by == "nano")
