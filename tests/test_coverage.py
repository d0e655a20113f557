"""Row F4 of the target table: no branch of what decides and what sends is without a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Figure

ROOT = Path(__file__).parents[1]
DECIDES = tuple(f"voiced/home/{room}.py" for room in (
        "policy", "ruling", "said", "dispatch", "outgoing", "lights", "code", "dialogue", "manner", "relative", "which",
        "reach",
    ))  # fmt: skip
DECODES = tuple(
    f"voiced/gemma/{room}.py" for room in ("automaton", "decide", "judge", "letters", "look", "propose", "weigh")
)
TESTS = (
    *(
        f"tests/home/test_{story}.py"
        for story in (
            "policy",
            "which",
            "reach",
            "following",
            "telling",
            "dispatch",
            "lights",
            "platforms",
            "questions",
        )
    ),
    *(
        f"tests/gemma/test_{story}.py"
        for story in ("decide", "judge_open", "letters", "look", "models", "propose", "weigh")
    ),
    "tests/faults/test_decoder.py",
)


@pytest.mark.row("F4")
def test_f4_no_branch_of_what_decides_and_sends_is_without_a_test(
    tmp_path: Path, figure: Figure, record_property: Callable[[str, object], None]
) -> None:
    environ = os.environ | {"COVERAGE_FILE": str(tmp_path / "coverage")}

    def coverage(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "coverage", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]

    only = f"--include={','.join(DECIDES + DECODES)}"
    coverage("run", "--branch", only, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    coverage("json", "-o", str(tmp_path / "coverage.json"))
    files = json.loads((tmp_path / "coverage.json").read_text("utf-8"))["files"]
    assert set(files) == {*DECIDES, *DECODES}
    missed = {path: files[path]["missing_lines"] + files[path]["missing_branches"] for path in DECIDES + DECODES}
    record_property("decoder_missed", sum(len(missed[path]) for path in DECODES))
    print({path: what for path, what in missed.items() if what})  # shown where it fails
    figure("deciding_missed", sum(len(missed[path]) for path in DECIDES))
