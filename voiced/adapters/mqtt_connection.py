"""One connection to the broker: MQTT 5 through aiomqtt, made so that a command which could not be sent now is never
sent later.

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
import re
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiomqtt
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage as PahoMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from voiced.adapters.cancelling import raise_if_cancelled
from voiced.adapters.secrets import read_secret
from voiced.errors import BrokerError
from voiced.messages import BrokerMessage

_log = logging.getLogger(__name__)
_QUIET = logging.getLogger(__name__ + ".paho")
_QUIET.setLevel(logging.ERROR)

USER_TIMEOUT_MS = 3000
COMMAND_EXPIRY_S = 5
MAX_PACKET_BYTES = 256 * 1024
"""Larger messages to us are dropped by the broker (MQTT 5 maximum packet size)."""
FRESH_S = 0.05
"""A sign of life younger than this is not asked for again."""
PROBE_EVERY_S = 5.0
KEEPALIVE_S = 6
"""Costs no packet, as we ask more often. Our will comes after 1.5 times that, and mosquitto looks every 5 s."""

OFFLINE = json.dumps({"state": "offline"})

_SOCKET_OPTIONS = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
)


@dataclass(frozen=True, slots=True)
class Access:
    """Where the broker is, who we are to it, and how long it may take."""

    host: str
    port: int
    identifier: str
    """Always the same, so that the broker ends a half-dead session, will included, before our birth."""
    nothing: str
    """A topic that nobody subscribes to: its unsubscription is the question for a sign of life."""
    will_topic: str
    """Says `OFFLINE`, retained, when we are gone; empty for a guest, who leaves nothing behind."""
    username: str | None
    password_file: Path | None
    """Read at every connection: it may change while we run."""
    tls: bool
    ca_file: Path | None
    keepalive_s: int
    answer_s: float
    connect_s: float

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


class Connection:
    """From `open` until it is lost, for whatever reason; what is asked of it afterwards fails, and does nothing."""

    def __init__(self, client: aiomqtt.Client, access: Access, lost: Callable[[str], None]) -> None:
        self._client, self._access, self._tell_lost = client, access, lost
        self._lost = asyncio.Event()
        self._answered_at = float("-inf")
        client._disconnected.add_done_callback(self._disconnected)

    @classmethod
    async def open(
        cls, access: Access, *, arrived: Callable[[BrokerMessage], None], lost: Callable[[str], None]
    ) -> Self:
        """BrokerError in words. `arrived` gets every message; `lost` is told once, why."""
        client = _client_for(access)
        client._client.connect_timeout = access.connect_s
        client._client.on_message = _handing_over(arrived)
        try:
            await client.__aenter__()
            raise_if_cancelled()
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            await _abort(client)
            raise BrokerError(re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__) from error
        except asyncio.CancelledError:
            await _abort(client)
            raise
        return cls(client, access, lost)

    @property
    def lost(self) -> bool:
        return self._lost.is_set()

    async def last(self) -> None:
        """Until it is lost: an idle connection whose broker is gone is noticed within some seconds."""
        probe = asyncio.create_task(self._keep_asking(), name="mqtt probe")
        try:
            await self._lost.wait()
        finally:
            probe.cancel()

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            with contextlib.suppress(BrokerError):
                await self.sign_of_life()

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool) -> None:
        """Handed to the kernel when this returns; BrokerError where nothing was sent. What is not retained expires."""
        properties = None
        if not retain:
            properties = Properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = COMMAND_EXPIRY_S
        try:
            await self._client.publish(
                topic, payload, qos=0, retain=retain, properties=properties, timeout=self._access.answer_s
            )
        except ValueError as error:  # an impossible topic: the connection is not to blame
            raise BrokerError(f"cannot publish to {topic!r}: {error}") from error
        except aiomqtt.MqttError as error:
            self.lose(str(error))
            raise BrokerError(f"the broker at {self._access.place} is gone ({error}): nothing was sent") from error
        except asyncio.CancelledError:
            self.lose("a send was cancelled")  # the packet may still be queued: it dies with the connection
            raise
        raise_if_cancelled()

    async def sign_of_life(self) -> None:
        """BrokerError where the broker gives none in time: then the connection is lost."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._answered_at < FRESH_S:
            return
        asked_at = loop.time()
        try:
            await self._client.unsubscribe(self._access.nothing, timeout=self._access.answer_s)
        except aiomqtt.MqttError as error:
            self.lose(f"it does not answer ({error})")
            raise BrokerError(
                f"the broker at {self._access.place} does not answer ({error}): nothing was sent"
            ) from error
        raise_if_cancelled()
        if self.lost:
            raise BrokerError(f"the broker at {self._access.place} went away: nothing was sent")
        self._answered_at = asked_at

    async def subscribe(self, topic: str) -> None:
        """A refusal is logged. BrokerError for an impossible topic; who cannot be asked is lost."""
        try:
            codes = await self._client.subscribe(topic, timeout=self._access.connect_s)
            raise_if_cancelled()
        except ValueError as error:
            raise BrokerError(f"cannot subscribe to {topic!r}: {error}") from error
        except aiomqtt.MqttError as error:
            self.lose(str(error))
            return
        if any(getattr(code, "is_failure", False) for code in codes):
            _log.warning("the broker refuses the subscription to %s: %s", topic, codes[0])

    async def unsubscribe(self, topic: str) -> None:
        try:
            await self._client.unsubscribe(topic, timeout=self._access.answer_s)
        except aiomqtt.MqttError as error:
            self.lose(str(error))
        raise_if_cancelled()

    async def say_goodbye(self) -> None:
        """Offline, as the will would say it, and leave in order, as far as the broker goes along."""
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
            if self._access.will_topic:
                await self._client.publish(
                    self._access.will_topic, OFFLINE, qos=0, retain=True, timeout=self._access.answer_s
                )
            await self._client.unsubscribe(self._access.nothing, timeout=self._access.answer_s)  # answered: it was read
            await asyncio.wait_for(self._client.__aexit__(None, None, None), self._access.answer_s)

    def lose(self, why: str) -> None:
        """End it, whatever the library thinks. The socket is closed at once, with all it holds."""
        if self.lost:
            return
        self._lost.set()
        self._tell_lost(why)
        # Not at once: the library's pending add_writer for this socket must run before its number can be another's.
        asyncio.get_running_loop().call_soon(self._client._client._sock_close)

    async def abort(self) -> None:
        """Close the socket for good, without a word to the broker."""
        self._lost.set()
        await _abort(self._client)

    def _disconnected(self, how: asyncio.Future[None]) -> None:
        if not how.cancelled():
            self.lose(str(how.exception() or "the broker closed the connection"))


