"""Which microphone is meant."""

from __future__ import annotations

import pytest
import sounddevice

from voiced.adapters import microphone, soundserver
from voiced.adapters.microphone import Microphone, choose
from voiced.adapters.soundserver import Source
from voiced.errors import AudioDeviceError
from voiced.messages import InputDevice


def inputs(*names: str) -> tuple[InputDevice, ...]:
    return tuple(
        InputDevice(index, name, "ALSA", 2, 48000, default=index == 0, monitor="Monitor" in name)
        for index, name in enumerate(names)
    )


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


def test_behind_the_sound_server_its_own_name_counts() -> None:
    """It stays when the device is plugged in again; the number is that of ALSA's door to the server."""
    found = (
        *inputs("pulse"),
        InputDevice(0, "Jabra Mono", "sound server", 1, 16_000, False, False, "alsa_input.usb-Jabra-00.mono"),
        InputDevice(0, "Monitor of Jabra", "sound server", 1, 16_000, False, True, "alsa_output.usb-Jabra-00.monitor"),
    )
    assert choose(device="alsa_input.usb-Jabra-00.mono", inputs=found).name == "Jabra Mono"
    assert choose(device="jabra", inputs=found).source == "alsa_input.usb-Jabra-00.mono"
    assert choose(device=0, inputs=found).name == "pulse"
    with pytest.raises(AudioDeviceError, match="not a microphone"):
        choose(device="alsa_output.usb-Jabra-00.monitor", inputs=found)


def test_what_is_refused_is_not_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ear looks for its microphone every second: what it does not take must not pile up."""
    opened: list[str] = []

    class Stream:
        def __init__(self, **_: object) -> None:
            opened.append("stream")

        def start(self) -> None: ...
        def abort(self, *, ignore_errors: bool) -> None: ...

        def close(self, *, ignore_errors: bool) -> None:
            opened.remove("stream")

    class Server:
        def __init__(self) -> None:
            opened.append("server")

        def recorded_by(self, _pid: int) -> Source:
            return Source("monitor", "Monitor of Speaker", 2, 48_000, monitor=True)

        def close(self) -> None:
            opened.remove("server")

    class Stuck(Stream):
        def start(self) -> None:
            raise OSError("Device unavailable")

    monkeypatch.setattr(microphone, "list_inputs", lambda: inputs("pulse"))
    monkeypatch.setattr(sounddevice, "RawInputStream", Stream)
    monkeypatch.setattr(soundserver, "connect", Server)
    with pytest.raises(AudioDeviceError, match="not a microphone"):
        Microphone()
    assert opened == []
    monkeypatch.setattr(sounddevice, "RawInputStream", Stuck)
    with pytest.raises(AudioDeviceError, match="cannot be opened: Device unavailable"):
        Microphone()
    assert opened == []
