"""Own topics in: `voiced/<id>/say`, `ask`, `listen`, `cancel`, `mute`, `why`; `data/topics.schema.json` has their form.

A payload is plain text or a JSON object. What is neither, too large, retained (somebody else's past) or too old is
answered by one line in the log and the event `request_refused`, and changes nothing. Typed words are never an answer
to the spoken code: see `Assistant.ask`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from voiced.errors import BusyError, UsageError, VoicedError
from voiced.messages import BrokerMessage
from voiced.ports import Broker
from voiced.turn.beside import alongside

_log = logging.getLogger(__name__)

MAX_BYTES = 4096
MAX_CHARACTERS = {"say": 1000, "ask": 200}
FRESH_S = 5.0
"""Typed words that waited longer are not carried out any more."""
MOST_TURNS = 100
_WAITING = 8
_ON, _OFF = ("on", "true", "1", "yes"), ("off", "false", "0", "no")


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    text: str


@dataclass(frozen=True, slots=True)
class Listen:
    pass


@dataclass(frozen=True, slots=True)
class Cancel:
    pass


@dataclass(frozen=True, slots=True)
class Mute:
    on: bool


@dataclass(frozen=True, slots=True)
class Why:
    turns: int


Request = Say | Ask | Listen | Cancel | Mute | Why
KINDS = ("say", "ask", "listen", "cancel", "mute", "why")


def read(kind: str, payload: bytes) -> Request:
    """The request in a message on `voiced/<id>/<kind>`. UsageError, in one line, on what is none."""
    if len(payload) > MAX_BYTES:
        raise UsageError(f"{len(payload)} bytes are too many, {MAX_BYTES} are allowed")
    try:
        text = payload.decode("utf-8").strip()
        fields = json.loads(text) if text.startswith("{") else {}
    except UnicodeDecodeError:
        raise UsageError("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise UsageError("it begins like a JSON object and is none") from None
    if kind == "listen":
        return Listen()
    if kind == "cancel":
        return Cancel()
    if kind == "mute":
        return Mute(_switch(fields.get("mute") if text.startswith("{") else text))
    if kind == "why":
        return Why(_turns(fields.get("turns", "") if text.startswith("{") else text))
    words = fields.get("text") if text.startswith("{") else text
    if not isinstance(words, str):
        raise UsageError('it has no "text"')
    words = " ".join(words.split())
    if not words or not words.isprintable():
        raise UsageError("there are no words in it" if not words else "it holds control characters")
    if len(words) > MAX_CHARACTERS[kind]:
        raise UsageError(f"{len(words)} characters are too many, {MAX_CHARACTERS[kind]} are allowed")
    return Say(words) if kind == "say" else Ask(words)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).casefold()
    if said not in (*_ON, *_OFF):
        raise UsageError("it is neither on nor off")
    return said in _ON


def _turns(value: object) -> int:
    said = str(value)
    if not said:
        return MOST_TURNS
    if not (said.isascii() and said.isdigit() and len(said) < 5 and int(said) > 0):
        raise UsageError("it is no number of turns")
    return min(int(said), MOST_TURNS)


class Listening(Protocol):
    """What of the assistant is needed here."""

    async def ask(self, text: str) -> object: ...
    async def announce(self, text: str) -> object: ...
    async def listen(self) -> None: ...
    async def cancel(self) -> None: ...


class Remote:
    """Muting is done where it is read, in order, and waits for nothing else. Words wait for words, a few at most."""

    def __init__(
        self,
        broker: Broker,
        device_id: str,
        assistant: Listening,
        *,
        mute: Callable[[bool], Awaitable[None]],
        why: Callable[[int], Mapping[str, object]],
        tell: Callable[[dict[str, object]], None],
    ) -> None:
        self._broker, self._assistant, self._mute, self._tell = broker, assistant, mute, tell
        self._why, self._explanation = why, f"voiced/{device_id}/explanation"
        self._kinds = {f"voiced/{device_id}/{kind}": kind for kind in KINDS}
        self._messages = broker.messages()
        self._words: dict[str, asyncio.Queue[tuple[Say | Ask, float]]] = {
            kind: asyncio.Queue(_WAITING) for kind in MAX_CHARACTERS
        }

    async def run(self) -> None:
        """Until cancelled."""
        for topic in self._kinds:
            await self._broker.subscribe(topic)
        async with alongside({f"{kind} requests": self._work(kind) for kind in self._words}) as group:
            async for message in self._messages:
                if kind := self._kinds.get(message.topic):
                    await self._take(kind, message, group)

    async def _take(self, kind: str, message: BrokerMessage, group: asyncio.TaskGroup) -> None:
        if message.retained:
            self._refuse(kind, "it was retained: only what is asked now is done")
            return
        try:
            request = read(kind, message.payload)
        except UsageError as error:
            self._refuse(kind, str(error))
            return
        match request:
            case Mute(on=on):
                await self._try(kind, self._mute(on))
            case Why(turns=turns):
                answer = json.dumps(self._why(turns), ensure_ascii=False)
                group.create_task(self._try(kind, self._broker.publish(self._explanation, answer)))
            case Cancel():
                for waiting in self._words.values():
                    while not waiting.empty():
                        waiting.get_nowait()
                group.create_task(self._try(kind, self._assistant.cancel()))
            case Listen():
                group.create_task(self._try(kind, self._assistant.listen()))
            case _:
                try:
                    self._words[kind].put_nowait((request, time.monotonic()))
                except asyncio.QueueFull:
                    self._refuse(kind, "too many words are waiting")

    async def _work(self, kind: str) -> None:
        while True:
            request, arrived_at = await self._words[kind].get()
            if isinstance(request, Say):
                await self._try("say", self._assistant.announce(request.text))
            elif time.monotonic() - arrived_at > FRESH_S:
                self._refuse("ask", "it waited too long: nothing was done")
            else:
                await self._try("ask", self._assistant.ask(request.text))

    async def _try(self, kind: str, work: Awaitable[object]) -> None:
        try:
            await work
        except BusyError as error:
            self._refuse(kind, str(error))
        except VoicedError as error:
            self._refuse(kind, f"it failed: {error}")

    def _refuse(self, kind: str, reason: str) -> None:
        _log.warning("a message on .../%s: %s", kind, reason)
        self._tell({"event": "request_refused", "t_ms": 0.0, "request": kind, "reason": reason})
