"""Why a recording was understood as it was, and why another was not: the real ear and nano."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from voiced.adapters.wavfile import write_wav
from voiced.cli import main

pytestmark = pytest.mark.whole
DATA = resources.files("voiced") / "data"
SCHEMA = json.loads((DATA / "topics.schema.json").read_text(encoding="utf-8"))


def explained(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    assert main(["replay", str(path), "--why", "--json", *more]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (turn,) = (h["explanation"] for h in told if "explanation" in h)
    jsonschema.Draft202012Validator(SCHEMA).validate({"explanation": {"keeps": 1, "turns": [turn], "wake": {}}})
    return dict(turn)


def test_what_was_understood_shows_its_paths(capsys: pytest.CaptureFixture[str]) -> None:
    turn = explained(Path(str(DATA / "demo" / "joe-lively-close-garage-door.flac")), capsys)
    assert turn["opened_by"] == "wake"
    assert turn["heard"] == turn["paths"][0]["text"] == "close the garage door"
    assert turn["margin_nats"] > 0
    assert turn["certainty"] > turn["needed"]


def test_what_is_no_speech_says_by_which_rule_it_was_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    t = np.arange(16_000) / 16_000
    buzz = np.sign(np.sin(2 * np.pi * 140 * t)) * np.sin(2 * np.pi * 3 * t) ** 2 * 9000
    write_wav(tmp_path / "buzz.wav", buzz.astype(np.int16).tobytes())
    turn = explained(tmp_path / "buzz.wav", capsys, "--no-wake")
    assert turn["verdict"] != "calls"
    assert turn["rule"] in ("nothing", "unsure", "no_path", "cut_off")
    assert "commands" not in turn
    assert turn["why"]
