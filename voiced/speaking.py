"""The mouth, and the ear's being shut while it speaks. A mouth that cannot speak is told and changes nothing else."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import Any

from voiced.errors import VoicedError
from voiced.messages import ms_to_samples
from voiced.ports import Chime, Mouth, Played
from voiced.turns import Timeline

_log = logging.getLogger(__name__)


class Speaking:
    def __init__(self, mouth: Mouth, timeline: Timeline, *, tail_ms: int, chimes: bool) -> None:
        self._mouth, self._timeline = mouth, timeline
        self._tail_samples, self._chimes = ms_to_samples(tail_ms), chimes
        self._playing = 0
        self._shut_until = -1
        """Sample up to which our own voice may ring in the room."""

    def drowns(self, first_sample: int) -> bool:
        """Whether our own voice is in this sound."""
        return self._playing > 0 or first_sample < self._shut_until

    def ear_opened(self) -> None:
        """Samples are counted from 0 again."""
        self._shut_until = -1

    async def say(self, text: str) -> Played | None:
        """None where nobody heard it."""
        return await self._play(self._mouth.say(text))

    async def chime(self, chime: Chime) -> None:
        """The chime for a wake leaves the ear open: the command may follow in the same breath."""
        if self._chimes:
            await self._play(self._mouth.chime(chime), shut=chime is not Chime.WOKEN)

    async def stop(self) -> None:
        """Be silent."""
        try:
            await self._mouth.stop()
        except VoicedError as error:
            _log.info("nothing to silence: %s", error)

    async def _play(self, playing: Coroutine[Any, Any, Played], *, shut: bool = True) -> Played | None:
        self._playing += shut
        try:
            return await playing
        except VoicedError as error:
            _log.warning("nothing was said: %s", error)
            self._timeline.tell("not_said", reason=str(error))
            return None
        finally:
            self._playing -= shut
            if shut and self._timeline.paced:
                self._shut_until = self._timeline.now + self._tail_samples
