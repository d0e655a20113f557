"""A sound server of our own: null sinks stand in for a loudspeaker and a room, remapped sources for microphones."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_ASOUND = """
pcm.pulse { type pulse }
ctl.pulse { type pulse }
pcm.!default { type pulse }
"""


class SoundServer:
    """`start`, `stop` (kill -9), `freeze`, `thaw`; `plug`, `unplug` and `suspend` microphones."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None
        self._modules: dict[str, str] = {}

    def start(self, *, rate_hz: int = 48_000, channels: int = 2) -> None:
        socket = self.home / "native"
        socket.unlink(missing_ok=True)
        root = [] if os.geteuid() else ["--system=false"]
        shape = f"rate={rate_hz} channels={channels}"
        self.process = subprocess.Popen(
            [
                *("pulseaudio", "-n", *root, "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
                *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"),
                *("-L", f"module-null-sink sink_name=room {shape}"),
                *("-L", "module-null-sink sink_name=speaker"),
                *("-L", "module-rescue-streams"),
            ],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                pytest.skip("pulseaudio does not start here")
            time.sleep(0.1)
        self.ctl("set-default-sink", "speaker")
        self.plug("mic")
        self.ctl("set-default-source", "mic")

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def plug(self, name: str) -> None:
        """A microphone that hears the room; a new number every time."""
        self._modules[name] = self.ctl(
            "load-module", "module-remap-source", f"source_name={name}", "master=room.monitor"
        )

    def unplug(self, name: str) -> None:
        self.ctl("unload-module", self._modules.pop(name))

    def ctl(self, *words: str) -> str:
        done = subprocess.run(["pactl", *words], check=True, capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def recorded(self) -> set[str]:
        """Names of the sources that anybody records from, but for what the remapped ones need themselves."""
        names = {line.split("\t")[0]: line.split("\t")[1] for line in self.ctl("list", "short", "sources").splitlines()}
        rows = [line.split("\t") for line in self.ctl("list", "short", "source-outputs").splitlines()]
        return {names.get(source, "?") for _, source, client, *_ in rows if client != "-"}


def sound_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """The fixture's body: a running server that every process started from here speaks to."""
    if not shutil.which("pulseaudio") or not shutil.which("pactl"):
        pytest.skip("pulseaudio is not installed")
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("ALSA's pulse plugin (libasound2-plugins) is not installed")
    (home / "asoundrc").write_text(_ASOUND, "utf-8")
    for name, value in {
        "PULSE_SERVER": f"unix:{home / 'native'}",
        "PULSE_RUNTIME_PATH": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "HOME": str(home),
        "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{home / 'asoundrc'}",
    }.items():
        monkeypatch.setenv(name, value)
    server = SoundServer(home)
    server.start()
    yield server
    server.stop()
