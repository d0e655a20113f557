"""The ear: a child process that turns a microphone, or a file, into frames with wake scores and speech votes.

One thread reads the microphone and nothing else, and nobody else touches it: PortAudio hangs and crashes otherwise.
It fills a queue of at most a second; where the core or the scoring cannot follow, the oldest sound is dropped. What is
missing, for whatever reason, the listener sees as a gap in the count of samples (`listen/continuity.py`). What we play
ourselves is taken out before anybody judges it (`listen/echo.py`).

    no microphone, or not the right one   said once (EarLost), and looked for every second: it is heard as soon as it
                                          is back, under whatever number
    no sound from an open one for long,   said, and the process leaves without closing anything, for closing may hang;
    or an opening that never ends         the supervisor starts the next one
    the sound server moved us             refused before a single frame of the other source is heard

A file is never dropped from: as fast as the core takes it, or at the pace of its sound.

Options: `file`, `realtime`, `silence_ms` (what follows a file), or `device`, `channel`; `wake_words`, `wake_backend`,
`aggressiveness`, `lost_ms`.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from voiced.adapters.vad import WebRtcVad
from voiced.adapters.wakeword import WakeWords, open_wake_words
from voiced.errors import UsageError, VoicedError
from voiced.listen.continuity import Continuity, Promptest
from voiced.listen.echo import EchoCanceller
from voiced.listen.level import LevelGate
from voiced.messages import (
    BYTES_PER_SAMPLE,
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    WAKE_FRAMES,
    EarLost,
    EarOpened,
    Frame,
    samples_to_ms,
)
from voiced.workers import child, protocol

if TYPE_CHECKING:
    from voiced.adapters.microphone import Microphone

_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_QUEUE_FRAMES = 50
_OPENING_S = 5.0
"""The first sound after opening a sound server's device was measured to take up to 2.1 s."""
_SEND_BUFFER_BYTES = 16 * 1024
"""What the kernel holds back for a core that does not read is old sound: half a second of it."""
_LATE_S = 0.4
"""The clock at a sample is known so well: no sound is heard before it is thought to have been played."""
_POLL_S = 0.25
_AGAIN_S = 1.0
_SUSPICIOUS_S = 0.1
"""Sound that did not come for so long may come from another device afterwards."""


