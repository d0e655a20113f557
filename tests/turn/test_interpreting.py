"""Two people, two languages: what is said again, with whose voice, how it ends, and that nothing in it ever acts."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.test_assistant import TURN, Stage, calls, frames
from voiced.adapters.fakes import FrameEar, ScriptedEngine
from voiced.config import DEMO_HOME
from voiced.errors import BusyError
from voiced.home.interpreter import NEITHER, SPOKEN, START, STOP, Interpreter
from voiced.home.load import load_home
from voiced.ledger import Ledger
from voiced.messages import Alternative, Call, Decision, EarLost, EarOpened, Frame, Paused, Verdict
from voiced.ports import Expect
from voiced.topics.reporter import DeviceState
from voiced.turn.interpreting import ENDS, TABLE, Mode, Sign, after
from voiced.turn.timeline import OpenTurn

HOME = load_home(DEMO_HOME.read_text("utf-8"))
SCHEMA = json.loads((DEMO_HOME.parent / "topics.schema.json").read_text("utf-8"))
GREETING = "I interpret between English and German. Say stop interpreting when it is enough."
OVER = "I have stopped interpreting."
SAYS = "..s*s*" + ".*" * 6
WOKEN = TURN + ".*" * 3
QUIET = ".*" * 27
BOTH = Interpreter(("English", "German"), "german.onnx", silence_s=5)
ASKED = calls(START, language="german")
UNLOCK, OFF = calls("HassUnlock", name="front door"), calls("HassTurnOff", name="standing light")


def spoken(language: str) -> Decision:
    return Decision(Verdict.CALLS, (Call(SPOKEN, {"language": language.casefold()}),), 0.9, language)


ENGLISH, GERMAN, ENOUGH, NOISE = map(spoken, ("English", "German", STOP, NEITHER))


def stage(pattern: str, *decisions: Decision, words: Sequence[str] = ("Again.",)) -> Stage:
    one = Stage(HOME, pattern, *decisions)
    one.assistant.house.interpreter = BOTH
    one.engine.words = tuple(words)
    return one


# --- the table ------------------------------------------------------------------------------------------------------


@given(st.sampled_from(Mode), st.lists(st.sampled_from(Sign)), st.sampled_from(ENDS))
def test_every_way_out_leads_out_from_everywhere(mode: Mode, signs: list[Sign], end: Sign) -> None:
    for sign in signs:
        mode = after(mode, sign)
    assert after(mode, end) is Mode.OFF


@given(st.lists(st.sampled_from([sign for sign in Sign if sign is not Sign.ASKED])))
def test_nobody_is_interpreted_who_did_not_ask(signs: list[Sign]) -> None:
    mode = Mode.OFF
    for sign in signs:
        mode = after(mode, sign)
    assert mode is Mode.OFF


def test_while_it_greets_the_house_is_still_listened_to() -> None:
    assert after(Mode.GREETING, Sign.OVERTAKEN) is Mode.OFF
    assert {m for (m, _), to in TABLE.items() if to is Mode.LISTENING} == {Mode.GREETING, Mode.SPEAKING}


CALL = st.builds(
    Call,
    st.sampled_from(["HassTurnOn", "HassUnlock", "HassOpenCover", "RepeatThat", "HassNevermind", START, SPOKEN]),
    st.dictionaries(
        st.sampled_from(["name", "area", "language", "everything"]),
        st.sampled_from(["front door", "garage door", "kitchen", "german", "english", "stop", "", "yes"]),
    ),
)
DECISION = st.builds(
    Decision,
    st.sampled_from(Verdict),
    st.lists(CALL, max_size=3).map(tuple),
    st.floats(0, 1),
    st.text(max_size=20),
    st.lists(st.builds(Alternative, st.tuples(CALL), st.text(max_size=5), st.floats(0, 1)), max_size=2).map(tuple),
    st.sampled_from(["", "47"]),
)


@given(st.lists(st.tuples(st.sampled_from([SAYS, WOKEN]), DECISION), min_size=1, max_size=6))
def test_whatever_is_decided_while_it_interprets_nothing_is_done(said: list[tuple[str, Decision]]) -> None:
    """An engine that keeps to no grammar: commands, codes and questions where only a language was asked for; with the
    wake word or without.
    """
    stopped = (at for at, (_, decision) in enumerate(said) if BOTH.heard(decision) == STOP)
    patterns, decisions = zip(*said[: next(stopped, len(said)) + 1], strict=True)
    one = stage(TURN + "".join(patterns) + 2 * QUIET, calls(START), *decisions)
    asyncio.run(one.play())
    expected = one.engine.expected
    assert one.broker.published == []
    assert expected[0] is Expect.COMMAND
    assert set(expected[1:]) == {Expect.INTERPRET}
    assert not one.assistant._interpreting.on
    assert OVER in one.mouth.said
    assert one.assistant.house.lockout.failures == 0


# --- whole turns ----------------------------------------------------------------------------------------------------


async def test_each_hears_the_other_in_a_language_and_a_voice_of_its_own() -> None:
    one = stage(TURN + 3 * SAYS, ASKED, ENGLISH, GERMAN, ENOUGH, words=("So it", " is. And", " more."))

    events = await one.play()

    assert one.engine.translated == [(2, "German", ""), (3, "English", "")]
    again = ["So it is.", "And more."]
    assert one.mouth.said == [GREETING, *again, *again, OVER]
    assert one.mouth.voices == ["", "german.onnx", "german.onnx", "", "", ""]
    assert [e for e in events if e.startswith("interpret")] == ["interpreting", "interpreting_ended"]
    assert [ledger.into for ledger in one.assistant.ledgers] == ["", "German", "English", ""]
    assert one.engine.remembered == [(1, GREETING)]


async def test_afterwards_the_house_is_listened_to_again() -> None:
    one = stage(TURN + SAYS + TURN, ASKED, ENOUGH, OFF)
    await one.play()
    assert one.engine.expected == [Expect.COMMAND, Expect.INTERPRET, Expect.COMMAND]
    assert [payload for _, payload in one.broker.published] == ["OFF"]


async def test_what_is_said_to_each_other_is_told_to_nobody_and_the_rest_keeps_to_the_schema() -> None:
    one = stage(TURN + 2 * SAYS + QUIET, ASKED, ENGLISH, NOISE, words=("A secret.",))
    await one.play()
    assert "A secret." in one.mouth.said
    assert "secret" not in json.dumps(one.told)
    for happening in one.told:
        Draft202012Validator(SCHEMA).validate({"event": happening})
    for ledger in one.assistant.ledgers:
        Draft202012Validator(SCHEMA).validate({"ledger": ledger.to_json()})


async def test_the_state_topic_says_so_from_the_first_to_the_last_of_it() -> None:
    """Whatever it does meanwhile."""
    one = stage(TURN + 2 * SAYS + TURN, ASKED, ENGLISH, ENOUGH, OFF)
    await one.play()
    state, shown = DeviceState(), []
    for happening in one.told:
        state = state.after(str(happening["event"]))
        Draft202012Validator(SCHEMA).validate({"state": json.loads(state.to_json())})
        shown.append(state.shown)
    states = [name for name, _ in itertools.groupby(shown)]
    assert states.count("interpreting") == 1
    assert states[-1] == "idle"
    assert states[states.index("interpreting") + 1] == "processing"


async def test_a_speaker_may_pause() -> None:
    """Half a second in mid-sentence is one utterance; to the house it would be two."""
    one = stage(TURN + "..s*s*" + "." * 25 + "s*s*" + ".*" * 6, ASKED, ENGLISH)
    await one.play()
    assert one.engine.translated == [(2, "German", "")]


@pytest.mark.parametrize("expect", [Expect.COMMAND, Expect.INTERPRET])
async def test_a_slow_model_is_not_asked_at_every_breath_which_language_it_is(
    expect: Expect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedEngine, "slow", property(lambda _: True))
    turn = OpenTurn(1, expect, Ledger(1))
    stage("", ENGLISH).assistant._deciding.pause(turn, Paused(1, 2000, 1000))
    assert (turn.speculation is None) is (expect is Expect.INTERPRET)
    if turn.speculation:
        await turn.speculation


async def test_the_wake_word_does_not_let_a_command_in() -> None:
    one = stage(TURN + SAYS + WOKEN + SAYS, ASKED, ENGLISH, OFF, ENOUGH)
    await one.play()
    assert one.broker.published == []
    assert one.engine.expected == [Expect.COMMAND, *4 * [Expect.INTERPRET]], "the turn that the wake word overtook, too"
    assert one.mouth.said[-1] == OVER


async def test_a_false_wake_is_not_the_end_and_silence_is() -> None:
    one = stage(TURN + "....w" + ".*" * 26 + SAYS + QUIET, ASKED, ENGLISH)
    await one.play()
    assert one.engine.translated == [(4, "German", "")]
    assert [h["by"] for h in one.told if h["event"] == "interpreting_ended"] == ["silence"]


# --- what is missing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "words", "languages", "answer"), [
    (ASKED, (), ("English", "German"), "I cannot interpret. I only know this house."),
    (ASKED, ("Again.",), (), "I cannot interpret: no two languages are set up for it."),
    (calls(START, language="french"), ("Again.",), ("English", "German"),
     "I can only interpret between English and German."),
])  # fmt: skip
async def test_where_it_cannot_it_says_why_and_nothing_begins(
    asked: Decision, words: Sequence[str], languages: tuple[str, ...], answer: str
) -> None:
    one = stage(TURN + SAYS + TURN, asked, OFF, words=words)
    one.assistant.house.interpreter = Interpreter(languages, "german.onnx" if languages else "")
    events = await one.play()
    assert one.mouth.said[0] == answer
    assert one.engine.expected == 2 * [Expect.COMMAND]
    assert "interpreting" not in events
    assert [payload for _, payload in one.broker.published] == ["OFF"]


async def test_a_voice_that_is_not_there_is_said_before_anybody_relies_on_it() -> None:
    one = stage(TURN + SAYS, ASKED)
    one.mouth.lacks = frozenset(["german.onnx"])
    await one.play()
    assert one.mouth.said == ["I cannot interpret: I have no voice for German."]
    assert one.engine.expected == [Expect.COMMAND]
    assert "no voice: german.onnx does not exist" in [h.get("reason") for h in one.told]


async def test_with_another_command_in_the_same_breath_both_are_done() -> None:
    both = Decision(Verdict.CALLS, (*OFF.calls, *ASKED.calls), 0.9, "both")
    one = stage(TURN + SAYS, both, ENOUGH)
    await one.play()
    assert [payload for _, payload in one.broker.published] == ["OFF"]
    assert one.engine.expected == [Expect.COMMAND, Expect.INTERPRET]


# --- every other way out --------------------------------------------------------------------------------------------


async def begun(*decisions: Decision) -> Stage:
    """It interprets, and waits for words."""
    one = stage("", ASKED, *decisions)
    await one.play()
    await hear(one, TURN)
    assert one.assistant._interpreting.mode is Mode.LISTENING
    return one


async def hear(one: Stage, pattern: str) -> None:
    """The ear goes on."""
    begin = one.assistant.listener.now
    for frame in frames(pattern):
        heard = replace(frame, first_sample=begin + frame.first_sample)
        await one.assistant._events(one.assistant.listener.hear(heard))


def ended_by(one: Stage) -> list[object]:
    return [h["by"] for h in one.told if h["event"] == "interpreting_ended"]


async def test_cancel_ends_it() -> None:
    one = await begun()
    await one.assistant.cancel()
    assert ended_by(one) == ["cancelled"]
    assert one.assistant.listener.turn is None


async def test_what_rings_ends_it_while_nobody_speaks() -> None:
    one = await begun()
    await asyncio.wait_for(one.assistant._clear(), 30)
    assert ended_by(one) == ["rings"]
    assert one.assistant.listener.turn is None


async def test_without_an_ear_it_is_over() -> None:
    one = stage("", ASKED)
    heard: list[Frame | EarLost | EarOpened] = [*frames(TURN), EarLost("muted")]
    one.assistant._ear = FrameEar(heard)
    await one.play()
    assert ended_by(one) == ["deaf"]
    assert one.mouth.said == [GREETING, OVER]


async def test_what_fails_ends_it_and_is_said() -> None:
    """Words that do not come, and a decision that does not."""
    one = await begun(ENGLISH)
    one.engine.words = ()
    await hear(one, SAYS)
    assert ended_by(one) == ["failed"]
    other = stage(TURN + SAYS, ASKED)
    await other.play()
    assert ended_by(other) == ["failed"]
    for said in (one.mouth.said, other.mouth.said):
        assert said == [GREETING, "Sorry, something went wrong. I have stopped interpreting."]


# --- typed ----------------------------------------------------------------------------------------------------------


async def test_typed_words_are_said_again_and_nothing_follows() -> None:
    one = stage("", GERMAN, OFF)
    await one.assistant.ask("Guten Abend", Expect.INTERPRET)
    assert one.engine.translated == [(1, "English", "Guten Abend")]
    assert [h["text"] for h in one.told if h["event"] == "translated"] == ["Again."]
    assert not one.assistant._interpreting.on


async def test_typed_words_wait_while_people_speak_and_without_an_ear_nothing_begins() -> None:
    one = await begun(OFF)
    with pytest.raises(BusyError):
        await one.assistant.ask("standing light off")
    assert one.broker.published == []
    deaf = stage("", ASKED)
    await deaf.assistant.ask("be my interpreter for German")
    assert deaf.mouth.said == ["I cannot hear anything."]
    assert deaf.assistant._interpreting.mode is Mode.OFF