def _client_for(access: Access) -> aiomqtt.Client:
    """Not connected yet. BrokerError where the credentials cannot be read."""
    try:
        password = read_secret(access.password_file) if access.password_file else None
        context = _context(access) if access.tls else None
    except (OSError, ssl.SSLError, UnicodeDecodeError) as error:
        raise BrokerError(f"credentials: {error}") from error
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 0
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return aiomqtt.Client(
        access.host,
        access.port,
        identifier=access.identifier,
        username=access.username,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        keepalive=access.keepalive_s,
        timeout=access.connect_s,
        properties=properties,
        tls_context=context,
        socket_options=_SOCKET_OPTIONS,
        will=aiomqtt.Will(access.will_topic, OFFLINE, qos=0, retain=True) if access.will_topic else None,
        logger=_QUIET,
    )


def _context(access: Access) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(access.ca_file) if access.ca_file else None)


def _handing_over(arrived: Callable[[BrokerMessage], None]) -> Callable[[PahoClient, object, PahoMessage], None]:
    """Straight from the socket: a queue of the library's own in between costs a task a message."""

    def on_message(paho: PahoClient, _: object, message: PahoMessage) -> None:
        if (sock := paho.socket()) is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        with contextlib.suppress(UnicodeDecodeError):
            arrived(BrokerMessage(message.topic, bytes(message.payload), retained=message.retain))

    return on_message


async def _abort(client: aiomqtt.Client) -> None:
    """Close the socket of a client, and leave nothing that complains later."""
    await asyncio.sleep(0)  # let the library's pending add_writer for this socket run before the number is free again
    client._client._sock_close()
    if client._misc_task is not None:
        client._misc_task.cancel()
    for future in (client._disconnected, client._connected):
        if future.done() and not future.cancelled():
            future.exception()
