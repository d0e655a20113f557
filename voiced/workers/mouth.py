"""The mouth: a child process that speaks and chimes.

One loop does all: it plays a piece of 20 ms, looks whether the core wants something (a Ping, silence), plays the next.
So a Pong means that the loop that plays is alive, and "stop" is heard within a few pieces. Speech is rendered by a
thread of its own, a sentence ahead of what plays. What was rendered is kept (the least recently spoken goes first), so
a confirmation that was prepared starts at once; preparing happens only while nothing else is asked for, text by text.

A request may name another voice than its own, by its path: it is loaded when it is first wanted, and stays.

Without a voice it still chimes, without a loudspeaker it still answers: each request that needs the missing part gets a
Trouble, and the part is looked for again at the next one.

Options: `speaker` (default, none, wav:PATH, a device), `voice` (path), `length_scale`, `cache_mb`, `realtime`, `tells`
(what is played, for the ear), `copy` (a WAV file of what is played).
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from voiced.adapters import chimes
from voiced.adapters.heap import return_large_blocks
from voiced.adapters.rates import resample
from voiced.adapters.speaker import BLOCK_MS, Loudspeaker, open_speaker
from voiced.arrays import I16
from voiced.errors import UsageError, VoicedError, VoiceError
from voiced.messages import SAMPLE_RATE_HZ
from voiced.ports import Chime
from voiced.workers import child, protocol
from voiced.workers.rendering import Cache, Rendering, Voice

LONGEST_KEPT_S = 10
"""Longer speech is not kept: it is not said twice."""
RENDER_LIMIT_S = 20.0
"""A voice that takes longer for one sentence is broken."""
_POLL_S = 0.02
_FILLED_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class MouthOptions:
    speaker: str = "default"
    voice: str = ""
    length_scale: float | None = None
    cache_mb: int = 16
    realtime: bool = True
    """False: a file or no loudspeaker is served as fast as possible."""
    tells: bool = False
    copy: str = ""
    """A WAV file of what is played, beside the loudspeaker."""

    @classmethod
    def read(cls, options: child.Options) -> MouthOptions:
        if unknown := set(options) - {field.name for field in fields(cls)}:
            raise UsageError(f"the mouth knows no option {', '.join(sorted(unknown))}")
        return cls(**options)  # type: ignore[arg-type]


def gain(loudness: float) -> float:
    """Factor on the samples: half as loud is 10 dB less (Stevens' law for loudness)."""
    return float(min(1.0, max(0.0, loudness)) ** 1.66)


def softened(pcm: I16, factor: float) -> I16:
    return pcm if factor == 1.0 else np.rint(pcm * factor).astype(np.int16)


def without_first(count: int, pieces: Iterator[I16]) -> Iterator[I16]:
    for piece in pieces:
        yield piece[count:]
        count = max(0, count - len(piece))


class Account:
    """Tells the core what is played, and when, for whoever must not hear it; nothing without a link."""

    _BUFFERED_S = 0.08
    """A device that is behind by more has run dry, and begins anew with what it gets then."""

    def __init__(self, link: child.Link | None) -> None:
        self._link, self._due_s = link, 0.0

    def plays(self, pcm: I16, rate_hz: int, since_s: float) -> None:
        """What is handed over piece by piece since then; all that came before has been."""
        if self._link is None:
            return
        if since_s - self._due_s > self._BUFFERED_S:
            self._due_s = since_s
        told = resample(pcm, rate_hz, SAMPLE_RATE_HZ)
        self._link.send(protocol.Playing(self._due_s, told.tobytes()))
        self._due_s += len(told) / SAMPLE_RATE_HZ

    def silenced(self) -> None:
        if self._link is not None:
            self._link.send(protocol.Silenced(time.monotonic()))


class Mouth:
    """The loop. `open_voice` gets a path, "" for the mouth's own; called when a voice is first wanted (its own: at the
    start), and again at each request while it fails.
    """

    def __init__(
        self,
        link: child.Link,
        *,
        speaker: Loudspeaker,
        open_voice: Callable[[str], Voice],
        cache_bytes: int = 16 << 20,
        tells: bool = False,
    ) -> None:
        self._tells = tells
        self._link, self._speaker, self._open_voice = link, speaker, open_voice
        self._cache = Cache(cache_bytes)
        self._voices: dict[str, Voice] = {}
        self._waiting: deque[tuple[protocol.Message, float]] = deque()
        self._to_prepare: deque[tuple[int, str, deque[str]]] = deque()
        """Requests, the voices that they are for, and what is left of their texts."""
        self._progress = 0
        self._silence = False
        self._closing = False
        self._gain = 1.0
        """Of what plays now."""
        self._sounds = False
        """Whether the loudspeaker took what it was last given."""

    def run(self) -> None:
        """Until the core asks us to leave."""
        voice, lacks = "", list[str]()
        try:
            voice = self._need_voice("").name
        except VoicedError as error:
            lacks.append(str(error))
        try:
            self._need_speaker()
        except VoicedError as error:
            lacks.append(str(error))
        for lack in lacks:
            self._trouble(VoiceError(lack))
        facts: dict[str, object] = {
            "voice": voice, "speaker": self._speaker.name, "audible": self._speaker.real, "lacks": "; ".join(lacks),
        }  # fmt: skip
        self._link.send(protocol.Ready(f"{voice or 'no voice'} on {self._speaker.name}", facts))
        while not self._closing:
            self._look(timeout_s=0 if self._waiting or self._to_prepare else None)
            if self._waiting:
                self._carry_out(*self._waiting.popleft())
            elif self._to_prepare:
                self._prepare_one()
        self._speaker.close()

    def _look(self, *, timeout_s: float | None = 0) -> None:
        """What the core wants. Answers what can be answered at any time; the rest waits its turn."""
        message = self._link.receive(timeout_s)
        while message is not None:
            match message:
                case protocol.Close():
                    self._closing = self._silence = True
                case protocol.Ping(request):
                    self._link.send(protocol.Pong(request, self._progress))
                case protocol.StopPlaying(request):
                    self._silence = True
                    for waiting, asked_at in [*self._waiting]:  # said before the stop, so meant by it
                        if isinstance(waiting, protocol.Say | protocol.PlayChime):
                            self._link.send(protocol.Done(waiting.request, interrupted=True))
                            self._waiting.remove((waiting, asked_at))
                    self._link.send(protocol.Done(request))
                case protocol.Prepare(request, texts, path) if texts:
                    self._to_prepare.append((request, path, deque(texts)))
                case _:
                    self._waiting.append((message, time.monotonic()))
            message = self._link.receive(0)

    def _carry_out(self, message: protocol.Message, asked_at: float) -> None:
        self._silence = self._closing
        try:
            match message:
                case protocol.Say(request, text, loudness, from_ms, path):
                    self._gain = gain(loudness)
                    self._say(request, text, from_ms, path, asked_at)
                case protocol.PlayChime(request, kind, loudness):
                    self._gain = gain(loudness)
                    pcm = chimes.chime(Chime(kind))
                    self._play(request, iter([pcm]), chimes.RATE_HZ, asked_at, cached=True)
                case protocol.Prepare(request, _, path):  # is all there? Nobody waits for texts to know that
                    self._need_voice(path)
                    self._need_speaker()
                    self._link.send(protocol.Done(request))
        except VoicedError as error:
            self._trouble(error, getattr(message, "request", 0))
        except ValueError as error:  # a chime that there is not
            self._trouble(UsageError(str(error)), getattr(message, "request", 0))

    def _say(self, request: int, text: str, from_ms: float, path: str, asked_at: float) -> None:
        voice = self._need_voice(path)
        said = round(from_ms * voice.rate_hz / 1000)
        if (kept := self._cache.get((path, text))) is not None:
            self._play(request, iter([kept[said:]]), voice.rate_hz, asked_at, cached=True)
            return
        sentences: list[I16] = []
        pieces = without_first(said, self._sentences(path, text, sentences))
        self._play(request, pieces, voice.rate_hz, asked_at, cached=False)
        if not self._silence:
            self._keep(path, text, sentences)

    def _sentences(self, path: str, text: str, kept: list[I16]) -> Iterator[I16]:
        """As they are rendered; meanwhile the core is answered. Ends early when silence is wanted."""
        voice = self._need_voice(path)
        rendering = Rendering(voice, text)
        patience = time.monotonic() + RENDER_LIMIT_S
        try:
            while not self._silence:
                try:
                    pcm = rendering.next(_POLL_S)
                except queue.Empty:
                    self._look()
                    if time.monotonic() > patience:
                        del self._voices[path]  # loaded anew next time; the thread that hangs is lost
                        raise VoiceError(f"{voice.name} took longer than {RENDER_LIMIT_S:.0f} s") from None
                    continue
                if pcm is None:
                    return
                kept.append(pcm)
                self._progress += 1
                yield pcm
                patience = time.monotonic() + RENDER_LIMIT_S
        finally:
            rendering.drop()

    def _play(self, request: int, pieces: Iterator[I16], rate_hz: int, asked_at: float, *, cached: bool) -> None:
        """Play to the end, or until silence is wanted; tell when the first sample went out, and how it ended."""
        first_ms, played = 0.0, 0
        self._sounds = False
        device_hz = self._speaker.begin(rate_hz)
        block = round(BLOCK_MS * device_hz / 1000)
        account = Account(self._link if self._tells else None)
        finished = False
        try:
            for piece in pieces:
                pcm = softened(resample(piece, rate_hz, device_hz), self._gain)
                blocks = range(0, len(pcm), block)
                begun_s = time.monotonic()
                for at in blocks:
                    self._look()
                    if self._silence:
                        break
                    self._speaker.write(pcm[at : at + block])
                    if at == blocks[:_FILLED_BLOCKS][-1]:  # the device has something to do meanwhile
                        account.plays(pcm, device_hz, begun_s)
                    if not played:
                        first_ms = (time.monotonic() - asked_at) * 1000
                        self._link.send(protocol.Sounding(request, first_ms))
                    played += len(pcm[at : at + block])
                    self._progress += 1
            finished = True
        finally:
            if self._silence or not finished:
                account.silenced()
            self._speaker.finish(drop=self._silence or not finished)
        self._sounds = True
        duration_ms = played * 1000 / device_hz
        self._link.send(protocol.Done(request, first_ms, duration_ms, cached, interrupted=self._silence))

    def _prepare_one(self) -> None:
        """One text of the oldest Prepare; Done when all of its texts are there."""
        request, path, texts = self._to_prepare[0]
        try:
            self._need_voice(path)
            self._need_speaker()
            while texts and self._cache.get((path, texts[0])) is not None:
                texts.popleft()
            if texts:
                text, sentences = texts.popleft(), list[I16]()
                self._silence = self._closing
                for _ in self._sentences(path, text, sentences):
                    pass
                if self._silence:  # stopped in between: this one is rendered when it is needed
                    return
                self._keep(path, text, sentences)
            if not texts:
                self._to_prepare.popleft()
                self._link.send(protocol.Done(request))
        except VoicedError as error:
            self._to_prepare.popleft()
            self._trouble(error, request)

    def _keep(self, path: str, text: str, sentences: list[I16]) -> None:
        if sentences and sum(map(len, sentences)) <= LONGEST_KEPT_S * self._need_voice(path).rate_hz:
            self._cache.put((path, text), np.concatenate(sentences))

    def _need_voice(self, path: str) -> Voice:
        if path not in self._voices:
            self._voices[path] = self._open_voice(path)
        return self._voices[path]

    def _need_speaker(self) -> None:
        """Open the loudspeaker where the last time was none or a failure: a sound server takes seconds for it."""
        if not self._sounds and self._speaker.real:
            self._speaker.begin(chimes.RATE_HZ)
            self._speaker.finish(drop=True)
        self._sounds = True

    def _trouble(self, error: VoicedError, request: int = 0) -> None:
        self._link.send(protocol.Trouble(type(error).__name__, " ".join(str(error).split()), request))


def main(link: child.Link, options: child.Options) -> None:
    chosen = MouthOptions.read(options)
    return_large_blocks()

    def open_voice(path: str) -> Voice:
        from voiced.adapters.piper import Voice as Piper

        path = path or chosen.voice
        return Piper(path=Path(path) if path else None, length_scale=chosen.length_scale)

    speaker = open_speaker(chosen.speaker, realtime=chosen.realtime, copy=chosen.copy)
    Mouth(link, speaker=speaker, open_voice=open_voice, cache_bytes=chosen.cache_mb << 20, tells=chosen.tells).run()


if __name__ == "__main__":
    child.run("voiced-mouth", main)
