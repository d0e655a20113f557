"""A sound server of our own: null sinks stand in for a loudspeaker and a room, remapped sources for microphones."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_ASOUND = """
pcm.pulse { type pulse }
ctl.pulse { type pulse }
pcm.!default { type pulse }
"""


class SoundServer:
    """PulseAudio. `start`, `stop` (kill -9), `freeze`, `thaw`; `plug`, `unplug` and `suspend` microphones."""

    programs: tuple[str, ...] = ("pulseaudio",)

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []
        self._modules: dict[str, str] = {}

    def start(self, *, rate_hz: int = 48_000, channels: int = 2) -> None:
        (self.home / "native").unlink(missing_ok=True)
        self._launch(f"rate={rate_hz} channels={channels}")
        self.ctl("set-default-sink", "speaker")
        self.plug("mic")
        self.ctl("set-default-source", "mic")

    def _launch(self, room: str) -> None:
        root = [] if os.geteuid() else ["--system=false"]
        self._run(
            *("pulseaudio", "-n", *root, "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
            *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.home / 'native'}"),
            *("-L", f"module-null-sink sink_name=room {room}"),
            *("-L", "module-null-sink sink_name=speaker"),
            *("-L", "module-rescue-streams"),
        )
        self._wait(answers)

    @property
    def _bus(self) -> str:
        return f"unix:path={self.home / 'bus'}"

    def _run(self, *command: str) -> None:
        environ = os.environ | {"DBUS_SESSION_BUS_ADDRESS": self._bus}
        nowhere = subprocess.DEVNULL
        self.processes.append(subprocess.Popen(command, env=environ, stdout=nowhere, stderr=nowhere))

    def _wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not until():
            if time.monotonic() > deadline or any(one.poll() is not None for one in self.processes):
                self.stop()
                pytest.skip(f"{self.programs[0]} does not start here")
            time.sleep(0.1)

    def stop(self) -> None:
        for one in self.processes:
            one.kill()
            one.wait()
        self.processes = []

    def freeze(self) -> None:
        for one in self.processes:
            one.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        for one in self.processes:
            one.send_signal(signal.SIGCONT)

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


def answers(*words: str) -> bool:
    return subprocess.run(["pactl", *(words or ("info",))], capture_output=True, check=False).returncode == 0


class PipeWire(SoundServer):
    """PipeWire with its own PulseAudio protocol, as a desktop of today has it; its session manager needs a bus."""

    programs = ("pipewire", "wireplumber", "pipewire-pulse", "dbus-daemon")

    def _launch(self, room: str) -> None:
        for name in ("bus", "pipewire-0"):
            (self.home / name).unlink(missing_ok=True)
        self._run("dbus-daemon", "--session", "--nofork", f"--address={self._bus}")
        self._wait((self.home / "bus").exists)
        self._run("pipewire")
        self._wait((self.home / "pipewire-0").exists)
        self._run("wireplumber")
        self._run("pipewire-pulse")
        self._wait(answers)
        for name, shape in (("room", room), ("speaker", "")):
            self.ctl("load-module", "module-null-sink", f"sink_name={name}", *shape.split())
        self._wait(lambda: answers("set-default-sink", "speaker"))  # its session manager is another process


def sound_server(
    home: Path, monkeypatch: pytest.MonkeyPatch, kind: type[SoundServer] = SoundServer
) -> Iterator[SoundServer]:
    """The fixture's body: a running server that every process started from here speaks to."""
    for program in (*kind.programs, "pactl"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
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
    server = kind(home)
    server.start()
    yield server
    server.stop()
