"""The unit that ships, and the example beside it."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from voiced.config import Config, load_config
from voiced.errors import ConfigError

FOLDER = Path(__file__).parent.parent / "systemd"


def test_the_example_says_the_defaults() -> None:
    text = (FOLDER / "voiced.toml.example").read_text("utf-8")

    given = load_config(text, base=Path("/etc/voiced"))

    assert given.home == Path("/etc/voiced/home.toml")
    assert (given.turn, given.wake, given.broker, given.model) == (
        Config().turn,
        Config().wake,
        Config().broker,
        Config().model,
    )


def test_what_is_wrong_in_the_configuration_is_said_all_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        load_config('[turn]\nend_ms = "long"\n[brocker]\nhost = "x"\n', "voiced.toml")

    said = str(raised.value).splitlines()
    assert len(said) == 2
    assert "turn.end_ms" in said[0]
    assert "did you mean 'broker'?" in said[1]


def test_a_wrong_configuration_is_not_restarted() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FOLDER / "voiced.service", "utf-8")

    assert int(unit["Service"]["RestartPreventExitStatus"]) == ConfigError.exit_code
    assert unit["Service"]["Type"] == "notify"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.row("E8")
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_well_sandboxed() -> None:
    """At most 1.5 of 10 on systemd's own scale of exposure."""
    unit = FOLDER / "voiced.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-300:] + done.stderr
