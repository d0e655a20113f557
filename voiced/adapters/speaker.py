"""What sound is played on: a device (devicespeaker.py), a WAV file, or nothing. `open_speaker` reads the setting."""

from __future__ import annotations

import time
import wave
from pathlib import Path
from typing import Protocol

from voiced.arrays import I16
from voiced.errors import AudioDeviceError

BLOCK_MS = 20
"""Sound is written in pieces this long, so that "stop" is heard within a few of them."""


class Loudspeaker(Protocol):
    """begin, write until done, finish. Every method returns or raises AudioDeviceError."""

    name: str
    real: bool
    """Whether somebody may hear it."""

    def begin(self, rate_hz: int) -> int:
        """Ready for sound. Returns the rate that it must have, which is `rate_hz` wherever the device can."""
        ...

    def write(self, pcm: I16) -> None:
        """Hand over a short piece; returns when the device has taken it, at the pace of the sound."""
        ...

    def finish(self, *, drop: bool = False) -> None:
        """Returns when the last sample was played; with `drop`, at once, and what is left is not played."""
        ...

    def close(self) -> None: ...


class _Pace:
    """Keeps to the sound's own pace where no device does it."""

    AHEAD_S = 0.08
    """As far ahead as a device's buffer is long."""

    def __init__(self, *, realtime: bool) -> None:
        self._realtime, self._rate_hz, self._due = realtime, 0, 0.0

    def begin(self, rate_hz: int) -> None:
        self._rate_hz, self._due = rate_hz, time.monotonic()

    def wrote(self, samples: int) -> None:
        self._due += samples / self._rate_hz
        self._wait(self.AHEAD_S)

    def drain(self) -> None:
        self._wait(0.0)

    def _wait(self, ahead_s: float) -> None:
        if self._realtime and (left := self._due - time.monotonic() - ahead_s) > 0:
            time.sleep(left)


class WavSpeaker:
    """Writes what would have been heard to a WAV file, at the pace of the sound or as fast as it comes.

    Utterances follow each other with `gap_s` of silence, all at the rate of the first.
    """

    real = False

    def __init__(self, *, path: Path, realtime: bool = True, gap_s: float = 0.3) -> None:
        self.name = f"the file {path}"
        self._path, self._gap_s = path, gap_s
        self._pace = _Pace(realtime=realtime)
        self._file: wave.Wave_write | None = None
        self._rate_hz = 0

    def begin(self, rate_hz: int) -> int:
        if self._file is not None:
            self._pace.begin(self._rate_hz)
            self._append(bytes(2 * round(self._gap_s * self._rate_hz)))
            return self._rate_hz
        try:
            self._path.open("wb").close()  # a writer of `wave` that cannot open prints a traceback when collected
            self._file = wave.open(str(self._path), "wb")  # noqa: SIM115
        except OSError as error:
            raise self._unwritten(error) from error
        self._rate_hz = rate_hz
        self._pace.begin(rate_hz)
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(rate_hz)
        return rate_hz

    def write(self, pcm: I16) -> None:
        if self._file is None:
            raise AudioDeviceError(f"{self._path} is not open")
        self._append(pcm.tobytes())
        self._pace.wrote(len(pcm))

    def _append(self, data: bytes) -> None:
        assert self._file is not None
        try:
            self._file.writeframes(data)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> AudioDeviceError:
        return AudioDeviceError(f"cannot write {self._path}: {error.strerror}")

    def finish(self, *, drop: bool = False) -> None:
        if not drop:
            self._pace.drain()

    def close(self) -> None:
        if (file := self._file) is not None:
            self._file = None
            try:
                file.close()
            except OSError as error:
                raise self._unwritten(error) from error


class SilentSpeaker:
    """Nobody hears anything: takes the time that the sound would take, so that turns last as long as real ones."""

    real = False

    def __init__(self, *, realtime: bool = True) -> None:
        self.name = "no loudspeaker"
        self._pace = _Pace(realtime=realtime)

    def begin(self, rate_hz: int) -> int:
        self._pace.begin(rate_hz)
        return rate_hz

    def write(self, pcm: I16) -> None:
        self._pace.wrote(len(pcm))

    def finish(self, *, drop: bool = False) -> None:
        if not drop:
            self._pace.drain()

    def close(self) -> None:
        pass


class CopiedSpeaker:
    """A loudspeaker, and a WAV file of what it is given."""

    def __init__(self, speaker: Loudspeaker, path: Path) -> None:
        self.name, self.real = f"{speaker.name} and the file {path}", speaker.real
        self._speaker, self._copy = speaker, WavSpeaker(path=path, realtime=False)

    def begin(self, rate_hz: int) -> int:
        """AudioDeviceError, too, where the loudspeaker changes the rate with which the file began."""
        device_hz = self._speaker.begin(rate_hz)
        if (file_hz := self._copy.begin(device_hz)) != device_hz:
            raise AudioDeviceError(f"{self._copy.name} has {file_hz} Hz, the loudspeaker now {device_hz} Hz")
        return device_hz

    def write(self, pcm: I16) -> None:
        self._speaker.write(pcm)
        self._copy.write(pcm)

    def finish(self, *, drop: bool = False) -> None:
        self._speaker.finish(drop=drop)
        self._copy.finish(drop=drop)

    def close(self) -> None:
        self._speaker.close()
        self._copy.close()


def open_speaker(setting: str, *, realtime: bool = True, copy: str = "") -> Loudspeaker:
    """`default`, `none`, `wav:PATH`, else a device's name (or part of it) or number; `copy`: a WAV file of it, too.
    Opens nothing yet; AudioDeviceError where a device is meant, and there is no PortAudio.
    """
    speaker = _speaker(setting, realtime=realtime)
    return CopiedSpeaker(speaker, Path(copy)) if copy else speaker


def _speaker(setting: str, *, realtime: bool) -> Loudspeaker:
    if setting == "none":
        return SilentSpeaker(realtime=realtime)
    if setting.startswith("wav:"):
        return WavSpeaker(path=Path(setting.removeprefix("wav:")), realtime=realtime)
    from voiced.adapters.devicespeaker import DeviceSpeaker  # PortAudio may abort: only for who wants it

    return DeviceSpeaker(device="" if setting == "default" else setting)
