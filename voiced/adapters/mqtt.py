"""The broker, for as long as voiced runs: one connection after the other (`mqtt_connection.py`), each of them with all
that we subscribed to and the state that we are in.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import weakref
from pathlib import Path
from typing import Self

from voiced.adapters.inbox import Inbox
from voiced.adapters.mqtt_connection import KEEPALIVE_S, Access, Connection
from voiced.errors import BrokerError
from voiced.messages import BrokerMessage

_log = logging.getLogger(__name__)

STEADY_S = 5.0
"""A connection that lasted this long makes the next backoff start from the shortest again."""
ONLINE = json.dumps({"state": "online"})


class MqttBroker:
    """`ports.Broker` over TCP or TLS. Runs while `run()` runs (or inside `async with`); reconnects for ever.

    `voiced/<device_id>/state` is the will ({"state": "offline"}, retained) and the birth: {"state": "online"}, or what
    was last published there with `retain=True`, even while disconnected. Nothing else is ever repeated; that one is a
    state and no command. A `guest`, a program that comes and goes, has no such topic and leaves nothing behind.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int = 1883,
        device_id: str = "voiced",
        username: str | None = None,
        password_file: Path | None = None,
        tls: bool = False,
        ca_file: Path | None = None,
        keepalive_s: int = KEEPALIVE_S,
        answer_s: float = 1.0,
        connect_s: float = 3.0,
        backoff_s: tuple[float, float] = (1.0, 30.0),
        inbox_size: int = 1000,
        guest: bool = False,
    ) -> None:
        self._base = f"voiced/{device_id}/"
        self._guest = guest
        self._access = Access(
            host=host,
            port=port,
            identifier=f"voiced-{device_id}",
            nothing=self._base + "nothing",
            will_topic="" if guest else self.state_topic,
            username=username,
            password_file=password_file,
            tls=tls or ca_file is not None,
            ca_file=ca_file,
            keepalive_s=keepalive_s,
            answer_s=answer_s,
            connect_s=connect_s,
        )
        self._backoff_s, self._inbox_size = backoff_s, inbox_size
        self._birth: str | bytes = ONLINE
        self._topics: dict[str, None] = {}
        self._inboxes: weakref.WeakSet[Inbox] = weakref.WeakSet()
        self._connection: Connection | None = None
        self._why = "not connected yet"
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.connections = 0

    # --- ports.Broker -----------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def state_topic(self) -> str:
        return self._base + "state"

    @property
    def trouble(self) -> str:
        """Why there is no connection, in words; empty while there is one."""
        return "" if self.connected else self._why

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Send now or raise BrokerError: nothing is kept for later. See `mqtt_connection.py`."""
        if retain and topic == self.state_topic:
            self._birth = payload
        if (connection := self._connection) is None:
            raise BrokerError(f"no connection to the broker at {self._access.place} ({self._why}): nothing was sent")
        if not topic.startswith(self._base):
            await connection.sign_of_life()
        await connection.publish(topic, payload, retain=retain)

    async def subscribe(self, topic: str) -> None:
        """BrokerError where it is no topic; while disconnected that is found out, and logged, at the connection."""
        self._topics[topic] = None
        if self._connection is not None:
            await self._connection.subscribe(topic)

    async def unsubscribe(self, topic: str) -> None:
        """Where the broker cannot be told now, the next connection begins without it."""
        self._topics.pop(topic, None)
        if self._connection is not None:
            await self._connection.unsubscribe(topic)

    def messages(self) -> Inbox:
        """Everything that arrives from now on; each call has an inbox of its own."""
        inbox = Inbox(self._inbox_size)
        self._inboxes.add(inbox)
        return inbox

    async def answers(self) -> bool:
        """Whether the broker answers right now."""
        if self._connection is None:
            return False
        try:
            await self._connection.sign_of_life()
        except BrokerError:
            return False
        return True

    async def wait_connected(self, timeout_s: float) -> None:
        """BrokerError with the reason if there is no connection within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        except TimeoutError:
            raise BrokerError(f"no connection to the broker at {self._access.place}: {self._why}") from None

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run(), name="mqtt")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def over(self) -> None:
        """Until nobody looks after the connection any more. Where that is for a fault of ours, it is raised: without
        this nobody would notice.
        """
        if self._task:
            await asyncio.shield(self._task)

    async def run(self) -> None:
        """Connect, stay connected, reconnect with backoff and jitter, until cancelled; then say "offline" and leave."""
        loop, place = asyncio.get_running_loop(), self._access.place
        first, longest = self._backoff_s
        wait, down_since, told = first, loop.time(), False
        while True:
            began = loop.time()
            try:
                connection = await Connection.open(self._access, arrived=self._arrived, lost=self._lost)
            except BrokerError as error:
                self._why = str(error)
            else:
                if told or self.connections:
                    _log.info("broker %s: connected again, %.0f s after", place, began - down_since)
                else:
                    _log.info("broker %s: connected", place)
                self.connections += 1
                told, began = False, loop.time()
                await self._serve(connection)
                down_since = loop.time()
                if down_since - began >= STEADY_S:
                    wait = first
            # One warning an outage: a broker that is away for a night must not fill the journal.
            quiet = told or self._guest  # whoever waits for a guest's connection is told by an error
            _log.log(logging.DEBUG if quiet else logging.WARNING, "broker %s: %s", place, self._why)
            told = True
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, longest)

    async def _serve(self, connection: Connection) -> None:
        """Work with one connection until it is lost. Cancelled: say goodbye."""
        try:
            done: set[str] = set()
            while missing := [topic for topic in self._topics if topic not in done]:
                for topic in missing:
                    try:
                        await connection.subscribe(topic)
                    except BrokerError as error:  # no broker would take it: nor shall it be asked for again
                        _log.warning("broker %s: %s", self._access.place, error)
                        del self._topics[topic]
                done.update(missing)
                if connection.lost:
                    return
            self._connection, self._why = connection, ""
            if not self._guest:
                with contextlib.suppress(BrokerError):
                    await self.publish(self.state_topic, self._birth, retain=True)
            if not connection.lost:
                self._up.set()
            await connection.last()
        except asyncio.CancelledError:
            if not connection.lost:
                self._lost("closed")
                await connection.say_goodbye()
            raise
        finally:
            self._lost(self._why)
            await connection.abort()

    def _lost(self, why: str) -> None:
        self._connection, self._why = None, why
        self._up.clear()

    def _arrived(self, message: BrokerMessage) -> None:
        for inbox in tuple(self._inboxes):
            inbox.put(message)
