"""Questions to a child that wait for their answers, paired by number."""

from __future__ import annotations

import asyncio
import itertools

from voiced import errors
from voiced.errors import ChannelError, VoicedError
from voiced.workers import protocol


class Pending:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[protocol.Message]] = {}
        self._streams: dict[int, asyncio.Queue[protocol.Message]] = {}

    def number(self) -> int:
        """A fresh request number."""
        return next(self._numbers)

    def expect(self, message: protocol.Message) -> asyncio.Future[protocol.Message]:
        """The answer to `message`, once it is there; ChannelError where none can come any more."""
        request = getattr(message, "request", 0)
        if not request or request in self._waiting:
            raise ValueError("a request needs a number of its own: see number()")
        self._waiting[request] = answer = asyncio.get_running_loop().create_future()
        return answer

    def stream(self, message: protocol.Talk) -> asyncio.Queue[protocol.Message]:
        """What comes in answer to `message`, piece by piece, until it is forgotten."""
        pieces: asyncio.Queue[protocol.Message] = asyncio.Queue()
        self._streams[message.request] = pieces
        return pieces

    def forget(self, message: protocol.Message) -> None:
        self._waiting.pop(getattr(message, "request", 0), None)
        self._streams.pop(getattr(message, "request", 0), None)

    def answer(self, message: protocol.Message) -> bool:
        """Whether somebody was waiting for this message."""
        if isinstance(message, protocol.Sounding):
            return False  # news on the way to the answer
        if stream := self._streams.get(getattr(message, "request", 0)):
            stream.put_nowait(message)
            return True
        waiting = self._waiting.pop(getattr(message, "request", 0), None)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(message)
        return True

    def fail_all(self, reason: str) -> None:
        waiting, self._waiting = self._waiting, {}
        for request, stream in self._streams.items():
            stream.put_nowait(protocol.Trouble("ChannelError", reason, request))
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(ChannelError(reason))
                answer.exception()  # seen: a ping's answer has nobody who would look


def error_of(trouble: protocol.Trouble) -> VoicedError:
    """The error that a child's trouble names."""
    kind = getattr(errors, trouble.code, None)
    if isinstance(kind, type) and issubclass(kind, VoicedError):
        return kind(trouble.text)
    return VoicedError(trouble.text)
