"""Texts on their way through the voice, and those that are kept."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Protocol

from voiced.arrays import I16
from voiced.errors import VoicedError, VoiceError

Said = tuple[str, str]
"""The path of a voice ("" for the mouth's own), and a text."""


class Voice(Protocol):
    name: str
    rate_hz: int

    def sentences(self, text: str) -> Iterator[I16]: ...


class Cache:
    """Rendered texts in memory, at most `limit_bytes` of PCM; the least recently used goes first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes, self._texts, self._bytes = limit_bytes, OrderedDict[Said, I16](), 0

    def get(self, said: Said) -> I16 | None:
        if (pcm := self._texts.get(said)) is not None:
            self._texts.move_to_end(said)
        return pcm

    def put(self, said: Said, pcm: I16) -> None:
        if said in self._texts or pcm.nbytes > self._limit_bytes:
            return
        self._texts[said] = pcm
        self._bytes += pcm.nbytes
        while self._bytes > self._limit_bytes:
            self._bytes -= self._texts.popitem(last=False)[1].nbytes


class Rendering:
    """One text on its way through the voice, in a thread of its own, at most two sentences ahead."""

    def __init__(self, voice: Voice, text: str) -> None:
        self._ready: queue.Queue[I16 | VoicedError | None] = queue.Queue(maxsize=2)
        self._dropped = False
        threading.Thread(target=self._render, args=(voice, text), name="voice", daemon=True).start()

    def next(self, timeout_s: float) -> I16 | None:
        """The next sentence; None at the end. queue.Empty when it takes longer; raises what the voice raised."""
        got = self._ready.get(timeout=timeout_s)
        if isinstance(got, VoicedError):
            raise got
        return got

    def drop(self) -> None:
        self._dropped = True

    def _render(self, voice: Voice, text: str) -> None:
        end: VoicedError | None = None
        try:
            for pcm in voice.sentences(text):
                if not self._put(pcm):
                    return
        except VoicedError as error:
            end = error
        except Exception as error:  # noqa: BLE001 - a fault of ours must be told, not lost with the thread
            end = VoiceError(f"cannot say it: {type(error).__name__}: {error}")
        self._put(end)

    def _put(self, item: I16 | VoicedError | None) -> bool:
        while not self._dropped:
            try:
                self._ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
