"""What is heard lies on the disk only where the owner wants it, within bounds, and is gone when told so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turn.test_interpreting import ASKED, BOTH, ENGLISH
from tests.turn.test_interpreting_heard import begin, utterance
from tests.turn.test_own_voice import PCM, Story, off, running
from voiced.adapters.fakes import ScriptedEngine
from voiced.adapters.recordings import Recordings
from voiced.adapters.wavfile import write_wav
from voiced.app import file_ear, recordings, turn_settings
from voiced.app import running as supervised
from voiced.cli import main
from voiced.configfile import load_config
from voiced.errors import ConfigError
from voiced.messages import Decision, Frame
from voiced.ports import Chime, Engine, Expect
from voiced.service.recording import Recorder

LIMIT = 4000


def of(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        return file.readframes(file.getnframes())


@contextlib.asynccontextmanager
async def recorded(kept: Recordings, *decisions: Decision) -> AsyncIterator[Story]:
    recorders = list[Recorder]()

    def around(engine: Engine) -> Recorder:
        recorders.append(Recorder(engine, kept))
        return recorders[-1]

    story = Story(*decisions, around=around)
    job = asyncio.create_task(recorders[0].run())
    try:
        async with running(story):
            yield story
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


async def two_turns(story: Story) -> None:
    for number in (1, 2):
        await story.command()
        await story.until("reply", number)
        story.mouth.ended.set()
        await story.until("turn_end", number)
        await story.room.hear(60)


async def files(kept: Recordings) -> list[Path]:
    async with asyncio.timeout(20):
        while not (found := kept.files()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


async def test_the_sound_of_a_turn_is_kept_as_the_engine_had_it(tmp_path: Path) -> None:
    kept = Recordings(tmp_path / "recordings", most_bytes=1 << 20, keep_s=3600)
    async with recorded(kept, off()) as story:
        await story.command()
        await story.until("reply")
        (path,) = await files(kept)
        story.mouth.ended.set()
        assert len(of(path)) == story.engine.fed[1]
        assert PCM * 40 in of(path)
        assert path.stat().st_mode & 0o077 == 0, "its owner's only"
        assert len(story.broker.published) == 1


async def test_what_two_people_say_to_each_other_is_never_kept(tmp_path: Path) -> None:
    kept = Recordings(tmp_path / "recordings", most_bytes=1 << 20, keep_s=3600)
    async with recorded(kept, ASKED, ENGLISH) as story:
        story.assistant.house.interpreter, story.engine.words = BOTH, ("Guten Abend.",)
        await begin(story)
        await utterance(story)
        await story.until("translated")
        story.mouth.ended.set()
        await story.until("turn_end", 2)
        await story.assistant.cancel()
        assert story.engine.fed[2] > 0
        (asked,) = await files(kept)
        assert len(of(asked)) == story.engine.fed[1]


async def test_a_disk_that_fails_is_said_once_and_stops_no_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "recordings").write_text("in the way")
    kept = Recordings(tmp_path / "recordings", most_bytes=1 << 20, keep_s=3600)
    async with recorded(kept, off(), off("desk light")) as story:
        await two_turns(story)
        assert len(story.broker.published) == 2
        async with asyncio.timeout(20):
            while not caplog.records:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert caplog.text.count("is not kept") == 1


def stuck(folder: Path, name: str, old_s: float = 0.0) -> Path:
    """What nobody can remove as a file."""
    (path := folder / f"{name}.wav").mkdir(parents=True)
    os.utime(path, (time.time() - old_s,) * 2)
    return path


async def test_what_cannot_be_removed_is_said_once_and_keeps_nothing_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It was tried again at once for ever, on a whole core, and nothing new was kept."""
    kept = Recordings(tmp_path, most_bytes=1 << 20, keep_s=3600)
    old, stays = tmp_path / "2020-01-02.wav", stuck(tmp_path, "2020-01-01", old_s=9999)
    old.touch()
    os.utime(old, (0, 0))
    asked, prune = list[float](), kept.prune

    def counted(now_s: float) -> None:
        asked.append(now_s)
        prune(now_s)

    kept.prune = counted  # type: ignore[method-assign]
    async with recorded(kept, off(), off("desk light")) as story:
        await two_turns(story)
        async with asyncio.timeout(20):
            while len(kept.files()) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    assert not old.exists()
    assert stays.exists()
    assert len(asked) <= 3
    assert caplog.text.count("kept longer than it should be") == 1
    assert "is not kept" not in caplog.text


