"""The ear as a process: a file's frames, the listener's events over them, and what goes wrong."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
import time
import types
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from voiced.errors import AudioFileError
from voiced.listen.listener import Listener
from voiced.messages import (
    SAMPLE_RATE_HZ,
    AudioHeard,
    EarLost,
    EarOpened,
    Ended,
    Frame,
    Hushed,
    ListenerEvent,
    SpeechStarted,
    Woken,
)
from voiced.workers import clients, protocol
from voiced.workers.childstate import ChildState, State
from voiced.workers.clients import EarClient
from voiced.workers.ear import Backlog, Capture, Failed, Opened, Outgoing, Sound


def spoken(path: Path, words: str, *, voice: str = "en-us") -> Path:
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", str(path), words], check=True)
    samples, rate_hz = soundfile.read(path)
    noise = np.random.default_rng(0).normal(0, 0.0005, rate_hz // 2 + len(samples))
    noise[rate_hz // 2 :] += samples
    soundfile.write(path, noise, rate_hz)
    return path


async def heard(**options: object) -> list[Frame | EarOpened | EarLost]:
    ear = EarClient(options=options)
    async with ear.supervisor:
        return [event async for event in ear.frames()]


async def test_a_file_becomes_frames_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.01, 44100 * 3), 44100)
    events = await heard(file=str(path), silence_ms=1000)
    assert events[0] == EarOpened(str(path))
    frames = [event for event in events if isinstance(event, Frame)]
    assert [frame.first_sample for frame in frames] == list(range(0, 4 * SAMPLE_RATE_HZ, 320))
    assert all(frame.wake is None for frame in frames)
    assert events == await heard(file=str(path), silence_ms=1000)


async def test_scores_come_with_every_fourth_frame(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.zeros(16000), 16000)
    frames = [event for event in await heard(file=str(path), wake_words=["alexa"]) if isinstance(event, Frame)]
    assert [frame.wake is not None for frame in frames] == [index % 4 == 3 for index in range(50)]


async def test_a_whole_story(tmp_path: Path) -> None:
    path = spoken(tmp_path / "story.wav", "Alexa. Turn on the kitchen light.")
    listener = Listener()
    events: list[ListenerEvent] = []
    for event in await heard(file=str(path), wake_words=["alexa", "hey_jarvis"], silence_ms=2000):
        if isinstance(event, Frame):
            events += listener.hear(event)
    woken = [event for event in events if isinstance(event, Woken)]
    if not woken:
        pytest.skip("this espeak-ng does not sound like Alexa to the model")
    assert [event.word for event in woken] == ["alexa"]
    steps = [type(event) for event in events if not isinstance(event, AudioHeard)]
    assert steps[:2] == [Woken, SpeechStarted]
    assert steps[-2:] == [Hushed, Ended]
    started = next(event for event in events if isinstance(event, SpeechStarted))
    ended = next(event for event in events if isinstance(event, Ended))
    assert 0.8 < (ended.speech_end_sample - started.at_sample) / SAMPLE_RATE_HZ < 3.0


async def test_real_time_pace(tmp_path: Path) -> None:
    path = tmp_path / "second.wav"
    soundfile.write(path, np.zeros(16000), 16000)
    started = time.monotonic()
    await heard(file=str(path), realtime=True)
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("content", [b"", b"RIFF nothing", None])
async def test_a_bad_file_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"bad\.wav") as caught:
        await asyncio.wait_for(heard(file=str(path)), 20)
    assert "\n" not in str(caught.value)


async def test_no_microphone_is_said_once_and_looked_for_on() -> None:
    ear = EarClient(options={"device": "there is no such microphone"})
    async with ear.supervisor as supervisor:
        frames = ear.frames()
        lost = await asyncio.wait_for(anext(frames), 20)
        assert isinstance(lost, EarLost)
        assert "there is no such microphone" in lost.reason
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(frames), 3)
        assert supervisor.ready, "the process is there, with its models loaded"
        assert supervisor.restarts == 0


async def test_a_portaudio_that_does_not_start_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (broken := tmp_path / ".asoundrc").write_text("pcm.!default { type", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PULSE_SERVER", "/nowhere")
    ear = EarClient(options={"device": "moon phone"})
    async with ear.supervisor:
        frames = ear.frames()
        lost = await asyncio.wait_for(anext(frames), 30)
        assert isinstance(lost, EarLost)
        assert lost.reason.startswith("PortAudio does not start: is ~/.asoundrc in order?")
        broken.unlink()
        listening = asyncio.ensure_future(anext(frames))
        for _ in range(100):
            await asyncio.sleep(0.1)
            if ear.trouble.startswith("there is no microphone called 'moon phone'"):
                break
        listening.cancel()
        assert ear.trouble.startswith("there is no microphone called 'moon phone'")


async def test_an_ear_that_was_started_anew_is_heard_whatever_it_says_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts its samples from zero again: that is no sound of half a minute ago."""
    now_s = 1000.0
    monkeypatch.setattr(clients, "time", types.SimpleNamespace(monotonic=lambda: now_s))

    async def messages() -> AsyncIterator[protocol.Message | ChildState]:
        nonlocal now_s
        yield EarOpened("microphone")
        for count in (500, 1000):
            for index in range(count):
                now_s += 0.02
                yield Frame(index * 320, b"", False)
            yield ChildState("ear", State.DOWN, "exit status 75")

    ear = EarClient(options={})
    monkeypatch.setattr(ear.supervisor, "messages", messages)
    events = [event async for event in ear.frames()]
    assert [type(event) for event in events] == [EarOpened, *[Frame] * 500, EarLost, *[Frame] * 1000]


