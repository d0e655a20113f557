"""Runs that went on from each other are told as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_minutes_count_on_where_a_clock_began_anew_and_no_hour_is_told_twice(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is installed only where nano is trained")
    from tools.nano.finish import joined

    def log(name: str, *rows: tuple[float, float]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps({"hours": h, "minutes": m}) + "\n" for h, m in rows), "utf-8")
        return path

    begun = log("begun", (1, 10), (2, 20), (3, 30))
    gone_on = log("gone-on", (2.5, 24), (4, 36))
    another_day = log("another-day", (5, 6), (6, 12), (7, 18))
    told = [(row["hours"], row["minutes"]) for row in joined([begun, gone_on, another_day], 6.5)]
    assert told == [(1, 10), (2, 20), (2.5, 24), (4, 36), (5, 42), (6, 48)]
