"""The ear: a child process that turns a microphone, or a file, into frames with wake scores and speech votes.

One thread reads the microphone and nothing else, and nobody else touches it: PortAudio hangs and crashes otherwise.
It fills a queue of at most a second; where the core or the scoring cannot follow, the oldest sound is dropped, and only
sound. What is missing, for whatever reason, the listener sees as a gap in the count of samples
(`listen/continuity.py`). What it makes of the sound stands in `hearing.py`, its options in `earoptions.py`.

    no microphone, or not the right one   said once (EarLost), and looked for every second: it is heard as soon as it
                                          is back, under whatever number
    no sound from an open one for long,   said, and the process leaves without closing anything, for closing may hang;
    or an opening that never ends         the supervisor starts the next one
    the sound server moved us             refused before a single frame of the other source is heard

A file is never dropped from: as fast as the core takes it, or at the pace of its sound.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from voiced.adapters.recordings import SUPPRESSED
from voiced.errors import VoicedError
from voiced.listen.continuity import Continuity
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ, WAKE_FRAMES, EarLost, EarOpened, Frame, samples_to_ms
from voiced.workers import child, protocol
from voiced.workers.earoptions import EarOptions
from voiced.workers.hearing import FRAME_BYTES, Hearing

if TYPE_CHECKING:
    from voiced.adapters.microphone import Microphone

_QUEUE_FRAMES = 50
_OPENING_S = 5.0
"""The first sound after opening a sound server's device was measured to take up to 2.1 s."""
_SEND_BUFFER_BYTES = 16 * 1024
"""What the kernel holds back for a core that does not read is old sound: half a second of it."""
_POLL_S = 0.25
_AGAIN_S = 1.0
_SUSPICIOUS_S = 0.1
"""Sound that did not come for so long may come from another device afterwards."""


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


class Backlog:
    """What came and nobody has taken yet, in order. Of more than `_QUEUE_FRAMES` the oldest sound goes; that the
    microphone was opened, or failed, is told however late.
    """

    def __init__(self) -> None:
        self.overflown = 0
        self._waiting: deque[Opened | Failed | Sound] = deque()
        self._more = threading.Condition()

    def put(self, arrived: Opened | Failed | Sound) -> None:
        with self._more:
            self._waiting.append(arrived)
            if len(self._waiting) > _QUEUE_FRAMES:
                oldest = next((at for at, one in enumerate(self._waiting) if isinstance(one, Sound)), None)
                if oldest is not None:
                    del self._waiting[oldest]
                    self.overflown += 1
            self._more.notify()

    def take(self, timeout_s: float) -> Opened | Failed | Sound | None:
        """The oldest; None when none comes in time."""
        with self._more:
            self._more.wait_for(lambda: self._waiting, timeout_s)
            return self._waiting.popleft() if self._waiting else None


class Capture:
    """Runs a microphone in a thread of its own, from one opening to the next, and keeps at most `_QUEUE_FRAMES`
    frames of it. What comes out of `next()`: a device's name when it was opened, its frames, a failure in words.
    """

    def __init__(self, device: str, channel: int | None) -> None:
        self.continuity = Continuity()
        self.quiet = False
        """Nobody speaks: sound may come as the wake model takes it, four frames at a time."""
        self.open_since: float | None = None
        """Since when the present opening has been going on or sounding; None between two of them."""
        self._device, self._channel = device, channel
        self._arrived = Backlog()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Opened | Failed | Sound | None:
        """The oldest thing that is not taken yet; None when none comes in time."""
        return self._arrived.take(timeout_s)

    @property
    def overflown(self) -> int:
        """Frames that nobody took in time."""
        return self._arrived.overflown

    def close(self, timeout_s: float) -> bool:
        """Let the reader close its stream; False where it hangs."""
        self._closing.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing.is_set():
            microphone = None
            try:
                self.open_since = time.monotonic()
                # Imported in the thread that uses it, and not at all for a file; raises where PortAudio does not start.
                from voiced.adapters.microphone import Microphone

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
            while len(pcm) >= FRAME_BYTES:
                for first_sample, frame in continuity.push(pcm[:FRAME_BYTES], now):
                    self._arrived.put(Sound(first_sample, frame))
                pcm, frames = pcm[FRAME_BYTES:], frames + 1
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
    hearing = Hearing(replace(options, noise_suppression=0) if recording.comment == SUPPRESSED else options)
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


if __name__ == "__main__":
    child.run("voiced-ear", main)
