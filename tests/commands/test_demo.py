"""`voiced demo`: what plays in it, and its last turn on real parts."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from voiced.adapters.wavfile import Recording
from voiced.cli import main
from voiced.commands.demo import _code
from voiced.messages import ms_to_samples
from voiced.turn.timeline import TurnSettings


@pytest.mark.parametrize("digits", ["18", "40", "99"])
def test_the_code_is_not_said_before_the_ear_is_open_again(tmp_path: Path, digits: str) -> None:
    """The gate behind the question is counted from its last sound, and the recording may begin right there."""
    pcm = np.frombuffer(b"".join(Recording(path=_code(digits, tmp_path)).frames()), np.int16)
    assert not pcm[: ms_to_samples(TurnSettings().gate_tail_ms)].any()
    assert pcm.any()


@pytest.mark.whole
def test_the_door_opens_for_the_code_that_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--only", "10", "--json", "--out", str(tmp_path / "out")]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events.pop() == {"turns": 1, "right": 1, "wrong": []}
    happened = [event["event"] for event in events]
    assert happened.index("question") < happened.index("listening") < happened.index("command")
    with wave.open(str(tmp_path / "out" / "answers.wav")) as answers:
        assert answers.getnframes() > answers.getframerate()
