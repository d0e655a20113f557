"""The unit that ships, and the example beside it."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import Figure
from voiced.config import Config
from voiced.configfile import load_config
from voiced.errors import ConfigError

FOLDER = Path(__file__).parent.parent / "systemd"


EXAMPLE = (FOLDER / "voiced.toml.example").read_text("utf-8")
WHOLE = re.sub(r"(?m)^# (?=[\w.]+ = |\[)", "", EXAMPLE)
"""With every line that is commented out."""


def test_the_example_as_it_is_changes_nothing_but_the_home() -> None:
    given = load_config(EXAMPLE, base=Path("/etc/voiced"))
    assert given == replace(Config(), home=Path("/etc/voiced/home.toml"))


def test_every_setting_is_in_the_example_and_may_be_taken_from_it() -> None:
    load_config(WHOLE, base=Path("/etc/voiced"))
    told = tomllib.loads(WHOLE)
    named = {"begin": "from", "end": "to"}
    for one in fields(Config):
        usual = getattr(Config(), one.name)
        assert one.name in told
        if is_dataclass(usual):
            assert {named.get(of.name, of.name) for of in fields(usual)} == set(told[one.name]), one.name


def test_what_has_a_default_is_commented_out_with_it() -> None:
    """Empty, or nothing, is said where it needs no example."""
    sections = set(re.findall(r"(?m)^# \[(\w+)\]", EXAMPLE))
    given, usual = load_config(WHOLE, base=Path("/etc/voiced")), Config()
    assert (given.id, given.area, given.locale) == (usual.id, usual.area, usual.locale)
    for one in fields(Config):
        mine, default = getattr(given, one.name), getattr(usual, one.name)
        if is_dataclass(default) and one.name not in sections:
            for of in fields(default):
                if getattr(default, of.name) not in (None, "", {}) and not isinstance(getattr(default, of.name), Path):
                    assert getattr(mine, of.name) == getattr(default, of.name), f"{one.name}.{of.name}"


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


@pytest.mark.parametrize("name", ["voiced.service", "user/voiced.service"])
def test_the_ear_may_read_what_processor_it_runs_on(name: str) -> None:
    """On ARM, TensorFlow Lite crashes at its first inference without /proc/cpuinfo: seen on aarch64, emulated."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FOLDER / name, "utf-8")
    assert unit["Service"].get("ProcSubset", "all") == "all"


def of(path: str, *also: str) -> str:
    """A unit with more directives of its service."""
    return (FOLDER / path).read_text("utf-8").replace("[Install]", "\n".join([*also, "", "[Install]"]))


GPIO = [line for line in (FOLDER / "gpio.conf").read_text("utf-8").splitlines() if line and line[0] not in "#["]
ENGINE = ("SupplementaryGroups=", "DeviceAllow=", "PrivateDevices=yes", "PrivateNetwork=yes", "IPAddressAllow=",
          "RestrictAddressFamilies=", "RestrictAddressFamilies=none")  # fmt: skip
"""What the engine's process does to itself besides (tests/workers/test_sandbox.py), as systemd has it: no socket of any
family, no address to speak to, no device, none of the daemon's groups' files.
"""
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.mark.row("E8")
@needs_systemd
@pytest.mark.parametrize(
    ("unit", "most"),
    [
        (of("voiced.service"), 1.5),
        (of("voiced.service", *GPIO), 1.5),
        (of("voiced.service", *ENGINE), 0.7),
        (of("user/voiced.service"), 6.5),
    ],
    ids=["system", "with pins", "the engine in it", "of a user"],
)
def test_the_unit_is_well_sandboxed(unit: str, most: float, tmp_path: Path, figure: Figure) -> None:
    """On systemd's own scale of exposure, from 0 to 10."""
    (path := tmp_path / "voiced.service").write_text(unit, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={round(most * 10)}", "--no-pager", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
    exposure = float(done.stdout.partition("Overall exposure level for voiced.service:")[2].split()[0])
    figure({1.5: "daemon", 0.7: "engine", 6.5: "of_a_user"}[most], exposure)


@needs_systemd
@pytest.mark.parametrize("unit", ["voiced.service", "user/voiced.service"])
def test_systemd_understands_every_directive(unit: str, tmp_path: Path) -> None:
    program = tmp_path / "voiced"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    text = of(unit).replace("/opt/voiced/current/.venv/bin/voiced", str(program))
    assert str(program) in text
    (path := tmp_path / "voiced.service").write_text(text, "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, str(path) in done.stderr) == (0, False), done.stderr
