"""The interpreter's engine on a tiny random model: of its words only how they come about, never what they say."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.gemma.tiny import sound, tiny_folder, tiny_pair
from tests.test_assistant import TURN, Stage, calls, frames
from tests.turn.inside import InsideEngine
from tests.turn.test_interpreting import BOTH, GREETING, HOME, OVER, SAYS
from tests.workers.test_dialogue import F32
from tests.workers.test_dialogue import turn as command
from tests.workers.test_engine import HOME as SMALL_HOME
from voiced.adapters.fakes import FrameEar
from voiced.adapters.piper import default_voice
from voiced.assistant import Assistant
from voiced.cli import main
from voiced.config import MODELS
from voiced.errors import InferenceError
from voiced.gemma import prompt
from voiced.gemma.decide import Walk, Walker
from voiced.gemma.models import from_folder
from voiced.home.interpreter import NEITHER, SPOKEN, START, STOP, Interpreter
from voiced.messages import FRAME_SAMPLES, Decision, EngineTimes, Frame, Verdict
from voiced.ports import Expect, Mouth
from voiced.workers.clients import EngineClient, MouthClient
from voiced.workers.engine import EngineCore
from voiced.workers.engine_drafted import DraftedCore
from voiced.workers.engine_house import WHICH, compile_home
from voiced.workers.engine_talk import TELL, TELL_AGAIN, TalkSettings, words

LANGUAGES = BOTH.languages
CHOICES = (*LANGUAGES, NEITHER, STOP)
FEW = TalkSettings(most_tokens=12, seed=3)


both = partial(compile_home, languages=LANGUAGES)


@pytest.fixture(scope="module")
def core() -> Iterator[EngineCore]:
    one = EngineCore(tiny_pair("calls", talks=True), compile_with=both)
    one.load_home(SMALL_HOME)
    yield one
    one.close()


def spoken(core: EngineCore, number: int, seed: int, cut: int = 2560) -> Decision:
    """What it takes this sound for, fed in pieces of so many bytes."""
    pcm = sound(1.7, seed)
    core.begin(number, Expect.INTERPRET)
    for begin in range(0, len(pcm), cut):
        core.feed(number, pcm[begin : begin + cut])
    decision, _ = core.decide(number)
    core.end(number)
    return decision


def begins(core: EngineCore, tell: str, text: str = "") -> F32:
    """The logits with which words begin that this leads to."""
    with core.answering(1, text, prompt.asked_to_answer(tell)) as (logits, _):
        return logits


# --- which language -------------------------------------------------------------------------------------------------


def test_one_of_four_words_is_decided_and_the_same_for_the_same_sound(core: EngineCore) -> None:
    for seed in range(5):
        first, again, otherwise = (spoken(core, n, seed, cut) for n, cut in ((1, 2560), (2, 2560), (3, 777 * 2)))
        assert first == again == otherwise
        assert first.verdict is Verdict.CALLS
        assert [call.intent for call in first.calls] == [SPOKEN]
        assert first.sentence in CHOICES
        assert BOTH.heard(first) == first.sentence
        assert 0 < first.certainty <= 1


def led(core: EngineCore, monkeypatch: pytest.MonkeyPatch, *spoken: str) -> None:
    """The model is sure of these words, one after the other."""
    left, walk = list(spoken), Walker.walk

    def sure(walker: Walker, first: F32, runner: Any) -> Walk:
        first = first.copy()
        first[core.model.tokenize(left.pop(0))[0]] += 50
        return walk(walker, first, runner)

    monkeypatch.setattr(Walker, "walk", sure)


@pytest.mark.parametrize("word", CHOICES)
def test_it_is_what_the_model_says(core: EngineCore, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    led(core, monkeypatch, word)
    assert BOTH.heard(spoken(core, 1, 5)) == word


def test_the_model_is_asked_between_which_two(core: EngineCore) -> None:
    asked = core.model.tokenize(prompt.asked_to_answer(WHICH.format(*LANGUAGES)), special=True)
    assert core._opening(Expect.INTERPRET)[: len(asked)] == asked
    assert core._opening(Expect.COMMAND)[: len(asked)] != asked


def test_it_leaves_no_trace(core: EngineCore) -> None:
    before = command(core, 1, 5)
    spoken(core, 2, 6)
    list(words(core, 2, "", FEW, "German"))
    assert np.array_equal(command(core, 3, 5), before)


# --- in which words -------------------------------------------------------------------------------------------------


def test_what_was_said_and_what_was_typed_is_said_again(core: EngineCore) -> None:
    spoken(core, 1, 5)
    assert list(words(core, 1, "", FEW, "German")) == list(words(core, 1, "", FEW, "German"))
    told = [TELL, *(TELL_AGAIN.format(language) for language in LANGUAGES)]
    logits = [begins(core, tell, text) for tell in told for text in ("", "good evening")]
    assert not any(np.array_equal(a, b) for a, b in itertools.combinations(logits, 2))


def test_what_was_typed_is_never_thought_about(core: EngineCore) -> None:
    thinking = TalkSettings(most_tokens=12, seed=3, think=True)
    assert list(words(core, 1, "good evening", thinking, "German")) == list(
        words(core, 1, "good evening", FEW, "German")
    )


# --- who cannot -----------------------------------------------------------------------------------------------------


def test_who_has_no_words_or_no_languages_does_not_begin(core: EngineCore) -> None:
    nano, alone = (
        EngineCore(from_folder(MODELS / "nano"), compile_with=both),
        EngineCore(tiny_pair("calls", talks=True)),
    )
    for one in (nano, alone):
        with pytest.raises(InferenceError, match="no house"):
            one.begin(1, Expect.INTERPRET)
        one.load_home(SMALL_HOME)
        with pytest.raises(InferenceError, match="cannot interpret"):
            one.begin(1, Expect.INTERPRET)
        one.close()
    assert (core.talks, nano.talks) == (True, False)


def test_the_small_model_that_drafts_does_not_hear_it() -> None:
    one = DraftedCore(tiny_pair("calls", talks=True), tiny_pair(), compile_with=both, always=True)
    one.load_home(SMALL_HOME)
    assert spoken(one, 1, 5).sentence in CHOICES
    assert command(one, 2, 5).shape == (one.model.size,)
    one.close()


# --- in its process, in a whole turn, from the keyboard -------------------------------------------------------------


async def test_its_process_decides_and_streams() -> None:
    client = EngineClient(options={"model": str(tiny_folder("calls", talks=True)), "languages": list(LANGUAGES)})
    await client.load_home(SMALL_HOME)
    async with client.supervisor:
        assert await client.supervisor.wait_ready(120)
        assert client.talks
        await client.begin(1, Expect.INTERPRET)
        await client.feed(1, sound(1.7, 5))
        decision, _ = await client.decide(1)
        await client.end(1)
        assert decision.sentence in CHOICES
        assert [piece async for piece in client.translate(1, "German")]
        await client.begin(2, Expect.INTERPRET)
        decision, _ = await client.ask(2, "good evening")
        assert decision.sentence in CHOICES
        assert [piece async for piece in client.translate(2, "German", "good evening")]


class Interprets(InsideEngine):
    """Is asked to, whatever is said, and from then on it is the model's."""

    async def begin(self, turn: int, expect: Expect) -> None:
        self.expect = expect
        await super().begin(turn, expect)

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        if self.expect is Expect.COMMAND:
            return calls(START), EngineTimes()
        return await super().decide(turn)


