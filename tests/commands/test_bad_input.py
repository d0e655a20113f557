"""Commands that cannot be carried out: the right exit status, one line that says what to do, before any long work."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from voiced.adapters.mosquitto import free_port
from voiced.cli import main
from voiced.config import DEMO_HOME

RECORDINGS = DEMO_HOME.parent / "demo"
MANIFEST = str(RECORDINGS / "manifest.jsonl")
RECORDING = str(RECORDINGS / "joe-close-garage-door.flac")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status, and what stands on standard error."""
    try:
        code = main(arguments)
    except SystemExit as left:  # argparse
        code = int(left.code or 0)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code", "text"), [
    (("say", " "), 64, "there is nothing to say"),
    (("ask", ""), 64, "there is nothing to ask"),
    (("ask", "lights on", "--area", "kichen"), 78, "'kichen' is no area of this home, did you mean 'Kitchen'?"),
    (("replay", RECORDING, "--area", "cellar"), 78, "'cellar' is no area of this home; there are: Kitchen, "),
    (("evaluate", MANIFEST, "--area", "kichen"), 78, "did you mean 'Kitchen'?"),
    (("evaluate", MANIFEST, "--details", "/nowhere/at/all"), 64, "--details: /nowhere/at/all cannot be written: No"),
    (("demo", "--only", "0"), 64, "--only: there are turns 1 to 10"),
    (("demo", "--only", "11"), 64, "--only: there are turns 1 to 10"),
    (("demo", "--out", MANIFEST), 64, f"--out: {MANIFEST}: File exists"),
    (("doctor", "--pid", str(2**31 - 1)), 64, f"there is no process {2**31 - 1}"),
    (("models", "prepare", "--folder", "/nowhere"), 1, "voiced models pull e2b fetches them"),
    (("setup", "--out", "/nowhere/voiced.toml"), 64, "the folder /nowhere is not there"),
    (("setup", "--home", "/nowhere.toml"), 64, "--home: there is no file /nowhere.toml"),
    (("bench", "tts", "--runs", "0"), 2, "argument --runs: at least one"),
    (("bench", "idle", "--seconds", "nan"), 2, "argument --seconds: more than nothing"),
])  # fmt: skip
def test_what_cannot_be_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, text: str
) -> None:
    found, said = told(capsys, *arguments)
    assert text in said
    assert found == code


def test_an_empty_manifest_is_no_result(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (empty := tmp_path / "empty.jsonl").touch()
    assert told(capsys, "evaluate", str(empty)) == (78, f"voiced: {empty}: holds no recording\n")


@pytest.mark.parametrize("arguments", [("home",), ("replay", RECORDING, "--mqtt")])
def test_without_a_broker_nothing_is_begun(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """In the operating system's words, without its number, and once."""
    for module in ("app", "commands.replay"):
        monkeypatch.setattr(f"voiced.{module}.CONNECT_S", 0.5)
    port = free_port()
    (config := tmp_path / "voiced.toml").write_text(f'[broker]\nhost = "127.0.0.1"\nport = {port}\n', "utf-8")
    code, said = told(capsys, *arguments, "--config", str(config))
    assert said == f"voiced: no connection to the broker at 127.0.0.1:{port}: Connection refused\n"
    assert code == 1


def run(*arguments: str, out: int | IO[str] = subprocess.PIPE, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "voiced", *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True, check=False,
        env=os.environ | environ,
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("check-config",), ("models", "list", "--json"), ("--help",)])
def test_a_full_disk_is_told(arguments: tuple[str, ...], unbuffered: str) -> None:
    """Python meets it in the midst of the work, or not before its own end."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = run(*arguments, out=full, PYTHONUNBUFFERED=unbuffered)
    assert done.stderr == "voiced: not all of it could be written: No space left on device\n"
    assert done.returncode == 1


def test_who_reads_no_further_gets_no_more() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = run("check-config", out=nobody, PYTHONUNBUFFERED="")
    assert (done.stderr, done.returncode) == ("", 0)


def test_other_failures_of_the_operating_system_are_no_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: str) -> object:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("voiced.cli.importlib.import_module", fails)
    with pytest.raises(OSError, match="Too many"):
        main(["check-config"])


def test_a_terminal_of_few_letters_ends_no_turn() -> None:
    done = run("ask", "turn on the kitchen lights", PYTHONIOENCODING="ascii")
    assert "Kitchen ceiling is on." in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)


def test_ctrl_c_while_a_command_is_loaded_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("voiced.cli.importlib.import_module", interrupted)
    assert main(["evaluate", MANIFEST]) == 130


def test_a_command_of_one_run_tells_its_result_and_no_more(tmp_path: Path) -> None:
    done = run("say", "Hello.", "--wav", str(tmp_path / "hello.wav"))
    assert done.stderr == ""
    assert done.stdout.startswith(f"{tmp_path / 'hello.wav'}: 0.")
    failed = run("say", "Hello.", "--wav", str(tmp_path / "no" / "hello.wav"))
    assert failed.stderr == f"voiced: cannot write {tmp_path / 'no' / 'hello.wav'}: No such file or directory\n"
    assert failed.returncode == 1


def test_questions_that_nobody_can_answer_are_no_crash(tmp_path: Path) -> None:
    done = run("setup", "--out", str(tmp_path / "voiced.toml"))
    assert "voiced: setup asks questions: it needs a terminal\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 64
