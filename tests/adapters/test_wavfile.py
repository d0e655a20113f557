"""Recordings that are what they say, and recordings that lie."""

from __future__ import annotations

import struct
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings

from voiced.adapters.resample import Resampler, to_pcm
from voiced.adapters.wavfile import Recording, write_wav
from voiced.errors import AudioFileError


def tone(rate_hz: int, seconds: float = 0.5, hz: float = 440.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def load(path: Path, **how: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    frames = list(Recording(path=path, **how).frames())
    assert all(len(frame) == 640 for frame in frames)
    return np.frombuffer(b"".join(frames), np.int16)


def load_or_line(path: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """The sound, or none where the file is refused in one line."""
    try:
        return load(path)
    except AudioFileError as error:
        if "\n" in str(error):
            raise
        return np.zeros(0, np.int16)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_formats(tmp_path: Path, rate_hz: int, subtype: str, channels: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.repeat(tone(rate_hz)[:, None], channels, axis=1), rate_hz, subtype)
    pcm = load(path)
    assert 8000 <= len(pcm) < 8000 + 640
    spectrum = np.abs(np.fft.rfft(pcm[2000:6000].astype(float) * np.hanning(4000)))
    assert abs(int(np.argmax(spectrum)) * 4 - 440) <= 4
    assert 15000 < np.abs(pcm[2000:6000]).max() < 17500


def test_flac_and_one_channel(tmp_path: Path) -> None:
    path = tmp_path / "two.flac"
    soundfile.write(path, np.stack([tone(16000), 0 * tone(16000)], axis=1), 16000)
    assert np.abs(load(path, channel=1)).max() == 0
    assert np.abs(load(path, channel=0)).max() > 16000
    with pytest.raises(AudioFileError, match="no channel 2"):
        Recording(path=path, channel=2)


def test_16_khz_passes_through_untouched(tmp_path: Path) -> None:
    path = tmp_path / "same.wav"
    pcm = np.random.default_rng(1).integers(-32768, 32767, 3200).astype(np.int16)
    soundfile.write(path, pcm, 16000)
    assert load(path).tolist() == pcm.tolist()


def test_silence_follows_on_request(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, tone(16000, 0.1), 16000)
    assert len(list(Recording(path=path).frames(silence_ms=500))) == 30


def test_what_is_no_number_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.array([[np.nan, 0.25], [np.inf, -np.inf], [1e30, 0.0]] * 400), 16000, "FLOAT")
    assert load(path)[0] == 4096


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"not a recording at all",
        b"RIFF\xff\xff\xff\xffWAVE",
        bytes(5000),
        b"fLaC" + bytes(100),
        b"OggS" * 9,
    ],
)
def test_no_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert "bad.wav" in str(caught.value)


def test_missing_and_directory(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="No such file"):
        Recording(path=tmp_path / "absent.wav")
    with pytest.raises(AudioFileError):
        Recording(path=tmp_path)


@pytest.mark.parametrize("rate_hz", [0, 1, 2_000_000_000])
def test_a_rate_that_cannot_be(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "rate.wav"
    soundfile.write(path, tone(16000), 16000)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack("<I", rate_hz)
    path.write_bytes(content)
    with pytest.raises(AudioFileError):
        load(path)


@pytest.mark.parametrize("size", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_lies_gives_what_is_there_or_one_line(tmp_path: Path, size: int) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, tone(16000), 16000)
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = struct.pack("<I", size)
    path.write_bytes(content)
    assert len(load_or_line(path)) <= 8000 + 320


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["wav", "flac"]),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=8),
    st.integers(0, 9000),
)
def test_mutated_files_never_do_worse_than_one_line(
    tmp_path: Path, kind: str, changes: list[tuple[int, int]], keep: int
) -> None:
    path = tmp_path / f"mutant.{kind}"
    soundfile.write(path, tone(16000, 0.25), 16000)
    content = bytearray(path.read_bytes())
    for at, value in changes:
        content[min(at, len(content) - 1)] = value
    path.write_bytes(content[:keep] if keep < len(content) else content)
    assert len(load_or_line(path)) < 16000 * 60


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([8000, 44100, 48000]), st.lists(st.integers(1, 5000), max_size=20))
def test_resampling_is_the_same_however_it_is_chopped(rate_hz: int, cuts: list[int]) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 20000).astype(np.float32)
    whole = Resampler(rate_hz=rate_hz).push(samples, last=True)
    chopped, resampler, at = [], Resampler(rate_hz=rate_hz), 0
    for cut in cuts:
        chopped.append(resampler.push(samples[at : at + cut]))
        at += cut
    chopped.append(resampler.push(samples[at:], last=True))
    assert to_pcm(np.concatenate(chopped)) == to_pcm(whole)


def test_alias_is_inaudible() -> None:
    samples = (0.5 * np.sin(2 * np.pi * 12_000 * np.arange(48_000) / 48_000)).astype(np.float32)
    out = Resampler(rate_hz=48_000).push(samples, last=True)
    assert 20 * np.log10(np.abs(out[2000:-2000]).max() / 0.5) < -60


def test_a_recording_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"no/sound\.wav cannot be written: ") as caught:
        write_wav(tmp_path / "no" / "sound.wav", bytes(640))
    assert "\n" not in str(caught.value)
