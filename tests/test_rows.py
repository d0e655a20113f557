"""The table of faults: every row has a test, and what is written of it is what was measured."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from tests import rows
from tests.faults.soak import markdown, placed


def test_every_row_has_a_test_and_every_mark_a_row() -> None:
    marked = set[str]()
    for path in Path(__file__).parent.rglob("test_*.py"):
        for names in re.findall(r"@pytest\.mark\.row\(([^)]*)\)", path.read_text("utf-8")):
            marked |= set(re.findall(r'"(\w+)"', names))
    assert marked == set(rows.ROWS)
    assert set(rows.LIMITS) <= set(rows.ROWS)


def test_a_row_that_misses_its_target_says_so(tmp_path: Path) -> None:
    fast, slow, broken = rows.Account(), rows.Account(), rows.Account()
    fast.add("passed", 1.0, [("row", "A1"), ("deaf_s", 1.2), ("healed_s", 4.0)])
    slow.add("passed", 1.0, [("deaf_s", 1.2), ("healed_s", 2.0)])
    slow.add("passed", 1.0, [("deaf_s", 3.4), ("healed_s", 1.0)])
    broken.add("failed", 1.0, [])
    rows.write(tmp_path / "rows", {"A1": fast, "A2": slow, "C9": broken})
    written = [rows.Result(**json.loads(line)) for line in (tmp_path / "rows").read_text("utf-8").splitlines()]
    assert [(one.row, one.met, one.trials) for one in written] == [("A1", True, 1), ("A2", False, 2), ("C9", False, 0)]
    assert written[1].figure == {"deaf_s": 3.4, "healed_s": 2.0}
    table = markdown(written)
    assert "| A1 | sound server killed |" in table
    assert "deaf s 3.4" in table


def test_the_pages_table_is_replaced_between_its_marks() -> None:
    page = "before\n<!-- rows -->\n| old |\n<!-- /rows -->\nafter\n"
    assert placed(placed(page, "| new |"), "| newer |") == page.replace("old", "newer")
    with pytest.raises(ValueError, match="there is no <!-- rows -->"):
        placed("a page without", "| new |")


def test_a_slow_test_fails_where_it_is_broken_and_the_table_judges_by_the_target() -> None:
    assert rows.passes("A1", "healed_s") == 5 * rows.SHARED
    assert rows.passes("D6", "warnings") == 1, "what is counted has no machine to excuse it"
    assert rows.passes("A1", "anything else") == math.inf


def test_what_owners_are_told_is_shown_by_a_row_or_a_test() -> None:
    root = Path(__file__).parents[1]
    lines = [line for line in (root / "systemd" / "README.md").read_text("utf-8").splitlines() if line.count("|") == 5]
    shown = [line.split("|")[4].strip() for line in lines[2:]]
    assert len(shown) > 15
    for one in (each for cell in shown for each in cell.split(", ")):
        assert one in rows.ROWS or (root / one).is_file(), one
