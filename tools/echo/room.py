"""A room on PulseAudio's null sinks: what the loudspeaker plays comes back with walls and reverberation, and somebody
may speak in it.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ

Sound = np.ndarray[Any, np.dtype[np.float64]]
_TAPS = 6400
_SIZE = 8192
_NOISE = 2e-4


def response() -> Sound:
    """Direct sound after 2.5 ms, six walls, reverberation that falls by 60 dB in 0.35 s; of energy 1."""
    rng = np.random.default_rng(7)
    times = np.arange(_TAPS) / SAMPLE_RATE_HZ
    taps = rng.standard_normal(_TAPS) * 10 ** (-3 * times / 0.35) * 0.2
    taps[:40] = 0
    taps[40] = 1.0
    for _ in range(6):
        taps[rng.integers(60, 500)] += rng.choice([-0.5, 0.5])
    return np.asarray(taps / np.sqrt((taps**2).sum()))


class Room:
    """From the monitor of the sink `speaker` into the sink `room`, 20 ms by 20 ms."""

    def __init__(self, loss_db: float) -> None:
        self._room = np.fft.rfft(response() * 10 ** (-loss_db / 20), _SIZE)
        self._words = np.zeros(0)
        self._lock = threading.Lock()
        self.sounds = False
        """Something comes out of the loudspeaker."""

    def says(self, words: Sound) -> None:
        """Somebody, from now on."""
        with self._lock:
            self._words = words

    def _mixed(self, history: Sound, rng: np.random.Generator) -> bytes:
        echo = np.fft.irfft(np.fft.rfft(history, _SIZE) * self._room, _SIZE)[_TAPS : _TAPS + FRAME_SAMPLES]
        out = echo + rng.standard_normal(FRAME_SAMPLES) * _NOISE
        with self._lock:
            now, self._words = self._words[:FRAME_SAMPLES], self._words[FRAME_SAMPLES:]
        out[: len(now)] += now
        return np.clip(np.rint(out * 32768), -32768, 32767).astype(np.int16).tobytes()

    def _run(self, source: Any, sink: Any) -> None:
        history, rng = np.zeros(_TAPS + FRAME_SAMPLES), np.random.default_rng(0)
        with contextlib.suppress(OSError, ValueError):
            while len(pcm := source.read(2 * FRAME_SAMPLES)) == 2 * FRAME_SAMPLES:
                history[:-FRAME_SAMPLES] = history[FRAME_SAMPLES:]
                history[-FRAME_SAMPLES:] = np.frombuffer(pcm, np.int16) / 32768
                self.sounds = any(pcm)
                sink.write(self._mixed(history, rng))
                sink.flush()


@contextlib.contextmanager
def simulated(loss_db: float = 6.0) -> Iterator[Room]:
    """From the loudspeaker to the microphone `loss_db` are lost."""
    shape = ("--raw", "--format=s16le", "--rate=16000", "--channels=1", "--latency-msec=20")
    room = Room(loss_db)
    heard = subprocess.Popen(["parec", "--device=speaker.monitor", *shape], stdout=subprocess.PIPE)
    given = subprocess.Popen(["pacat", "--device=room", *shape], stdin=subprocess.PIPE)
    thread = threading.Thread(target=room._run, args=(heard.stdout, given.stdin), name="room", daemon=True)
    thread.start()
    try:
        yield room
    finally:
        for process in (heard, given):
            process.kill()
            process.wait()
        thread.join(5)
