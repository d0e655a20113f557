"""Loudspeakers of this machine through sounddevice (PortAudio).

Blocking streams only: a callback stream cannot be opened under MemoryDenyWriteExecute. Whoever calls lives in a process
that may be killed at any time (the mouth), because PortAudio can hang in C where no Python code can help.
"""

from __future__ import annotations

import contextlib

from voiced.adapters import portaudio
from voiced.adapters.portaudio import sounddevice
from voiced.adapters.speaker import BLOCK_MS
from voiced.arrays import I16
from voiced.errors import AudioDeviceError, first_line


class DeviceSpeaker:
    """A sound device by (part of) its name or its number; empty for the system's default. Opened at the first sound.

    The stream stays open between utterances (opening took up to two seconds through a sound server), stopped.
    A device that went away is looked for anew at every `begin`.
    """

    real = True

    def __init__(self, *, device: str = "", latency_s: float = 0.2) -> None:
        self.name = device or "default loudspeaker"
        self._device: str | int | None = int(device) if device.isdecimal() else device or None
        self._latency_s = latency_s
        self._stream: sounddevice.RawOutputStream | None = None
        self._wanted_hz = self._device_hz = 0

    def begin(self, rate_hz: int) -> int:
        if self._stream is not None and self._wanted_hz == rate_hz:
            try:
                self._stream.start()
            except sounddevice.PortAudioError:
                self.close()  # it went away while nobody spoke
            else:
                return self._device_hz
        self.close()
        try:
            return self._open(rate_hz)
        except (sounddevice.PortAudioError, ValueError):
            # PortAudio's list of devices is as old as its start: look again before giving up.
            try:
                portaudio.restart()
                return self._open(rate_hz)
            except (sounddevice.PortAudioError, ValueError) as error:
                wanted = f"called {self.name!r}" if self._device is not None else "that is the default"
                there = ", ".join(repr(name) for _, name in list_outputs()) or "none"
                text = f"there is no loudspeaker {wanted} ({first_line(error)}); what there is: {there}"
                raise AudioDeviceError(text) from error

    def _open(self, rate_hz: int) -> int:
        self._wanted_hz = rate_hz
        info = sounddevice.query_devices(self._device, "output")
        rates = (rate_hz, int(info["default_samplerate"]))
        for at, device_hz in enumerate(rates):
            try:
                stream = sounddevice.RawOutputStream(
                    samplerate=device_hz, channels=1, dtype="int16", device=self._device, latency=self._latency_s
                )
            except sounddevice.PortAudioError:  # a card that plays its own rate only
                if at == len(rates) - 1:
                    raise
            else:
                self._stream, self._device_hz = stream, device_hz
                stream.start()
                return device_hz
        raise AssertionError

    def write(self, pcm: I16) -> None:
        if self._stream is None:
            raise AudioDeviceError(f"the loudspeaker {self.name!r} is not open")
        try:
            self._stream.write(pcm.tobytes())
        except sounddevice.PortAudioError as error:
            self.close()
            raise AudioDeviceError(f"the loudspeaker {self.name!r} went away: {first_line(error)}") from error

    def finish(self, *, drop: bool = False) -> None:
        if self._stream is None:
            return
        try:
            if not drop:
                # PortAudio's stop drops what a sound server has not played yet, so that silence is dropped.
                silence_s = self._stream.latency + 2 * BLOCK_MS / 1000
                self._stream.write(bytes(2 * round(silence_s * self._device_hz)))
            self._stream.abort()
        except sounddevice.PortAudioError as error:
            self.close()
            raise AudioDeviceError(f"the loudspeaker {self.name!r} went away: {first_line(error)}") from error

    def close(self) -> None:
        if (stream := self._stream) is not None:
            self._stream = None
            with contextlib.suppress(sounddevice.PortAudioError):
                stream.close(ignore_errors=True)


def list_outputs() -> tuple[tuple[int, str], ...]:
    """Index and name of everything that can play. AudioDeviceError where PortAudio cannot say."""
    try:
        devices = sounddevice.query_devices()
    except sounddevice.PortAudioError as error:
        raise AudioDeviceError(f"the loudspeakers cannot be listed: {first_line(error)}") from error
    return tuple((i, str(d["name"])) for i, d in enumerate(devices) if d["max_output_channels"] > 0)
