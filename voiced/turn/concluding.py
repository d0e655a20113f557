"""From the house's word on a turn to the turn's end: done, said, remembered, told."""

from __future__ import annotations

import logging

from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind
from voiced.ports import Engine, Expect
from voiced.turn.acting import Acting
from voiced.turn.answering import Answering
from voiced.turn.interpreting import Interpreting
from voiced.turn.talking import Talking
from voiced.turn.timeline import OpenTurn, Timeline

_log = logging.getLogger(__name__)


class Concluding:
    def __init__(
        self,
        engine: Engine,
        house: House,
        acting: Acting,
        talking: Talking,
        interpreting: Interpreting,
        answering: Answering,
        timeline: Timeline,
    ) -> None:
        self._engine, self._house, self._acting, self._talking = engine, house, acting, talking
        self._interpreting, self._answering, self._timeline = interpreting, answering, timeline

    async def conclude(self, turn: OpenTurn, judgement: Judgement, begun: float, *, typed: str, hears: bool) -> None:
        """Returns when the last of it was said. `typed` are its words where they were not heard; `hears`: there is an
        ear. Into what somebody says since nothing is chimed.
        """
        say = await self._carried_out(turn, judgement, begun, typed)
        if judgement.interprets:
            say = await self._interpreting.greet(hears=hears) or say
        untold = judgement.kind in (Kind.IGNORE, Kind.TALK) or judgement.wants_code  # never the digits of a code
        if say and turn.expect is Expect.COMMAND and not untold:
            await self._engine.remember(turn.number, say)
        if judgement.kind is not Kind.IGNORE or not self._timeline.in_turn:
            await self._answering.answer(turn, judgement, say, begun)
        _log.info("%s", turn.ledger.line())
        self._timeline.tell("turn_end", turn=turn.number, ledger=turn.ledger.to_json())

    async def _carried_out(self, turn: OpenTurn, judgement: Judgement, begun: float, typed: str) -> str:
        """What is to be said of it."""
        tell, say = self._timeline.tell, judgement.say
        match judgement.kind:
            case Kind.TALK if judgement.into:
                return await self._interpreting.say_again(turn, judgement.into, typed, begun)
            case Kind.TALK:
                spoke = await self._talking.say(turn, self._engine.talk(turn.number, typed), begun)
                return "" if spoke else self._house.cannot_talk()
            case Kind.ACT:
                return await self._acting.carry_out(turn, judgement, begun)
            case Kind.ASK:
                tell("question", turn=turn.number, **judgement.told(say))
            case Kind.REFUSE:
                tell("refused", turn=turn.number, reason=judgement.reason)
            case Kind.IGNORE:
                tell("ignored", turn=turn.number, reason=judgement.reason)
        return say
