"""The mouth as a process, with Piper's voice and a file for a loudspeaker."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from voiced.adapters.piper import default_voice
from voiced.errors import VoicedError, VoiceError
from voiced.ports import Chime
from voiced.workers import protocol
from voiced.workers.clients import MouthClient
from voiced.workers.rendering import Cache

READY_S = 120


def mouth(**options: object) -> MouthClient:
    return MouthClient(options={"speaker": "none", "realtime": False, **options})


async def test_it_speaks_chimes_and_knows_what_it_said(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    client = mouth(speaker=f"wav:{path}")
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S), client.supervisor.state
        first = await client.say("The kitchen lights are on.")
        again = await client.say("The kitchen lights are on.")
        chimed = await client.chime(Chime.DONE)
        assert (first.cached, again.cached, chimed.cached) == (False, True, True)
        assert again.duration_ms == pytest.approx(first.duration_ms, abs=50)
        assert 500 < first.duration_ms < 4000
        assert client.trouble == ""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(10**7), np.int16)
        assert len(pcm) / file.getframerate() > (2 * first.duration_ms + chimed.duration_ms) / 1000
    assert np.abs(pcm.astype(int)).max() > 2000


async def test_what_was_cut_short_goes_on_with_the_very_samples_that_were_missing(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    client = mouth(speaker=f"wav:{path}")
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S), client.supervisor.state
        whole = await client.say("The kitchen lights are on. The garage door is closed.")
        rest = await client.say("The kitchen lights are on. The garage door is closed.", from_ms=1200)
        nothing = await client.say("The kitchen lights are on. The garage door is closed.", from_ms=60_000)
    assert rest.duration_ms == pytest.approx(whole.duration_ms - 1200, abs=1)
    assert (nothing.duration_ms, nothing.interrupted) == (0, False)
    with wave.open(str(path)) as file:
        pcm, rate_hz = np.frombuffer(file.readframes(10**7), np.int16), file.getframerate()
    length = round(whole.duration_ms * rate_hz / 1000)
    again = pcm[length + round(0.3 * rate_hz) :][: round(rest.duration_ms * rate_hz / 1000)]
    assert np.array_equal(again, pcm[length - len(again) : length])


async def test_two_voices_speak_each_for_itself_and_the_second_comes_when_it_is_wanted(tmp_path: Path) -> None:
    """Both are Piper's one voice that is installed here, the second under another name."""
    path, second = tmp_path / "said.wav", tmp_path / "second.onnx"
    installed = default_voice()
    second.symlink_to(installed)
    Path(f"{second}.json").symlink_to(f"{installed}.json")
    client = mouth(speaker=f"wav:{path}")
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S), client.supervisor.state
        own = await client.say("Good evening.")
        other = await client.say("Good evening.", voice=str(second))
        again = await client.say("Good evening.", voice=str(second))
        assert (own.cached, other.cached, again.cached) == (False, False, True), "each keeps what it has said"
        assert other.duration_ms == pytest.approx(again.duration_ms, abs=50)
        second.unlink()
        assert (await client.say("Good night.", voice=str(second))).duration_ms > 300, "it was loaded once, and stays"
        await client.prepare(("Good morning.",), voice=str(second))
        prepared = [(await client.say("Good morning.", voice=voice)).cached for voice in (str(second), "")]
        assert prepared == [True, False]
        with pytest.raises(VoicedError, match=r"no voice: .*gone\.onnx does not exist"):
            await client.say("Good night.", voice=str(tmp_path / "gone.onnx"))
        with pytest.raises(VoicedError, match=r"gone\.onnx"):
            await client.prepare((), voice=str(tmp_path / "gone.onnx"))
        assert (await client.say("Good evening.")).cached
        assert client.trouble == ""
    with wave.open(str(path)) as file:
        seconds = file.getnframes() / file.getframerate()
    assert seconds > (own.duration_ms + 2 * other.duration_ms) / 1000


async def test_whether_a_voice_is_there_is_answered_before_all_that_is_rendered_ahead() -> None:
    client = mouth()
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S), client.supervisor.state
        texts = tuple(f"This is sentence number {n}, which takes a while to be rendered." for n in range(200))
        ahead = asyncio.create_task(client.prepare(texts))
        await asyncio.sleep(0.2)
        await client.prepare(())
        with pytest.raises(VoicedError, match=r"gone\.onnx"):
            await client.prepare((), voice="gone.onnx")
        assert not ahead.done()
        ahead.cancel()


