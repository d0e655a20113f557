"""The voice that is installed, as it is."""

from __future__ import annotations

import subprocess
import sys
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


_SAYS = """
import subprocess
import sys
from pathlib import Path
from voiced.adapters import heap
from voiced.adapters.piper import Voice

def mb():
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss_Anon:"))) / 1024

heap.return_large_blocks()
voice = Voice(threads=1)
loaded = mb()
for text in ("Done.", "The kitchen lights are off.", "It is twenty two degrees in the living room, and it will rain."):
    assert sum(len(pcm) for pcm in voice.sentences(text))
print(mb() - loaded)
"""


def test_what_a_sentence_took_is_given_back_when_it_is_said() -> None:
    said = subprocess.run([sys.executable, "-c", _SAYS], capture_output=True, text=True, check=True)
    assert float(said.stdout) < 40, "megabytes; 100 where nothing is given back"
