"""Commands to the broker, and what became of them: done is only what a state topic says is done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

from voiced.errors import BrokerError, DeclinedError
from voiced.home.house import House
from voiced.home.judgement import Judgement
from voiced.ledger import Mark
from voiced.messages import Command
from voiced.ports import Broker
from voiced.turn.timeline import OpenTurn, Timeline

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Waiter:
    command: Command
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)


class Acting:
    def __init__(self, broker: Broker, house: House, timeline: Timeline, *, confirm_s: float) -> None:
        self._broker, self._house, self._timeline, self._confirm_s = broker, house, timeline, confirm_s
        self._messages = broker.messages()
        """From now on: what entities say of themselves when we subscribe is retained, and comes at once."""
        self._waiters: list[_Waiter] = []

    async def carry_out(self, turn: OpenTurn, judgement: Judgement, begun: float) -> str:
        """Publish every command, wait for the state topics; what may truly be said then."""
        waiters = [_Waiter(c) for c in judgement.commands if c.state_topic]
        self._waiters += waiters
        try:
            came = [(c, await self._publish(turn, c, begun)) for c in judgement.commands]
            failed, declined = (tuple(c for c, what in came if what is kind) for kind in (BrokerError, DeclinedError))
            pending = [w for w in waiters if w.command not in failed + declined]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._confirm_s):
                    await asyncio.gather(*(w.confirmed.wait() for w in pending))
        finally:
            self._waiters = [w for w in self._waiters if w not in waiters]
        confirmed = tuple(w.command for w in pending if w.confirmed.is_set())
        for command in confirmed:
            turn.ledger = turn.ledger.at(Mark.CONFIRMED, self._timeline.ms_after(turn.speech_end, begun))
            self._timeline.tell("confirmed", turn=turn.number, entity=command.entity)
        silent = tuple(w.command for w in pending if not w.confirmed.is_set())
        return self._house.report(judgement, confirmed=confirmed, silent=silent, failed=failed, declined=declined)

    async def follow_states(self) -> None:
        """Everything that the house's topics say, for good."""
        async for message in self._messages:
            self._house.heard_state(message.topic, message.payload, retained=message.retained)
            for waiter in self._waiters:
                if self._house.confirms(waiter.command, message.topic, message.payload):
                    waiter.confirmed.set()

    async def _publish(self, turn: OpenTurn, command: Command, begun: float) -> type[BrokerError] | None:
        """Why it is not sent, None where it is."""
        try:
            await self._broker.publish(command.topic, command.payload)
        except BrokerError as error:
            _log.warning("turn %d: %s was not sent: %s", turn.number, command.entity, error)
            return DeclinedError if isinstance(error, DeclinedError) else BrokerError
        turn.ledger = turn.ledger.at(Mark.PUBLISHED, self._timeline.ms_after(turn.speech_end, begun))
        self._timeline.tell(
            "command",
            turn=turn.number,
            entity=command.entity,
            verb=command.verb,
            topic=command.topic,
            payload=command.payload,
        )
        return None
