"""The house's simulated devices: they do what their topics say, tell their state, and remember what they were told.

They know nothing of voiced: what arrived at a device is what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from voiced.adapters.mqtt import MqttBroker

State = dict[str, object]

_REST: Mapping[str, State] = {
    "light": {"state": "OFF"}, "switch": {"state": "OFF"}, "fan": {"state": "OFF"}, "siren": {"state": "OFF"},
    "cover": {"state": "closed", "position": 0}, "valve": {"state": "closed"}, "lock": {"state": "LOCK"},
    "climate": {"setpoint": 20, "temperature": 20.5, "mode": "heat"}, "select": {"state": "Cotton"},
    "number": {"state": "5"}, "humidifier": {"state": "OFF", "humidity": 40}, "vacuum": {"state": "docked"},
    "sensor": {"temperature": 21.5, "humidity": 47, "power": 80}, "binary_sensor": {"contact": True},
}  # fmt: skip
_WORDS: dict[str, State] = {
    "OPEN": {"state": "open", "position": 100}, "CLOSE": {"state": "closed", "position": 0},
    "start": {"state": "cleaning"}, "return_to_base": {"state": "returning"}, "pause": {"state": "paused"},
    "stop": {"state": "idle"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrived:
    """A command at a device."""

    node: str
    payload: str
    at_s: float
    """On this machine's monotonic clock."""


@dataclass(slots=True)
class Devices:
    broker: MqttBroker
    announced: tuple[tuple[str, str], ...]
    """Discovery messages (topic, payload)."""
    states: dict[str, State] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    _kinds: dict[str, str] = field(default_factory=dict)

    async def move_in(self) -> None:
        """Everything at rest, its state and its description retained on the broker."""
        for topic, payload in self.announced:
            _, kind, node, *_ = topic.split("/")
            self._kinds[node] = kind
            self.states[node] = dict(_REST.get(kind, {}))
            await self._tell(node)
            await self.broker.publish(topic, payload, retain=True)

    async def run(self) -> None:
        """Obey until cancelled."""
        messages = self.broker.messages()
        for topic in ("home/+/set", "home/+/+/set", "home/+/set/+"):
            await self.broker.subscribe(topic)
        async for message in messages:
            _, node, *rest = message.topic.split("/")
            if node in self._kinds:
                payload = message.payload.decode("utf-8", "replace")
                self.arrived.append(Arrived(node, payload, time.monotonic()))
                self.states[node] |= dict(_effect("/".join(rest), payload, self.states[node]))
                await self._tell(node)

    async def _tell(self, node: str) -> None:
        state, base = self.states[node], f"home/{node}"
        plain = self._kinds[node] in ("cover", "valve")
        if state:
            await self.broker.publish(base, str(state["state"]) if plain else json.dumps(state), retain=True)
        for part in ("position", "speed"):
            if part in state:
                await self.broker.publish(f"{base}/{part}", str(state[part]), retain=True)

    @property
    def kinds(self) -> Mapping[str, str]:
        return self._kinds


def _effect(topic: str, payload: str, state: State) -> Iterator[tuple[str, object]]:
    if topic == "set/setpoint":
        yield "setpoint", float(payload)
    elif topic == "set/mode":
        yield "mode", payload
    elif topic == "rgb/set":
        yield from (("rgb", payload), ("state", "ON"))
    elif topic in ("position/set", "speed/set", "brightness/set", "humidity/set"):
        yield topic.partition("/")[0], int(float(payload))
        if topic.startswith("position"):
            yield "state", "open" if float(payload) else "closed"
        elif topic.startswith("brightness"):
            yield "state", "ON"
    elif payload in _WORDS:
        yield from ((k, v) for k, v in _WORDS[payload].items() if k in state)
    elif payload.startswith("{"):
        with contextlib.suppress(ValueError):
            yield from dict(json.loads(payload)).items()
    elif "state" in state:
        yield "state", payload
    else:
        yield "pressed", int(str(state.get("pressed", 0))) + 1


async def settled(devices: Devices, *, quiet_s: float) -> None:
    """Until nothing has arrived for a while."""
    while True:
        before = len(devices.arrived)
        await asyncio.sleep(quiet_s)
        if len(devices.arrived) == before:
            return
