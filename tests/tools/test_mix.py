"""tools.mix: noise comes out as loud as it was asked for, by the same seed in the same place, and evaluate reads it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.mix.__main__ import main
from tools.mix.level import RATE_HZ, Sound, active_db, rms_db
from tools.mix.mixing import in_room, mixed
from tools.mix.pauses import paused
from tools.mix.suppress import suppress, suppressed
from voiced.bench.manifest import read_manifest


def talk(seed: int, level_db: float = -26.0, seconds: float = 3.0) -> Sound:
    """Syllables: noise that swells and fades four times a second."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = np.random.default_rng(seed).standard_normal(len(t)) * (0.1 + np.sin(2 * np.pi * 2 * t) ** 2)
    said: Sound = sound / np.sqrt(np.mean(sound**2)) * 10 ** (level_db / 20)
    return said


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.floats(-50, -15), st.floats(0, 5), st.floats(0, 5))
def test_the_active_level_leaves_pauses_out(seed: int, level_db: float, before_s: float, after_s: float) -> None:
    speech = talk(seed, level_db)
    assert active_db(speech) == pytest.approx(rms_db(speech), abs=0.5), "no pauses: it is the power"
    around = [np.zeros(int(s * RATE_HZ)) for s in (before_s, after_s)]
    assert active_db(np.concatenate([around[0], speech, around[1]])) == pytest.approx(active_db(speech), abs=0.5)
    assert active_db(speech / 4) == pytest.approx(active_db(speech) - 12.04, abs=0.1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.floats(-5, 30), st.floats(-50, -6), st.floats(-60, -6), st.floats(0.3, 8))
def test_the_noise_is_as_far_below_the_speech_as_asked(
    seed: int, snr_db: float, level_db: float, noise_db: float, noise_s: float
) -> None:
    speech, noise = talk(seed, level_db), talk(seed + 1, noise_db, noise_s)
    made = mixed(speech, noise, snr_db, np.random.default_rng(seed))
    heard = np.rint(made.sound * 32767) / 32767
    kept = speech * 10 ** (made.gain_db / 20)
    assert np.max(np.abs(heard)) < 1
    assert active_db(kept) - rms_db(heard - kept) == pytest.approx(snr_db, abs=0.5)
    assert (made.speech_db, made.noise_db) == pytest.approx((active_db(kept), rms_db(heard - kept)), abs=0.5)


def test_a_room_rings_but_does_not_delay() -> None:
    speech = np.concatenate([np.zeros(8000), talk(1, seconds=1), np.zeros(8000)])
    response = np.zeros(8000)
    response[400:] = np.exp(-np.arange(7600) / 1500) * np.random.default_rng(0).standard_normal(7600) * 0.2
    response[400] = 1.0
    wet = in_room(speech, response)
    assert len(wet) == len(speech)
    assert active_db(wet) == pytest.approx(active_db(speech), abs=0.1)
    assert rms_db(wet[:7000]) < -100
    assert rms_db(wet[24500:26000]) > rms_db(wet[8000:24000]) - 30, "it rings on"


def test_a_manifest_in_noise(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "noises").mkdir()
    for name, sound, rate in (
        ("in/one.wav", talk(1), RATE_HZ), ("in/two.flac", talk(2), RATE_HZ),
        ("noises/hum.wav", talk(3, -20, 9), 44_100),
        ("noises/hiss.wav", talk(4, -50, 1), RATE_HZ), ("rir.wav", np.r_[0.0, 1.0, np.zeros(99), 0.3], RATE_HZ),
    ):  # fmt: skip
        soundfile.write(tmp_path / name, sound, rate)
    calls = [{"intent": "HassTurnOn", "slots": {"name": "lamp"}}]
    rows = [{"audio": "one.wav", "expect": calls, "tags": ["a"], "wake": True}, {"audio": "two.flac", "expect": None}]
    manifest = tmp_path / "in" / "m.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)), "utf-8")

    def made(out: str, *more: str) -> list[bytes]:
        given = [str(manifest), "--noise", str(tmp_path / "noises"), "--snr", "6", "--out", str(tmp_path / out)]
        assert main([*given, "--rir", str(tmp_path / "rir.wav"), *more]) == 0
        return [path.read_bytes() for path in sorted((tmp_path / out).glob("*.flac"))]

    assert made("a") == made("b") != made("c", "--seed", "1")
    one, two = read_manifest(tmp_path / "a" / "manifest.jsonl")
    assert (one.wake, one.tags, two.expect) == (True, ("a", "6 dB"), None)
    assert one.expect is not None
    assert one.expect[0].slots == {"name": "lamp"}
    manifest.write_text(json.dumps(rows[1]), "utf-8")
    assert made("d")[0] == (tmp_path / "a" / "00001-two.flac").read_bytes(), "whatever else is there"


def test_what_cannot_be_mixed_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE_HZ), RATE_HZ)
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "silent.wav", "expect": None}), "utf-8")
    (tmp_path / "nothing").mkdir()
    given = [str(tmp_path / "m.jsonl"), "--snr", "6", "--out", str(tmp_path / "out"), "--noise"]
    assert main([*given, str(tmp_path / "silent.wav")]) != 0
    assert main([*given, str(tmp_path / "nothing")]) != 0
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "no speech" in errors[0]
    assert "no recordings" in errors[1]


def test_a_pause_is_put_between_the_words_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(3)
    word = np.sin(np.arange(8000) / 5) * 0.3
    gap = rng.normal(0, 1e-4, 1600)
    speech = np.concatenate([gap, gap, word, gap, word, gap, gap])
    made = paused(speech, "pause timer", 1.0, np.random.default_rng(1))
    assert made is not None
    assert len(made) == len(speech) + RATE_HZ
    assert np.isclose(np.sum(made[np.abs(made) > 1e-3] ** 2), np.sum(speech[np.abs(speech) > 1e-3] ** 2), rtol=1e-3)
    middle = made[3200 + 8000 + 1600 : 3200 + 8000 + RATE_HZ]
    assert np.abs(middle).max() < 1e-3
    assert paused(speech, "pause", 1.0, np.random.default_rng(1)) is None


def test_noise_is_suppressed_and_nothing_else_is_lost(tmp_path: Path) -> None:
    pytest.importorskip("webrtc_noise_gain", reason="webrtc-noise-gain is not installed")
    noise = np.random.default_rng(1).normal(0, 0.02, 64_000)
    soundfile.write(tmp_path / "one.wav", noise, 16_000)
    (tmp_path / "manifest.jsonl").write_text('{"audio": "one.wav", "expect": null}\n', "utf-8")
    assert suppress(tmp_path / "manifest.jsonl", tmp_path / "out", noise=2, gain=0) == 1
    (line,) = read_manifest(tmp_path / "out" / "manifest.jsonl")
    sound, _ = soundfile.read(line.audio)
    assert len(sound) == len(noise)
    assert np.std(sound[32_000:]) < np.std(noise) / 3


def test_what_no_library_touches_comes_back_as_it_was() -> None:
    speech = np.sin(np.arange(1650) / 7) * 0.5
    assert np.allclose(suppressed(speech, bytes), speech[:1600], atol=1e-4)
