"""What the sound server (PulseAudio, or PipeWire in its name) knows and ALSA's plugin does not tell: which microphones
there are behind it, and from which of them a process really records.

One thread only, and one that may hang: a server that is stopped answers nobody.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from voiced.errors import AudioDeviceError

_log = logging.getLogger(__name__)
_CONNECT_S = 2.0
_NO_SINK = 0xFFFFFFFF
_AT_ONCE_S = 1e-6


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    description: str
    channels: int
    rate_hz: int
    monitor: bool
    """It listens to a loudspeaker."""


class SoundServer:
    """Made by `connect`. AudioDeviceError where the server goes away."""

    def __init__(self, pulse: Any) -> None:
        self._pulse = pulse
        self._dirty = False
        pulse.event_mask_set("source_output")
        pulse.event_callback_set(self._heard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def sources(self) -> tuple[Source, ...]:
        with _as_device_error():
            return tuple(_source(one) for one in self._pulse.source_list())

    def recorded_by(self, pid: int) -> Source | None:
        """What this process records from now; None where it records nothing through the server."""
        self._dirty = False
        with _as_device_error():
            for output in self._pulse.source_output_list():
                if output.proplist.get("application.process.id") == str(pid):
                    return _source(self._pulse.source_info(output.source))
        return None

    def changed(self) -> bool:
        """Whether any recording was begun, ended or moved since `recorded_by`."""
        with _as_device_error():
            self._pulse.event_listen(timeout=_AT_ONCE_S)
        return self._dirty

    def close(self) -> None:
        self._pulse.close()

    def _heard(self, _event: object) -> None:
        self._dirty = True


def connect() -> SoundServer | None:
    """The sound server of this session; None where there is none, or no library to speak to it."""
    try:
        import pulsectl  # it loads libpulse, which a machine without a sound server need not have
    except OSError as error:
        _log.info("no sound server is asked: %s", error)
        return None

    class Prompt(pulsectl.Pulse):  # type: ignore[misc]
        """The library's own `connect` sits out its whole timeout although the connection is there (seen in 24.12)."""

        def _pulse_state_cb(self, context: object, userdata: object) -> None:
            super()._pulse_state_cb(context, userdata)
            if self.connected:
                self._loop_stop = True

    pulse = Prompt("voiced", connect=False)
    try:
        pulse.connect(timeout=_CONNECT_S)
    except (pulsectl.PulseError, pulsectl.PulseDisconnected):
        pulse.close()
        return None
    return SoundServer(pulse)


def _source(found: Any) -> Source:
    return Source(
        name=found.name,
        description=found.description,
        channels=found.channel_count,
        rate_hz=found.sample_spec.rate,
        monitor=found.monitor_of_sink != _NO_SINK,
    )


@contextlib.contextmanager
def _as_device_error() -> Iterator[None]:
    import pulsectl

    try:
        yield
    except (pulsectl.PulseError, pulsectl.PulseDisconnected) as error:
        raise AudioDeviceError(f"the sound server is gone: {str(error) or type(error).__name__}") from error
