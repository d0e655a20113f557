"""Timers and alarms, as soon as it is their time: rung until somebody stops them, with an ear for that in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voiced.home.house import House
from voiced.turn.speaking import Speaking
from voiced.turn.timeline import Timeline

_POLL_S = 0.5
"""A timer may be set, changed or cancelled meanwhile."""
_UNHEARD_S = 5.0
"""After so long, what a mouth could not say is tried again."""
PAUSE_MS = 4000
"""Between two rings: time to say "stop"."""


async def ring(
    house: House,
    speaking: Speaking,
    timeline: Timeline,
    *,
    clear: Callable[[], Awaitable[None]],
    listen: Callable[[], Awaitable[None]],
) -> None:
    """Until cancelled. `clear` returns when nobody is speaking; `listen` opens an ear for "stop"."""
    while True:
        for new in house.rings():
            if new.alarm:
                timeline.tell("alarm", text=new.text)
            else:
                timeline.tell("timer_over", text=new.text)
        if house.rings_now() is None:
            left_s = house.next_ring_s()
            await asyncio.sleep(_POLL_S if left_s is None else min(_POLL_S, left_s))
            continue
        await clear()
        if (now := house.rings_now()) is None:
            continue
        if await speaking.ring(now.text, house.loudness(rings=True)) is None:
            await asyncio.sleep(_UNHEARD_S)
            continue
        house.rang(now)
        house.heard_saying(now.text)
        if house.rings_now() is not None:
            await listen()
