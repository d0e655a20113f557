"""The mouth, and the ear's being shut while it speaks. A mouth that cannot speak is told and changes nothing else.

While we speak, nothing that is heard counts, for it may be ourselves; except the wake word, with which anybody may cut
us short, and "stop" (`stopping.py`). Where these are in our own words, they do not count either. What was cut short for
nothing goes on. The chime for a wake leaves the ear open: only what is little else than that chime does not count.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any

from voiced.errors import VoicedError
from voiced.listen.chimed import is_chime
from voiced.listen.listener import muted
from voiced.messages import Frame, ms_to_samples
from voiced.ports import Chime, Mouth, Played
from voiced.turn.timeline import Timeline

_log = logging.getLogger(__name__)
_GREETINGS = ("hey", "ok", "okay", "hi", "hello")


_REWIND_MS = 500.0
"""What was cut short goes on so much earlier: what the loudspeaker still had in its buffer, and a word."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What of a text was not said, because somebody cut us short."""

    text: str
    loudness: float | None
    from_ms: float
    voice: str


class Speaking:
    def __init__(
        self,
        mouth: Mouth,
        timeline: Timeline,
        *,
        tail_ms: int,
        chimes: bool,
        times: int = 1,
        wake_words: Iterable[str] = (),
        stop_word: str = "stop",
        loudness: Callable[[], float] = lambda: 1.0,
    ) -> None:
        """`times`: how often the chime for a wake sounds."""
        self._mouth, self._timeline, self._loudness, self._times = mouth, timeline, loudness, times
        self._telling = {part for word in wake_words for part in word.casefold().split("_") if part not in _GREETINGS}
        self._stopping = stop_word.casefold().split("_")
        self._saying: list[str] = []
        self._interrupted = False
        self._gave_way = False
        self._rest: _Rest | None = None
        self._tail_samples, self._chimes = ms_to_samples(tail_ms), chimes
        self._playing = 0
        self._shut_until = -1
        """Sample up to which our own voice may ring in the room."""
        self._chiming = 0
        self._chimed_until = -1
        """Likewise of the chime that leaves the ear open."""

    def through(self, frame: Frame) -> Frame:
        """What counts of this sound."""
        if self._playing == 0 and frame.first_sample >= self._shut_until:
            chimes = self._chiming or frame.first_sample < self._chimed_until
            return replace(frame, speech=False) if chimes and frame.speech and is_chime(frame.pcm) else frame
        own = any(part in text for text in self._saying for part in self._telling)
        may_wake = self._saying and self._telling and not own
        return replace(muted(frame), wake=frame.wake) if may_wake else muted(frame)

    def ear_opened(self) -> None:
        """Samples are counted from 0 again."""
        self._shut_until = self._chimed_until = -1

    async def say(
        self, text: str, *, loudness: float | None = None, from_ms: float = 0.0, voice: str = ""
    ) -> Played | None:
        """None where nobody heard it. As loud as everything, unless another `loudness` is given; see `Mouth.say`."""
        self._saying.append(text.casefold())
        self._rest, self._gave_way = None, False
        try:
            loud = loudness or self._loudness()
            played = await self._play(self._mouth.say(text, loudness=loud, from_ms=from_ms, voice=voice))
        finally:
            self._saying.remove(text.casefold())
        if played and played.interrupted and self._gave_way:
            self._rest = _Rest(text, loudness, max(0.0, from_ms + played.duration_ms - _REWIND_MS), voice)
        return played

    async def resume(self) -> bool:
        """Go on with what was cut short, for it was for nothing. False where nothing was."""
        rest, self._rest = self._rest, None
        if rest is None:
            return False
        self._timeline.tell("reply_resumed", from_ms=round(rest.from_ms))
        await self.say(rest.text, loudness=rest.loudness, from_ms=rest.from_ms, voice=rest.voice)
        return True

    async def has_voice(self, voice: str) -> bool:
        """Whether it can speak with it; what is missing is told."""
        try:
            await self._mouth.prepare((), voice=voice)
        except VoicedError as error:
            _log.warning("this voice cannot be used: %s", error)
            self._timeline.tell("not_said", reason=str(error))
            return False
        return True

    def forget_rest(self) -> None:
        """What was cut short need not be heard any more."""
        self._rest = None

    async def chime(self, chime: Chime) -> None:
        """The chime for a wake leaves the ear open: the command may follow in the same breath."""
        if not self._chimes:
            return
        if chime is not Chime.WOKEN:
            await self._play(self._mouth.chime(chime, loudness=self._loudness()))
            return
        self._chiming += 1
        try:
            for _ in range(self._times):
                await self._play(self._mouth.chime(chime, loudness=self._loudness()), shut=False)
        finally:
            self._chiming -= 1
            if self._timeline.paced:
                self._chimed_until = self._timeline.now + self._tail_samples

    async def ring(self, text: str, loudness: float) -> Played | None:
        """An alarm's chime, and what it rings for. None where nobody heard the words."""
        await self._play(self._mouth.chime(Chime.RING, loudness=loudness))
        played = await self.say(text, loudness=loudness)
        self.forget_rest()  # it rings again anyway
        return played

    @property
    def saying(self) -> bool:
        return bool(self._saying)

    @property
    def says_stop(self) -> bool:
        """The stop word is in our own words: heard now, it may be ourselves."""
        return any(part in text for text in self._saying for part in self._stopping)

    async def give_way(self) -> None:
        """Be silent for somebody who cuts us short: what follows the wake word is theirs, without a pause."""
        self._interrupted = self._gave_way = True
        await self.stop()

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
            if shut and self._timeline.paced and not self._interrupted:
                self._shut_until = self._timeline.now + self._tail_samples
            if not self._playing:
                self._interrupted = False
