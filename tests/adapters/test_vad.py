import numpy as np
import pytest

from voiced.adapters.vad import WebRtcVad
from voiced.errors import UsageError


@pytest.mark.parametrize("aggressiveness", [0, 1, 2, 3])
def test_silence_is_no_speech(aggressiveness: int) -> None:
    vad = WebRtcVad(aggressiveness=aggressiveness)
    assert not any(vad.is_speech(bytes(640)) for _ in range(50))


def test_a_buzz_with_formants_is() -> None:
    time = np.arange(16000) / 16000
    buzz = np.zeros(16000)
    for k in range(1, 30):
        buzz += np.sin(2 * np.pi * 120 * k * time) / (1 + abs(120 * k - 600) / 200)
    pcm = (buzz * 3000).astype(np.int16).tobytes()
    vad = WebRtcVad(aggressiveness=2)
    votes = [vad.is_speech(pcm[at : at + 640]) for at in range(0, len(pcm), 640)]
    assert sum(votes) > 25


@pytest.mark.parametrize("size", [0, 320, 638, 642, 1280])
def test_a_frame_is_20_ms(size: int) -> None:
    with pytest.raises(ValueError, match="320 samples"):
        WebRtcVad().is_speech(bytes(size))


def test_aggressiveness_has_four_steps() -> None:
    with pytest.raises(UsageError):
        WebRtcVad(aggressiveness=4)
