"""The voice that is installed, as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voiced.adapters.piper import Voice
from voiced.errors import VoiceError


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice()


def test_a_sentence_is_sound_and_longer_ones_come_in_pieces(voice: Voice) -> None:
    pieces = list(voice.sentences("The kitchen lights are on. The front door is locked."))
    assert len(pieces) == 2
    for pcm in pieces:
        assert pcm.dtype == np.int16
        assert 0.5 < len(pcm) / voice.rate_hz < 5
        assert np.abs(pcm.astype(int)).max() > 2000


def test_slower_is_longer(voice: Voice) -> None:
    slow = Voice(length_scale=1.6)
    text = "Kitchen ceiling is on."
    assert sum(map(len, slow.sentences(text))) > 1.2 * sum(map(len, voice.sentences(text)))


@pytest.mark.parametrize("text", ["", " ", "...", "🎉"])
def test_what_cannot_be_said_is_silence_or_short(voice: Voice, text: str) -> None:
    assert sum(len(pcm) for pcm in voice.sentences(text)) < 2 * voice.rate_hz


def test_a_voice_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "voice.onnx"
    broken.write_bytes(b"no model")
    for path in (tmp_path / "nothing.onnx", broken):
        with pytest.raises(VoiceError) as caught:
            Voice(path=path)
        assert "\n" not in str(caught.value)
