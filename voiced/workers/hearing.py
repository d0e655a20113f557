"""What the ear makes of sound: 20 ms in, a frame with votes and scores out. What we play ourselves is taken out before
anybody judges it (`listen/echo.py`).

The noise that goes on in the room is taken out for the votes, and for a model that learned so; wake words are scored on
the sound as it came, which is what their models know.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from voiced.adapters.noise import NoiseSuppressor
from voiced.adapters.vad import WebRtcVad
from voiced.adapters.wakeword import WakeWords, open_wake_words, word_name
from voiced.listen.continuity import Promptest
from voiced.listen.echo import EchoCanceller
from voiced.listen.level import LevelGate
from voiced.listen.ourselves import Ourselves
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ, WAKE_FRAMES, Frame
from voiced.workers import protocol
from voiced.workers.earoptions import EarOptions, wanted_suppression

FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_LATE_S = 0.4
"""The clock at a sample is known so well: no sound is heard before it is thought to have been played."""


class Hearing:
    """Pieces of 20 ms in, frames out: the votes and scores, and the count of samples."""

    def __init__(self, options: EarOptions) -> None:
        self._vad = WebRtcVad(aggressiveness=options.aggressiveness)
        self._gate = LevelGate()
        level = options.noise_suppression
        if level is None:
            level = wanted_suppression(Path(options.model)) if options.model else 0
        self._suppressor = NoiseSuppressor(level) if level else None
        self._wake: WakeWords | None = None
        self._stop = word_name(options.stop_word) if options.stop_word else ""
        if options.wake_words:
            words = dict.fromkeys((*options.wake_words, *filter(None, [options.stop_word])))
            self._wake = open_wake_words(words=tuple(words), backend=options.wake_backend)
        self._step = b""
        self._next = 0
        self._echo = EchoCanceller()
        self._ourselves = Ourselves()
        self._came = 0
        """Samples since the opening: without what was lost between them."""
        self._clock = Promptest()

    def opened(self) -> None:
        """Samples are counted from 0 again."""
        self._echo.restart()
        self._came, self._clock = 0, Promptest()

    def own(self, sound: protocol.Playing | protocol.Silenced) -> None:
        """What our own mouth does, to be heard from now on."""
        if self._clock.zero_s is None:
            return
        at_sample = round((sound.at_s - self._clock.zero_s - _LATE_S) * SAMPLE_RATE_HZ)
        if isinstance(sound, protocol.Playing):
            self._echo.playing(at_sample, sound.pcm)
        else:
            self._echo.silenced(at_sample)

    def came(self, at_s: float) -> None:
        """When the next frame arrived, on the monotonic clock."""
        self._clock.saw(self._came, at_s)

    def frame(self, first_sample: int, pcm: bytes) -> Frame:
        came, pcm = pcm, self._echo.cancel(self._came, pcm)
        self._ourselves.heard(came, pcm)
        self._came += FRAME_SAMPLES
        if first_sample != self._next:
            self._step = b""  # scores over a gap would be scores of a sound that never was
        self._next = first_sample + FRAME_SAMPLES
        # Both see every frame, whatever the other says: each keeps a picture of the noise.
        clean = self._suppressor(pcm) if self._suppressor else pcm
        voiced = self._vad.is_speech(clean)
        loud = self._gate.is_loud(clean)
        wake, stop = None, None
        if self._wake:
            self._step += pcm
            if len(self._step) == WAKE_FRAMES * FRAME_BYTES:
                wake = self._wake.score(self._step)
                stop = wake.pop(self._stop, None)
                stop = 0.0 if stop and self._ourselves.alone else stop
                self._step = b""
        return Frame(first_sample, clean, voiced and loud, wake, stop)


def frames_of(pieces: Iterator[bytes], options: EarOptions | None = None) -> Iterator[Frame]:
    """What the ear would say of this sound, in this process: for tools and tests."""
    hearing = Hearing(options or EarOptions())
    for index, pcm in enumerate(pieces):
        yield hearing.frame(index * FRAME_SAMPLES, pcm)
