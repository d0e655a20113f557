"""Timers that are over, said as soon as they are, and again until somebody may have heard it."""

from __future__ import annotations

import asyncio

from voiced.home.house import House
from voiced.speaking import Speaking
from voiced.turns import Timeline

_POLL_S = 0.5
"""A timer may be set, changed or cancelled meanwhile."""
_UNHEARD_S = 5.0
"""After so long, what a mouth could not say is tried again."""


async def ring(house: House, speaking: Speaking, timeline: Timeline) -> None:
    """Until cancelled."""
    unheard: list[str] = []
    while True:
        left_s = house.next_timer_s()
        await asyncio.sleep(_POLL_S if left_s is None else min(_POLL_S, left_s))
        for text in house.timers_over():
            timeline.tell("timer_over", text=text)
            unheard.append(text)
        while unheard and await speaking.say(unheard[0]):
            del unheard[0]
        if unheard:
            await asyncio.sleep(_UNHEARD_S)
