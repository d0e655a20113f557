"""Brings what must survive a restart to the disk when it changes, and only then; a disk that fails stops nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

from voiced.adapters.store import Store
from voiced.errors import StateError

_log = logging.getLogger(__name__)
_AGAIN_S = 30.0
"""What could not be written is tried again after this."""


class Keeper:
    """`snapshot` gives plain values; call `changed` whenever it would give others than before."""

    def __init__(self, store: Store, snapshot: Callable[[], Mapping[str, object]]) -> None:
        self._store, self._snapshot = store, snapshot
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
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
        """Now, without holding up the loop. A failure is told once, and in `trouble`."""
        try:
            async with self._writing:
                self._changed.clear()
                await asyncio.to_thread(self._store.save, self._snapshot())
        except StateError as error:
            if str(error) != self.trouble:
                _log.error("%s; what is set now will not survive a restart", error)
            self.trouble = str(error)
        else:
            self.trouble = ""
