"""What the engine makes of the words so far: asked in every hush, forgotten where speech goes on, and whether a turn
whose words broke off is opened again.

The same turn goes on then, in the engine's memory too: what was heard stays there, and what comes is heard after it.
"""

from __future__ import annotations

import asyncio
import logging
import time

from voiced.errors import VoicedError
from voiced.home.house import House
from voiced.ledger import Mark
from voiced.listen.listener import Listener
from voiced.messages import Decision, EndedBy, EngineTimes, Hushed, Paused, samples_to_ms
from voiced.ports import Engine, Expect
from voiced.turn.beside import seen
from voiced.turn.timeline import OpenTurn, Speculation, Timeline, TurnSettings

_log = logging.getLogger(__name__)


class Deciding:
    def __init__(
        self, engine: Engine, house: House, listener: Listener, timeline: Timeline, settings: TurnSettings
    ) -> None:
        self._engine, self._house, self._listener = engine, house, listener
        self._timeline, self._settings = timeline, settings
        self._again: asyncio.Task[tuple[Decision, EngineTimes] | None] | None = None

    def pause(self, turn: OpenTurn, pause: Paused) -> None:
        """A slow engine begins to decide on the words up to here: they may be all. An interpreter has the time."""
        if self._engine.slow and turn.expect is not Expect.INTERPRET:
            turn.ledger = turn.ledger.at(Mark.ASKED, samples_to_ms(pause.at_sample - pause.speech_end_sample))
            self._ask(turn)

    def speculate(self, turn: OpenTurn, hush: Hushed) -> Speculation:
        """The decision on the words up to this hush, which may be the end: asked for now, or in the pause before."""
        turn.speech_end = hush.speech_end_sample
        turn.ledger = turn.ledger.at(Mark.HUSH, samples_to_ms(hush.at_sample - hush.speech_end_sample))
        return turn.speculation or self._ask(turn)

    def _ask(self, turn: OpenTurn) -> Speculation:
        turn.speculation = asyncio.create_task(self._engine.decide(turn.number), name=f"decide {turn.number}")
        turn.speculation.add_done_callback(seen)
        return turn.speculation

    async def adapt(self, turn: OpenTurn, speculation: Speculation) -> None:
        """Once decided in the hush: a shorter or longer silence ends the turn, unless speech has gone on."""
        if turn.expect is Expect.INTERPRET:  # the language is known long before all is said
            self._listener.set_end(turn.number, self._settings.interpret_end_ms)
            return
        begun = time.monotonic()
        await asyncio.wait([speculation])  # if it fails, that is raised where its decision is wanted
        if turn.speculation is not speculation or speculation.cancelled() or speculation.exception():
            return
        decision, _ = speculation.result()
        turn.ledger = turn.ledger.at(Mark.DECIDED, self._timeline.ms_after(turn.speech_end, begun))
        silence_ms = self._settings.endpoint.silence_ms(decision, slots_left=self._house.slots_left(decision))
        self._listener.set_end(turn.number, silence_ms)

    async def decide(self, turn: OpenTurn, begun: float) -> Decision:
        """Of all words; what was decided in the last hush, where it was."""
        decision, times = await (turn.speculation or self._ask(turn))
        turn.ledger = turn.ledger.with_engine(times)
        turn.ledger = turn.ledger.at(Mark.DECIDED, self._timeline.ms_after(turn.speech_end, begun))
        if turn.expect is Expect.COMMAND and decision.unsure:
            decision = await self._heard_again(turn) or decision
            turn.ledger = turn.ledger.at(Mark.REHEARD, self._timeline.ms_after(turn.speech_end, begun))
        return decision

    async def _heard_again(self, turn: OpenTurn) -> Decision | None:
        """None where that gives nothing, was given up, or failed: the turn has a decision, and it counts."""
        again = self._again = asyncio.create_task(self._engine.again(turn.number), name=f"hear {turn.number} again")
        try:
            await asyncio.wait([again])
        finally:
            again.cancel()
        try:
            decided = None if again.cancelled() else again.result()
        except VoicedError as error:
            _log.warning("turn %d is not heard again: %s", turn.number, error)
            return None
        return decided[0] if decided else None

    def give_up(self) -> None:
        """Somebody says something newer: what was not understood is not heard again any longer."""
        if self._again:
            self._again.cancel()

    def goes_on(self, turn: OpenTurn, decision: Decision, by: EndedBy) -> bool:
        """Whether the turn is open again: its words broke off, and nothing newer has begun."""
        may = by is EndedBy.SILENCE and turn.expect is Expect.COMMAND and turn.broke_off < self._settings.goes_on
        if not may or not self._house.breaks_off(decision):
            return False
        if not self._listener.reopen(turn.number, window_ms=self._settings.go_on_ms):
            return False
        turn.broke_off += 1
        self._timeline.tell("goes_on", turn=turn.number, window_ms=self._settings.go_on_ms)
        return True