class Fast:
    """A microphone whose sound comes before anybody takes it: 1.4 s of it, at its own pace."""

    name = "desk phone"
    frames = 70
    heard: threading.Event

    def __init__(self, *, device: str, channel: int | None) -> None:
        self.left = self.frames

    def read(self, blocks: int = 1) -> bytes:
        if not self.left:
            self.heard.set()
        time.sleep(0.02)
        self.left = max(0, self.left - 1)
        return bytes(640)

    def check(self, *, thoroughly: bool = False) -> None:
        pass

    def close(self) -> None:
        pass


def test_that_the_microphone_was_opened_is_told_however_long_the_models_load(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("voiced.adapters.microphone")
    Fast.heard = threading.Event()
    module.Microphone = Fast  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    capture = Capture("", None)
    assert Fast.heard.wait(10)
    assert capture.next(0) == Opened("desk phone")
    first = capture.next(0)
    assert isinstance(first, Sound)
    assert first.first_sample >= 15 * 320, "the oldest sound went"
    assert capture.overflown >= 15
    assert capture.close(5)


@given(st.lists(st.integers(0, 9), max_size=300))
def test_of_what_waits_the_oldest_sound_goes_and_nothing_else(kinds: list[int]) -> None:
    came = [Opened(str(at)) if kind == 0 else Failed(str(at), broken=False) if kind == 1 else Sound(at, b"")
            for at, kind in enumerate(kinds)]  # fmt: skip
    backlog = Backlog()
    for one in came:
        backlog.put(one)
    left = list(iter(lambda: backlog.take(0), None))
    sounds = [one for one in came if isinstance(one, Sound)]
    gone = sounds[: backlog.overflown]
    assert left == [one for one in came if one not in gone]
    assert sum(isinstance(one, Sound) for one in left) <= 50
    assert len(left) >= min(50, len(came))


def test_who_waits_gets_what_comes() -> None:
    backlog = Backlog()
    assert backlog.take(0.01) is None
    later = threading.Timer(0.05, lambda: backlog.put(Opened("desk phone")))
    later.start()
    assert backlog.take(5) == Opened("desk phone")
    later.join()


class Wire:
    """What was written, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[tuple[protocol.Message, ...]] = []

    def send(self, *messages: protocol.Message) -> None:
        self.pieces.append(messages)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300)), max_size=8), st.booleans())
def test_frames_wait_only_in_silence_and_never_with_a_score(runs: list[tuple[bool, int]], scored: bool) -> None:
    wire = Wire()
    outgoing = Outgoing(wire)  # type: ignore[arg-type]
    sent: list[Frame] = []
    quiet = 0
    for speech in [speech for speech, length in runs for _ in range(length)]:
        wake = {"alexa": 0.1} if scored and len(sent) % 4 == 3 else None
        sent.append(Frame(len(sent) * 320, b"", speech, wake))
        outgoing.send(sent[-1])
        quiet = 0 if speech else quiet + 1
        there = sum(map(len, wire.pieces))
        assert len(sent) - there < 4
        if quiet < 125 or wake:
            assert there == len(sent)
    outgoing.flush()
    assert [frame for piece in wire.pieces for frame in piece] == sent


def test_a_quiet_room_wakes_the_core_a_quarter_as_often() -> None:
    wire = Wire()
    outgoing = Outgoing(wire)  # type: ignore[arg-type]
    for index in range(125 + 400):
        outgoing.send(Frame(index * 320, b"", False, {"alexa": 0.0} if index % 4 == 3 else None))
    assert len(wire.pieces) <= 124 + 101
