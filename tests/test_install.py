"""tools/install below a folder of its own, with a systemctl that does as it is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from voiced.configfile import load_config

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout small enough to be installed a dozen times."""
    folder = tmp_path / "checkout"
    for name in ("tools/install", "systemd/voiced.service", "systemd/user/voiced.service",
                 "systemd/voiced.toml.example", "pyproject.toml", "README.md", "LICENSE", "voiced/__init__.py",
                 "voiced/cli.py", "models/manifest.toml"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


class Place:
    def __init__(self, copy: Path, root: Path) -> None:
        self.copy, self.root = copy, root
        self.calls = root.parent / "calls"
        self.refuse = root.parent / "refuse"
        self.systemctl = root.parent / "systemctl"
        # A release whose name is written in `refuse` does not become ready.
        self.systemctl.write_text(
            f'#!/bin/sh\necho "$@" >> {self.calls}\n[ "$1" = restart ] || exit 0\n'
            f'! grep -qsx "$(basename $(readlink {root}/opt/voiced/current))" {self.refuse}\n'
        )
        self.systemctl.chmod(0o755)

    def __call__(self, *arguments: str, ok: bool = True) -> str:
        command = [sys.executable, str(self.copy / "tools/install"), "--root", str(self.root),
                   "--systemctl", str(self.systemctl), "--venv", sys.prefix, *arguments]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def release(self) -> str:
        return (self.root / "opt/voiced/current").readlink().name

    def change(self, text: str) -> None:
        (self.copy / "voiced/cli.py").write_text(text, "utf-8")


@pytest.fixture
def place(copy: Path, tmp_path: Path) -> Place:
    return Place(copy, tmp_path / "root")


def everything(folder: Path) -> dict[str, object]:
    return {
        str(path.relative_to(folder)): path.readlink() if path.is_symlink() else path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if ".venv" not in path.parts
    }


def test_installing_twice_changes_nothing(place: Place) -> None:
    place()
    before = everything(place.root)
    assert (place.root / "opt/voiced/current/voiced/cli.py").is_file()
    assert (place.root / "etc/systemd/system/voiced.service").is_file()
    load_config((place.root / "etc/voiced/voiced.toml").read_text("utf-8"), base=place.root / "etc/voiced")
    assert "restart voiced.service" in place.calls.read_text()

    assert "nothing to do" in place()
    assert everything(place.root) == before


def test_a_dry_run_touches_nothing(place: Place) -> None:
    told = place("--dry-run")
    assert "would write" in told
    assert not place.root.exists()
    assert not place.calls.exists()


def test_an_update_that_does_not_become_ready_is_taken_back(place: Place) -> None:
    place()
    good = place.release
    place.change("raise SystemExit('broken')")
    named = next(line for line in place("--dry-run").splitlines() if "switch" in line).split()[-1]
    place.refuse.write_text(named + "\n")

    told = place(ok=False)

    assert f"{good} runs again" in told
    assert place.release == good
    place.change("print('mended')")
    place()
    assert place.release not in (good, named)


def test_the_configuration_of_the_owner_is_never_written_over(place: Place) -> None:
    place()
    (place.root / "etc/voiced/voiced.toml").write_text('id = "kitchen"\n')
    place.change("# newer")
    place()
    assert (place.root / "etc/voiced/voiced.toml").read_text() == 'id = "kitchen"\n'


def test_what_setup_wrote_is_what_the_service_reads(place: Place, tmp_path: Path) -> None:
    (written := tmp_path / "voiced.toml").write_text('home = "home.toml"\nid = "kitchen"\n')
    (tmp_path / "home.toml").write_text("# my home\n")
    place("--config", str(written))
    assert (place.root / "etc/voiced/voiced.toml").read_text() == written.read_text()
    assert (place.root / "etc/voiced/home.toml").read_text() == "# my home\n"
    assert "nothing to do" in place("--config", str(written))

    (place.root / "etc/voiced/voiced.toml").write_text('id = "bedroom"\n')
    assert "says something else" in place("--config", str(written), ok=False)
    assert (place.root / "etc/voiced/voiced.toml").read_text() == 'id = "bedroom"\n'

    (place.root / "etc/voiced/voiced.toml").unlink()
    place.calls.unlink()
    place("--config", str(written))
    assert "restart voiced.service" in place.calls.read_text(), "it reads what is new"
    assert "No such file" in place("--config", str(tmp_path / "vioced.toml"), ok=False)


def test_what_nobody_touched_makes_way_for_what_the_owner_has(place: Place, tmp_path: Path) -> None:
    """Installed first, set up later: the commented files are nobody's. A home that was written there is."""
    place()
    etc = place.root / "etc/voiced"
    (written := tmp_path / "voiced.toml").write_text('home = "home.toml"\nid = "kitchen"\n')
    (tmp_path / "home.toml").write_text("# my home\n")
    place("--config", str(written))
    assert ((etc / "voiced.toml").read_text(), (etc / "home.toml").read_text()) == (
        written.read_text(),
        "# my home\n",
    )

    (etc / "home.toml").write_text("# written here\n")
    (etc / "voiced.toml").unlink()
    told = place("--config", str(written), ok=False)
    assert f"{etc / 'home.toml'} is there already, and says something else than {tmp_path / 'home.toml'}" in told
    assert (etc / "home.toml").read_text() == "# written here\n"
    assert not (etc / "voiced.toml").exists()
    (tmp_path / "home.toml").unlink()
    place("--config", str(written))
    assert (etc / "home.toml").read_text() == "# written here\n", "none is given: that one is meant"


def test_no_home_file_that_nobody_reads(place: Place, tmp_path: Path) -> None:
    etc = place.root / "etc/voiced"
    (written := tmp_path / "voiced.toml").write_text('area = "Attic"\n')
    place("--config", str(written))
    place()
    assert [path.name for path in etc.iterdir()] == ["voiced.toml"]

    (etc / "voiced.toml").unlink()
    written.write_text('home = "house.toml"\n')
    (tmp_path / "house.toml").write_text("# mine\n")
    place("--config", str(written))
    assert (etc / "house.toml").read_text() == "# mine\n"
    assert not (etc / "home.toml").exists()

    (etc / "voiced.toml").unlink()
    written.write_text('home = "home.toml"\n')
    place("--config", str(written))
    assert "What the network does not tell" in (etc / "home.toml").read_text(), "named, and not written yet"


def test_a_configuration_that_cannot_work_there_changes_nothing(place: Place, tmp_path: Path) -> None:
    """A wake word of one's own was left behind, and the installer said that all was well."""
    place()
    etc, good = place.root / "etc/voiced", place.release
    before = {path: path.read_text() for path in etc.iterdir()}
    place.change("# newer")
    place.calls.unlink()
    (written := tmp_path / "voiced.toml").write_text('home = "house.toml"\n[wake]\nwords = ["computer.onnx"]\n')
    (tmp_path / "house.toml").write_text("# mine\n")
    (tmp_path / "computer.onnx").touch()

    told = place("--config", str(written), ok=False)

    assert f"{etc / 'computer.onnx'} does not exist" in told
    assert f"looked for in {etc}" in told
    assert {path: path.read_text() for path in etc.iterdir()} == before
    assert place.release == good
    assert not place.calls.exists()
    shutil.copy2(tmp_path / "computer.onnx", etc)
    place("--config", str(written))
    assert (etc / "house.toml").read_text() == "# mine\n"
    assert place.release != good


@pytest.mark.parametrize("path", ["/home/me/password", "/root/password", "~/password"])
def test_the_system_service_is_given_no_path_that_it_does_not_see(place: Place, tmp_path: Path, path: str) -> None:
    (written := tmp_path / "voiced.toml").write_text(f'[broker]\nuser = "me"\npassword_file = "{path}"\n')
    told = place("--config", str(written), "--dry-run", ok=False)
    assert told.startswith(f"install: {written}: broker.password_file = {path}: the system service sees no home.")
    assert not place.root.exists()
    place("--user", "--config", str(written))


def test_what_is_no_configuration_is_told_in_a_line(place: Place, tmp_path: Path) -> None:
    (written := tmp_path / "voiced.toml").write_bytes('area = "Küche"\n'.encode("latin-1"))
    assert place("--config", str(written), ok=False).startswith(f"install: {written} cannot be read: 'utf-8' codec")
    written.write_text("area = \n")
    told = place("--config", str(written), ok=False)
    assert told == f"install: {written}: Invalid value (at line 1, column 8)\n"
    assert not place.root.exists()


def test_two_releases_are_kept(place: Place) -> None:
    for number in range(4):
        place.change(f"# {number}")
        place()
    assert len(list((place.root / "opt/voiced/releases").iterdir())) == 2


def test_an_interrupted_installation_is_begun_anew(place: Place) -> None:
    place()
    release = place.root / "opt/voiced/releases" / place.release
    (release / ".complete").unlink()
    (release / "voiced/cli.py").write_text("half")
    place.calls.unlink()
    place()
    assert (release / "voiced/cli.py").read_text() == (place.copy / "voiced/cli.py").read_text()


def test_backup_and_restore(place: Place, tmp_path: Path) -> None:
    place()
    (place.root / "etc/voiced/home.toml").write_text("# my home\n")
    state = place.root / "var/lib/private/voiced/state.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"version": 1}')
    (password := place.root / "etc/voiced/password").write_text("secret\n")
    password.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(password, -1, 29)
    owner = password.stat().st_gid
    place("--backup", str(tmp_path / "kept.tar.gz"))
    assert (tmp_path / "kept.tar.gz").stat().st_mode & 0o077 == 0
    place("--uninstall", "--purge")
    assert not [path for path in place.root.rglob("*") if path.is_file()]
    place()
    state.parent.mkdir(parents=True)

    place("--restore", str(tmp_path / "kept.tar.gz"))

    assert (place.root / "etc/voiced/home.toml").read_text() == "# my home\n"
    assert state.read_text() == '{"version": 1}'
    assert (password.stat().st_mode & 0o777, password.stat().st_gid) == (0o640, owner), "the service can still read it"


def test_a_strange_archive_is_refused(place: Place, tmp_path: Path) -> None:
    place()
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tar:
        tar.add(ROOT / "LICENSE", "etc/../../../cron.d/evil")
    assert "no backup of voiced" in place("--restore", str(tmp_path / "evil.tar.gz"), ok=False)
    assert not (tmp_path / "cron.d").exists()


def test_uninstall_keeps_what_is_the_owners(place: Place) -> None:
    place()
    place("--uninstall")
    assert not (place.root / "opt/voiced").exists()
    assert (place.root / "etc/voiced/voiced.toml").is_file()
    assert "disable --now voiced.service" in place.calls.read_text()


def test_a_user_has_it_below_his_home_with_his_own_systemd(place: Place, tmp_path: Path) -> None:
    assert "would write" in place("--user", "--dry-run")
    assert not place.root.exists()

    place("--user")

    unit = (place.root / ".config/systemd/user/voiced.service").read_text("utf-8")
    program = place.root / ".local/share/voiced/current/.venv/bin/voiced"
    example = (place.root / ".config/voiced/voiced.toml").read_text("utf-8")
    assert f'stop = "{program.parents[2]}/models/wake/stop.onnx"' in example
    assert f"ExecStart={program} run --config %E/voiced/voiced.toml" in unit
    assert "--user restart voiced.service" in place.calls.read_text()
    assert not [path.name for path in place.root.iterdir() if not path.name.startswith(".")], "nothing but in its home"
    assert "nothing to do" in place("--user")

    (state := place.root / ".config/voiced/state.json").write_text('{"version": 1}')
    place("--user", "--backup", str(tmp_path / "kept.tar.gz"))
    state.unlink()
    place("--user", "--restore", str(tmp_path / "kept.tar.gz"))
    assert state.read_text() == '{"version": 1}'
    place("--user", "--uninstall")
    assert state.is_file()
    assert not program.exists()


def test_what_stays_is_named_and_only_what_is_there(place: Place) -> None:
    assert place("--uninstall").splitlines()[-1] == "voiced is gone"
    place()
    assert place("--uninstall", "--dry-run").splitlines()[-1].startswith("voiced would be gone; ")
    assert (place.root / "opt/voiced").exists()
    assert (
        place("--uninstall").splitlines()[-1] == f"voiced is gone; {place.root / 'etc/voiced'} stays (--purge removes)"
    )


def test_what_makes_no_sense_is_refused(place: Place, tmp_path: Path) -> None:
    assert "--purge goes with --uninstall" in place("--purge", ok=False)
    assert "--config goes with installing" in place("--uninstall", "--config", "voiced.toml", ok=False)
    (tmp_path / "words.tar").write_text("no archive")
    told = place("--restore", str(tmp_path / "words.tar"), ok=False)
    assert told == f"install: {tmp_path / 'words.tar'} cannot be read: file could not be opened successfully\n"
    told = place("--systemctl", "no-such-systemctl", ok=False)
    assert told == "install: there is no no-such-systemctl here: voiced is installed as a service of systemd\n"
    assert not place.root.exists()
