"""What `voiced evaluate` makes of its recordings' rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiced.cli import main
from voiced.commands import evaluate
from voiced.config import DEMO_HOME
from voiced.messages import Hearing

DEMO = DEMO_HOME.parent / "demo"


def test_what_was_understood_only_when_heard_again_is_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    again = [(Hearing.WITHOUT_NOISE, "exact"), (Hearing.WITHOUT_NOISE, "wrong_action"), (Hearing.OTHER_PACES, "exact")]
    rows = [
        {"result": result, "hearing": str(hearing), "delay_ms": 200.0, "tags": []}
        for hearing, result in [(Hearing.AS_SAID, "exact"), (Hearing.AS_SAID, "rejected"), *again]
    ]
    found = evaluate.summary(rows)
    assert found["by_hearing"] == {
        "as_said": {"exact": 1, "wrong_action": 0, "wrong_reply": 0, "rejected": 1},
        "other_paces": {"exact": 1, "wrong_action": 0, "wrong_reply": 0, "rejected": 0},
        "without_noise": {"exact": 1, "wrong_action": 1, "wrong_reply": 0, "rejected": 0},
    }
    evaluate._show(found)
    said = capsys.readouterr().out
    assert "heard again, without noise: 1 rightly, 1 wrongly" in said
    assert "heard again, other paces: 1 rightly, 0 wrongly" in said
    assert "as said" not in said


def test_a_recording_tells_in_which_hearing_it_was_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (DEMO / "manifest.jsonl").read_text("utf-8").splitlines()[0]
    row = json.loads(line)
    (tmp_path / "one.jsonl").write_text(json.dumps(row | {"audio": str(DEMO / row["audio"])}) + "\n", "utf-8")
    details = tmp_path / "details.jsonl"
    given = ["evaluate", str(tmp_path / "one.jsonl"), "--home", str(DEMO_HOME), "--json", "--details", str(details)]
    assert main(given) == 0
    assert json.loads(capsys.readouterr().out)["by_hearing"]["as_said"]["exact"] == 1
    assert json.loads(details.read_text("utf-8"))["hearing"] == "as_said"


def test_what_was_heard_is_kept_when_a_later_recording_breaks_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its header is right, so that it is known only once it is heard. A manifest with a fault empties no file."""
    good = DEMO / "joe-close-garage-door.flac"
    (tmp_path / "half.flac").write_bytes((whole := good.read_bytes())[: len(whole) // 2])
    details, manifest = tmp_path / "details.jsonl", tmp_path / "two.jsonl"
    details.write_text("of last time\n", "utf-8")
    given = ["evaluate", str(manifest), "--details", str(details)]

    rows = [{"audio": str(good), "expect": None}, {"audio": "half.flac", "expect": None}]
    manifest.write_text("\n".join(map(json.dumps, [*rows, {"audio": "absent.wav", "expect": None}])), "utf-8")
    assert main(given) == 78
    assert details.read_text("utf-8") == "of last time\n"

    manifest.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert main(given) == 1
    assert "half.flac cannot be decoded" in capsys.readouterr().err
    assert [json.loads(row)["audio"] for row in details.read_text("utf-8").splitlines()] == [good.name]


def test_recordings_are_heard_as_the_owners_daemon_hears_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wake word that the owner wants to be surer of wakes nobody here, either."""
    rows = map(json.loads, (DEMO / "manifest.jsonl").read_text("utf-8").splitlines())
    row = next(one for one in rows if one.get("wake"))
    (tmp_path / "one.jsonl").write_text(json.dumps(row | {"audio": str(DEMO / row["audio"])}) + "\n", "utf-8")
    (tmp_path / "voiced.toml").write_text("[wake]\nthreshold = 1\n", "utf-8")
    assert main(["evaluate", str(tmp_path / "one.jsonl"), "--config", str(tmp_path / "voiced.toml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rejected"] == 1
