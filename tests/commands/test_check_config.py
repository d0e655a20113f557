"""What `voiced check-config` says of the interpreter."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiced.adapters.piper import default_voice
from voiced.cli import main


def checked(folder: Path, text: str) -> int:
    file = folder / "voiced.toml"
    file.write_text(f"[discovery]\nlearn = false\n{text}")
    return main(["check-config", "--config", str(file)])


def section(languages: str = '["English", "German"]', voice: str = "german.onnx", more: str = "") -> str:
    return f'[interpreter]\nlanguages = {languages}\nvoice = "{voice}"\n{more}'


def test_without_it_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, "") == 0
    assert "interpreter: off (no [interpreter])" in capsys.readouterr().out


def test_a_voice_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, section()) == 0
    told = capsys.readouterr().out
    assert "interpreter: English and German" in told
    assert f"interpreter.voice: {tmp_path / 'german.onnx'} does not exist" in told
    assert checked(tmp_path, section(voice=str(default_voice()))) == 0
    assert "does not exist" not in capsys.readouterr().out


@pytest.mark.parametrize(("text", "fault"), [
    (section('["English"]'), "interpreter.languages: must be two of Arabic, "),
    (section('["English", "English"]'), "interpreter.languages: must be two of"),
    (section('["English", "Klingon"]'), "interpreter.languages: must be two of"),
    (section('["English", "German", "Dutch"]'), "interpreter.languages: must be two of"),
    (section("3"), "interpreter.languages: must be a list of texts"),
    (section(voice=""), "interpreter.voice: must be the .onnx of a Piper voice"),
    ('[interpreter]\nvoice = "german.onnx"', "interpreter.languages: missing"),
    (section(more="silence_s = 1"), "interpreter.silence_s"),
    (section(more="silence = 9"), "interpreter.silence"),
])  # fmt: skip
def test_faults_are_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str) -> None:
    assert checked(tmp_path, text) == 78
    assert fault in capsys.readouterr().err
