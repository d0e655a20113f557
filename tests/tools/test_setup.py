"""tools/setup.sh for an ordinary user of Debian: no /usr/sbin in the path, and a sudo that empties the environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Machine:
    """A folder of programs before Debian's own in the path; `apt-get` writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.calls = folder / "bin", folder / "calls"
        self.bin.mkdir()
        self.put("id", "echo 1000")
        self.put("sudo", f'exec env -i PATH="{self.bin}:/usr/bin:/bin" "$@"')
        self.put("apt-get", f'echo "${{DEBIAN_FRONTEND:-}} $*" >>"{self.calls}"')

    def put(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (self.bin / name).chmod(0o755)

    def need(self, *entries: str, ok: bool = True) -> str:
        """What is printed."""
        script = f'set -euo pipefail; . "{ROOT}/tools/setup.sh"; need_packages "$@"'
        done = subprocess.run(
            ["/bin/bash", "-c", script, "setup", *entries], capture_output=True, text=True, check=False,
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "TMPDIR": str(self.calls.parent)},
        )  # fmt: skip
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_library_is_found_without_usr_sbin_in_the_path(machine: Machine) -> None:
    assert machine.need("libc6:libc.so.6:everything") == ""
    assert not machine.calls.exists()


def test_a_library_is_found_in_a_long_list(machine: Machine) -> None:
    machine.put("ldconfig", "echo 'libwanted.so.2 (libc6)'; seq 200000")
    assert machine.need("libwanted2:libwanted.so.2:a test") == ""


def test_a_missing_package_is_named_and_installed_without_questions(machine: Machine, tmp_path: Path) -> None:
    said = machine.need("wanted:no-such-program:a test", "bash:bash:not this one")
    assert said.splitlines() == ["setup: wanted is missing (a test)", "setup: apt-get install wanted"]
    assert machine.calls.read_text("utf-8").splitlines() == [
        " update -qq",
        "noninteractive install -y -q --no-install-recommends wanted",
    ]
    assert not list(tmp_path.glob("voiced-setup*"))


def test_what_apt_says_is_shown_when_it_fails(machine: Machine) -> None:
    machine.put("apt-get", '[ "$1" = update ] || { echo "E: no room"; exit 100; }')
    assert "E: no room" in machine.need("wanted:no-such-program:a test", ok=False)
