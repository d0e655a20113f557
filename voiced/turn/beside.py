"""Work that goes on beside the hearing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

from voiced.errors import VoicedError
from voiced.turn.timeline import Timeline

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def alongside(jobs: Mapping[str, Coroutine[Any, Any, None]]) -> AsyncIterator[asyncio.TaskGroup]:
    """Jobs, by their names, for as long as the block lasts; more may join them in the group. The first failure, theirs
    or the block's, ends them all and is raised as it is: none of them dies without a word.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job, name=name) for name, job in jobs.items()]
            yield group
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several


class Beside:
    """Of turns: a failed one is said, and the hearing goes on."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    async def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the hearing where sound is paced, else at once."""
        if self._timeline.paced:
            self.start(work)
        else:
            await work

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(seen)

    async def finish(self) -> None:
        """All of it, and what it leads to."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def seen(task: asyncio.Task[Any]) -> None:
    """A failed task says so once; its error is also raised where it is awaited."""
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, VoicedError):
        _log.error("%s failed: %r", task.get_name(), error, exc_info=error)
