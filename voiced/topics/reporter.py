"""Own topics out: `voiced/<id>/state` (retained), `event`, `action`, `ledger`, as `data/topics.schema.json` has them.

Lossy on purpose: telling never delays a turn, and what could not be told is not told later. Only the state, which is
no event, is told again at every connection (the broker's client does that).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TypedDict, Unpack

from voiced import __version__
from voiced.errors import BrokerError
from voiced.listen.wakecount import WakeCount
from voiced.ports import Broker
from voiced.turn.timeline import Happening

_QUEUE = 256
_DOING = {
    "wake": "listening", "listening": "listening", "speech_start": "listening", "speech_end": "processing",
    "goes_on": "listening", "translated": "responding",
    "reply": "responding", "announce": "responding", "announced": "idle", "turn_end": "idle", "ear_lost": "idle",
}  # fmt: skip
"""What the device is doing from an event on."""
_INTERPRETING = {"interpreting": True, "interpreting_ended": False}


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What `voiced/<id>/state` says."""

    doing: str = "idle"
    muted: bool = False
    recording: bool = False
    """What is said to us is kept on the disk."""
    lacks: tuple[str, ...] = ()
    """What is missing, in words: a microphone, a model, a voice."""
    wakes: Mapping[str, WakeCount] = field(default_factory=dict)
    interpreting: bool = False

    def after(self, event: str) -> DeviceState:
        interpreting = _INTERPRETING.get(event, self.interpreting)
        return replace(self, doing=_DOING.get(event, self.doing), interpreting=interpreting)

    @property
    def shown(self) -> str:
        """In one word."""
        if self.interpreting:
            return "interpreting"
        idle = self.doing == "idle"
        return "muted" if self.muted and idle else "error" if self.lacks and idle else self.doing

    def to_json(self) -> str:
        told = {
            "state": self.shown,
            "muted": self.muted,
            "recording": self.recording,
            "lacks": list(self.lacks),
            "version": __version__,
            "wake": {word: asdict(count) for word, count in self.wakes.items()},
        }
        return json.dumps(told)


class Changes(TypedDict, total=False):
    muted: bool
    recording: bool
    lacks: tuple[str, ...]
    wakes: Mapping[str, WakeCount]


class Reporter:
    def __init__(self, broker: Broker, device_id: str, also: Callable[[Happening], None] = lambda _: None) -> None:
        self._broker, self._root, self._also = broker, f"voiced/{device_id}", also
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_QUEUE)
        self.state = DeviceState()
        self.show: Callable[[str], None] = lambda _: None
        """Called with `DeviceState.shown`, whenever it may have changed."""
        self._told = ""
        """The state as it was last handed to the broker."""

    def tell(self, happening: Happening) -> None:
        """To everybody outside of this process: a code that is asked for is not among it."""
        if written := happening.get("written"):
            happening = {key: value for key, value in happening.items() if key != "written"} | {"text": written}
        self._also(happening)
        event = str(happening["event"])
        self._put("action" if event == "command" else "event", happening)
        if event == "turn_end" and "ledger" in happening:
            self._put("ledger", happening["ledger"])
        self.state = self.state.after(event)
        self.show(self.state.shown)

    def is_now(self, **changed: Unpack[Changes]) -> None:
        """What changed beside the turns."""
        self.state = replace(self.state, **changed)
        self.show(self.state.shown)
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(("state", ""))

    async def run(self) -> None:
        """Until cancelled."""
        await self._publish_state()
        while True:
            topic, payload = await self._waiting.get()
            if payload:
                with contextlib.suppress(BrokerError):
                    await self._broker.publish(f"{self._root}/{topic}", payload)
            await self._publish_state()

    async def _publish_state(self) -> None:
        state = self.state.to_json()
        if state != self._told:
            self._told = state
            with contextlib.suppress(BrokerError):
                await self._broker.publish(f"{self._root}/state", state, retain=True)

    def _put(self, topic: str, value: object) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait((topic, json.dumps(value, ensure_ascii=False)))
