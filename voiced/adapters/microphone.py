"""A microphone through sounddevice (PortAudio), as 16 kHz mono s16.

Blocking reads: callback streams break under systemd's MemoryDenyWriteExecute. PortAudio can hang in read and in close
for ever, and crashes the process when a stream is closed while another thread reads: so this runs in a process that
can be killed, and only its reader touches the stream.
"""

from __future__ import annotations

import os

import numpy as np

from voiced.adapters import portaudio, soundserver
from voiced.adapters.portaudio import sounddevice
from voiced.adapters.resample import Resampler, to_pcm
from voiced.errors import AudioDeviceError, first_line
from voiced.messages import SAMPLE_RATE_HZ, InputDevice

_BLOCK_MS = 20
_DOORS = ("pulse", "pipewire", "default")
"""ALSA's names for the sound server, the most certain first."""
_SERVER = "sound server"


def list_inputs() -> tuple[InputDevice, ...]:
    """Every input there is now, monitors included: PortAudio's, then those behind the sound server, one by one."""
    try:
        _refresh()
        default = sounddevice.default.device[0]
        hosts = sounddevice.query_hostapis()
        found = tuple(
            InputDevice(
                index=int(found["index"]),
                name=str(found["name"]),
                host=str(hosts[found["hostapi"]]["name"]),
                channels=int(found["max_input_channels"]),
                rate_hz=int(found["default_samplerate"]),
                default=int(found["index"]) == default,
                monitor="monitor" in str(found["name"]).lower(),
            )
            for found in sounddevice.query_devices()
            if found["max_input_channels"] > 0
        )
    except (sounddevice.PortAudioError, OSError, ValueError) as error:
        raise AudioDeviceError(f"the sound devices cannot be listed: {first_line(error)}") from error
    door = next((one for name in _DOORS for one in found if one.name == name), None)
    if door is None or (server := soundserver.connect()) is None:
        return found
    with server:
        return found + tuple(
            InputDevice(door.index, one.description, _SERVER, one.channels, one.rate_hz, False, one.monitor, one.name)
            for one in server.sources()
        )


def choose(*, device: str | int, inputs: tuple[InputDevice, ...]) -> InputDevice:
    """The input that `device` means: an index, a part of a name, or empty for the default.

    Numbers move when a device is plugged in again, names do not. AudioDeviceError where there is none, where the name
    fits several, or where it is a monitor of a loudspeaker: we would obey our own voice.
    """
    usable = [found for found in inputs if not found.monitor]
    if device == "":
        found = [one for one in usable if one.default] or usable[:1]
    elif isinstance(device, int) or device.isdecimal():
        found = [one for one in inputs if one.index == int(device) and not one.source]
    else:
        wanted = str(device).casefold()
        found = [one for one in inputs if wanted in (one.name.casefold(), one.source.casefold())]
        found = found or [one for one in usable if wanted in f"{one.name} {one.source}".casefold()]
        found = found or [one for one in inputs if wanted in f"{one.name} {one.source}".casefold()]
    names = ", ".join(repr(one.name) for one in usable) or "none"
    if not found:
        wanted = f"no microphone called {device!r}" if device != "" else "no microphone"
        raise AudioDeviceError(f"there is {wanted}; what there is: {names}")
    if len(found) > 1:
        raise AudioDeviceError(f"{device!r} could be {' or '.join(repr(one.name) for one in found)}: name one of them")
    if found[0].monitor:
        raise AudioDeviceError(f"{found[0].name!r} is what a loudspeaker plays, not a microphone")
    return found[0]


class Microphone:
    """An open microphone. AudioDeviceError where it cannot be opened, or breaks."""

    def __init__(self, *, device: str | int = "", channel: int | None = None) -> None:
        chosen = choose(device=device, inputs=list_inputs())
        self.name = chosen.name
        if chosen.source:
            os.environ["PULSE_SOURCE"] = chosen.source  # read by libpulse, inside ALSA's plugin, at the connection
        if channel is not None and not 0 <= channel < chosen.channels:
            raise AudioDeviceError(f"{chosen.name!r} has {chosen.channels} channels: there is no channel {channel}")
        # Arrays report dozens of channels; the mean of two is what a stereo microphone means by mono.
        self._channels = min(chosen.channels, 2) if channel is None else channel + 1
        self._channel = channel
        self._stream, self.rate_hz = self._open(chosen)
        self._block = self.rate_hz * _BLOCK_MS // 1000
        self._resampler = Resampler(rate_hz=self.rate_hz, block=self._block)
        self._server = soundserver.connect()
        try:
            self._source = self._server.recorded_by(os.getpid()) if self._server else None
            if self._source:
                self.name = self._source.description
                if self._source.monitor or chosen.source not in ("", self._source.name):
                    raise AudioDeviceError(f"the sound server gives {self.name!r}, and that is not {_wish(device)}")
        except AudioDeviceError:
            self.close()
            raise

    def check(self, *, thoroughly: bool = False) -> None:
        """AudioDeviceError where the sound server has moved us to another source: it does that with those who lose
        their microphone, and takes a loudspeaker's monitor, too. Costs microseconds, except `thoroughly` (some ms).
        """
        if self._server is None or self._source is None or not (thoroughly or self._server.changed()):
            return
        now = self._server.recorded_by(os.getpid())
        if now is None or now.name != self._source.name:
            what = f"moved us to {now.description!r}" if now else "gives no sound any more"
            raise AudioDeviceError(f"{self.name!r} is gone: the sound server {what}")

    def _open(self, chosen: InputDevice) -> tuple[sounddevice.RawInputStream, int]:
        # The native rate first: hw: devices refuse 16 kHz, and what a plugin would resample with is often poor.
        trouble = ""
        for rate_hz in dict.fromkeys((chosen.rate_hz, 48_000, 44_100, SAMPLE_RATE_HZ)):
            stream = None
            try:
                stream = sounddevice.RawInputStream(
                    device=chosen.index,
                    samplerate=rate_hz,
                    channels=self._channels,
                    dtype="int16",
                    blocksize=rate_hz * _BLOCK_MS // 1000,
                    latency="low",
                )
                stream.start()
            except (sounddevice.PortAudioError, OSError, ValueError) as error:
                trouble = first_line(error)
                if stream is not None:  # while it is open the device is busy, also for the next rate
                    stream.close(ignore_errors=True)
            else:
                return stream, rate_hz
        raise AudioDeviceError(f"{chosen.name!r} cannot be opened: {trouble}")

    def read(self, blocks: int = 1) -> bytes:
        """About `blocks` times 20 ms of 16 kHz mono s16, in any length; blocks until it is there, for ever if the
        device is stuck.
        """
        try:
            raw, _ = self._stream.read(blocks * self._block)
        except (sounddevice.PortAudioError, OSError) as error:
            raise AudioDeviceError(f"{self.name!r} is gone: {first_line(error)}") from error
        samples = np.frombuffer(bytes(raw), np.int16).reshape(-1, self._channels).astype(np.float32) / 32768.0
        mono = samples.mean(axis=1) if self._channel is None else samples[:, self._channel]
        return to_pcm(self._resampler.push(mono.astype(np.float32)))

    def close(self) -> None:
        """Only from the thread that reads."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)
        if self._server:
            self._server.close()


def _wish(device: str | int) -> str:
    return f"the microphone {device!r}" if device else "a microphone"


_listed = False


def _refresh() -> None:
    """What was plugged in since PortAudio started is listed, too."""
    global _listed
    if _listed:
        portaudio.restart()
    _listed = True
