"""That the ear is muted, and what else outlasts a restart."""

from __future__ import annotations

import logging

from voiced.adapters.store import Store
from voiced.errors import BusyError, StateError
from voiced.home.house import House
from voiced.service.keeping import Keeper
from voiced.topics.reporter import Reporter
from voiced.workers.clients import EarClient

_log = logging.getLogger(__name__)


class Muting:
    """Mutes the ear, and knows over a restart that it is muted, as the house knows its timers and its lock-out."""

    def __init__(
        self, store: Store, house: House, ear: EarClient, reporter: Reporter, *, message_lifts: bool = False
    ) -> None:
        self._store, self._house, self._ear, self._reporter = store, house, ear, reporter
        self.keeper = Keeper(store, lambda: {"house": house.to_dict(), "muted": self.muted})
        self.muted = False
        self._message_lifts = message_lifts

    async def restore(self) -> None:
        """Before anything starts. What cannot be read is said, and the rest is taken over; but where there is a state,
        and it does not say whether the ear was muted, it is.
        """
        lost: tuple[str, ...] = ()
        try:
            state = self._store.load()
        except StateError as error:
            state, lost = {"house": {}}, (f"everything, and it is muted to be safe: {error}",)
        if state:
            try:
                lost += self._house.restore(_table(state.get("house")))
            except ValueError as error:
                lost += (f"house: {error}",)
        self.muted = bool(state) and state.get("muted") is not False
        if lost:
            _log.error("lost from the saved state: %s", "; ".join(lost))
        self._house.changed = self.keeper.changed
        self._reporter.is_now(muted=self.muted)
        if self.muted:
            _log.info("muted, as before the start")
            await self._ear.shut("muted")

    async def mute(self, on: bool) -> None:
        """No process holds a microphone when this returns."""
        if on:
            await self._ear.shut("muted")
        if on == self.muted:
            return
        self.muted = on
        if not on:
            self._ear.open()
        await self.keeper.save()
        _log.info("muted" if on else "listening again")
        self._reporter.tell({"event": "muted" if on else "unmuted", "t_ms": 0.0})
        self._reporter.is_now(muted=on)

    async def toggle_mute(self) -> None:
        await self.mute(not self.muted)

    async def mute_by_message(self, on: bool) -> None:
        """BusyError where the owner did not say that a message may lift the mute."""
        if self.muted and not on and not self._message_lifts:
            raise BusyError("muted on purpose: only at the device (or with mute.mqtt_lifts) is it lifted")
        await self.mute(on)


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("it is no state of voiced")
    return value
