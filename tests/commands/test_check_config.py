"""What `voiced check-config` says of the interpreter, of wake words, of times, and of files that are not there."""

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
    ('[quiet]\nfrom = "22:30+02:00"\nto = "06:00"', "quiet.from: '22:30+02:00' must be a time like 22:30"),
    ('[quiet]\nfrom = "22:30"\nto = "06:00Z"', "quiet.to: '06:00Z' must be a time like 22:30"),
    ('[quiet]\nfrom = "half past ten"\nto = "06:00"', "quiet.from: 'half past ten' must be"),
    ('[model]\npath = "~nosuchuser/e2b"', "model.path: '~nosuchuser/e2b': nobody knows the home folder"),
    ('[wake]\nwords = ["~nosuchuser/mine.onnx"]', "wake.words: '~nosuchuser/mine.onnx': nobody knows"),
    ('[broker]\nca_file = "a\\u0000b"', "broker.ca_file: no path holds a NUL"),
    ('[wake]\nwords = ["a\\u0000.onnx"]', "wake.words: no path holds a NUL"),
])  # fmt: skip
def test_faults_are_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str) -> None:
    assert checked(tmp_path, text) == 78
    assert fault in capsys.readouterr().err


def test_a_misspelt_wake_word_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(tmp_path, '[wake]\nwords = ["hey_javis", "/nowhere/mine.onnx", "alexa"]') == 78
    told = capsys.readouterr().err
    assert "wake.words: there is no wake word 'hey_javis', did you mean 'hey_jarvis'?" in told
    assert "wake.words: /nowhere/mine.onnx does not exist" in told
    assert "alexa" not in told


def test_files_that_the_daemon_would_miss_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = '[model]\npath = "no-model"\n[speaker]\nvoice = "no.onnx"\n[broker]\npassword_file = "no-secret"'
    assert checked(tmp_path, missing) == 0
    told = capsys.readouterr().out
    assert f"model.path: there is no model in {tmp_path / 'no-model'}" in told
    assert f"speaker.voice: {tmp_path / 'no.onnx'} does not exist" in told
    assert f"broker.password_file: {tmp_path / 'no-secret'} does not exist" in told
    assert checked(tmp_path, "") == 0
    assert "does not exist" not in (told := capsys.readouterr().out)
    assert "there is no model" not in told
