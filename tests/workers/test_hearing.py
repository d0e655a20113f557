"""What the ear makes of a room's noise, for a model that learned without it and for one that did not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voiced.config import MODELS
from voiced.messages import FRAME_SAMPLES, WAKE_FRAMES, Frame
from voiced.workers import hearing
from voiced.workers.earoptions import EarOptions
from voiced.workers.hearing import FRAME_BYTES, frames_of

SECONDS = 4
ROOM = (np.random.default_rng(0).standard_normal(SECONDS * 16000) * 1500).astype(np.int16).tobytes()


def pieces(sound: bytes) -> list[bytes]:
    return [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]


def heard(options: EarOptions) -> list[Frame]:
    return list(frames_of(iter(pieces(ROOM)), options))


def loudness_db(frames: list[Frame]) -> float:
    late = np.frombuffer(b"".join(frame.pcm for frame in frames[len(frames) // 2 :]), np.int16).astype(float)
    return float(10 * np.log10(np.mean(late**2)))


def description(folder: Path, line: str) -> Path:
    text = (MODELS / "nano" / "nano.toml").read_text("utf-8")
    kept = [one for one in text.splitlines() if not one.startswith("noise_suppression")]
    folder.mkdir()
    (folder / "own.toml").write_text("\n".join([line, *kept]), "utf-8")
    return folder


def test_a_model_that_wants_it_hears_less_of_the_room(tmp_path: Path) -> None:
    plain = heard(EarOptions(model=str(description(tmp_path / "plain", ""))))
    quiet = heard(EarOptions(model=str(description(tmp_path / "quiet", "noise_suppression = 2"))))
    assert b"".join(frame.pcm for frame in plain) == ROOM
    assert loudness_db(plain) - loudness_db(quiet) > 8
    assert [frame.first_sample for frame in quiet] == [i * FRAME_SAMPLES for i in range(len(quiet))]


def test_the_level_that_is_said_goes_before_the_models(tmp_path: Path) -> None:
    folder = str(description(tmp_path / "own", "noise_suppression = 4"))
    assert heard(EarOptions(model=folder, noise_suppression=1)) == heard(EarOptions(noise_suppression=1))
    assert heard(EarOptions(model=folder, noise_suppression=0)) == heard(EarOptions())


@pytest.mark.parametrize("line", ["noise_suppression = 5", "noise_suppression = true", "noise_suppression = ["])
def test_a_faulty_description_is_the_engines_to_report(tmp_path: Path, line: str) -> None:
    assert heard(EarOptions(model=str(description(tmp_path / "own", line)))) == heard(EarOptions())


def test_a_model_that_is_not_there_is_the_engines_to_report(tmp_path: Path) -> None:
    assert heard(EarOptions(model=str(tmp_path / "none"))) == heard(EarOptions())


def test_wake_words_are_scored_on_the_sound_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[bytes] = []

    class Listening:
        def score(self, pcm: bytes) -> dict[str, float]:
            scored.append(pcm)
            return {"hey_jarvis": 0.0}

    monkeypatch.setattr(hearing, "open_wake_words", lambda **_: Listening())
    frames = heard(EarOptions(wake_words=("hey_jarvis",), noise_suppression=3))
    assert b"".join(scored) == ROOM[: len(scored) * WAKE_FRAMES * FRAME_BYTES]
    assert b"".join(frame.pcm for frame in frames) != ROOM