def heard(pattern: str, seed: int) -> Iterator[Frame]:
    """As `tests.test_assistant.frames`, with noise for speech."""
    noise = sound(20, seed)
    for one in frames(pattern):
        at = one.first_sample * 2 % (len(noise) - 2 * FRAME_SAMPLES)
        yield Frame(
            one.first_sample, noise[at : at + 2 * FRAME_SAMPLES] if one.speech else one.pcm, one.speech, one.wake
        )


async def test_whole_turns_are_said_again_with_the_voice_of_the_other_language(
    core: EngineCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real sound, memory, grammar and words; only which of the languages the random model heard is told to it."""
    core.load_home(HOME.to_dict())
    led(core, monkeypatch, "English", "German", STOP)
    stage, engine = Stage(HOME, ""), Interprets(core)
    engine.settings = TalkSettings(most_tokens=60, seed=1)
    stage.assistant._ear = FrameEar(heard(TURN + 3 * SAYS, 5))
    _put(stage, engine)

    await stage.play()

    core.load_home(SMALL_HOME)
    assert [decision.sentence for decision in engine.decided] == ["English", "German", STOP]
    into = [str(h["into"]) for h in stage.told if h["event"] == "translated"]
    assert [language for language, _ in itertools.groupby(into)] == ["German", "English"]
    assert stage.mouth.voices == ["", *map(BOTH.voice_of, into), ""]
    assert (stage.mouth.said[0], stage.mouth.said[-1]) == (GREETING, OVER)
    assert stage.broker.published == []


async def test_it_is_heard_from_the_loudspeaker_in_two_voices_and_a_missing_one_is_said(
    core: EngineCore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With Piper in its process. The second voice is the first one's file under another name."""
    second = tmp_path / "german.onnx"
    for suffix in ("", ".json"):
        Path(f"{second}{suffix}").symlink_to(f"{default_voice()}{suffix}")
    client = MouthClient(options={"speaker": f"wav:{tmp_path}/said.wav", "realtime": False})
    core.load_home(HOME.to_dict())
    led(core, monkeypatch, "English", "German", STOP)
    async with client.supervisor:
        assert await client.supervisor.wait_ready(120), client.supervisor.state
        for voice, begins in ((str(second), True), (str(tmp_path / "gone.onnx"), False)):
            stage, engine = Stage(HOME, ""), Interprets(core)
            engine.settings = TalkSettings(most_tokens=30, seed=1)
            stage.assistant._ear = FrameEar(heard(TURN + 3 * SAYS, 5))
            _put(stage, engine, replace(BOTH, voice=voice), client)
            await stage.play()
            replies = [h["text"] for h in stage.told if h["event"] == "reply"]
            into = {h["into"] for h in stage.told if h["event"] == "translated"}
            if begins:
                assert (replies, into) == ([GREETING, OVER], set(LANGUAGES))
                assert "not_said" not in [h["event"] for h in stage.told]
            else:
                assert (replies, into) == (["I cannot interpret: I have no voice for German."], set())
    core.load_home(SMALL_HOME)


def _put(stage: Stage, engine: InsideEngine, interpreter: Interpreter = BOTH, mouth: Mouth | None = None) -> None:
    """These into the whole assistant."""
    old = stage.assistant
    old.house.interpreter = interpreter
    stage.assistant = Assistant(
        ear=old._ear, engine=engine, mouth=mouth or stage.mouth, broker=stage.broker, listener=old.listener,
        house=old.house, tell=stage.told.append, paced=False,
    )  # fmt: skip


def configured(folder: Path, model: Path) -> Path:
    file = folder / "voiced.toml"
    file.write_text(
        f'[model]\npath = "{model}"\n[discovery]\nlearn = false\n'
        '[interpreter]\nlanguages = ["English", "German"]\nvoice = "german.onnx"\n'
    )
    return file


def test_what_is_typed_is_said_again_by_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path, tiny_folder("calls", talks=True))
    assert main(["ask", "good evening", "--interpret", "--config", str(config), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (decision,) = (h for h in told if h["event"] == "decision")
    assert [call["intent"] for call in decision["calls"]] == [SPOKEN]
    assert told[-1]["event"] == "turn_end"


def test_nano_says_that_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path, MODELS / "nano")
    assert main(["ask", "good evening", "--interpret", "--config", str(config)]) != 0
    assert "the model only knows the house" in capsys.readouterr().err
    assert main(["ask", "be my interpreter for German", "--config", str(config), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [h["text"] for h in told if h["event"] == "reply"] == ["I cannot interpret. I only know this house."]
    assert main(["ask", "good evening", "--interpret"]) != 0
    assert "no [interpreter]" in capsys.readouterr().err
