"""A wake word of one's own: what sounds near it, the head that is trained, and what the daemon then hears."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.wake import network
from tools.wake.measure import most, wakes
from tools.wake.near import Near, alike
from tools.wake.network import FRAMES, WIDTH, Head, Shape
from voiced.adapters.wakeword_head import WakeHead


@pytest.fixture(scope="module")
def head() -> Head:
    """Trained to tell a rising first number from everything else."""
    rng = np.random.default_rng(0)
    phrases = rng.normal(0, 1, (600, FRAMES, WIDTH)).astype(np.float32)
    phrases[:, :, 0] += 2 * np.arange(FRAMES)
    others = [rng.normal(0, 1, (n, WIDTH)).astype(np.float32) for n in (40, 3, 2000)]

    def judge(one: Head) -> float:
        return float(np.mean(one.logit(phrases) > 0) + np.mean(one.along(others[2]) < 0))

    shape = Shape(narrow=8, hidden=8, batches=20, members=2)
    return network.train(phrases, others, judge=judge, epochs=9, seed=1, told=lambda _, __: None, shape=shape)


def test_a_head_tells_recordings_apart_that_it_was_not_trained_on(head: Head) -> None:
    rng = np.random.default_rng(1)
    said = rng.normal(0, 1, (100, FRAMES, WIDTH)).astype(np.float32)
    other = said.copy()
    said[:, :, 0] += 2 * np.arange(FRAMES)
    assert np.mean(head.logit(said) > 0) > 0.85
    assert np.mean(head.logit(other) < 0) > 0.85


def test_what_is_written_scores_as_what_was_trained(head: Head, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="only who makes wake words needs it")
    head.shift = -0.7
    network.write(head, tmp_path / "up.onnx", about="a test")
    read = WakeHead("up", tmp_path / "up.onnx")
    assert read.frames == FRAMES
    windows = np.random.default_rng(2).normal(0, 2, (20, FRAMES, WIDTH)).astype(np.float32)
    for window, logit in zip(windows, head.logit(windows), strict=True):
        assert read.score(window) == pytest.approx(1 / (1 + np.exp(-float(logit))), abs=1e-5)


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_what_sounds_near_is_found_and_the_phrase_itself_is_never_said() -> None:
    words = alike("hey gemma", ["jenna", "jemma", "gemini", "window", "kitchen", "emma"])
    assert words[0] == "jenna"
    assert "jemma" not in words  # it sounds the same
    near, rng = Near("hey gemma", words, ("game over",), ("hey jemma",)), random.Random(0)
    said = [near(rng) for _ in range(500)]
    assert not any("hey gemma" in text or "hey jemma" in text for text in said)
    assert "game over" in said
    assert sum("hey" in text for text in said) > 100


@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.floats(0.1, 0.9))
def test_a_wake_counts_once_and_at_most_one_a_second(scores: list[float], threshold: float) -> None:
    count = wakes(np.array(scores, np.float32), threshold)
    assert count <= len(scores) // 13 + 1
    assert bool(count) == (max(scores, default=0) >= np.float32(threshold) and max(scores) >= threshold)


def test_a_bound_is_never_below_what_was_seen() -> None:
    assert most(0, 1.0) == pytest.approx(3.0, rel=0.02)
    assert most(10, 2.0) == pytest.approx(16.96 / 2, rel=0.01)
