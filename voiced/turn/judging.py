"""From what the engine made of a turn's words to what is done about them: whom they are put to depends on what the turn
was opened for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from voiced.home.house import House
from voiced.home.judgement import Judgement
from voiced.ledger import Mark
from voiced.messages import Decision
from voiced.ports import Broker, Engine, Expect
from voiced.turn.interpreting import Interpreting
from voiced.turn.timeline import OpenTurn, Timeline

_log = logging.getLogger(__name__)


class Judging:
    """`explain` is told of every judgement."""

    def __init__(
        self,
        house: House,
        interpreting: Interpreting,
        broker: Broker,
        engine: Engine,
        timeline: Timeline,
        explain: Callable[[int, Decision, Judgement], None],
    ) -> None:
        self._house, self._broker, self._engine, self._timeline = house, broker, engine, timeline
        self._explain = explain
        self._judges: dict[Expect, Callable[[Decision], Judgement]] = {
            Expect.COMMAND: house.judge,
            Expect.CODE: lambda decision: house.judge_code(decision, now_sample=timeline.now),
            Expect.STOP: house.judge_stop,
            Expect.INTERPRET: interpreting.judge,
        }

    def judge(self, turn: OpenTurn, decision: Decision, begun: float) -> Judgement:
        self._timeline.tell(
            "decision",
            turn=turn.number,
            verdict=str(decision.verdict),
            calls=[call.to_json() for call in decision.calls],
            certainty=round(decision.certainty, 4),
        )
        _log.debug("turn %d: %s %r", turn.number, decision.verdict, decision.sentence)
        self._house.in_touch, self._house.can_talk = self._broker.connected, self._engine.talks
        judgement = self._judges[turn.expect](decision)
        turn.ledger = replace(turn.ledger, certainty=decision.certainty, by=decision.by, hearing=decision.hearing)
        turn.ledger = turn.ledger.at(Mark.POLICY, self._timeline.ms_after(turn.speech_end, begun))
        self._explain(turn.number, decision, judgement)
        return judgement
