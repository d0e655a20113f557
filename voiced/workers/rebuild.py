"""Another house for an engine that goes on hearing turns in the one it has.

First its grammar is compiled in a thread, then the prompt is computed in steps between turns, and when no turn is open
the one house takes the other's place.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from voiced.errors import InferenceError, VoicedError
from voiced.workers import child, protocol

_LOOK_S = 0.1
_SWITCH_S = 0.0005
"""While a thread compiles, a turn's thread gets the interpreter back after this time instead of 5 ms."""

P = TypeVar("P")


class Core(Protocol[P]):
    @property
    def in_turn(self) -> bool: ...
    @property
    def has_home(self) -> bool: ...
    def plan(self, home: Mapping[str, Any], area: str = "") -> P: ...
    def preparing(self, planned: P) -> Iterator[None]: ...
    def adopt(self, planned: P) -> None: ...


class Rebuild(Generic[P]):
    """`step` whenever no turn is open, until it returns the answer to the request."""

    def __init__(self, core: Core[P], message: protocol.LoadHome) -> None:
        self._core, self._message = core, message
        self._planned: P | None = None
        self._error: VoicedError | None = None
        self._steps: Iterator[None] | None = None
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        self._thread = threading.Thread(target=self._plan, name="compile", daemon=True)
        self._thread.start()

    def _plan(self) -> None:
        try:
            self._planned = self._core.plan(self._message.home, self._message.area)
        except VoicedError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - a fault of ours must be told, not lost with the thread
            self._error = InferenceError(f"the house does not compile: {type(error).__name__}: {error}")

    @property
    def patience_s(self) -> float:
        """How long the engine may wait for a message before it steps again."""
        return _LOOK_S if self._thread.is_alive() else 0.0

    def step(self) -> protocol.Message | None:
        """A little work. The answer when all is done: Done, or Trouble and the old house stays."""
        if self._thread.is_alive():
            return None
        sys.setswitchinterval(self._interval)
        try:
            if self._error:
                raise self._error
            assert self._planned is not None
            if self._steps is None:
                self._steps = self._core.preparing(self._planned)
            for _ in self._steps:
                return None
            self._core.adopt(self._planned)
        except VoicedError as error:
            return protocol.Trouble.of(error, self._message.request)
        return protocol.Done(self._message.request)

    def given_up(self) -> protocol.Message:
        """The answer to a request that another one overtook."""
        self._thread.join()
        sys.setswitchinterval(self._interval)
        return protocol.Trouble("InferenceError", "another house came before this one was ready", self._message.request)


class Talk(Protocol):
    """An answer in words under way."""

    def step(self) -> tuple[protocol.Message, bool]: ...
    def stopped(self) -> protocol.Message: ...


def settle() -> None:
    """A house is some hundred thousand objects that stay until the next one comes: to walk them all in the middle of a
    turn is what the garbage collector need not do.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def serve(
    link: child.Link,
    core: Core[P],
    handle: Callable[[protocol.Message], protocol.Message | None],
    talk_of: Callable[[protocol.Talk], Talk],
) -> None:
    """Answer in order until told to leave. A second house is made ready meanwhile. While the model talks, everything
    but a ping makes it stop.
    """
    rebuild: Rebuild[P] | None = None
    talk: Talk | None = None
    while not isinstance(
        message := link.receive(0 if talk else rebuild.patience_s if rebuild else None), protocol.Close
    ):
        if talk and message is not None and not isinstance(message, protocol.Ping):
            link.send(talk.stopped())
            talk = None
        if talk:
            told, over = talk.step()
            link.send(told)
            talk = None if over else talk
        elif rebuild and not core.in_turn and (done := rebuild.step()) is not None:
            settle()
            link.send(done)
            rebuild = None
        if isinstance(message, protocol.Talk):
            talk = talk_of(message)
        elif isinstance(message, protocol.StopTalking):
            continue
        elif isinstance(message, protocol.LoadHome) and core.has_home:
            if rebuild:
                link.send(rebuild.given_up())
            rebuild = Rebuild(core, message)
        elif message is not None and (answer := handle(message)) is not None:
            if isinstance(message, protocol.LoadHome):
                settle()
            link.send(answer)
