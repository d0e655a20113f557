"""Which microphone is meant."""

from __future__ import annotations

import pytest

from voiced.adapters.microphone import InputDevice, choose
from voiced.errors import AudioDeviceError


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
