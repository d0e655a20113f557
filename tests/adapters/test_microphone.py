"""The microphone on a sound server of our own: a null sink whose monitor plays the room."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiced.adapters.microphone import InputDevice, choose
from voiced.errors import AudioDeviceError
from voiced.messages import EarLost, EarOpened, Frame
from voiced.workers.clients import EarClient
from voiced.workers.supervisor import Patience

ASOUND = """
pcm.pulse { type pulse }
ctl.pulse { type pulse }
pcm.!default { type pulse }
"""


def inputs(*names: str) -> tuple[InputDevice, ...]:
    return tuple(InputDevice(index, name, "ALSA", 2, 48000, index == 0) for index, name in enumerate(names))


def test_choosing() -> None:
    found = inputs("Monitor of Speaker", "USB Audio: #0 (hw:1,0)", "ReSpeaker 4 Mic", "USB Audio: #1 (hw:2,0)")
    assert choose(device="", inputs=found).index == 1  # the default is a monitor
    assert choose(device="respeaker", inputs=found).index == 2
    assert choose(device=3, inputs=found).index == 3
    assert choose(device="3", inputs=found).index == 3
    with pytest.raises(AudioDeviceError, match="name one of them"):
        choose(device="usb", inputs=found)
    with pytest.raises(AudioDeviceError, match="ReSpeaker"):
        choose(device="camera", inputs=found)
    for monitor in ("0", "monitor of", "Monitor of Speaker"):
        with pytest.raises(AudioDeviceError, match="not a microphone"):
            choose(device=monitor, inputs=found)
    with pytest.raises(AudioDeviceError, match="no microphone"):
        choose(device="", inputs=())


class SoundServer:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        socket = self.home / "native"
        socket.unlink(missing_ok=True)
        root = [] if os.geteuid() else ["--system=false"]
        self.process = subprocess.Popen(
            [
                *("pulseaudio", "-n", *root, "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
                *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"),
                *("-L", "module-null-sink sink_name=room"),
                *("-L", "module-remap-source source_name=mic master=room.monitor"),
            ],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                pytest.skip("pulseaudio does not start here")
            time.sleep(0.1)
        subprocess.run(["pactl", "set-default-source", "mic"], check=True, capture_output=True)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    if not shutil.which("pulseaudio") or not shutil.which("pactl"):
        pytest.skip("pulseaudio is not installed")
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("ALSA's pulse plugin (libasound2-plugins) is not installed")
    (tmp_path / "asoundrc").write_text(ASOUND, "utf-8")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'native'}")
    monkeypatch.setenv("PULSE_RUNTIME_PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ALSA_CONFIG_PATH", f"/usr/share/alsa/alsa.conf:{tmp_path / 'asoundrc'}")
    server = SoundServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.faults
async def test_a_sound_server_that_is_killed_and_one_that_hangs(server: SoundServer) -> None:
    ear = EarClient(options={"device": "pulse", "lost_ms": 1000}, patience=Patience(pong_s=3.0, backoff_first_s=0.2))
    async with ear.supervisor:
        frames = ear.frames()

        async def until(kind: type, timeout_s: float, count: int = 1) -> list[object]:
            async def collect() -> list[object]:
                found: list[object] = []
                async for event in frames:
                    found += [event] if isinstance(event, kind) else []
                    if len(found) == count:
                        break
                return found

            return await asyncio.wait_for(collect(), timeout_s)

        await until(EarOpened, 20)
        heard = await until(Frame, 10, count=100)
        samples = [frame.first_sample for frame in heard if isinstance(frame, Frame)]
        assert samples == list(range(samples[0], samples[0] + 32000, 320))

        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        await until(EarLost, 5)
        server.process.send_signal(signal.SIGCONT)
        await until(EarOpened, 15)
        await until(Frame, 10, count=50)

        server.stop()
        await until(EarLost, 5)
        server.start()
        await until(EarOpened, 15)
        await until(Frame, 10, count=50)
