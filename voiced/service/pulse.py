"""What the daemon says of its own health: to systemd, to the log, and in its state topic.

A ping to systemd's watchdog means that every part works, or that what does not is known, said, and being worked on:

    the ear       frames went through the listener since the last beat, or it is muted, or it has said that it is deaf
    the engine    it answers, or its supervisor is starting the next one
    the loop      this very beat

What is known to be missing is no reason to kill the daemon: a microphone does not come back by that. What nobody
noticed is: sound that stopped without a word, a loop that waits for ever, a call that does not return.
READY is said once it is known whether there is sound, and whether there is a model: one that is missing does not come
by a restart either.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from voiced.adapters.systemd import Systemd
from voiced.assistant import Assistant
from voiced.ports import Broker
from voiced.service.accounting import Accounting
from voiced.service.keeping import Keeper
from voiced.topics.reporter import Reporter
from voiced.workers.clients import EarClient, EngineClient, MouthClient

_log = logging.getLogger(__name__)
BEAT_S = 1.0


@dataclass(slots=True)
class Pulse:
    systemd: Systemd
    assistant: Assistant
    ear: EarClient
    mind: EngineClient
    voice: MouthClient
    broker: Broker
    keeper: Keeper
    reporter: Reporter
    accounting: Accounting
    muted: Callable[[], bool]
    beat_s: float = BEAT_S

    async def run(self) -> None:
        """Until cancelled."""
        announced, frames, last, wakes = False, 0, "", self.assistant.listener.wakes
        while True:
            await asyncio.sleep(self.beat_s)
            flowing, frames = self.assistant.frames > frames, self.assistant.frames
            hears = flowing or self.muted()
            if (now := self.assistant.listener.wakes) is not wakes:
                wakes = now
                self.reporter.is_now(wakes=wakes)
                self.accounting.woke(wakes)
            lacks = self._lacks(hears=hears)
            status = "; ".join(lacks) or ("muted" if self.muted() else "listening")
            if status != last:
                _log.info("%s", status)
                self.systemd.status(status)
                self.reporter.tell({"event": "status", "t_ms": 0.0, "text": status, "lacks": list(lacks)})
                self.reporter.is_now(lacks=tuple(lacks))
                last = status
            known = hears or self.ear.gone
            if not announced and known and (self.mind.ready or self.mind.supervisor.restarts):
                self.systemd.ready(status)
                announced = True
            if known and (self.mind.ready or not self.mind.supervisor.ready):
                self.systemd.watchdog()

    def _lacks(self, *, hears: bool) -> list[str]:
        named = (
            ("no sound", "" if hears else self.ear.trouble or "it stopped without a word"),
            ("no model", "" if self.mind.ready else self.mind.supervisor.state.what),
            ("no voice", self.voice.trouble),
            ("no broker", self.broker.trouble),
            ("nothing is kept", self.keeper.trouble),
        )
        return [f"{what}: {why}" for what, why in named if why]
