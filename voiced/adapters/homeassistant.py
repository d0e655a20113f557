"""Home Assistant's local API as a part of the broker: `ha/<entity id>/...` is there, every other topic is MQTT's.

What is published below `ha/` is an intent, sent at once by POST /api/intent/handle or not at all. States come over the
WebSocket as messages on `ha/<entity id>/state`; the registries too, for `home/network/registry.py`. One token, from a
file, read at every use: it can be changed while voiced runs, and is never in a log.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from voiced.adapters.inbox import Inbox
from voiced.adapters.secrets import read_secret
from voiced.errors import BrokerError, DeclinedError
from voiced.messages import BrokerMessage
from voiced.ports import Broker

_log = logging.getLogger(__name__)

ROOT = "ha/"
ANSWER_S = 2.0
"""A slower answer to an intent counts as none; Home Assistant is in the same house."""
_LISTS = {
    "areas": "config/area_registry/list", "devices": "config/device_registry/list",
    "entities": "config/entity_registry/list", "states": "get_states", "exposed": "homeassistant/expose_entity/list",
}  # fmt: skip
_CHANGES = ("area_registry_updated", "device_registry_updated", "entity_registry_updated")
_MAX_BYTES = 32 * 1024 * 1024
_BACKOFF_S = (1.0, 30.0)
_INBOX = 5000


class HomeAssistant:
    """`ports.Broker` around another one, which is somebody else's to run."""

    def __init__(
        self,
        broker: Broker,
        *,
        url: str,
        token_file: Path,
        settle_s: float = 1.0,
    ) -> None:
        self._broker, self._url, self._token_file = broker, url.rstrip("/"), token_file
        self.registry: Callable[[Mapping[str, object]], None] = lambda _: None
        """Gets the lists, at every connection and after every change."""
        self._settle_s = settle_s
        self._inboxes: list[Inbox] = []
        self._states: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self.reached = False
        self._why = "not reached yet"
        """Why the last connection is no more."""

    # --- ports.Broker -----------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._broker.connected

    @property
    def trouble(self) -> str:
        return self._broker.trouble or ("" if self.reached else f"Home Assistant at {self._url}: {self._why}")

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Below `ha/`: BrokerError unless Home Assistant says what became of the intent, DeclinedError where it says
        that it was not handled. How the thing is then is told again: nobody tells what has not changed.
        """
        if not topic.startswith(ROOT):
            await self._broker.publish(topic, payload, retain=retain)
            return
        body = payload.encode() if isinstance(payload, str) else payload
        answer = await asyncio.to_thread(self._post, body)
        kind = answer.get("response_type")
        if not kind:
            raise BrokerError(f"Home Assistant at {self._url} did not say what became of it")
        if kind == "error":
            words = str(answer.get("speech", {}).get("plain", {}).get("speech", ""))[:200]
            raise DeclinedError(f"Home Assistant does not do it: {words or 'it did not say why'}")
        entity_id = topic.removeprefix(ROOT).partition("/")[0]
        await self.subscribe(f"{ROOT}{entity_id}/state")

    async def subscribe(self, topic: str) -> None:
        if not topic.startswith(ROOT):
            await self._broker.subscribe(topic)
        elif topic in self._states:
            self._put(BrokerMessage(topic, self._states[topic], retained=True))

    async def unsubscribe(self, topic: str) -> None:
        if not topic.startswith(ROOT):
            await self._broker.unsubscribe(topic)

    def messages(self) -> AsyncIterator[BrokerMessage]:
        """Both worlds' messages, from now on."""
        inbox = Inbox(_INBOX)
        self._inboxes.append(inbox)
        return _merged(self._broker.messages(), inbox)

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def _token(self) -> str:
        try:
            return read_secret(self._token_file)
        except (OSError, UnicodeDecodeError) as error:
            raise BrokerError(f"{self._token_file}: the token cannot be read: {error}") from error

    def _post(self, body: bytes) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the owner's own address
            f"{self._url}/api/intent/handle",
            data=body,
            headers={"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as response:  # noqa: S310
                answer = json.loads(response.read(1_000_000))
        except urllib.error.HTTPError as error:  # of a proxy or a start, too: what it declines, it says in a 200
            raise BrokerError(f"Home Assistant at {self._url} answered {error.code}") from error
        except (OSError, ValueError) as error:
            raise BrokerError(f"Home Assistant at {self._url} does not answer ({error})") from error
        return answer if isinstance(answer, dict) else {}

    # --- WebSocket --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, follow states and registries, reconnect with backoff, until cancelled."""
        wait = _BACKOFF_S[0]
        while True:
            try:
                await self._follow()
            except (OSError, WebSocketException, BrokerError, TimeoutError, ValueError, KeyError) as error:
                why = str(error) or type(error).__name__
                if self.reached or why != self._why:
                    _log.warning("Home Assistant at %s: %s", self._url, why)
                self._why = why
            if self.reached:  # nobody tells any more how things are
                self._gone(self._known())
            wait = _BACKOFF_S[0] if self.reached else min(wait * 2, _BACKOFF_S[1])
            self.reached = False
            await asyncio.sleep(wait)

    async def _follow(self) -> None:
        address = self._url.replace("http", "ws", 1) + "/api/websocket"
        async with connect(address, max_size=_MAX_BYTES, open_timeout=10, ping_interval=20) as socket:
            await self._greet(socket)
            self.reached = True
            asked = {await self._ask(socket, type=kind): name for name, kind in _LISTS.items()}
            for event in ("state_changed", *_CHANGES):
                await self._ask(socket, type="subscribe_events", event_type=event)
            lists: dict[str, Any] = {}
            again: asyncio.TimerHandle | None = None
            due = asyncio.Event()
            while True:
                try:
                    async with asyncio.timeout(self._settle_s if again else None):
                        message = json.loads(await socket.recv())
                except TimeoutError:
                    message = {}
                if due.is_set():
                    due.clear()
                    again, lists = None, {}
                    asked = {await self._ask(socket, type=kind): name for name, kind in _LISTS.items()}
                if (name := asked.pop(message.get("id"), None)) and message.get("type") == "result":
                    lists[name] = message.get("result") if message.get("success") else None
                    if name == "states":
                        self._heard_all(lists[name])
                    if not asked:
                        self.registry(lists)
                elif message.get("type") == "event":
                    event = message["event"]
                    if event.get("event_type") == "state_changed":
                        changed = event["data"]
                        self._heard(changed.get("new_state") or _unavailable(changed.get("entity_id")))
                    elif again is None:
                        again = asyncio.get_running_loop().call_later(self._settle_s, due.set)

    async def _greet(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(10):
            json.loads(await socket.recv())
            await socket.send(json.dumps({"type": "auth", "access_token": self._token()}))
            answer = json.loads(await socket.recv())
        if answer.get("type") != "auth_ok":
            raise BrokerError("it does not take the token")

    async def _ask(self, socket: ClientConnection, **command: object) -> int:
        number = next(self._numbers)
        await socket.send(json.dumps({"id": number, **command}))
        return number

    def _known(self) -> set[str]:
        return {topic.removeprefix(ROOT).removesuffix("/state") for topic in self._states}

    def _gone(self, entities: Iterable[str]) -> None:
        for one in entities:
            self._heard(_unavailable(one))

    def _heard_all(self, states: object) -> None:
        """All that there are: what is known and not among them was taken out meanwhile."""
        if not isinstance(states, list):
            return
        for state in states:
            self._heard(state)
        self._gone(self._known() - {state.get("entity_id") for state in states if isinstance(state, dict)})

    def _heard(self, state: object) -> None:
        if isinstance(state, dict) and isinstance(state.get("entity_id"), str):
            topic = f"{ROOT}{state['entity_id']}/state"
            body = json.dumps({"state": state.get("state"), "attributes": state.get("attributes") or {}}).encode()
            self._states[topic] = body
            self._put(BrokerMessage(topic, body))

    def _put(self, message: BrokerMessage) -> None:
        for inbox in self._inboxes:
            inbox.put(message)


def _unavailable(entity_id: object) -> dict[str, Any]:
    return {"entity_id": entity_id, "state": "unavailable"}


async def _merged(*sources: AsyncIterator[BrokerMessage]) -> AsyncIterator[BrokerMessage]:
    waiting = {asyncio.ensure_future(anext(source)): source for source in sources}
    try:
        while waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                source = waiting.pop(one)
                yield one.result()
                waiting[asyncio.ensure_future(anext(source))] = source
    finally:
        for one in waiting:
            one.cancel()