async def test_a_disk_that_fails_again_after_it_worked_is_said_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Recordings(tmp_path / "recordings", most_bytes=1 << 20, keep_s=3600)
    recorder, rounds, prune = Recorder(ScriptedEngine([]), kept), list[float](), kept.prune

    def counted(now_s: float) -> None:
        rounds.append(now_s)
        prune(now_s)

    kept.prune = counted  # type: ignore[method-assign]
    job = asyncio.create_task(recorder.run())
    told = []
    for turn, full in enumerate((True, True, False, True), 1):
        if full:
            kept.folder.write_text("in the way")
        await recorder.begin(turn, Expect.COMMAND)
        await recorder.feed(turn, PCM)
        await recorder.end(turn)
        async with asyncio.timeout(20):
            while len(rounds) <= turn:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        told.append(caplog.text.count("is not kept"))
        if full:
            kept.folder.unlink()
        else:
            kept.erase()
            kept.folder.rmdir()
    job.cancel()
    assert told == [1, 1, 1, 2]


def test_where_there_is_no_room_that_can_be_made_nothing_is_kept_and_the_rest_goes(tmp_path: Path) -> None:
    stays = stuck(tmp_path, "0")
    kept = Recordings(tmp_path, most_bytes=stays.lstat().st_size + 1000, keep_s=3600)
    kept.keep("1", bytes(400), time.time())
    with pytest.raises(IsADirectoryError):
        kept.keep("2", bytes(2000), time.time())
    assert kept.files() == [stays]
    kept.keep("3", bytes(400), time.time())
    with pytest.raises(IsADirectoryError):
        kept.erase()
    assert kept.files() == [stays], "what can go is gone"


def test_who_erases_meanwhile_does_not_fail_the_keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Recordings(tmp_path, most_bytes=LIMIT, keep_s=3600)
    gone, going = tmp_path / "0.wav", kept.keep("1", bytes(400), 0.0)
    monkeypatch.setattr(kept, "files", lambda: [gone, going])
    kept.keep("2", bytes(400), time.time() + 9999)
    kept.prune(time.time())
    assert [path.name for path in tmp_path.iterdir()] == ["2.wav"]


@given(st.lists(st.tuples(st.integers(0, LIMIT), st.integers(0, 5000)), max_size=30))
def test_never_more_than_allowed_never_older_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, int]]
) -> None:
    kept = Recordings(tmp_path_factory.mktemp("kept"), most_bytes=LIMIT + 44, keep_s=3600)
    now_s = 1_000_000.0
    for number, (size, passed_s) in enumerate(turns):
        now_s += passed_s
        path = kept.keep(f"{number:05d}", bytes(size // 2 * 2), now_s)
        os.utime(path, (now_s, now_s))
        left = [(one.stat().st_size, now_s - one.stat().st_mtime) for one in kept.files()]
        assert kept.files()[-1] == path, "the newest is there"
        assert sum(size for size, _ in left) <= LIMIT + 44
        assert max(age for _, age in left) <= 3600
    assert kept.erase() == len(left) if turns else kept.erase() == 0
    assert kept.files() == []


def test_the_owner_sees_what_is_kept_and_erases_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path := tmp_path / "voiced.toml").write_text('state_dir = "state"\n[recording]\nmost_mb = 1\n', "utf-8")
    kept = recordings(load_config(path.read_text("utf-8"), base=tmp_path))
    kept.keep("one", bytes(3200), 0.0)
    assert main(["recordings", "--config", str(path), "--json"]) == 0
    assert [one["file"] for one in json.loads(capsys.readouterr().out)["kept"]] == ["one.wav"]
    assert main(["recordings", "--config", str(path), "--erase"]) == 0
    assert "1 recordings erased. Recording is on" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.wav"))


def test_nothing_is_kept_unless_somebody_says_so_and_says_where() -> None:
    assert load_config("").recording.most_mb == 0
    with pytest.raises(ConfigError, match="most_mb"):
        load_config("[recording]\nmost_mb = 10\n")


@pytest.mark.parametrize(("most_mb", "times"), [(0, 1), (10, 2)])
async def test_who_is_recorded_hears_the_chime_twice(most_mb: int, times: int) -> None:
    config = load_config(f'state_dir = "state"\n[recording]\nmost_mb = {most_mb}\n')
    story = Story(off(), settings=turn_settings(config))
    async with running(story):
        await story.command()
        await story.until("reply")
        assert story.mouth.chimes.count(Chime.WOKEN) == times
        story.mouth.ended.set()


async def test_what_was_kept_is_heard_again_as_the_engine_heard_it(tmp_path: Path) -> None:
    """The noise of its room is gone from it already: no second time."""
    config = load_config('state_dir = "state"\n[recording]\nmost_mb = 10\n', base=tmp_path)
    pcm = (np.random.default_rng(1).standard_normal(16_000) * 1000).astype(np.int16).tobytes()
    kept = recordings(config).keep("kept", pcm, 0.0)
    assert of(kept) == pcm
    write_wav(plain := tmp_path / "plain.wav", pcm)

    async def heard(path: Path) -> bytes:
        ear = file_ear(config, path, wake=False, realtime=False)
        async with supervised(ear.supervisor):
            return b"".join([frame.pcm async for frame in ear.frames() if isinstance(frame, Frame)])

    assert (await heard(kept)).startswith(pcm)
    assert not (await heard(plain)).startswith(pcm)
