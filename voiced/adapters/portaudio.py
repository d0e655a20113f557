"""PortAudio through sounddevice: loaded, and started again. Whoever imports this lives in a process that may die: where
ALSA finds no configuration at all, PortAudio aborts.
"""

from __future__ import annotations

import contextlib

from voiced.errors import AudioDeviceError, first_line

try:
    import sounddevice  # starts PortAudio
except OSError as error:
    raise AudioDeviceError(f"there is no PortAudio here: install libportaudio2 ({first_line(error)})") from error
except Exception as error:  # its PortAudioError, which has no name before it is imported
    raise AudioDeviceError(f"PortAudio does not start: is ~/.asoundrc in order? ({first_line(error)})") from error

__all__ = ["restart", "sounddevice"]


def restart() -> None:
    """PortAudio's list of devices is as old as its start: start it again to see what was plugged in since. Takes up to
    a second, for it tries every device. PortAudioError where it does not start; closes what is open.
    """
    with contextlib.suppress(sounddevice.PortAudioError):  # it did not start the last time
        sounddevice._terminate()
    sounddevice._initialize()
