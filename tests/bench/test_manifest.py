"""Faults of a manifest are told with their lines before any of the work, and not by a traceback after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiced.bench.common import RECORDINGS
from voiced.bench.manifest import read_manifest
from voiced.cli import main
from voiced.errors import ConfigError

GOOD = str(RECORDINGS / "joe-close-garage-door.flac")
LINE: dict[str, object] = {"audio": GOOD, "expect": None}


def calls(intent: object, **slots: object) -> dict[str, object]:
    return {"expect": [{"intent": intent, "slots": slots}]}


@pytest.mark.parametrize(("wrong", "fault"), [
    ({"audio": "absent.wav"}, "audio: {folder}/absent.wav cannot be opened: No such file"),
    ({"audio": "manifest.jsonl"}, "audio: {folder}/manifest.jsonl is no recording"),
    ({"audio": "a\0b.wav"}, "audio: "),
    ({"audio": 3}, "not a manifest line"),
    ({"tags": [3]}, "tags must be a list of texts"),
    ({"tags": [["noisy"]]}, "tags must be a list of texts"),
    ({"tags": "noisy"}, "tags must be a list of texts"),
    ({"expect": {}}, "expect must be a list of calls"),
    ({"expect": ""}, "expect must be a list of calls"),
    (calls(1), "an intent must be text"),
    (calls("HassTurnOn", name={"a": 1}), "a slot must be text or a number"),
    (calls("HassTurnOn", name=None), "a slot must be text or a number"),
])  # fmt: skip
def test_each_fault_is_told_with_its_line(tmp_path: Path, wrong: dict[str, object], fault: str) -> None:
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(f"{json.dumps(LINE)}\n\n{json.dumps(LINE | wrong)}\n", "utf-8")
    with pytest.raises(ConfigError) as told:
        read_manifest(manifest)
    (line,) = str(told.value).splitlines()
    assert line.startswith(f"{manifest}:3: ")
    assert fault.format(folder=tmp_path) in line


def test_what_is_right_is_read(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    right = LINE | calls("HassLightSet", name="bed light", brightness=40) | {"tags": ["noisy", "far"], "wake": True}
    manifest.write_text(json.dumps(right) + "\n", "utf-8")
    (line,) = read_manifest(manifest)
    assert (line.wake, line.tags) == (True, ("noisy", "far"))
    assert [call.to_json() for call in line.expect or ()] == right["expect"]


@pytest.mark.parametrize("command", [("evaluate",), ("bench", "endpoint")])
def test_one_bad_recording_is_told_before_the_others_are_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    (tmp_path / "garbage.wav").write_bytes(bytes(range(256)))
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(f"{json.dumps(LINE)}\n{json.dumps(LINE | {'audio': 'garbage.wav'})}\n", "utf-8")
    assert main([*command, str(manifest)]) == 78
    assert f"{manifest}:2: audio: {tmp_path / 'garbage.wav'} is no recording" in capsys.readouterr().err