async def test_half_as_loud_is_ten_decibels_less(tmp_path: Path) -> None:
    heard = []
    for loudness in (1.0, 0.5):
        path = tmp_path / f"{loudness}.wav"
        client = mouth(speaker=f"wav:{path}")
        async with client.supervisor:
            assert await client.supervisor.wait_ready(READY_S), client.supervisor.state
            await client.chime(Chime.RING, loudness=loudness)
        with wave.open(str(path)) as file:
            heard.append(np.frombuffer(file.readframes(10**7), np.int16).astype(float).std())
    assert 20 * np.log10(heard[0] / heard[1]) == pytest.approx(10, abs=0.1)


async def test_prepared_words_are_there_at_once_and_again_in_the_next_mouth() -> None:
    client = mouth()
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S)
        for _ in range(2):
            await client.prepare(("Done.", "Okay."))
            assert (await client.say("Okay.")).cached
            assert client.supervisor.pid
            generation = client.supervisor.generation
            os.kill(client.supervisor.pid, signal.SIGKILL)
            async with asyncio.timeout(READY_S):
                while client.supervisor.generation == generation or not client.supervisor.ready:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)


async def test_what_is_played_is_told_to_whoever_must_not_hear_it() -> None:
    client = mouth(realtime=True, tells=True)
    told: list[protocol.Playing | protocol.Silenced] = []

    async def overhear() -> None:
        async for message in client.supervisor.messages():
            told.extend([message] if isinstance(message, protocol.Playing | protocol.Silenced) else [])

    async with client.supervisor:
        overhearing = asyncio.create_task(overhear())
        assert await client.supervisor.wait_ready(READY_S)
        begun = time.monotonic()
        said = await client.say("The light is on. The door is closed.")
        first, second = told
        assert isinstance(first, protocol.Playing)
        assert isinstance(second, protocol.Playing)
        assert (len(first.pcm) + len(second.pcm)) / 32 == pytest.approx(said.duration_ms, abs=2)
        assert begun < first.at_s
        assert second.at_s >= first.at_s + len(first.pcm) / 32_000 - 1e-6, "one after the other"

        told.clear()
        long = asyncio.create_task(client.say("One. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten."))
        async with asyncio.timeout(READY_S):
            while not told:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await client.stop()
        assert (await long).interrupted
        assert isinstance(told[-1], protocol.Silenced)
        overhearing.cancel()


async def test_silence_is_soon_and_everybody_gets_an_answer() -> None:
    client = mouth(realtime=True)
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S)
        long = asyncio.create_task(client.say("One. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten. " * 5))
        waiting = asyncio.create_task(client.say("Never said."))
        await asyncio.sleep(1.0)
        await client.stop()
        assert (await long).interrupted
        assert (await waiting).interrupted


async def test_killed_in_the_middle_of_a_word_it_raises_and_speaks_again() -> None:
    client = mouth(realtime=True)
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S)
        long = asyncio.create_task(client.say("One. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten."))
        await asyncio.sleep(1.0)
        assert client.supervisor.pid
        os.kill(client.supervisor.pid, signal.SIGKILL)
        with pytest.raises(VoiceError):
            await long
        async with asyncio.timeout(READY_S):
            while not client.supervisor.ready:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert not (await client.say("Okay.")).cached


async def test_without_a_voice_it_chimes_and_speaks_when_the_voice_comes(tmp_path: Path) -> None:
    voice = tmp_path / "voice.onnx"
    client = mouth(voice=str(voice))
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S)
        assert "voice.onnx" in client.trouble
        with pytest.raises(VoicedError, match=r"voice\.onnx"):
            await client.say("Hello.")
        assert (await client.chime(Chime.ERROR)).duration_ms > 50

        from voiced.adapters.piper import Voice

        installed = Path(Voice().path)
        voice.symlink_to(installed)
        (tmp_path / "voice.onnx.json").symlink_to(f"{installed}.json")
        assert (await client.say("Hello.")).duration_ms > 200
        assert client.trouble == ""


async def test_without_a_loudspeaker_it_says_so_and_is_asked_again(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    client = mouth(speaker=f"wav:{folder}/x.wav")
    async with client.supervisor:
        assert await client.supervisor.wait_ready(READY_S)
        with pytest.raises(VoicedError, match="cannot write"):
            await client.say("Hello.")
        assert "cannot write" in client.trouble
        folder.mkdir()
        await client.say("Hello.")
        assert client.trouble == ""


def test_the_least_recently_spoken_goes_first() -> None:
    cache = Cache(limit_bytes=40)
    for text in ("a", "b"):
        cache.put(("", text), np.zeros(10, np.int16))
    cache.get(("", "a"))
    cache.put(("", "c"), np.zeros(10, np.int16))
    assert [cache.get(("", t)) is not None for t in "abc"] == [True, False, True]
    cache.put(("", "huge"), np.zeros(100, np.int16))
    assert cache.get(("", "huge")) is None
