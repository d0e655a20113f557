"""Shipped recordings with the timeline that belongs to each, and what each of them must not be taken for.

Ear and listener are deterministic: a timeline that moves is a change that somebody should see. A new one is written by
`python -m tests.golden.test_golden`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.house.overheard import decided
from voiced.adapters.wavfile import Recording
from voiced.bench.manifest import Line, read_manifest
from voiced.config import DEMO_HOME, MODELS
from voiced.home.load import load_home
from voiced.home.outcome import Effect, outcome
from voiced.listen.listener import Listener
from voiced.messages import Ended, Frame, Hushed, Resumed, SpeechStarted, Woken, samples_to_ms
from voiced.workers.earoptions import EarOptions
from voiced.workers.engine_load import load_model
from voiced.workers.hearing import frames_of

DEMO = DEMO_HOME.parent / "demo"
GOLDEN = Path(__file__).with_name("timelines.jsonl")
VOICES = ("joe-", "espeak-us-")
OTHER_WORDS = ("alexa", "hey_mycroft", "hey_rhasspy")
_AFTER_MS = 1200
SAME_MS = 80
"""Wake scores come every 80 ms and are floats: on another machine a wake may be one step off. All else is exact."""

Timeline = list[list[object]]
OTHER_MANNERS = ("joe-slow-", "joe-lively-")
TURNS = {
    line.audio.stem: line
    for line in read_manifest(DEMO / "manifest.jsonl")
    if line.audio.stem.startswith(VOICES) and not line.audio.stem.startswith(OTHER_MANNERS)
}


def heard(line: Line, *words: str) -> Iterator[Frame]:
    sound = Recording(path=line.audio).frames(silence_ms=_AFTER_MS)
    return frames_of(sound, EarOptions(wake_words=words or ("hey_jarvis",), model=str(MODELS / "nano")))


def timeline(line: Line) -> Timeline:
    """What the listener says of a recording, [event, ms]; nobody shortens its silences."""
    listener, out = Listener(), []
    for frame in heard(line):
        for event in listener.hear(frame):
            match event:
                case Woken() | SpeechStarted() | Hushed() | Resumed():
                    out.append([type(event).__name__, samples_to_ms(event.at_sample)])
                case Ended():
                    out.append(["SpeechEnd", samples_to_ms(event.speech_end_sample)])
                    out.append(["Ended", samples_to_ms(event.at_sample)])
    return out


def golden() -> dict[str, Timeline]:
    return {one["recording"]: one["events"] for one in map(json.loads, GOLDEN.read_text("utf-8").splitlines())}


@pytest.mark.parametrize("name", TURNS)
def test_the_timeline_is_the_one_that_belongs_to_the_recording(name: str) -> None:
    got, want = timeline(TURNS[name]), golden()[name]
    assert [kind for kind, _ in got] == [kind for kind, _ in want]
    for (kind, at), (_, expected) in zip(got, want, strict=True):
        assert isinstance(at, int | float)
        assert isinstance(expected, int | float)
        assert abs(at - expected) <= (SAME_MS if kind == "Woken" else 0), f"{kind} at {at} ms, not {expected} ms"


@pytest.mark.parametrize("name", [name for name in TURNS if name.startswith("joe")])
def test_no_other_wake_word_is_heard_in_it(name: str) -> None:
    scores = [score for frame in heard(TURNS[name], *OTHER_WORDS) for score in (frame.wake or {}).values()]
    assert scores
    assert max(scores) < 0.5


@pytest.mark.whole
def test_each_recording_does_what_was_said_and_nothing_that_was_said_in_another() -> None:
    home = load_home(DEMO_HOME.read_text("utf-8"))
    core = load_model(MODELS / "nano")
    core.load_home(home.to_dict())
    lines = {name: line for name, line in TURNS.items() if name.startswith("joe")}
    effects: dict[str, frozenset[Effect]] = {}
    for name, line in lines.items():
        decision = next(decided(core, heard(line), Listener(), home), None)
        assert decision is not None
        effects[name] = outcome(decision.calls, home)
    core.close()
    for name, line in lines.items():
        assert effects[name] == outcome(line.expect or (), home), name
        others = [other for other in lines if other != name]
        assert all(effects[name].isdisjoint(outcome(lines[other].expect or (), home)) for other in others), name


if __name__ == "__main__":
    told = [json.dumps({"recording": name, "events": timeline(line)}) for name, line in TURNS.items()]
    GOLDEN.write_text("\n".join(told) + "\n", "utf-8")
