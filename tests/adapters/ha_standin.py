"""A stand-in for Home Assistant that speaks the documented API: one port for HTTP and WebSocket, one small house."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any, Self

from websockets.asyncio.server import ServerConnection, serve

TOKEN = "a-long-lived-token"


@dataclass
class StandIn:
    states: dict[str, dict[str, Any]]
    lists: dict[str, list[dict[str, Any]]]
    exposed: dict[str, Any] | None = None
    handled: list[dict[str, Any]] = field(default_factory=list)
    deaf: bool = False
    """It takes intents and never answers."""
    mumbles: bool = False
    """It answers intents with what is no answer to one."""
    restarting: str = ""
    """The status with which a proxy in front of it, or a server that loads, answers every intent."""
    tells_only_changes: bool = False
    """As the real one: no event where a state is what it was."""
    port: int = 0
    _sockets: dict[ServerConnection, int] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self._inner = await serve(self._socket, "127.0.0.1", 0)
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._inner.close()
        await self._inner.wait_closed()

    async def set_state(self, entity_id: str, state: str, **attributes: object) -> None:
        old = self.states.get(entity_id, {"attributes": {}})
        new = {"entity_id": entity_id, "state": state, "attributes": {**old["attributes"], **attributes}}
        self.states[entity_id] = new
        if self.tells_only_changes and new["state"] == old.get("state") and new["attributes"] == old["attributes"]:
            return
        await self._event("state_changed", {"entity_id": entity_id, "new_state": new})

    async def take_out(self, entity_id: str) -> None:
        del self.states[entity_id]
        await self._event("state_changed", {"entity_id": entity_id, "new_state": None})

    async def registry_changed(self) -> None:
        await self._event("entity_registry_updated", {"action": "update"})

    async def _event(self, kind: str, data: dict[str, Any]) -> None:
        for socket, number in self._sockets.items():
            event = {"event_type": kind, "data": data, "origin": "LOCAL"}
            with contextlib.suppress(Exception):
                await socket.send(json.dumps({"id": number, "type": "event", "event": event}))

    async def _socket(self, socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "auth_required", "ha_version": "2026.10.0"}))
        if json.loads(await socket.recv()).get("access_token") != TOKEN:
            await socket.send(json.dumps({"type": "auth_invalid", "message": "Invalid access token or password"}))
            return
        await socket.send(json.dumps({"type": "auth_ok", "ha_version": "2026.10.0"}))
        async for text in socket:
            asked = json.loads(text)
            result: object = None
            match asked["type"]:
                case "get_states":
                    result = list(self.states.values())
                case "subscribe_events":
                    self._sockets[socket] = asked["id"]
                case "homeassistant/expose_entity/list":
                    result = {"exposed_entities": self.exposed}
                case kind:
                    result = self.lists.get(kind, [])
            good = asked["type"] != "homeassistant/expose_entity/list" or self.exposed is not None
            answer = {"id": asked["id"], "type": "result", "success": good, "result": result if good else None}
            await socket.send(json.dumps(answer))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            await self._pipe(head, reader, writer)
            return
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(fields["Content-Length"]))
        if self.deaf:
            await asyncio.sleep(30)
        answer = {} if self.restarting else await self._intent(json.loads(body))
        status = self.restarting or "200 OK"
        if fields.get("Authorization") != f"Bearer {TOKEN}":
            status, answer = "401 Unauthorized", {}
        text = json.dumps({} if self.mumbles else answer).encode()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode() + text)
        await writer.drain()
        writer.close()

    async def _intent(self, body: dict[str, Any]) -> dict[str, Any]:
        self.handled.append(body)
        name, data = body["name"], body["data"]
        entity = self.states.get(data["name"])
        if entity is None:
            speech = {"plain": {"speech": "No such thing"}}
            return {"response_type": "error", "data": {"code": "no_valid_targets"}, "speech": speech}
        domain = data["name"].partition(".")[0]
        words = {"lock": ("locked", "unlocked"), "cover": ("open", "closed")}.get(domain, ("on", "off"))
        if name in ("HassTurnOn", "HassTurnOff"):
            await self.set_state(data["name"], words[name == "HassTurnOff"])
        elif name == "HassLightSet" and "brightness" in data:
            await self.set_state(data["name"], "on", brightness=round(data["brightness"] * 2.55))
        elif name == "HassClimateSetTemperature":
            await self.set_state(data["name"], entity["state"], temperature=data["temperature"])
        return {"response_type": "action_done", "data": {"success": [], "failed": []}, "speech": {}}

    async def _pipe(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = next(iter(self._inner.sockets)).getsockname()[1]
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        inner_writer.write(head)

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    target.write(data)
                    await target.drain()
            target.close()

        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))
