"""PortAudio that cannot say what there is, or cannot even start: a line, and no crash."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

NO_ALSA = {"ALSA_CONFIG_PATH": "/nowhere/alsa.conf"}


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """In an empty folder, where a core file would be seen."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PULSE_SERVER": "/nowhere", "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
    )


def devices(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "voiced", "devices", *arguments, **environ)


def test_all_that_there_are(tmp_path: Path) -> None:
    found = json.loads(devices(tmp_path, "--json").stdout)
    assert set(found) == {"microphones", "loudspeakers"}
    assert "Loudspeakers" in devices(tmp_path).stdout


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_machine_without_alsas_configuration_is_told_so(tmp_path: Path, form: tuple[str, ...]) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    if run(aside, "-c", "import sounddevice", **NO_ALSA).returncode != -signal.SIGABRT:
        pytest.skip("this PortAudio does not abort")
    there = tmp_path / "there"
    there.mkdir()
    done = devices(there, *form, **NO_ALSA)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "voiced: the sound devices cannot be listed: PortAudio aborts, as it does where ALSA's configuration is "
        "missing: unset ALSA_CONFIG_PATH=/nowhere/alsa.conf, or name what is there\n"
    )
    assert list(there.iterdir()) == [], "no core file"


def test_who_plays_on_no_device_needs_none(tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "voiced", "say", "Hello.", "--wav", "hello.wav", **NO_ALSA)
    assert done.stderr == ""
    assert done.stdout.startswith("hello.wav: 0.")


def test_a_broken_asoundrc_is_told(tmp_path: Path) -> None:
    (tmp_path / ".asoundrc").write_text("pcm.!default { type", "utf-8")
    done = devices(tmp_path, HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("voiced: PortAudio does not start: is ~/.asoundrc in order?")
    assert done.stderr.count("\n") == 1


def test_a_missing_portaudio_is_told(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')", "utf-8")
    done = devices(tmp_path, PYTHONPATH=f"{tmp_path}:{Path(__file__).parents[2]}")
    assert done.stderr == "voiced: there is no PortAudio here: install libportaudio2 (PortAudio library not found)\n"
    assert done.returncode == 1
