"""THE loop: sound from the ear through the listener into the engine, its decision through the house to the broker,
and the answer to the mouth. Decides nothing itself; holds no SDK.

A turn, in the order of things:

    Woken          chime, engine.begin
    AudioHeard     engine.feed, while the user speaks
    Hushed         ask the engine for a decision; it may be the end
    Resumed        it was not: whatever was decided is forgotten
    Ended          the decision of the last hush counts; house.judge -> publish, wait for the state topic, say so

`paced` says whether sound arrives at its own pace. If it does, deciding and answering run beside the hearing. If it
does not (a file, as fast as possible), everything is awaited where it happens, so that a replay gives the same events
every time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from voiced.errors import AudioDeviceError, BrokerError, VoicedError
from voiced.home.house import House, Judgement, Kind
from voiced.ledger import Ledger, Mark
from voiced.listen.listener import Listener, muted
from voiced.messages import (
    AudioHeard,
    Command,
    Decision,
    EarLost,
    EarOpened,
    Ended,
    EndedBy,
    EngineTimes,
    Frame,
    Hushed,
    ListenerEvent,
    Resumed,
    SpeechStarted,
    Woken,
    samples_to_ms,
)
from voiced.ports import Broker, Chime, Ear, Engine, Expect, Mouth, Played
from voiced.turns import Happening, OpenTurn, TurnSettings, Waiter

_log = logging.getLogger(__name__)
_TIMER_POLL_S = 0.5


class Assistant:
    def __init__(
        self,
        *,
        ear: Ear,
        engine: Engine,
        mouth: Mouth,
        broker: Broker,
        listener: Listener,
        house: House,
        tell: Callable[[Happening], None] = lambda _: None,
        settings: TurnSettings | None = None,
        paced: bool = True,
        wake: bool = True,
    ) -> None:
        self._ear, self._engine, self._mouth, self._broker = ear, engine, mouth, broker
        self.listener, self.house = listener, house
        self._tell, self._settings, self._paced, self._wake = tell, settings or TurnSettings(), paced, wake
        self._messages = broker.messages()
        """From now on: what entities say of themselves when we subscribe is retained, and comes at once."""
        self._turn: OpenTurn | None = None
        self._expect = Expect.COMMAND
        """What the next turn is opened for."""
        self._gate_until = -1
        """Sample up to which our own voice may be in the room; open-ended while speaking."""
        self._speaking = 0
        self._heard_at = time.monotonic()
        self._waiters: list[Waiter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.frames = 0
        """Frames that went through the listener: the watchdog's pulse."""
        self.ledgers: list[Ledger] = []
        """The last turns' accounts, newest last."""

    # --- hearing ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the ear ends. Cancel to stop."""
        watch = asyncio.create_task(self.follow_states(), name="states")
        ringing = asyncio.create_task(self._ring(), name="timers")
        try:
            await self._hear()
        finally:
            watch.cancel()
            ringing.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(watch, ringing, *self._tasks, return_exceptions=True)

    async def _hear(self) -> None:
        async for heard in self._ear.frames():
            match heard:
                case EarOpened(device=device):
                    self._emit("ear_opened", 0, device=device)
                    await self._events(self.listener.restart())
                    if not self._wake:
                        await self._events(self.listener.open_turn())
                case EarLost(reason=reason):
                    self._emit("ear_lost", self.listener.now, reason=reason)
                    await self._events(self.listener.restart())
                case Frame():
                    self._heard_at = time.monotonic()
                    gated = self._speaking > 0 or heard.first_sample < self._gate_until
                    await self._events(self.listener.hear(muted(heard) if gated else heard))
                    self.frames += 1
        await self._events(self.listener.file_end())
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _events(self, events: tuple[ListenerEvent, ...]) -> None:
        for event in events:
            try:
                await self._on(event)
            except VoicedError as error:
                await self._beside(self._apologize(event.turn, error))

    async def _on(self, event: ListenerEvent) -> None:
        match event:
            case Woken(turn=turn):
                expect, self._expect = self._expect, Expect.COMMAND
                if event.word:
                    expect = Expect.COMMAND
                    self.house.forget_question()
                    self._emit("wake", event.at_sample, turn=turn, word=event.word, score=round(event.score, 3))
                self._turn = OpenTurn(turn, expect, Ledger(turn))
                await self._engine.begin(turn, expect)
                if event.word and self._settings.chimes:
                    self._start(self._chime(Chime.WOKEN))
            case SpeechStarted(turn=turn):
                self._emit("speech_start", event.at_sample, turn=turn)
                if self._turn:
                    self._turn.words = True
            case AudioHeard(turn=turn, pcm=pcm):
                await self._engine.feed(turn, pcm)
            case Hushed():
                self._emit("hush", event.at_sample, turn=event.turn)
                await self._speculate(event)
            case Resumed():
                self._emit("resumed", event.at_sample, turn=event.turn)
                if self._turn:
                    self._turn.speculation = None
                    self._turn.ledger = self._turn.ledger.abandoned()
            case Ended():
                await self._ended(event)

    async def _speculate(self, event: Hushed) -> None:
        turn = self._turn
        if turn is None or turn.number != event.turn:
            return
        turn.speech_end = event.speech_end_sample
        turn.ledger = turn.ledger.at(Mark.HUSH, samples_to_ms(event.at_sample - event.speech_end_sample))
        turn.speculation = asyncio.create_task(self._engine.decide(turn.number), name=f"decide {turn.number}")
        turn.speculation.add_done_callback(_seen)
        await self._beside(self._adapt(turn, turn.speculation))

    async def _adapt(self, turn: OpenTurn, speculation: asyncio.Task[tuple[Decision, EngineTimes]]) -> None:
        """Once decided in the hush: a shorter or longer silence ends the turn, unless speech has gone on."""
        begun = time.monotonic()
        with contextlib.suppress(VoicedError, asyncio.CancelledError):
            decision, _ = await asyncio.shield(speculation)
            if turn.speculation is not speculation:
                return
            turn.ledger = turn.ledger.at(Mark.DECIDED, self._ms_after(turn.speech_end, begun))
            if silence_ms := self._settings.endpoint.silence_ms(decision):
                self.listener.set_end(turn.number, silence_ms)

    async def _ended(self, event: Ended) -> None:
        turn, self._turn = self._turn, None
        self._emit("speech_end", event.at_sample, turn=event.turn, by=str(event.by), t0_ms=_ms(event.speech_end_sample))
        if turn is None or turn.number != event.turn:
            return
        if not turn.words or event.by is EndedBy.NO_SPEECH:
            await self._engine.end(turn.number)
            await self._beside(self._nobody_spoke(turn))
            return
        if event.by is EndedBy.LOST:
            await self._engine.end(turn.number)
            await self._beside(self._apologize(turn.number, AudioDeviceError("sound was lost between the words")))
            return
        turn.speech_end = event.speech_end_sample
        turn.ledger = turn.ledger.at(Mark.END, samples_to_ms(event.at_sample - event.speech_end_sample))
        await self._beside(self._finish(turn))

    # --- acting -----------------------------------------------------------------------------------------------------

    async def _finish(self, turn: OpenTurn) -> None:
        begun = time.monotonic()
        try:
            work = turn.speculation or asyncio.create_task(self._engine.decide(turn.number))
            decision, times = await work
            turn.ledger = turn.ledger.with_engine(times).at(Mark.DECIDED, self._ms_after(turn.speech_end, begun))
            await self._engine.end(turn.number)
        except VoicedError as error:
            await self._apologize(turn.number, error)
            return
        judgement = self._judged(turn, decision, begun)
        await self._act(turn, judgement, begun)

    def _judged(self, turn: OpenTurn, decision: Decision, begun: float) -> Judgement:
        self._emit(
            "decision",
            self.listener.now,
            turn=turn.number,
            verdict=str(decision.verdict),
            calls=[call.to_json() for call in decision.calls],
            certainty=round(decision.certainty, 4),
        )
        _log.debug("turn %d: %s %r", turn.number, decision.verdict, decision.sentence)
        if turn.expect is Expect.CODE:
            judgement = self.house.judge_code(decision, now_sample=self.listener.now)
        else:
            judgement = self.house.judge(decision, now_sample=self.listener.now)
        turn.ledger = replace(turn.ledger, certainty=decision.certainty)
        turn.ledger = turn.ledger.at(Mark.POLICY, self._ms_after(turn.speech_end, begun))
        return judgement

    async def ask(self, turn_number: int, text: str) -> Judgement:
        """Typed words go the same way, without the ear."""
        turn = OpenTurn(turn_number, Expect.COMMAND, Ledger(turn_number), self.listener.now)
        begun = time.monotonic()
        decision, times = await self._engine.ask(turn_number, text)
        turn.ledger = turn.ledger.with_engine(times)
        judgement = self._judged(turn, decision, begun)
        await self._act(turn, judgement, begun)
        return judgement

    async def _act(self, turn: OpenTurn, judgement: Judgement, begun: float) -> None:
        say = judgement.say
        if judgement.kind is Kind.ACT:
            say = await self._send(turn, judgement, begun)
        elif judgement.kind is Kind.ASK:
            self._emit("question", self.listener.now, turn=turn.number, text=say)
        elif judgement.kind is Kind.REFUSE:
            self._emit("refused", self.listener.now, turn=turn.number, reason=judgement.reason)
        elif judgement.kind is Kind.IGNORE:
            self._emit("ignored", self.listener.now, turn=turn.number, reason=judgement.reason)
        if say:
            await self._say(turn, say, begun)
        elif judgement.kind is Kind.IGNORE and self._settings.chimes:
            await self._chime(Chime.NOT_UNDERSTOOD)
        if judgement.kind is Kind.ASK:
            self._expect = Expect.CODE if judgement.wants_code else Expect.COMMAND
            self.house.question_asked(now_sample=self.listener.now)
            await self._events(self.listener.open_turn(window_ms=judgement.window_ms))
        self.ledgers = [*self.ledgers[-99:], turn.ledger]
        _log.info("%s", turn.ledger.line())
        self._emit("turn_end", self.listener.now, turn=turn.number, ledger=turn.ledger.to_json())

    async def _send(self, turn: OpenTurn, judgement: Judgement, begun: float) -> str:
        """Publish every command, wait for the state topics; what may truly be said then."""
        waiters = [Waiter(c) for c in judgement.commands if c.state_topic]
        self._waiters += waiters
        failed: list[Command] = []
        for command in judgement.commands:
            try:
                await self._broker.publish(command.topic, command.payload)
            except BrokerError as error:
                failed.append(command)
                _log.warning("turn %d: %s was not sent: %s", turn.number, command.entity, error)
                continue
            turn.ledger = turn.ledger.at(Mark.PUBLISHED, self._ms_after(turn.speech_end, begun))
            self._emit(
                "command",
                self.listener.now,
                turn=turn.number,
                entity=command.entity,
                verb=command.verb,
                topic=command.topic,
                payload=command.payload,
            )
        pending = [w for w in waiters if w.command not in failed]
        if pending:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.confirm_s):
                    await asyncio.gather(*(w.confirmed.wait() for w in pending))
        self._waiters = [w for w in self._waiters if w not in waiters]
        confirmed = tuple(w.command for w in pending if w.confirmed.is_set())
        for command in confirmed:
            turn.ledger = turn.ledger.at(Mark.CONFIRMED, self._ms_after(turn.speech_end, begun))
            self._emit("confirmed", self.listener.now, turn=turn.number, entity=command.entity)
        silent = tuple(w.command for w in pending if not w.confirmed.is_set())
        return self.house.report(judgement, confirmed=confirmed, silent=silent, failed=tuple(failed))

    async def follow_states(self) -> None:
        async for message in self._messages:
            self.house.heard_state(message.topic, message.payload)
            for waiter in self._waiters:
                if waiter.command.state_topic == message.topic and self.house.confirms(
                    waiter.command, message.topic, message.payload
                ):
                    waiter.confirmed.set()

    async def _ring(self) -> None:
        """Say which timers are over, as soon as they are."""
        while True:
            left_s = self.house.next_timer_s()
            await asyncio.sleep(_TIMER_POLL_S if left_s is None else min(_TIMER_POLL_S, left_s))
            for text in self.house.timers_over():
                self._emit("timer_over", self.listener.now, text=text)
                await self._gated(self._mouth.say(text))

    # --- speaking ---------------------------------------------------------------------------------------------------

    async def _say(self, turn: OpenTurn, text: str, begun: float) -> None:
        self._emit("reply", self.listener.now, turn=turn.number, text=text)
        asked = self._ms_after(turn.speech_end, begun)
        played = await self._gated(self._mouth.say(text))
        if played:
            turn.ledger = turn.ledger.at(Mark.FIRST_SOUND, asked + played.first_sound_ms)
            self._emit(
                "first_sound",
                self.listener.now,
                turn=turn.number,
                after_ms=round(played.first_sound_ms, 1),
                cached=played.cached,
            )

    async def _chime(self, chime: Chime) -> None:
        await self._gated(self._mouth.chime(chime), tail=chime is not Chime.WOKEN, closed=chime is not Chime.WOKEN)

    async def _gated(
        self, playing: Coroutine[Any, Any, Played], *, tail: bool = True, closed: bool = True
    ) -> Played | None:
        """Play while the ear is closed. A mute mouth is reported and changes nothing else."""
        self._speaking += closed
        try:
            return await playing
        except VoicedError as error:
            self._emit("mute", self.listener.now, reason=str(error))
            return None
        finally:
            self._speaking -= closed
            if tail and self._paced:
                self._gate_until = self.listener.now + self._settings.gate_tail_ms * 16

    async def _nobody_spoke(self, turn: OpenTurn) -> None:
        if turn.expect is Expect.CODE:
            judgement = self.house.no_code(now_sample=self.listener.now)
            await self._act(turn, judgement, time.monotonic())
        else:
            self._emit("turn_end", self.listener.now, turn=turn.number, ledger=turn.ledger.to_json())

    async def _apologize(self, turn: int, error: VoicedError) -> None:
        _log.warning("turn %d failed: %s", turn, error)
        if self._turn and self._turn.number == turn:
            self._turn = None
        if self.listener.turn == turn:
            self.listener.close()
        self._emit("failed", self.listener.now, turn=turn, reason=str(error))
        await self._gated(self._mouth.say(self.house.apology()))
        self._emit("turn_end", self.listener.now, turn=turn)

    # --- small things -----------------------------------------------------------------------------------------------

    async def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the hearing where sound is paced, else at once."""
        if self._paced:
            self._start(work)
        else:
            await work

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_seen)

    def _ms_after(self, t0_sample: int, begun: float) -> float:
        """Milliseconds since t0: on the wall's clock where sound is paced, else sound heard plus work done."""
        since = self._heard_at if self._paced else begun
        return samples_to_ms(self.listener.now - t0_sample) + (time.monotonic() - since) * 1000

    def _emit(self, event: str, at_sample: int, **fields: object) -> None:
        self._tell({"event": event, "t_ms": _ms(at_sample), **fields})


def _ms(samples: int) -> float:
    return round(samples_to_ms(samples), 1)


def _seen(task: asyncio.Task[Any]) -> None:
    """A failed task says so once; its error is also raised where it is awaited."""
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, VoicedError):
        _log.error("%s failed: %r", task.get_name(), error, exc_info=error)
