"""The broker: MQTT 5 through aiomqtt, made so that a command which could not be sent now is never sent later.

What client libraries do by themselves delivers an "unlock" half a minute after the words (measured: paho keeps a QoS 1
message and sends it after the reconnection; the kernel keeps a QoS 0 one in the buffer of a dead connection). So here:

- QoS 0 only, a new client object for every connection, session expiry 0: no library has anything to remember.
- Before a command the broker is asked for a sign of life (UNSUBSCRIBE of a topic that nobody subscribed to: any broker
  answers it, it changes nothing). A broker that is stopped, or behind a dead link, does not, and nothing is sent.
- TCP_USER_TIMEOUT bounds what the kernel may keep trying; with SO_LINGER 0, closing throws away what it still holds.
- When a send does not end in time, or is cancelled, the whole connection is thrown away, and the packet with it.
- Commands carry a message expiry for the part of the way that begins at the broker.
- What arrives is acknowledged at once: a broker with Nagle's algorithm (mosquitto's default) holds back the answer to a
  command until then, up to 40 ms where other messages are under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import re
import socket
import ssl
import struct
import weakref
from functools import partial
from pathlib import Path
from typing import Self

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage as PahoMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from voiced.adapters.cancelling import raise_if_cancelled
from voiced.adapters.inbox import Inbox
from voiced.adapters.secrets import read_secret
from voiced.errors import BrokerError
from voiced.messages import BrokerMessage

log = logging.getLogger(__name__)

USER_TIMEOUT_MS = 3000
COMMAND_EXPIRY_S = 5
MAX_PACKET_BYTES = 256 * 1024
"""Larger messages to us are dropped by the broker (MQTT 5 maximum packet size)."""
FRESH_S = 0.05
"""A sign of life younger than this is not asked for again."""
PROBE_EVERY_S = 5.0
KEEPALIVE_S = 6
"""Costs no packet, as we ask more often. Our will comes after 1.5 times that, and mosquitto looks every 5 s."""
STEADY_S = 5.0
"""A connection that lasted this long makes the next backoff start from the shortest again."""

OFFLINE, ONLINE = json.dumps({"state": "offline"}), json.dumps({"state": "online"})

_SOCKET_OPTIONS = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
)


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
        cert_file: Path | None = None,
        key_file: Path | None = None,
        keepalive_s: int = KEEPALIVE_S,
        answer_s: float = 1.0,
        connect_s: float = 3.0,
        backoff_s: tuple[float, float] = (1.0, 30.0),
        inbox_size: int = 1000,
        guest: bool = False,
    ) -> None:
        self._host, self._port, self._device_id = host, port, device_id
        self._username, self._password_file = username, password_file
        self._tls = tls or ca_file is not None
        self._ca_file, self._cert_file, self._key_file = ca_file, cert_file, key_file
        self._keepalive_s, self._answer_s, self._connect_s = keepalive_s, answer_s, connect_s
        self._backoff_s, self._inbox_size = backoff_s, inbox_size
        self._base = f"voiced/{device_id}/"
        self._guest = guest
        self._birth: str | bytes = ONLINE
        self._topics: dict[str, None] = {}
        self._inboxes: weakref.WeakSet[Inbox] = weakref.WeakSet()
        self._client: aiomqtt.Client | None = None
        self._lost: asyncio.Event = asyncio.Event()
        self._why = "not connected yet"
        self._up: asyncio.Event = asyncio.Event()
        self._answered_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.connections = 0

    # --- ports.Broker -----------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._client is not None

    @property
    def state_topic(self) -> str:
        return self._base + "state"

    @property
    def trouble(self) -> str:
        """Why there is no connection, in words; empty while there is one."""
        return "" if self.connected else self._why

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Send now or raise BrokerError: nothing is kept for later. See the module's docstring."""
        if retain and topic == self.state_topic:
            self._birth = payload
        client = self._client
        if client is None:
            raise BrokerError(
                f"no connection to the broker at {self._host}:{self._port} ({self._why}): nothing was sent"
            )
        properties = None
        if not retain:
            properties = Properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = COMMAND_EXPIRY_S
        if not topic.startswith(self._base):
            await self._sign_of_life(client)
        try:
            await client.publish(topic, payload, qos=0, retain=retain, properties=properties, timeout=self._answer_s)
        except ValueError as error:  # an impossible topic: the connection is not to blame
            raise BrokerError(f"cannot publish to {topic!r}: {error}") from error
        except aiomqtt.MqttError as error:
            self._lose(client, str(error))
            raise BrokerError(f"the broker at {self._host}:{self._port} is gone ({error}): nothing was sent") from error
        except asyncio.CancelledError:
            self._lose(client, "a send was cancelled")  # the packet may still be queued: it dies with the connection
            raise
        raise_if_cancelled()

    async def subscribe(self, topic: str) -> None:
        self._topics[topic] = None
        if (client := self._client) is not None:
            await self._subscribe(client, topic)

    async def unsubscribe(self, topic: str) -> None:
        """Where the broker cannot be told now, the next connection begins without it."""
        self._topics.pop(topic, None)
        if (client := self._client) is not None:
            try:
                await client.unsubscribe(topic, timeout=self._answer_s)
            except aiomqtt.MqttError as error:
                self._lose(client, str(error))
            raise_if_cancelled()

    def messages(self) -> Inbox:
        """Everything that arrives from now on; each call has an inbox of its own."""
        inbox = Inbox(self._inbox_size)
        self._inboxes.add(inbox)
        return inbox

    async def answers(self) -> bool:
        """Whether the broker answers right now: for the watchdog and for `voiced setup`."""
        client = self._client
        if client is None:
            return False
        try:
            await self._sign_of_life(client)
        except BrokerError:
            return False
        return True

    async def wait_connected(self, timeout_s: float) -> None:
        """BrokerError with the reason if there is no connection within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        except TimeoutError:
            raise BrokerError(f"no connection to the broker at {self._host}:{self._port}: {self._why}") from None

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.run(), name="mqtt")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def run(self) -> None:
        """Connect, stay connected, reconnect with backoff and jitter, until cancelled; then say "offline" and leave."""
        loop = asyncio.get_running_loop()
        first, longest = self._backoff_s
        wait, down_since, told = first, loop.time(), False
        while True:
            began = loop.time()
            try:
                client = await self._connect()
            except BrokerError as error:
                self._why = str(error)
            else:
                if told or self.connections:
                    log.info("broker %s:%d: connected again, %.0f s after", self._host, self._port, began - down_since)
                else:
                    log.info("broker %s:%d: connected", self._host, self._port)
                self.connections += 1
                told, began = False, loop.time()
                try:
                    await self._serve(client)
                finally:
                    self._client = None
                    self._up.clear()
                down_since = loop.time()
                if down_since - began >= STEADY_S:
                    wait = first
            # One warning an outage: a broker that is away for a night must not fill the journal.
            quiet = told or self._guest  # whoever waits for a guest's connection is told by an error
            log.log(logging.DEBUG if quiet else logging.WARNING, "broker %s:%d: %s", self._host, self._port, self._why)
            told = True
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(wait * 2, longest)

    async def _connect(self) -> aiomqtt.Client:
        """A new client with a live connection, or BrokerError in words."""
        try:
            password = read_secret(self._password_file) if self._password_file else None
            context = self._context() if self._tls else None
        except (OSError, ssl.SSLError, UnicodeDecodeError) as error:
            raise BrokerError(f"credentials: {error}") from error
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        client = aiomqtt.Client(
            self._host,
            self._port,
            # Always the same, so that the broker ends a half-dead session, will included, before our birth.
            identifier=f"voiced-{self._device_id}",
            username=self._username,
            password=password,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            keepalive=self._keepalive_s,
            timeout=self._connect_s,
            properties=properties,
            tls_context=context,
            socket_options=_SOCKET_OPTIONS,
            will=None if self._guest else aiomqtt.Will(self.state_topic, OFFLINE, qos=0, retain=True),
            logger=_QUIET,
        )
        client._client.connect_timeout = self._connect_s
        client._client.on_message = self._arrived
        try:
            await client.__aenter__()
            raise_if_cancelled()
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            await _abort(client)
            raise BrokerError(re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__) from error
        except asyncio.CancelledError:
            await _abort(client)
            raise
        return client

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
        if self._cert_file:
            context.load_cert_chain(str(self._cert_file), str(self._key_file) if self._key_file else None)
        return context

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Work with one connection until it is lost. Cancelled: say goodbye."""
        self._lost = asyncio.Event()
        client._disconnected.add_done_callback(partial(self._disconnected, client))
        probe: asyncio.Task[None] | None = None
        try:
            done: set[str] = set()
            while missing := [topic for topic in self._topics if topic not in done]:
                for topic in missing:
                    await self._subscribe(client, topic)
                done.update(missing)
                if self._lost.is_set():
                    return
            self._client, self._why = client, ""
            if not self._guest:
                with contextlib.suppress(BrokerError):
                    await self.publish(self.state_topic, self._birth, retain=True)
            self._up.set()
            probe = asyncio.create_task(self._keep_asking(client))
            await self._lost.wait()
        except asyncio.CancelledError:
            if not self._lost.is_set():
                await self._goodbye(client)
            raise
        finally:
            self._client = None
            if probe is not None:
                probe.cancel()
            await _abort(client)

    async def _goodbye(self, client: aiomqtt.Client) -> None:
        self._why = "closed"
        self._client = None
        with contextlib.suppress(aiomqtt.MqttError):
            if not self._guest:
                await client.publish(self.state_topic, OFFLINE, qos=0, retain=True, timeout=self._answer_s)
            await client.unsubscribe(self._base + "nothing", timeout=self._answer_s)  # answered: it was read
            await asyncio.wait_for(client.__aexit__(None, None, None), self._answer_s)

    def _arrived(self, paho: PahoClient, _: object, message: PahoMessage) -> None:
        """Straight from the socket: a queue of the library's own in between costs a task a message."""
        sock = paho.socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        with contextlib.suppress(UnicodeDecodeError):
            arrived = BrokerMessage(message.topic, bytes(message.payload), retained=message.retain)
            for inbox in tuple(self._inboxes):
                inbox.put(arrived)

    def _disconnected(self, client: aiomqtt.Client, how: asyncio.Future[None]) -> None:
        if not how.cancelled():
            self._lose(client, str(how.exception() or "the broker closed the connection"))

    async def _keep_asking(self, client: aiomqtt.Client) -> None:
        """An idle connection whose broker is gone is noticed within some seconds."""
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            with contextlib.suppress(BrokerError):
                await self._sign_of_life(client)

    async def _sign_of_life(self, client: aiomqtt.Client) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self._answered_at < FRESH_S:
            return
        asked_at = loop.time()
        try:
            await client.unsubscribe(self._base + "nothing", timeout=self._answer_s)
        except aiomqtt.MqttError as error:
            self._lose(client, f"it does not answer ({error})")
            raise BrokerError(
                f"the broker at {self._host}:{self._port} does not answer ({error}): nothing was sent"
            ) from error
        raise_if_cancelled()
        if client is not self._client:
            raise BrokerError(f"the broker at {self._host}:{self._port} went away: nothing was sent")
        self._answered_at = asked_at

    async def _subscribe(self, client: aiomqtt.Client, topic: str) -> None:
        try:
            codes = await client.subscribe(topic, timeout=self._connect_s)
            raise_if_cancelled()
        except ValueError as error:
            raise BrokerError(f"cannot subscribe to {topic!r}: {error}") from error
        except aiomqtt.MqttError as error:
            self._lose(client, str(error))
            return
        if any(getattr(code, "is_failure", False) for code in codes):
            log.warning("the broker refuses the subscription to %s: %s", topic, codes[0])

    def _lose(self, client: aiomqtt.Client, why: str) -> None:
        """End this connection, whatever the library thinks. The socket is closed at once, with all it holds."""
        if self._client is client:
            self._client = None
            self._up.clear()
        if not self._lost.is_set():
            self._why = why
            self._lost.set()
        # Not at once: the library's pending add_writer for this socket must run before its number can be another's.
        asyncio.get_running_loop().call_soon(client._client._sock_close)


_QUIET = logging.getLogger(__name__ + ".paho")
_QUIET.setLevel(logging.ERROR)


async def _abort(client: aiomqtt.Client) -> None:
    """Close the socket of a client for good, without a word to the broker, and leave nothing that complains later."""
    await asyncio.sleep(0)  # let the library's pending add_writer for this socket run before the number is free again
    client._client._sock_close()
    if client._misc_task is not None:
        client._misc_task.cancel()
    for future in (client._disconnected, client._connected):
        if future.done() and not future.cancelled():
            future.exception()
