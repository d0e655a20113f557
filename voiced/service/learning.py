"""The house learns itself while it runs: discovery messages in, and after a quiet moment another house for everybody.

What was learned is kept, so that the next start has the house at once; what the broker then does not tell of again is
gone. A change waits until nothing has changed for SETTLE_S (at most LONGEST_S), because a bridge that starts tells of
all its devices at once. The turn that is open ends in the old house; the next one begins in the new one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from voiced.adapters.store import Store
from voiced.errors import StateError, VoicedError
from voiced.home.load import HomeFile
from voiced.home.model import Home
from voiced.home.network.discovery import Found
from voiced.home.network.learned import Learned, Network, merge
from voiced.messages import BrokerMessage
from voiced.ports import Broker
from voiced.turn.beside import alongside

_log = logging.getLogger(__name__)

SETTLE_S = 1.0
LONGEST_S = 10.0
FORGET_S = 60.0
"""From the first message on: bridges that tell anew have told by then."""
KEPT_BYTES = 16 << 20
"""Of the file in which it is kept."""
Move = Callable[[Home], Awaitable[None]]


class Learning:
    """Given to `run`, `move` gets every new Home, and may fail: then the old one stays until the next change."""

    def __init__(
        self,
        broker: Broker,
        file: HomeFile,
        *,
        prefix: str = "homeassistant",
        settle_s: float = SETTLE_S,
        longest_s: float = LONGEST_S,
        forget_s: float = FORGET_S,
        network: bool = True,
        store: Store | None = None,
    ) -> None:
        """Without `network`, nothing is learned but what `told` brings. `learned` begins with what is in `store`."""
        self._broker, self._file, self._store = broker, file, store
        self._network = Network(prefix)
        self._listens, self._told = network, tuple[Found, ...]()
        self._messages: AsyncIterator[BrokerMessage] = broker.messages()
        self._settle_s, self._longest_s, self._forget_s = settle_s, longest_s, forget_s
        self._changed, self._heard = asyncio.Event(), asyncio.Event()
        self._changed_at = self._first_at = 0.0
        self._recall()
        self.learned = merge(file, self._network.found)

    async def run(self, move: Move) -> None:
        """Until cancelled."""
        for topic in self._network.topics() if self._listens else ():
            await self._broker.subscribe(topic)
        async with alongside({"another house": self._keep_moving(move), "what is gone": self._forget()}):
            async for message in self._messages:
                if self._listens and self._is_discovery(message.topic):
                    self._heard.set()
                    if self._network.hear(message.topic, message.payload):
                        self._change()

    def _is_discovery(self, topic: str) -> bool:
        return any(topic.startswith(pattern.partition("+")[0]) for pattern in self._network.topics())

    def _recall(self) -> None:
        if self._store is None or not self._listens:
            return
        try:
            self._network.recall(self._store.load())
        except StateError as error:
            _log.warning("the house of before is lost, and learned anew: %s", error)

    async def _forget(self) -> None:
        await self._heard.wait()
        await asyncio.sleep(self._forget_s)
        if self._network.forget_recalled():
            self._change()

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

    async def _keep_moving(self, move: Move) -> None:
        while True:
            await self._changed.wait()
            while (left_s := self._left_s()) > 0:  # noqa: ASYNC110 - a quiet moment is what is waited for
                await asyncio.sleep(left_s)
            self._changed.clear()
            learned = await asyncio.to_thread(merge, self._file, (*self._network.found, *self._told))
            await self._take(learned, move)
            await self._keep()

    def _left_s(self) -> float:
        now = time.monotonic()
        return min(self._changed_at + self._settle_s - now, self._first_at + self._longest_s - now)

    async def _keep(self) -> None:
        if self._store is not None and self._listens:
            try:
                await asyncio.to_thread(self._store.save, self._network.to_dict())
            except StateError as error:
                _log.warning("%s; the next start begins without what was learned", error)

    async def _take(self, learned: Learned, move: Move) -> None:
        old, self.learned = self.learned, learned
        if learned.home == old.home:
            return
        told = {f.entity.id for f in old.facts if not f.hidden}
        shown = {f.entity.id for f in learned.facts if not f.hidden}
        _log.info("the house has %d things: %d new, %d gone", len(shown), len(shown - told), len(told - shown))
        try:
            await move(learned.home)
        except VoicedError as error:
            _log.warning("the house stays as it was: %s", error)
