"""Which heralds a configuration asks for: Home Assistant's device, Hermes, and the owner's hooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from voiced.config import Config
from voiced.errors import UsageError
from voiced.home.house import House
from voiced.home.voice import LOUDEST, SOFTEST
from voiced.listen.listener import Listener
from voiced.listen.settings import WakeWord
from voiced.ports import Broker
from voiced.topics import presence
from voiced.topics.herald import Asked, Herald, Hooks
from voiced.topics.hermes import REQUESTS, Hermes
from voiced.topics.presence import Out
from voiced.turn.timeline import Happening

LOWEST, HIGHEST = 0.05, 1.0


class Speaking(Protocol):
    """What of the assistant is needed here."""

    @property
    def listener(self) -> Listener: ...
    async def announce(self, text: str) -> object: ...
    async def listen(self) -> None: ...


class Presenting:
    """Everything that voiced tells of itself besides its own topics. `tell` and `run` as a herald's."""

    def __init__(self, config: Config, broker: Broker, house: House, assistant: Speaking) -> None:
        self._config, self._house, self._assistant = config, house, assistant
        self._base = f"voiced/{config.id}"
        self._hooks = Hooks(config.hooks)
        self._last: dict[str, Out] = {}
        """What was told last of what changes by itself."""
        self._hermes = Hermes(config.hermes.site, config.wake.threshold) if config.hermes.site else None
        tellers: list[Callable[[Happening], Iterable[Out]]] = []
        asked: dict[str, Asked] = {}
        announce: list[Callable[[], Out]] = []
        birth = ""
        if config.discovery.announce:
            tellers += [lambda h: presence.activity(config.id, h), self._moved]
            asked[f"{self._base}/threshold/set"] = self._set_threshold
            asked[f"{self._base}/volume/set"] = self._set_volume
            prefix = config.discovery.prefix
            announce = [
                lambda: presence.announcement(config.id, config.area, prefix, lifts_mute=config.mute.mqtt_lifts),
                self._threshold,
                self._next_timer,
                self._next_alarm,
                self._volume,
            ]
            birth = f"{prefix}/status"
        if self._hermes:
            tellers.append(self._hermes.told)
            asked |= dict.fromkeys(REQUESTS, self._asked_by_hermes)
        self._herald = Herald(broker, tellers, asked, announce=announce, birth_topic=birth)

    def tell(self, happening: Happening) -> None:
        self._hooks.tell(happening)
        self._herald.tell(happening)

    async def run(self) -> None:
        """Until cancelled."""
        await self._herald.run()

    # --- the threshold ----------------------------------------------------------------------------------------------

    def _threshold(self) -> Out:
        words = self._assistant.listener.settings.words
        value = next(iter(words.values()), WakeWord()).threshold
        return Out(f"{self._base}/threshold", f"{value:g}", retain=True)

    async def _set_threshold(self, topic: str, payload: bytes) -> None:
        """Of all wake words, until the next start."""
        try:
            value = float(payload)
        except ValueError:
            value = -1.0
        if not LOWEST <= value <= HIGHEST:
            raise UsageError(f"{topic}: a threshold lies between {LOWEST} and {HIGHEST:g}")
        listener = self._assistant.listener
        words = {word: replace(rule, threshold=value) for word, rule in listener.settings.words.items()}
        listener.settings = replace(listener.settings, words=words)
        self._herald.put(self._threshold())

    # --- timers, alarms, volume -------------------------------------------------------------------------------------

    def _next_timer(self) -> Out:
        return presence.next_timer(self._config.id, self._house.clocks.next_timer_s(), dt.datetime.now(dt.UTC))

    def _next_alarm(self) -> Out:
        return presence.next_alarm(self._config.id, self._house.clocks.next_alarm_s(), dt.datetime.now(dt.UTC))

    def _volume(self) -> Out:
        return Out(f"{self._base}/volume", str(self._house.volume), retain=True)

    def _moved(self, happening: Happening) -> Iterable[Out]:
        if happening["event"] not in ("turn_end", "timer_over", "alarm"):
            return
        for out in (self._next_timer(), self._next_alarm(), self._volume()):
            if out != self._last.get(out.topic):
                self._last[out.topic] = out
                yield out

    async def _set_volume(self, topic: str, payload: bytes) -> None:
        try:
            self._house.set_volume(float(payload))
        except (ValueError, OverflowError) as error:
            raise UsageError(f"{topic}: a volume lies between {SOFTEST} and {LOUDEST}") from error
        self._herald.put(self._volume())

    # --- Hermes -----------------------------------------------------------------------------------------------------

    async def _asked_by_hermes(self, topic: str, payload: bytes) -> None:
        assert self._hermes is not None
        request = self._hermes.asked(topic, payload)
        if request is None:
            return
        if request.say:
            await self._assistant.announce(request.say[:1000])
        if request.request is not None:
            self._herald.put(self._hermes.finished(request.request))
        if request.listen:
            await self._assistant.listen()
