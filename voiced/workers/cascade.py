"""Two engines as one. The first decides what is harmless and what it is certain of; the rest the second hears again:
what the first leaves undone although it was said to us, and what it would do with things that are not harmless, while
in some doubt.

Each is a process of its own. A small model costs 120 MB and one thread, a large one gigabytes and all cores: together
in one process, the one that is killed for its memory would take the other with it, and the small one, which answers
nearly everything, would wait behind the large one's steps.

The second is not fed while somebody speaks, for it would take the cores on which the first keeps its time. It gets the
turn's sound, which is kept in memory until the turn ends, once the first one is in doubt, already in the hush. One
decision counts: the second one's if it came in time, else the first one's, under the thresholds of `home.policy`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from voiced.errors import VoicedError
from voiced.messages import Decision, EngineTimes
from voiced.ports import Engine, Expect

_log = logging.getLogger(__name__)
PATIENCE_S = 4.0
"""For the second engine, from the moment it is asked: what was said a while ago is not acted upon."""
MOST_BYTES = 30 * 16_000 * 2
"""What a model can hear of one turn: 30 s."""

Decided = tuple[Decision, EngineTimes]


class Cascade:
    """`ports.Engine` over two. `in_doubt` says of the first one's decision whether the second is asked."""

    def __init__(
        self, first: Engine, second: Engine, in_doubt: Callable[[Decision], bool], *, patience_s: float = PATIENCE_S
    ) -> None:
        self._first, self._second, self._in_doubt, self._patience_s = first, second, in_doubt, patience_s
        self._turn: int | None = None
        """The open turn, where the second may hear it."""
        self._sound = bytearray()
        self._begun: int | None = None
        """The turn that the second has begun, and how much of its sound it has."""
        self._given = 0
        self._answered: int | None = None
        """The last turn on which the second one's word counted."""
        self._taken: tuple[int, Engine] | None = None
        """The last turn that one of them has to itself."""
        self._asked = 0
        """Counts the questions: an older one is of no interest any more."""
        self._second_at_work = asyncio.Lock()

    @property
    def ready(self) -> bool:
        return self._first.ready

    @property
    def slow(self) -> bool:
        return self._first.slow

    @property
    def talks(self) -> bool:
        return self._talker.talks

    @property
    def _talker(self) -> Engine:
        return self._first if self._first.talks else self._second

    def _only(self, turn: int) -> Engine | None:
        """Who has this turn to itself: the other one has nothing to say to it."""
        return self._taken[1] if self._taken and self._taken[0] == turn else None

    async def begin(self, turn: int, expect: Expect) -> None:
        """Codes and "stop" are for the first alone: they are short, and wanted at once. What is to be interpreted is
        for the one that talks.
        """
        if expect is Expect.INTERPRET:
            self._taken = (turn, self._talker)
            await self._talker.begin(turn, expect)
            return
        self._turn = turn if expect is Expect.COMMAND else None
        self._sound.clear()
        await self._first.begin(turn, expect)

    async def feed(self, turn: int, pcm: bytes) -> None:
        if one := self._only(turn):
            await one.feed(turn, pcm)
            return
        if turn == self._turn and len(self._sound) < MOST_BYTES:
            self._sound += pcm
        await self._first.feed(turn, pcm)

    async def decide(self, turn: int) -> Decided:
        if one := self._only(turn):
            return await one.decide(turn)
        self._asked += 1
        asked = self._asked
        decided = await self._first.decide(turn)
        if turn != self._turn or not self._in_doubt(decided[0]) or not self._second.ready:
            return decided
        return await self._second_opinion(turn, decided, lambda: self._hear_again(turn, asked))

    async def again(self, turn: int) -> Decided | None:
        """Where the second one heard it, its word counts."""
        return None if self._only(turn) or turn == self._begun else await self._first.again(turn)

    async def ask(self, turn: int, text: str) -> Decided:
        if one := self._only(turn):
            return await one.ask(turn, text)
        decided = await self._first.ask(turn, text)
        if not self._in_doubt(decided[0]) or not self._second.ready:
            return decided
        return await self._second_opinion(turn, decided, lambda: self._second.ask(turn, text))

    async def end(self, turn: int) -> None:
        if one := self._only(turn):
            await one.end(turn)
            return
        if turn == self._turn:
            self._turn = None
            self._sound.clear()
        await self._first.end(turn)
        if turn == self._begun:
            await self._second.end(turn)

    def talk(self, turn: int, text: str = "") -> AsyncGenerator[str]:
        """Who made something of it, answers."""
        return (self._second if turn == self._answered else self._first).talk(turn, text)

    def translate(self, turn: int, into: str, text: str = "") -> AsyncGenerator[str]:
        return (self._only(turn) or self._talker).translate(turn, into, text)

    async def remember(self, turn: int, answer: str) -> None:
        """Only who heard the turn can remember it."""
        await self._first.remember(turn, answer)
        if turn == self._begun:
            await self._second.remember(turn, answer)

    async def _second_opinion(self, turn: int, first: Decided, ask: Callable[[], Awaitable[Decided | None]]) -> Decided:
        try:
            async with asyncio.timeout(self._patience_s):
                if second := await ask():
                    self._answered = turn
                    return second
        except TimeoutError:
            _log.warning("the second model was not asked to the end: it took longer than %g s", self._patience_s)
        except VoicedError as error:
            _log.warning("the second model does not answer: %s", error)
        return first

    async def _hear_again(self, turn: int, asked: int) -> Decided | None:
        """None where speech has gone on meanwhile, or the turn is over."""
        async with self._second_at_work:
            if turn != self._turn or asked != self._asked:
                return None
            if turn != self._begun:
                self._begun, self._given = turn, 0
                await self._second.begin(turn, Expect.COMMAND)
            more = bytes(self._sound[self._given :])
            self._given += len(more)
            await self._second.feed(turn, more)
            return await self._second.decide(turn)
