"""Loudspeakers that need no device; real ones are played to in tests/test_run.py."""

from __future__ import annotations

import time
import wave
from pathlib import Path

import numpy as np
import pytest

from voiced.adapters.devicespeaker import DeviceSpeaker
from voiced.adapters.speaker import Loudspeaker, SilentSpeaker, WavSpeaker, open_speaker
from voiced.errors import AudioDeviceError

TONE = (8000 * np.sin(np.arange(1600) * 0.3)).astype(np.int16)


def test_which_one() -> None:
    assert isinstance(open_speaker("none"), SilentSpeaker)
    assert isinstance(open_speaker("wav:/tmp/x.wav"), WavSpeaker)
    assert isinstance(open_speaker(""), DeviceSpeaker)
    assert open_speaker("USB").name == "USB"


def test_a_file_holds_what_was_played_with_a_gap_between(tmp_path: Path) -> None:
    speaker = WavSpeaker(path=tmp_path / "out.wav", realtime=False, gap_s=0.1)
    assert speaker.begin(16_000) == 16_000
    speaker.write(TONE)
    speaker.finish()
    assert speaker.begin(22_050) == 16_000, "all at the rate of the first"
    speaker.write(TONE)
    speaker.finish()
    speaker.close()
    with wave.open(str(tmp_path / "out.wav")) as file:
        pcm = np.frombuffer(file.readframes(10**6), np.int16)
        assert file.getframerate() == 16_000
    assert pcm.tolist() == [*TONE, *[0] * 1600, *TONE]


def test_a_copy_holds_what_the_loudspeaker_was_given(tmp_path: Path) -> None:
    def played(speaker: Loudspeaker) -> None:
        for _ in range(2):
            speaker.begin(16_000)
            speaker.write(TONE)
            speaker.finish()
        speaker.close()

    played(speaker := open_speaker(f"wav:{tmp_path / 'one.wav'}", realtime=False, copy=str(tmp_path / "copy.wav")))
    assert speaker.name == f"the file {tmp_path / 'one.wav'} and the file {tmp_path / 'copy.wav'}"
    assert (tmp_path / "copy.wav").read_bytes() == (tmp_path / "one.wav").read_bytes()
    assert len((tmp_path / "copy.wav").read_bytes()) > 2 * TONE.nbytes


def test_a_copy_does_not_change_its_rate(tmp_path: Path) -> None:
    speaker = open_speaker("none", copy=str(tmp_path / "copy.wav"))
    assert speaker.begin(16_000) == 16_000
    with pytest.raises(AudioDeviceError, match="has 16000 Hz, the loudspeaker now 22050 Hz"):
        speaker.begin(22_050)


def test_nobody_hears_it_but_it_takes_its_time() -> None:
    speaker = SilentSpeaker()
    begun = time.monotonic()
    speaker.begin(16_000)
    speaker.write(np.zeros(4800, np.int16))
    speaker.finish()
    assert time.monotonic() - begun >= 0.29
    begun = time.monotonic()
    speaker.begin(16_000)
    speaker.write(np.zeros(1600, np.int16))
    speaker.finish(drop=True)
    assert time.monotonic() - begun < 10


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AudioDeviceError, match="cannot write"):
        WavSpeaker(path=tmp_path / "no" / "folder.wav").begin(16_000)
    with pytest.raises(AudioDeviceError, match="not open"):
        WavSpeaker(path=tmp_path / "x.wav").write(TONE)
    with pytest.raises(AudioDeviceError, match=r"no loudspeaker called 'moon phone' .*; what there is: "):
        DeviceSpeaker(device="moon phone").begin(16_000)


def test_a_full_disk_is_said_of_the_sound_and_of_the_gap_before_the_next() -> None:
    speaker = WavSpeaker(path=Path("/dev/full"), realtime=False)
    speaker.begin(16_000)
    with pytest.raises(AudioDeviceError, match="No space left"):
        speaker.write(np.tile(TONE, 10))  # more than is held back for one write
    with pytest.raises(AudioDeviceError, match="No space left"):
        speaker.begin(16_000)
    with pytest.raises(AudioDeviceError, match="No space left"):
        speaker.close()
    speaker.close()
