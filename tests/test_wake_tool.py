"""A wake word of one's own, made in a minute from one program's voices: both backends read it and hear it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tools.wake.speech import near
from voiced.adapters.resample import Resampler, to_pcm
from voiced.adapters.wakeword import BACKENDS, open_wake_words
from voiced.errors import ModelFileError

STEP_BYTES = 2 * 1280
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    out = tmp_path_factory.mktemp("wake") / "blue_banana.onnx"
    made = subprocess.run(
        [sys.executable, "-m", "tools.wake", "blue banana", "--out", out, "--speech", "voiced/data/demo",
         "--voices", "espeak", "--count", "120", "--rooms", "1", "--epochs", "25", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(made.stdout)
    assert told["phrase"] == "blue banana"
    assert {row["threshold"] for row in told["held_out"]} >= {0.5, 0.9}
    return out


def peak(wake_word: Path, backend: str, path: Path, words: str) -> float:
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), words], check=True)
    samples, rate_hz = soundfile.read(path, dtype="float32")
    pcm = bytes(48000) + to_pcm(Resampler(rate_hz=rate_hz).push(samples, last=True)) + bytes(24000)
    wake = open_wake_words(words=[str(wake_word)], backend=backend)
    steps = range(0, len(pcm) - STEP_BYTES + 1, STEP_BYTES)
    return max(wake.score(pcm[at : at + STEP_BYTES])["blue_banana"] for at in steps)


@pytest.mark.whole
def test_both_backends_hear_it_alike_and_nothing_else(head: Path, tmp_path: Path) -> None:
    said, other = [], []
    for backend in BACKENDS:
        try:
            said.append(peak(head, backend, tmp_path / "said.wav", "blue banana"))
        except ModelFileError as error:
            pytest.skip(str(error))
        other.append(peak(head, backend, tmp_path / "other.wav", "seven people walked along the river"))
    assert said[0] == pytest.approx(said[1], abs=0.05)
    assert min(said) > max(other)  # made from few takes: it tells them apart, and would not do for a kitchen


def test_near_words_are_never_the_phrase() -> None:
    rng = random.Random(4)
    drawn = [near("hey gemma", rng) for _ in range(400)]
    assert len(set(drawn)) > 200
    assert not any("hey gemma" in words for words in drawn)