@dataclass(frozen=True, slots=True)
class EarOptions:
    file: str = ""
    realtime: bool = False
    silence_ms: int = 0
    device: str = ""
    channel: int | None = None
    wake_words: tuple[str, ...] = ()
    """None: nothing is scored, and the wake models are not even loaded."""
    wake_backend: str = ""
    aggressiveness: int = 2
    lost_ms: int = 1500

    @classmethod
    def read(cls, options: child.Options) -> EarOptions:
        if unknown := set(options) - {field.name for field in fields(cls)}:
            raise UsageError(f"the ear knows no option {', '.join(sorted(unknown))}")
        words = options.get("wake_words", ())
        assert isinstance(words, list | tuple)
        return cls(**{**options, "wake_words": tuple(words)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Opened:
    device: str


@dataclass(frozen=True, slots=True)
class Failed:
    reason: str
    broken: bool
    """It was open."""


@dataclass(frozen=True, slots=True)
class Sound:
    first_sample: int
    pcm: bytes


class Hearing:
    """Pieces of 20 ms in, frames out: the votes and scores, and the count of samples."""

    def __init__(self, options: EarOptions) -> None:
        self._vad = WebRtcVad(aggressiveness=options.aggressiveness)
        self._gate = LevelGate()
        self._wake: WakeWords | None = None
        if options.wake_words:
            self._wake = open_wake_words(words=options.wake_words, backend=options.wake_backend)
        self._step = b""
        self._next = 0
        self._echo = EchoCanceller()
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
        pcm = self._echo.cancel(self._came, pcm)
        self._came += FRAME_SAMPLES
        if first_sample != self._next:
            self._step = b""  # scores over a gap would be scores of a sound that never was
        self._next = first_sample + FRAME_SAMPLES
        # Both see every frame, whatever the other says: each keeps a picture of the noise.
        voiced = self._vad.is_speech(pcm)
        loud = self._gate.is_loud(pcm)
        wake = None
        if self._wake:
            self._step += pcm
            if len(self._step) == WAKE_FRAMES * _FRAME_BYTES:
                wake = self._wake.score(self._step)
                self._step = b""
        return Frame(first_sample, pcm, voiced and loud, wake)


class Capture:
    """Runs a microphone in a thread of its own, from one opening to the next, and keeps at most `_QUEUE_FRAMES`
    frames of it. What comes out of `next()`: a device's name when it was opened, its frames, a failure in words.
    """

    def __init__(self, device: str, channel: int | None) -> None:
        self.overflown = 0
        """Frames that nobody took in time."""
        self.continuity = Continuity()
        self.quiet = False
        """Nobody speaks: sound may come as the wake model takes it, four frames at a time."""
        self.open_since: float | None = None
        """Since when the present opening has been going on or sounding; None between two of them."""
        self._device, self._channel = device, channel
        self._arrived: queue.SimpleQueue[Opened | Failed | Sound] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Opened | Failed | Sound | None:
        """The oldest thing that is not taken yet; None when none comes in time."""
        try:
            return self._arrived.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self, timeout_s: float) -> bool:
        """Let the reader close its stream; False where it hangs."""
        self._closing.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # Imported in the thread that uses it, and not at all for a file.
        from voiced.adapters.microphone import Microphone

        while not self._closing.is_set():
            microphone = None
            try:
                self.open_since = time.monotonic()
                microphone = Microphone(device=self._device, channel=self._channel)
                self._read(microphone)
            except VoicedError as error:
                self._arrived.put(Failed(str(error), broken=microphone is not None))
            self.open_since = None
            self._closing.wait(_AGAIN_S)

    def _read(self, microphone: Microphone) -> None:
        self.continuity = continuity = Continuity()
        pcm, last, frames = b"", 0.0, 0
        while not self._closing.is_set():
            pcm += microphone.read(WAKE_FRAMES - frames % WAKE_FRAMES if self.quiet else 1)
            now = time.monotonic()
            # What comes after a silence may come from somewhere else: asked before it is heard.
            microphone.check(thoroughly=now - last > _SUSPICIOUS_S)
            if not last:
                self._arrived.put(Opened(microphone.name))
            last = now
            while len(pcm) >= _FRAME_BYTES:
                for first_sample, frame in continuity.push(pcm[:_FRAME_BYTES], now):
                    self._arrived.put(Sound(first_sample, frame))
                pcm, frames = pcm[_FRAME_BYTES:], frames + 1
            while self._arrived.qsize() > _QUEUE_FRAMES:
                self.overflown += isinstance(self._arrived.get(), Sound)
        microphone.close()


def main(link: child.Link, options: child.Options) -> None:
    chosen = EarOptions.read(options)
    if chosen.file:
        _play(link, chosen)
    else:
        _hear(link, chosen)


def _play(link: child.Link, options: EarOptions) -> None:
    from voiced.adapters.wavfile import Recording

    recording = Recording(path=Path(options.file), channel=options.channel)
    hearing = Hearing(options)
    link.send(protocol.Ready(options.file, {"rate_hz": recording.rate_hz, "channels": recording.channels}))
    link.send(EarOpened(options.file))
    outgoing = Outgoing(link)
    began = time.monotonic()
    for index, pcm in enumerate(recording.frames(silence_ms=options.silence_ms)):
        step = WAKE_FRAMES if outgoing.quiet else 1  # as a microphone's sound comes
        due = began + (index // step + 1) * step * FRAME_SAMPLES / SAMPLE_RATE_HZ
        while True:
            wait = min(_POLL_S, due - time.monotonic()) if options.realtime else 0.0
            if _leave(link, index, timeout_s=max(0.0, wait)):
                return
            if not options.realtime or time.monotonic() >= due:
                break
        outgoing.send(hearing.frame(index * FRAME_SAMPLES, pcm))
    outgoing.flush()
    link.send(protocol.Done(0))
    # The core still has much to read, and may ask how we are meanwhile.
    while not _leave(link, 0, timeout_s=None):
        pass


def _hear(link: child.Link, options: EarOptions) -> None:
    link.bound(_SEND_BUFFER_BYTES)
    capture = Capture(options.device, options.channel)  # takes its time, and so do the models: side by side
    hearing = Hearing(options)
    link.send(protocol.Ready("microphone", {"device": options.device}))
    account, outgoing = Account(link), Outgoing(link)
    heard, last, deaf = 0, 0.0, ""

    while not _leave(link, heard, own=hearing.own):
        arrived = capture.next(_POLL_S)
        now = time.monotonic()
        match arrived:
            case Sound(first_sample, pcm):
                last = now
                heard += 1
                hearing.came(now)
                outgoing.send(hearing.frame(first_sample, pcm))
                capture.quiet = outgoing.quiet
                account.tell(capture, now)
            case Opened(device):
                last, deaf = now, ""
                hearing.opened()
                outgoing.flush()
                link.send(EarOpened(device))
            case Failed(reason, broken):
                outgoing.flush()
                if reason != deaf:
                    link.send(EarLost(reason))
                if broken:  # its stream still exists, and who would close it might hang
                    os._exit(child.EX_TEMPFAIL)
                last, deaf = 0.0, reason
            case None:
                since = capture.open_since
                patience_s = options.lost_ms / 1000 if last else _OPENING_S
                if since is not None and now - (last or since) > patience_s:
                    link.send(EarLost(f"no sound from {options.device or 'the microphone'}"))
                    os._exit(child.EX_TEMPFAIL)
    if not capture.close(1.0):
        os._exit(0)


class Outgoing:
    """Frames on their way to the core: each at once, but four at a time, with the wake word's score, when nobody has
    spoken for a while. A core that wakes a quarter as often costs a quarter; only the end of a long wait comes 60 ms
    later, and a voiced frame takes all that waited with it.
    """

    _QUIET_FRAMES = 125
    """2.5 s: longer than any silence that a turn's end is measured by."""

    def __init__(self, link: child.Link) -> None:
        self._link = link
        self._waiting: list[Frame] = []
        self._unvoiced = 0

    def send(self, frame: Frame) -> None:
        self._waiting.append(frame)
        self._unvoiced = 0 if frame.speech else self._unvoiced + 1
        full = frame.wake is not None or len(self._waiting) == WAKE_FRAMES
        if full or not self.quiet:
            self.flush()

    @property
    def quiet(self) -> bool:
        return self._unvoiced >= self._QUIET_FRAMES

    def flush(self) -> None:
        if self._waiting:
            self._link.send(*self._waiting)
            self._waiting = []


class Account:
    """Tells what sound was lost, at most every `_EVERY_S` however much it is."""

    _EVERY_S = 10.0

    def __init__(self, link: child.Link) -> None:
        self._link = link
        self._told = (0, 0, 0)
        self._at = float("-inf")

    def tell(self, capture: Capture, now: float) -> None:
        so_far = (capture.continuity.lost_samples, capture.continuity.dropped_frames, capture.overflown)
        if so_far == self._told or now - self._at < self._EVERY_S:
            return
        lost, old, overflown = so_far
        ms = round(samples_to_ms(lost)), round(samples_to_ms(old * FRAME_SAMPLES))
        more = round(samples_to_ms(overflown * FRAME_SAMPLES))
        text = f"sound lost so far: {ms[0]} ms by the device, {ms[1]} ms too old, {more} ms not taken in time"
        self._link.send(protocol.Trouble("AudioDeviceError", text))
        self._told, self._at = so_far, now


def _leave(
    link: child.Link,
    heard: int,
    *,
    timeout_s: float | None = 0,
    own: Callable[[protocol.Playing | protocol.Silenced], None] = lambda _: None,
) -> bool:
    """Answer what the core asked meanwhile, take what it tells; True when it asked us to leave."""
    message = link.receive(timeout_s)
    while message is not None:
        if isinstance(message, protocol.Close):
            return True
        if isinstance(message, protocol.Ping):
            link.send(protocol.Pong(message.request, heard))
        elif isinstance(message, protocol.Playing | protocol.Silenced):
            own(message)
        message = link.receive(0)
    return False


def frames_of(pieces: Iterator[bytes], options: EarOptions | None = None) -> Iterator[Frame]:
    """What the ear would say of this sound, in this process: for tools and tests."""
    hearing = Hearing(options or EarOptions())
    for index, pcm in enumerate(pieces):
        yield hearing.frame(index * FRAME_SAMPLES, pcm)


if __name__ == "__main__":
    child.run("voiced-ear", main)
