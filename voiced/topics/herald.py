"""What happens, told to whoever listens on the broker (Home Assistant, Hermes) or on this machine (hooks).

Lossy on purpose, as the reporter is: telling never delays a turn, and what could not be told is not told later. Only
what is announced is told again, whenever Home Assistant says that it is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from voiced.errors import BrokerError, VoicedError
from voiced.ports import Broker
from voiced.topics.presence import Out
from voiced.turn.beside import alongside
from voiced.turn.timeline import Happening

_log = logging.getLogger(__name__)
_QUEUE = 256
_AGAIN_S = 5.0
HOOK_S = 10.0
_HOOKS_AT_ONCE = 4

Asked = Callable[[str, bytes], Awaitable[None]]


class Herald:
    """`tell` each of `tellers` what happens; their messages go out in order. `asked` are topics in."""

    def __init__(
        self,
        broker: Broker,
        tellers: Sequence[Callable[[Happening], Iterable[Out]]],
        asked: Mapping[str, Asked],
        *,
        announce: Sequence[Callable[[], Out]] = (),
        birth_topic: str = "",
    ) -> None:
        self._broker, self._tellers, self._asked = broker, tellers, asked
        self._announce, self._birth = announce, birth_topic
        self._messages = broker.messages()
        self._waiting: asyncio.Queue[Out] = asyncio.Queue(_QUEUE)

    def tell(self, happening: Happening) -> None:
        for teller in self._tellers:
            for out in teller(happening):
                self.put(out)

    def put(self, out: Out) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(out)

    async def run(self) -> None:
        """Until cancelled."""
        for topic in (*self._asked, *([self._birth] if self._birth else [])):
            await self._broker.subscribe(topic)
        async with alongside({"herald": self._publish(), "introduction": self._introduce()}) as group:
            async for message in self._messages:
                if message.topic == self._birth and message.payload == b"online" and not message.retained:
                    group.create_task(self._introduce(), name="introduction")
                elif message.topic in self._asked and not message.retained:
                    try:
                        await self._asked[message.topic](message.topic, message.payload)
                    except VoicedError as error:
                        _log.warning("a message on %s: %s", message.topic, error)

    async def _publish(self) -> None:
        while True:
            out = await self._waiting.get()
            with contextlib.suppress(BrokerError):
                await self._broker.publish(out.topic, out.payload, retain=out.retain)

    async def _introduce(self) -> None:
        """All announcements, again until the broker has them."""
        for make in self._announce:
            while True:
                out = make()
                try:
                    await self._broker.publish(out.topic, out.payload, retain=out.retain)
                except BrokerError:
                    await asyncio.sleep(_AGAIN_S)
                else:
                    break


class Hooks:
    """The owner's programs, run when an event happens: without a shell, the event as JSON on their input.

    A hook that is still running after HOOK_S is killed; beyond four at once none is started, and that is said.
    """

    def __init__(self, programs: Mapping[str, Sequence[str]]) -> None:
        self._programs = programs
        self._running: set[asyncio.Task[None]] = set()

    def tell(self, happening: Happening) -> None:
        program = self._programs.get(str(happening["event"]))
        if program is None:
            return
        if len(self._running) >= _HOOKS_AT_ONCE:
            _log.warning("the hook for %s did not run: %d are still running", happening["event"], len(self._running))
            return
        task = asyncio.create_task(self._run(tuple(program), json.dumps(happening).encode()))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, program: tuple[str, ...], text: bytes) -> None:
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, env=environment
            )
        except OSError as error:
            _log.warning("the hook %s does not start: %s", program[0], error)
            return
        try:
            async with asyncio.timeout(HOOK_S):
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    await process.communicate(text)
            if process.returncode:
                _log.warning("the hook %s ended with %d", program[0], process.returncode)
        except (TimeoutError, asyncio.CancelledError) as error:
            process.kill()
            await process.wait()
            if isinstance(error, asyncio.CancelledError):
                raise
            _log.warning("the hook %s was still running after %g s", program[0], HOOK_S)
