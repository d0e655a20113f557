"""Keeps one child process alive: starts it, hears whether it works, kills it when it does not, starts it again. What
may become of it stands in childstate.py.

Whatever a dead child still owed fails at once with ChannelError: nobody waits for an answer that cannot come.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Self

from voiced.errors import ChannelError, VoicedError
from voiced.workers import protocol
from voiced.workers.childstate import ChildState, State
from voiced.workers.patience import Owing, Patience, Working
from voiced.workers.pending import Pending, error_of
from voiced.workers.process import ChildProcess

_log = logging.getLogger(__name__)
_INBOX_MESSAGES = 256
"""Five seconds of frames. A full inbox stops the reading, and with it, through the socket, a child that is faster."""


class Supervisor:
    """`async with Supervisor(...)` runs `python -m MODULE` for as long as the block lasts.

    `hello` is awaited after each Ready, before anybody else may use the child. With `stream` set, what the child
    says unasked comes out of `messages()`, in order with its changes of state; otherwise it is dropped.
    """

    def __init__(
        self,
        *,
        name: str,
        module: str,
        options: Mapping[str, object] | None = None,
        patience: Patience | None = None,
        hello: Callable[[], Awaitable[None]] | None = None,
        stream: bool = False,
        once: bool = False,
    ) -> None:
        self.name = name
        self.state = ChildState(name, State.DOWN, "not started")
        self.restarts = 0
        self.progress = 0
        """The child's count of work done, as of its last Pong."""
        self.generation = 0
        """Counts the starts: what was begun in another generation is lost."""
        self._module, self._options = module, dict(options or {})
        self._patience = patience or Patience()
        self._hello, self._stream, self._once = hello, stream, once
        # Who runs a child once is told by an error why it ended, and says so.
        self._level = logging.INFO if once else logging.WARNING
        self._pending = Pending()
        self._inbox: asyncio.Queue[protocol.Message | ChildState] = asyncio.Queue(_INBOX_MESSAGES)
        self._watchers: set[asyncio.Queue[ChildState]] = set()
        self._child: ChildProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._may_run = asyncio.Event()
        self._may_run.set()
        self._paused = ""
        """Why no child may run now."""
        self._reading_stalled = False
        self._silent = 0
        """Requests during which the child need not answer a Ping, as long as it works."""
        self._start_s = self._patience.start_s
        self.trouble: VoicedError | None = None
        """What the child last said went wrong, unasked."""

    # --- for everybody ----------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        return self.state.state is State.READY

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def number(self) -> int:
        """A fresh request number."""
        return self._pending.number()

    async def send(self, message: protocol.Message) -> None:
        """Say something that has no answer. ChannelError while the child is not ready."""
        if not self.ready or self._child is None:
            raise ChannelError(f"the {self.name} is not ready: {self.state.what}")
        await self._child.channel.send(message)

    async def request(self, message: protocol.Message, *, timeout_s: float, silent: bool = False) -> protocol.Message:
        """Say something and return the answer to its `request` number. `silent`: until then it owes no Pong, only work.

        The answer `Trouble` is raised as the VoicedError that it names; ChannelError where the child dies, is not
        ready, or does not answer in time.
        """
        if not self.ready:
            raise ChannelError(f"the {self.name} is not ready: {self.state.what}")
        self._silent += silent
        try:
            return await self._ask(message, timeout_s)
        finally:
            self._silent -= silent

    async def stream(self, message: protocol.Talk, *, timeout_s: float) -> AsyncGenerator[protocol.Message]:
        """Say something and give what comes back, up to the Done. Errors as `request`, `timeout_s` for each piece."""
        pieces = self._pending.stream(message)
        try:
            async with asyncio.timeout(timeout_s):
                await self.send(message)
            while True:
                reply = await asyncio.wait_for(pieces.get(), timeout_s)
                if isinstance(reply, protocol.Trouble):
                    raise error_of(reply)
                yield reply
                if isinstance(reply, protocol.Done):
                    return
        except TimeoutError as error:
            raise ChannelError(f"the {self.name} did not answer within {timeout_s:g} s") from error
        finally:
            self._pending.forget(message)

    async def greet(self, message: protocol.Message, *, timeout_s: float) -> protocol.Message:
        """`request`, for `hello` only: the child is up, but nobody else may use it yet."""
        return await self._ask(message, timeout_s)

    async def messages(self) -> AsyncIterator[protocol.Message | ChildState]:
        """What a streaming child says, and what becomes of it. Ends when it is stopped."""
        while True:
            message = await self._inbox.get()
            yield message
            if isinstance(message, ChildState) and message.state is State.STOPPED:
                return

    async def states(self) -> AsyncIterator[ChildState]:
        """The state now, and each one after it. Ends when the child is stopped."""
        states: asyncio.Queue[ChildState] = asyncio.Queue()
        states.put_nowait(self.state)
        self._watchers.add(states)
        try:
            while True:
                state = await states.get()
                yield state
                if state.state is State.STOPPED:
                    return
        finally:
            self._watchers.discard(states)

    async def wait_ready(self, timeout_s: float) -> bool:
        """Whether the child became ready in time."""

        async def wait() -> bool:
            async for state in self.states():
                if state.state is State.READY:
                    return True
            return False

        try:
            return await asyncio.wait_for(wait(), timeout_s)
        except TimeoutError:
            return False

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"supervise {self.name}")

    async def over(self) -> None:
        """Until nobody looks after the child any more. Where that is for a fault of ours, it is raised: without this
        nobody would notice.
        """
        if self._task:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Ask the child to leave, make it leave. Returns when the process is gone; raises what `over` would have."""
        if self._stopping:
            return
        self._stopping = True
        if self._child:
            await self._child.leave(self._patience)
        fault: BaseException | None = None
        if self._task:
            self._task.cancel()
            (fault,) = await asyncio.gather(self._task, return_exceptions=True)
        self._pending.fail_all(f"the {self.name} was stopped")
        if self._inbox.full():
            self._inbox.get_nowait()
        await self._become(State.STOPPED, "stopped")
        if isinstance(fault, Exception):
            raise fault

    def kill(self) -> None:
        """SIGKILL, now: the child is of no use any more. The next one is started as after any death."""
        if self._child:
            self._child.kill()

    async def pause(self, why: str) -> None:
        """No child from now on until `resume`: the one that runs is killed, and gone when this returns."""
        self._paused = why
        self._may_run.clear()
        self.kill()
        if self._child:
            await self._child.gone()

    def resume(self) -> None:
        self._may_run.set()

    async def _run(self) -> None:
        backoff = self._patience.backoff_first_s
        while True:
            if not self._may_run.is_set():
                await self._become(State.DOWN, self._paused)
                await self._may_run.wait()
                backoff = self._patience.backoff_first_s
            born = time.monotonic()
            try:
                reason = await self._live()
            except (OSError, VoicedError) as error:
                reason = str(error)
            self._pending.fail_all(f"the {self.name} went away: {reason}")
            if self._stopping:
                return
            if not self._may_run.is_set():
                continue
            await self._become(State.DOWN, reason)
            if self._once:
                await self._become(State.STOPPED, reason)
                return
            if time.monotonic() - born > self._patience.steady_s:
                backoff = self._patience.backoff_first_s
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))
            backoff = min(self._patience.backoff_most_s, backoff * 2)
            self.restarts += 1

    async def _live(self) -> str:
        """One child from its start to its death; returns why it died."""
        self.trouble = None
        self.generation += 1
        self._child = child = await ChildProcess.start(self._module, self._options)
        try:
            if not self._may_run.is_set():  # paused while it was being started
                child.kill()
            # Until it works again, why it does not is what people want to read.
            await self._become(State.STARTING, self.state.what if self.restarts else "starting")
            return await self._death_of(child)
        finally:
            await child.bury()
            self._child = None

    async def _death_of(self, child: ChildProcess) -> str:
        ready: asyncio.Future[protocol.Ready] = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(self._read(child, ready), name=f"{self.name} reads")
        watching = asyncio.create_task(self._watch(child, ready), name=f"{self.name} watched")
        try:
            done, _ = await asyncio.wait([reading, watching], return_when=asyncio.FIRST_COMPLETED)
            reasons = [job.result() for job in done if not isinstance(job.exception(), ChannelError)]
            if reading not in done and reasons:
                return reasons[0]
            # The child closed its end: it is about to be gone by itself, and its status says more than its silence.
            if await child.gone(self._patience.kill_s):
                return str(self.trouble or "") or "".join(reasons) or child.status
            return "".join(reasons) or "it closed its channel"
        finally:
            for job in (reading, watching):
                job.cancel()
            await asyncio.gather(reading, watching, return_exceptions=True)

    async def _read(self, child: ChildProcess, ready: asyncio.Future[protocol.Ready]) -> str:
        """Everything that it says, until it says no more: why."""
        while True:
            try:
                message = await child.channel.receive()
            except ChannelError as error:
                return str(error)
            match message:
                case None:
                    return ""
                case protocol.Ready(what=what, facts=facts):
                    _log.info("the %s is ready: %s (%s)", self.name, what, _told(facts))
                    if not ready.done():
                        ready.set_result(message)
                case protocol.Pong(progress=progress):
                    self.progress = progress
                    self._pending.answer(message)
                case protocol.Warned(text=text):
                    _log.warning("the %s: %s", self.name, text)
                case protocol.Trouble(text=text, request=0):
                    self.trouble = error_of(message)
                    _log.log(self._level, "the %s: %s", self.name, text)
                case _ if not self._pending.answer(message) and self._stream:
                    self._reading_stalled = True
                    await self._inbox.put(message)
                    self._reading_stalled = False

    async def _watch(self, child: ChildProcess, ready: asyncio.Future[protocol.Ready]) -> str:
        """Until it hangs: how."""
        patience = self._patience
        try:
            said = await asyncio.wait_for(asyncio.shield(ready), self._start_s)
        except TimeoutError:
            waited_s, self._start_s = self._start_s, min(self._start_s * 2, patience.start_most_s)
            return f"it was not ready within {waited_s:g} s"
        self._start_s = patience.start_s
        if self._hello and not await self._in_time(self._hello(), Working(child.time, patience).passed):
            return f"it did nothing for {patience.pong_s:g} s while it was told what it must know"
        await self._become(State.READY, said.what, said.facts)
        while True:
            owing, working = Owing(child.time, patience), Working(child.time, patience)

            def too_long(elapsed_s: float, owing: Owing = owing, working: Working = working) -> bool:
                if self._reading_stalled:  # the answer may wait behind frames that we ourselves do not take
                    return False
                return working.passed(elapsed_s) if self._silent else owing.passed(elapsed_s)

            if not await self._in_time(self._ask(protocol.Ping(self.number()), None), too_long):
                return f"it did {'nothing' if self._silent else 'not answer'} for {patience.pong_s:g} s"
            await asyncio.sleep(patience.ping_s)

    async def _in_time(self, work: Awaitable[object], too_long: Callable[[float], bool]) -> bool:
        """Whether it is done before it is `too_long`, which hears how many seconds each look took. Errors as `work`.

        All of it must stand in `work`, the sending too: a child that hangs does not read, and who tells it much waits.
        """
        working = asyncio.ensure_future(work)
        working.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # seen, also where we are cancelled
        try:
            while not working.done():
                looked = time.monotonic()
                await asyncio.wait([working], timeout=self._patience.ping_s / 4)
                if not working.done() and too_long(time.monotonic() - looked):
                    return False
            await working
            return True
        finally:
            working.cancel()

    # --- questions and answers --------------------------------------------------------------------------------------

    async def _ask(self, message: protocol.Message, timeout_s: float | None) -> protocol.Message:
        """`timeout_s` is for the saying and the answer together; None: for good."""
        if self._child is None:
            raise ChannelError(f"the {self.name} is not running")
        answer = self._pending.expect(message)
        try:
            async with asyncio.timeout(timeout_s):
                await self._child.channel.send(message)
                reply = await answer
        except TimeoutError as error:
            raise ChannelError(f"the {self.name} did not answer within {timeout_s:g} s") from error
        finally:
            self._pending.forget(message)
        if isinstance(reply, protocol.Trouble):
            raise error_of(reply)
        return reply

    async def _become(self, state: State, what: str, facts: Mapping[str, object] | None = None) -> None:
        self.state = ChildState(self.name, state, what, self.restarts, facts or {})
        if state is State.DOWN:
            _log.log(self._level, "the %s is down: %s", self.name, what)
        for watcher in self._watchers:
            watcher.put_nowait(self.state)
        if self._stream:
            await self._inbox.put(self.state)


def _told(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value not in ("", None))
