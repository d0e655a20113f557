"""A text in the model's own words: each sentence is spoken while the next one is being thought of. Bounded, and anybody
stops it by the wake word.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator

from voiced.errors import VoicedError
from voiced.home.house import House
from voiced.ledger import Mark
from voiced.speak.sentences import Sentences
from voiced.turn.speaking import Speaking
from voiced.turn.timeline import OpenTurn, Timeline

_log = logging.getLogger(__name__)
MOST_SENTENCES = 6
WORDLESS_S = 15.0
"""After so long without a sentence, or a sign that it is being thought about, nobody waits any more."""


class Talking:
    def __init__(self, house: House, speaking: Speaking, timeline: Timeline) -> None:
        self._house, self._speaking, self._timeline = house, speaking, timeline
        self._stop: asyncio.Event | None = None

    def stop(self) -> None:
        """No further sentence; the one that is being spoken is `Speaking`'s to end."""
        if self._stop:
            self._stop.set()

    async def say(
        self, turn: OpenTurn, pieces: AsyncGenerator[str], begun: float, *, voice: str = "", into: str = ""
    ) -> bool:
        """What the engine gives, with `voice` (see `Mouth.say`). `into` is the language, where it is a translation.
        False where the engine failed before there was a sentence.
        """
        self._stop = stop = asyncio.Event()
        said: list[str] = []
        try:
            async with contextlib.aclosing(self._sentences(turn, pieces, stop)) as sentences:
                async for sentence in sentences:
                    turn.ledger = turn.ledger.at(Mark.FIRST_SENTENCE, self._timeline.ms_after(turn.speech_end, begun))
                    said.append(sentence)
                    self._tell(turn, sentence, into)
                    if not await self._say(turn, sentence, begun, voice) or stop.is_set():
                        break
        except VoicedError as error:
            _log.warning("turn %d: no answer: %s", turn.number, error)
            return bool(said)
        finally:
            self._stop = None
            if said and not into:
                self._house.heard_saying(" ".join(said))
        return True

    async def _sentences(self, turn: OpenTurn, pieces: AsyncGenerator[str], stop: asyncio.Event) -> AsyncGenerator[str]:
        """As they are complete: the engine goes on while they are spoken."""
        ready: asyncio.Queue[str | VoicedError | None] = asyncio.Queue()

        async def think() -> None:
            sentences, count = Sentences(), 0
            try:
                async with contextlib.aclosing(pieces):
                    async for piece in pieces:
                        if not piece:
                            ready.put_nowait("")  # it is being thought about
                        for one in sentences.feed(piece):
                            count += 1
                            ready.put_nowait(one)
                        if stop.is_set() or count >= MOST_SENTENCES:
                            break
                if count < MOST_SENTENCES:
                    for one in sentences.rest():
                        ready.put_nowait(one)
            except VoicedError as error:
                ready.put_nowait(error)
            finally:
                ready.put_nowait(None)

        thinking = asyncio.create_task(think(), name=f"answer {turn.number}")
        try:
            while True:
                try:
                    one = await asyncio.wait_for(ready.get(), WORDLESS_S)
                except TimeoutError:
                    _log.warning("turn %d: the answer does not go on", turn.number)
                    return
                if isinstance(one, VoicedError):
                    raise one
                if one is None or stop.is_set():
                    return
                if one:
                    yield one
        finally:
            thinking.cancel()
            await asyncio.gather(thinking, return_exceptions=True)

    def _tell(self, turn: OpenTurn, sentence: str, into: str) -> None:
        """What people say to each other is theirs: of a translation the words are told only where they were typed."""
        if not into:
            self._timeline.tell("reply", turn=turn.number, text=sentence)
        elif turn.speech_end is None:
            self._timeline.tell("translated", turn=turn.number, into=into, text=sentence)
        else:
            self._timeline.tell("translated", turn=turn.number, into=into)

    async def _say(self, turn: OpenTurn, sentence: str, begun: float, voice: str) -> bool:
        """Whether it was heard to its end."""
        asked = self._timeline.ms_after(turn.speech_end, begun)
        played = await self._speaking.say(sentence, voice=voice)
        if played:
            turn.ledger = turn.ledger.at(Mark.FIRST_SOUND, asked + played.first_sound_ms)
        return played is not None and not played.interrupted
