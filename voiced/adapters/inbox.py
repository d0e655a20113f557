"""What arrives faster than it is read: bounded, the oldest is dropped and counted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from voiced.messages import BrokerMessage


class Inbox(AsyncIterator[BrokerMessage]):
    """What arrived since `messages()` was called, oldest first. When full, the oldest is dropped and counted."""

    def __init__(self, size: int) -> None:
        self._messages: deque[BrokerMessage] = deque(maxlen=size)
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, message: BrokerMessage) -> None:
        if len(self._messages) == self._messages.maxlen:
            self.dropped += 1
        self._messages.append(message)
        self._arrived.set()

    async def __anext__(self) -> BrokerMessage:
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        return self._messages.popleft()
