"""A cancellation that a library lost is found again.

Until Python 3.12, `asyncio.wait_for` forgets a cancellation that arrives just as what it waits for completes (cpython
issue 86296). aiomqtt awaits all its answers in it: a task that loops over publications would then never end.
"""

from __future__ import annotations

import asyncio


def raise_if_cancelled() -> None:
    """CancelledError if the running task was asked to end, although nobody told it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
