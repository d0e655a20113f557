"""Everybody into the house that the network tells of now, and what is said in it rendered ahead."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from voiced.errors import VoicedError
from voiced.home.house import House
from voiced.home.model import Home
from voiced.ports import Broker
from voiced.workers.childstate import State
from voiced.workers.clients import MouthClient

_log = logging.getLogger(__name__)
_PREPARE_AGAIN_S = 10.0


@dataclass(slots=True)
class Moving:
    """First who has to think about the house, then who acts in it."""

    area_of: Callable[[Home], str]
    """Where in a house the device stands."""
    load_home: Callable[[dict[str, object], str], Awaitable[None]]
    """Tells the engines."""
    house: House
    voice: MouthClient
    broker: Broker

    async def __call__(self, home: Home) -> None:
        """InferenceError: the old house stays."""
        area = self.area_of(home)
        await self.load_home(home.to_dict(), area)
        left = set(self.house.home.topics()) - set(home.topics())
        self.house.move(home, area)
        for topic in left:
            await self.broker.unsubscribe(topic)
        for topic in home.topics():  # retained states come at once, to a house that knows what they are about
            await self.broker.subscribe(topic)
        if self.voice.supervisor.ready:
            with contextlib.suppress(VoicedError):  # they are rendered when they are first said
                await self.voice.prepare(self.house.confirmations())


async def prepare(voice: MouthClient, house: House) -> None:
    """Confirmations are rendered ahead, for every new mouth; where voice or loudspeaker are missing, again until they
    are there.
    """
    async for state in voice.supervisor.states():
        while state.state is State.READY and voice.supervisor.ready:
            try:
                await voice.prepare(())  # is all there that speaking needs? The words themselves take a while
                await voice.prepare(house.confirmations())
            except VoicedError as error:
                _log.warning("confirmations are not rendered ahead: %s", error)
                await asyncio.sleep(_PREPARE_AGAIN_S)
            else:
                break
