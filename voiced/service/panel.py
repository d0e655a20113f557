"""The button and the lamp at the device: a short press mutes and unmutes, a long one listens without a wake word.

    lamp off          idle            slow blink        deaf, or something else is missing: the state topic says what
    lamp on           listening       a flash in 2 s    muted: no process holds a microphone
    quick blink       thinking        on                speaking
    on, short breaks  interpreting: all that is said is said again

The lamp shows what the state topic says; muted is shown when it is true, not when it is asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from voiced.adapters.gpio import NoLamp
from voiced.errors import VoicedError
from voiced.ports import Lamp, Light

_log = logging.getLogger(__name__)
LIGHTS: Mapping[str, Light] = {
    "idle": Light(0, 1), "listening": Light(1, 0), "processing": Light(0.1, 0.1), "responding": Light(1, 0),
    "interpreting": Light(1.9, 0.1), "muted": Light(0.1, 1.9), "error": Light(1, 1),
}  # fmt: skip


class Panel:
    """`open_` gets what to call for a short and a long press, from any thread."""

    def __init__(
        self,
        open_: Callable[[Callable[[], None], Callable[[], None]], Lamp],
        *,
        mute: Callable[[], Awaitable[None]],
        listen: Callable[[], Awaitable[None]],
    ) -> None:
        self._open, self._pressed = open_, {"short": mute, "long": listen}
        self._lamp: Lamp | None = None
        self._shown = ""
        self._presses: asyncio.Queue[str] = asyncio.Queue(4)

    def show(self, state: str) -> None:
        """One of the state topic's states."""
        if state != self._shown and self._lamp is not None:
            self._lamp.show(LIGHTS[state])
        self._shown = state

    def press(self, which: str = "short") -> None:
        """As if somebody had pressed the button; more than a few at once count no more."""
        if not self._presses.full():
            self._presses.put_nowait(which)

    async def run(self) -> None:
        """Until cancelled. Pins that cannot be had are said, and the daemon lives without."""
        loop = asyncio.get_running_loop()
        try:
            self._lamp = lamp = self._open(
                lambda: void(loop.call_soon_threadsafe(self.press, "short")),
                lambda: void(loop.call_soon_threadsafe(self.press, "long")),
            )
        except VoicedError as error:
            _log.error("no button and no lamp: %s", error)
            self._lamp = lamp = NoLamp()
        try:
            lamp.show(LIGHTS[self._shown or "idle"])
            while True:
                which = await self._presses.get()
                try:
                    await self._pressed[which]()
                except VoicedError as error:
                    _log.info("the button's %s press: %s", which, error)
        finally:
            self._lamp = None
            lamp.close()


def void(_: object) -> None:
    """What a callback returns is nobody's business."""
