"""The ear: a child process that turns a microphone, or a file, into frames with wake scores and speech votes.

One thread reads the microphone and nothing else, and nobody else touches it: PortAudio hangs and crashes otherwise.
It fills a queue of at most a second; where the core or the scoring cannot follow, the oldest sound is dropped and its
samples are counted, so that the listener sees the gap. When no sound comes for a while the process says so (EarLost)
and leaves without closing anything, for closing may hang; the supervisor starts the next one.

A file is never dropped from: as fast as the core takes it, or at the pace of its sound.

Options: `file`, `realtime`, `silence_ms` (what follows a file), or `device`, `channel`; `wake_words`, `wake_backend`,
`aggressiveness`, `lost_ms`.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from voiced.adapters.vad import WebRtcVad
from voiced.adapters.wakeword import WakeWords, open_wake_words
from voiced.errors import UsageError, VoicedError
from voiced.listen.level import LevelGate
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ, WAKE_FRAMES, EarLost, EarOpened, Frame
from voiced.workers import child, protocol

_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_QUEUE_FRAMES = 50
_OPENING_S = 5.0
"""The first sound after opening a sound server's device was measured to take up to 2.1 s."""
_SEND_BUFFER_BYTES = 16 * 1024
"""What the kernel holds back for a core that does not read is old sound: half a second of it."""
_POLL_S = 0.1


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

    def frame(self, first_sample: int, pcm: bytes) -> Frame:
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
    """Runs a microphone in a thread of its own and keeps at most `_QUEUE_FRAMES` frames of it."""

    def __init__(self, device: str, channel: int | None) -> None:
        self.dropped = 0
        self.name = ""
        self.failure: VoicedError | None = None
        self._device, self._channel = device, channel
        self._frames: deque[tuple[int, bytes]] = deque(maxlen=_QUEUE_FRAMES)
        self._arrived = threading.Semaphore(0)
        self._closing = False
        self._thread = threading.Thread(target=self._read, name="microphone", daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> tuple[int, bytes] | None:
        """The oldest frame that is not read yet; None when none comes in time."""
        deadline = time.monotonic() + timeout_s
        while self._arrived.acquire(timeout=max(0.0, deadline - time.monotonic())):
            try:
                return self._frames.popleft()
            except IndexError:  # dropped, so its token is left over
                continue
        return None

    def close(self, timeout_s: float) -> bool:
        """Let the reader close its stream; False where it hangs."""
        self._closing = True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _read(self) -> None:
        # Imported in the thread that uses it, and not at all for a file.
        from voiced.adapters.microphone import Microphone

        try:
            microphone = Microphone(device=self._device, channel=self._channel)
            self.name = microphone.name
            pcm, count = b"", 0
            while not self._closing:
                pcm += microphone.read()
                while len(pcm) >= _FRAME_BYTES:
                    self.dropped += len(self._frames) == _QUEUE_FRAMES
                    self._frames.append((count, pcm[:_FRAME_BYTES]))
                    self._arrived.release()
                    pcm = pcm[_FRAME_BYTES:]
                    count += FRAME_SAMPLES
            microphone.close()
        except VoicedError as error:
            self.failure = error


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
    began = time.monotonic()
    for index, pcm in enumerate(recording.frames(silence_ms=options.silence_ms)):
        due = began + (index + 1) * FRAME_SAMPLES / SAMPLE_RATE_HZ
        while True:
            wait = min(_POLL_S, due - time.monotonic()) if options.realtime else 0.0
            if _leave(link, index, timeout_s=max(0.0, wait)):
                return
            if not options.realtime or time.monotonic() >= due:
                break
        link.send(hearing.frame(index * FRAME_SAMPLES, pcm))
    link.send(protocol.Done(0))
    # The core still has much to read, and may ask how we are meanwhile.
    while not _leave(link, 0, timeout_s=None):
        pass


def _hear(link: child.Link, options: EarOptions) -> None:
    link.bound(_SEND_BUFFER_BYTES)
    hearing = Hearing(options)
    capture = Capture(options.device, options.channel)
    fresh = Freshness()
    heard, told, last = 0, 0, time.monotonic() + _OPENING_S - options.lost_ms / 1000
    while not _leave(link, heard):
        arrived = capture.next(_POLL_S)
        now = time.monotonic()
        if arrived is None:
            if capture.failure:
                link.send(EarLost(str(capture.failure)))
                raise capture.failure
            if now - last > options.lost_ms / 1000:
                link.send(EarLost(f"no sound from {capture.name or options.device or 'the microphone'}"))
                os._exit(child.EX_TEMPFAIL)
            continue
        if not heard:
            link.send(protocol.Ready(capture.name, {}))
            link.send(EarOpened(capture.name))
        last = max(last, now)
        heard += 1
        if fresh.is_stale(arrived[0], now):
            capture.dropped += 1
            continue
        if capture.dropped > told:
            link.send(protocol.Trouble("AudioDeviceError", f"{capture.dropped - told} frames of old sound dropped"))
            told = capture.dropped
        link.send(hearing.frame(*arrived))
    if not capture.close(1.0):
        os._exit(0)


class Freshness:
    """Which sound arrives late: a sound server that was stopped hands over seconds of the past in one burst.

    The device's samples are compared with the clock. The device may be slower than it claims, so the smallest lag
    seen may grow by one part in a thousand.
    """

    LIMIT_S = 1.0

    def __init__(self) -> None:
        self._least: float | None = None
        self._at = 0.0

    def is_stale(self, first_sample: int, now: float) -> bool:
        lag = now - first_sample / SAMPLE_RATE_HZ
        least = lag if self._least is None else min(lag, self._least + (now - self._at) / 1000)
        self._least, self._at = least, now
        return lag - least > self.LIMIT_S


def _leave(link: child.Link, heard: int, *, timeout_s: float | None = 0) -> bool:
    """Answer what the core asked meanwhile; True when it asked us to leave."""
    message = link.receive(timeout_s)
    while message is not None:
        if isinstance(message, protocol.Close):
            return True
        if isinstance(message, protocol.Ping):
            link.send(protocol.Pong(message.request, heard))
        message = link.receive(0)
    return False


def frames_of(pieces: Iterator[bytes], options: EarOptions | None = None) -> Iterator[Frame]:
    """What the ear would say of this sound, in this process: for tools and tests."""
    hearing = Hearing(options or EarOptions())
    for index, pcm in enumerate(pieces):
        yield hearing.frame(index * FRAME_SAMPLES, pcm)


if __name__ == "__main__":
    raise SystemExit(child.run("voiced-ear", main))
