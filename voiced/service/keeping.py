"""Brings what must survive a restart to the disk when it changes, and only then; a disk that fails stops nothing."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Mapping

from voiced.adapters.store import Store
from voiced.errors import StateError

_log = logging.getLogger(__name__)
_AGAIN_S = 30.0
"""What could not be written is tried again after this."""
_ANSWER_S = 5.0
"""A disk that takes longer for a few kilobytes is in trouble."""


class Keeper:
    """`snapshot` gives plain values; call `changed` whenever it would give others than before."""

    def __init__(self, store: Store, snapshot: Callable[[], Mapping[str, object]]) -> None:
        self._store, self._snapshot = store, snapshot
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._stuck: asyncio.Task[None] | None = None
        """A write that the disk has not answered yet."""
        self.trouble = ""
        """Why the last change is not on the disk; empty where it is."""

    def changed(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_S if self.trouble else None):
                    await self._changed.wait()
            await self.save()

    async def save(self) -> None:
        """Now, without holding up the loop, nor whoever asks for long. A failure is told once, and in `trouble`."""
        try:
            async with self._writing:
                self._changed.clear()
                await self._write()
        except StateError as error:
            if str(error) != self.trouble:
                _log.error("%s; what is set now will not survive a restart", error)
            self.trouble = str(error)
        else:
            self.trouble = ""

    async def _write(self) -> None:
        """In a thread that a disk may keep for ever: neither the loop nor the program's end waits for it."""
        if self._stuck and not self._stuck.done():
            raise StateError(f"{self._store.path}: the disk does not answer")
        self._stuck = asyncio.create_task(in_thread(functools.partial(self._store.save, self._snapshot())))
        done, _ = await asyncio.wait([self._stuck], timeout=_ANSWER_S)
        if not done:
            raise StateError(f"{self._store.path}: the disk does not answer")
        self._stuck.result()


async def in_thread(work: Callable[[], None]) -> None:
    """`asyncio.to_thread` in a thread that nobody joins at the end."""
    loop, ended = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def tell(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_exception(error) if error else ended.set_result(None)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except Exception as raised:  # noqa: BLE001 - raised where the result is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=run, name="disk", daemon=True).start()
    await ended
