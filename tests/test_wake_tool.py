"""A wake word of one's own, made in a minute from one program's voices: both backends read it and hear it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voiced.adapters.resample import Resampler, to_pcm
from voiced.adapters.wakeword import BACKENDS, open_wake_words
from voiced.errors import ModelFileError

STEP_BYTES = 2 * 1280
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    pytest.importorskip("scipy")
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    folder = tmp_path_factory.mktemp("wake")
    out = folder / "blue_banana.onnx"
    for place, name in (("human", "human-0"), ("human", "foreign-0"), ("synth", "espeak-0")):
        shelve(ROOT / "voiced" / "data" / "demo", folder / "cache" / place, name)
    echo = np.random.default_rng(0).standard_normal((8, 8000)) * 10 ** (-np.arange(8000) / 1000)
    echo[:, 0] = 20
    np.save(folder / "cache" / "rooms.npy", (echo / 20).astype(np.float32))
    made = subprocess.run(
        [sys.executable, "-m", "tools.wake", "blue banana", "--out", out, "--cache", folder / "cache", "--voices",
         "espeak", "--takes", "160", "--hours", "0.05", "--rooms", "2", "--epochs", "12", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(made.stdout)
    assert told["phrase"] == "blue banana"
    assert {row["threshold"] for row in told["held_out"]} >= {0.5, 0.9}
    return out


def shelve(recordings: Path, folder: Path, name: str) -> None:
    """Recordings as `tools.nano prepare` leaves corpora, each as a speaker of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    at, rows, sound = 0, [], bytearray()
    for path in sorted(recordings.rglob("*.flac")):
        pcm, _ = soundfile.read(path, dtype="int16")
        row = {"start": at, "n": len(pcm), "text": "turn it on", "voice": f"{name} {path.stem}", "kind": name}
        rows.append(json.dumps(row))
        sound += pcm.tobytes()
        at += len(pcm)
    (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    (folder / f"{name}.raw").write_bytes(sound)


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
