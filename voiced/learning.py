"""The house learns itself while it runs: discovery messages in, and after a quiet moment another house for everybody.

A change waits until nothing has changed for SETTLE_S (at most LONGEST_S), because a bridge that starts tells of all its
devices at once. The turn that is open ends in the old house; the next one begins in the new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from voiced.errors import VoicedError
from voiced.home.discovery import Found
from voiced.home.learned import Learned, Network, merge
from voiced.home.load import HomeFile
from voiced.home.model import Home
from voiced.messages import BrokerMessage
from voiced.ports import Broker

_log = logging.getLogger(__name__)

SETTLE_S = 1.0
LONGEST_S = 10.0


class Learning:
    """`move` gets every new Home, and may fail: then the old one stays until the next change."""

    def __init__(
        self,
        broker: Broker,
        file: HomeFile,
        move: Callable[[Home], Awaitable[None]],
        *,
        prefix: str = "homeassistant",
        settle_s: float = SETTLE_S,
        longest_s: float = LONGEST_S,
        network: bool = True,
    ) -> None:
        """Without `network`, nothing is learned but what `told` brings."""
        self._broker, self._file, self._move = broker, file, move
        self._network = Network(prefix)
        self._listens, self._told = network, tuple[Found, ...]()
        self._messages: AsyncIterator[BrokerMessage] = broker.messages()
        self._settle_s, self._longest_s = settle_s, longest_s
        self._changed = asyncio.Event()
        self._changed_at = self._first_at = 0.0
        self.learned = merge(file, ())

    async def run(self) -> None:
        """Until cancelled."""
        for topic in self._network.topics() if self._listens else ():
            await self._broker.subscribe(topic)
        moving = asyncio.create_task(self._keep_moving(), name="another house")
        try:
            async for message in self._messages:
                if self._listens and self._network.hear(message.topic, message.payload):
                    self._change()
        finally:
            moving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await moving

    def told(self, found: tuple[Found, ...]) -> None:
        """What another source than MQTT discovery knows, whole."""
        if found != self._told:
            self._told = found
            self._change()

    def _change(self) -> None:
        self._changed_at = time.monotonic()
        if not self._changed.is_set():
            self._first_at = self._changed_at
            self._changed.set()

    async def _keep_moving(self) -> None:
        while True:
            await self._changed.wait()
            while (left_s := self._left_s()) > 0:  # noqa: ASYNC110 - a quiet moment is what is waited for
                await asyncio.sleep(left_s)
            self._changed.clear()
            learned = await asyncio.to_thread(merge, self._file, (*self._network.found, *self._told))
            await self._take(learned)

    def _left_s(self) -> float:
        now = time.monotonic()
        return min(self._changed_at + self._settle_s - now, self._first_at + self._longest_s - now)

    async def _take(self, learned: Learned) -> None:
        old, self.learned = self.learned, learned
        if learned.home == old.home:
            return
        told = {f.entity.id for f in old.facts if not f.hidden}
        shown = {f.entity.id for f in learned.facts if not f.hidden}
        _log.info("the house has %d things: %d new, %d gone", len(shown), len(shown - told), len(told - shown))
        try:
            await self._move(learned.home)
        except VoicedError as error:
            _log.warning("the house stays as it was: %s", error)
