"""THE loop: sound from the ear through the listener into the engine, its decision through the house to the broker,
and the answer to the mouth. Decides nothing itself; holds no SDK.

A turn, in the order of things:

    Woken          chime, engine.begin
    AudioHeard     engine.feed, while the user speaks
    Paused         ask an engine that is slow already (WentOn: in vain)
    Hushed         ask the engine for a decision; it may be the end
    Resumed        it was not: whatever was decided is forgotten
    Ended          the decision of the last hush counts; house.judge -> publish, wait for the state topic, say so;
                   or the words broke off in the middle, and the turn goes on

Where what is: when a turn begins and ends, `listen/listener.py`; what its decision leads to, `home/house.py`; and in
`turn/`: asking the engine, `deciding.py`; whom its answer is put to, `judging.py`; from their word to the end of the
turn, `concluding.py`; sending and waiting for the truth, `acting.py`; what is said of it, `answering.py`; in the
model's own words, `talking.py`; between two people, `interpreting.py`; speaking with the ear shut, `speaking.py`;
"stop" over it, `stopping.py`; what rings, `ringing.py`; what is kept of a turn and the clock of all that is told,
`timeline.py`. Here is only what follows what. What may be asked of the assistant besides speech (`ask`, `announce`,
`listen`, `cancel`) stands together at the end; who asks it over MQTT, in `topics/remote.py`.

`paced` says whether sound arrives at its own pace. If it does, deciding and answering run beside the hearing. If it
does not (a file, as fast as possible), everything is awaited where it happens, so that a replay gives the same events
every time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from voiced.errors import AudioDeviceError, BusyError, VoicedError
from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind
from voiced.ledger import Ledger, Mark
from voiced.listen.listener import Listener
from voiced.messages import (
    AudioHeard,
    Decision,
    EarLost,
    EarOpened,
    Ended,
    EndedBy,
    Frame,
    Hushed,
    ListenerEvent,
    Paused,
    Resumed,
    SpeechStarted,
    WentOn,
    Woken,
    samples_to_ms,
)
from voiced.ports import Broker, Chime, Ear, Engine, Expect, Mouth, Played
from voiced.turn.acting import Acting
from voiced.turn.answering import Answering
from voiced.turn.beside import Beside, alongside
from voiced.turn.concluding import Concluding
from voiced.turn.deciding import Deciding
from voiced.turn.interpreting import Interpreting, Mode, Sign
from voiced.turn.judging import Judging
from voiced.turn.ringing import PAUSE_MS, ring
from voiced.turn.speaking import Speaking
from voiced.turn.stopping import StopWord
from voiced.turn.talking import Talking
from voiced.turn.timeline import Happening, OpenTurn, Timeline, TurnSettings, ms

_log = logging.getLogger(__name__)
_LOOK_S = 0.1


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
        explain: Callable[[int, Decision, Judgement], None] = lambda *_: None,
        settings: TurnSettings | None = None,
        paced: bool = True,
        wake: bool = True,
    ) -> None:
        self._settings = settings or TurnSettings()
        self._ear, self._engine, self._wake = ear, engine, wake
        self.listener, self.house = listener, house
        self._timeline = timeline = Timeline(listener, tell, paced=paced)
        acting = Acting(broker, house, timeline, confirm_s=self._settings.confirm_s)
        self.follow_states = acting.follow_states
        self._speaking = Speaking(
            mouth, timeline, tail_ms=self._settings.gate_tail_ms, chimes=self._settings.chimes,
            times=2 if self._settings.recorded else 1, wake_words=listener.settings.words,
            stop_word=self._settings.stop_word, loudness=house.loudness,
        )  # fmt: skip
        self._beside = Beside(timeline)
        self._talking = Talking(house, self._speaking, timeline)
        self._interpreting = Interpreting(engine, house, self._speaking, self._talking, timeline)
        self._judging = Judging(house, self._interpreting, broker, engine, timeline, explain)
        self._answering = Answering(house, self._speaking, timeline)
        self._concluding = Concluding(
            engine, house, acting, self._talking, self._interpreting, self._answering, timeline
        )
        self._deciding = Deciding(engine, house, listener, timeline, self._settings)
        self._stop_word = StopWord(self._settings.stop_threshold)
        self._turn: OpenTurn | None = None
        self._expect = Expect.COMMAND
        """What the next turn is opened for."""
        self._hears = False
        """Whether there is an ear: without one no turn is opened, for nothing would end it."""
        self.frames = 0
        """Frames that went through the listener: the watchdog's pulse."""
        self.ledgers: list[Ledger] = []
        """The last turns' accounts, newest last."""

    # --- hearing ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the ear ends. Cancel to stop."""
        try:
            async with alongside({"states": self.follow_states(), "what rings": self._ring()}):
                await self._hear()
        finally:
            await self._beside.cancel()

    async def _hear(self) -> None:
        async for heard in self._ear.frames():
            match heard:
                case EarOpened(device=device):
                    self._timeline.tell("ear_opened", 0, device=device)
                    await self._events(self.listener.restart())
                    self._speaking.ear_opened()
                    self._hears = True
                    if not self._wake:
                        await self._events(self.listener.open_turn())
                case EarLost(reason=reason):
                    self._hears = False
                    self._timeline.tell("ear_lost", reason=reason)
                    self._interpreting.sign(Sign.DEAF)
                    await self._events(self.listener.restart())
                    self._speaking.ear_opened()
                case Frame():
                    self._timeline.frame_arrived()
                    if self._stop_word.said(heard.stop, listening=self._may_be_stopped):
                        self._timeline.tell("stopped", heard.first_sample, score=round(heard.stop or 0.0, 3))
                        await self._beside.do(self.cancel())
                    await self._events(self.listener.hear(self._speaking.through(heard)))
                    self.frames += 1
        await self._events(self.listener.file_end())
        await self._beside.finish()

    async def _events(self, events: tuple[ListenerEvent, ...]) -> None:
        for event in events:
            try:
                await self._on(event)
            except VoicedError as error:
                await self._fail(event.turn, error)

    async def _on(self, event: ListenerEvent) -> None:
        tell = self._timeline.tell
        match event:
            case Woken():
                await self._woken(event)
            case SpeechStarted(turn=turn):
                tell("speech_start", event.at_sample, turn=turn)
                if self._turn:
                    self._turn.words = True
                    self._turn.resumed()
            case AudioHeard(turn=turn, pcm=pcm):
                await self._engine.feed(turn, pcm)
            case Paused():
                if self._turn and self._turn.number == event.turn:
                    self._deciding.pause(self._turn, event)
            case WentOn():
                if self._turn and self._turn.resumed():
                    tell("resumed", event.at_sample, turn=event.turn)
            case Hushed():
                tell("hush", event.at_sample, turn=event.turn)
                if self._turn and self._turn.number == event.turn:
                    await self._beside.do(self._deciding.adapt(self._turn, self._deciding.speculate(self._turn, event)))
            case Resumed():
                tell("resumed", event.at_sample, turn=event.turn)
                if self._turn:
                    self._turn.resumed()
            case Ended():
                t0_ms = ms(event.speech_end_sample)
                tell("speech_end", event.at_sample, turn=event.turn, by=str(event.by), t0_ms=t0_ms)
                open_turn, self._turn = self._turn, None
                if open_turn and open_turn.number == event.turn:
                    await self._ended(open_turn, event)

    # --- from the wake to the decision ------------------------------------------------------------------------------

    async def _woken(self, event: Woken) -> None:
        expect, self._expect = self._expect, Expect.COMMAND
        if event.word:
            expect = Expect.COMMAND
            self.house.forget_question()
            score = round(event.score, 3)
            self._timeline.tell("wake", event.at_sample, turn=event.turn, word=event.word, score=score)
        if self._interpreting.takes(expect):
            expect = Expect.INTERPRET
        if not event.word:
            self._timeline.tell("listening", event.at_sample, turn=event.turn, expect=str(expect))
        self._turn = OpenTurn(event.turn, expect, Ledger(event.turn), woken=bool(event.word))
        self._talking.stop()
        self._deciding.give_up()
        await self._engine.begin(event.turn, expect)
        if event.word and self._speaking.saying:
            self._timeline.tell("interrupted", event.at_sample, turn=event.turn)
            self.listener.hurry(event.turn)
            self._beside.start(self._speaking.give_way())  # falling silent is the answer to the wake
        elif event.word:
            self._beside.start(self._speaking.chime(Chime.WOKEN))

    async def _ended(self, turn: OpenTurn, event: Ended) -> None:
        turn.speech_end = event.speech_end_sample
        nothing_more = turn.broke_off and event.by is EndedBy.NO_SPEECH
        if not nothing_more and (not turn.words or event.by in (EndedBy.NO_SPEECH, EndedBy.LOST)):
            await self._engine.end(turn.number)
            if turn.words and event.by is EndedBy.LOST:
                await self._fail(turn.number, AudioDeviceError("sound was lost between the words"))
            else:
                await self._beside.do(self._nobody_spoke(turn))
            return
        turn.ledger = turn.ledger.at(Mark.END, samples_to_ms(event.at_sample - event.speech_end_sample))
        await self._beside.do(self._finish(turn, event.by))

    async def _nobody_spoke(self, turn: OpenTurn) -> None:
        if turn.expect is Expect.CODE:
            await self._act(turn, self.house.no_code(), time.monotonic())
        elif turn.expect is Expect.INTERPRET and not turn.woken and self.listener.turn is None:
            await self._act(turn, self._interpreting.nobody_spoke(), time.monotonic())
        else:
            self._timeline.tell("turn_end", turn=turn.number, ledger=turn.ledger.to_json())
            await self._speaking.resume()
            await self._hear_on()

    async def _finish(self, turn: OpenTurn, by: EndedBy) -> None:
        begun = time.monotonic()
        try:
            decision = await self._deciding.decide(turn, begun)
            if self._deciding.goes_on(turn, decision, by):
                self._turn = turn
                self._beside.start(self._speaking.chime(Chime.WOKEN))
                return
            await self._engine.end(turn.number)
        except VoicedError as error:
            await self._fail(turn.number, error)
            return
        judgement = self._judging.judge(turn, decision, begun)
        await self._act(turn, judgement, begun)

    # --- from the decision to the answer ----------------------------------------------------------------------------

    async def _act(self, turn: OpenTurn, judgement: Judgement, begun: float, typed: str = "") -> None:
        await self._concluding.conclude(turn, judgement, begun, typed=typed, hears=self._hears)
        self.ledgers = [*self.ledgers[-99:], turn.ledger]
        if judgement.kind is Kind.ASK:
            await self._await_answer(judgement)
        await self._hear_on()

    async def _await_answer(self, judgement: Judgement) -> None:
        """A question has been spoken: open a turn for its answer, unless somebody already says something newer, or
        said "stop" to it.
        """
        if self.listener.turn is not None or not self._hears or not self.house.asks:
            self.house.forget_question()
            self._speaking.forget_rest()
            return
        self.house.question_asked(now_sample=self.listener.now)
        await self._open(Expect.CODE if judgement.wants_code else Expect.COMMAND, judgement.window_ms)

    async def _hear_on(self) -> None:
        """While it interprets, the ear is open whenever it does not speak."""
        if self._interpreting.mode is not Mode.OFF and self._hears and self.listener.turn is None:
            await self._open(Expect.INTERPRET, 1000 * self.house.interpreter.silence_s)

    async def _open(self, expect: Expect, window_ms: int | None = None) -> None:
        """A turn without the wake word."""
        self._expect = expect
        await self._events(self.listener.open_turn(window_ms=window_ms))

    async def _fail(self, turn: int, error: VoicedError) -> None:
        """The turn is over and nothing of it is sent; a newer one goes on. Said beside the hearing."""
        _log.warning("turn %d failed: %s", turn, error)
        if self._turn and self._turn.number == turn:
            self._turn = None
        if self.listener.turn == turn:
            self.listener.close()
        self._timeline.tell("failed", turn=turn, reason=str(error))
        await self._beside.do(self._answering.apologize(turn, self._interpreting.failed()))

    # --- beside the turns -------------------------------------------------------------------------------------------

    async def _ring(self) -> None:
        await ring(self.house, self._speaking, self._timeline, clear=self._clear, listen=self._hear_a_stop)

    async def _clear(self) -> None:
        """Until nobody speaks, and nothing is being done. Two people who say nothing need no interpreter now."""
        while self._hears and (self.listener.turn is not None or self._beside.busy):
            if self._interpreting.mode is Mode.LISTENING and self._turn and not self._turn.words:
                self._interpreting.sign(Sign.RINGS)
                await self._drop()
            else:
                await asyncio.sleep(_LOOK_S)

    async def _hear_a_stop(self) -> None:
        """Between two rings a turn that understands nothing but "stop"."""
        if not self._hears:
            await asyncio.sleep(PAUSE_MS / 1000)
        elif self.listener.turn is None:
            await self._open(Expect.STOP, PAUSE_MS)

    @property
    def _may_be_stopped(self) -> bool:
        """We speak or ring, and nobody is saying anything else to us."""
        busy = self._turn is not None and self._turn.expect is not Expect.STOP
        sounds = self._speaking.saying or bool(self.house.clocks.ringing)
        return sounds and not busy and not self._speaking.says_stop

    async def _drop(self) -> None:
        """The open turn, whatever was said in it."""
        if turn := self._turn:
            self._turn = None
            self.listener.close()
            await self._engine.end(turn.number)
            self._timeline.tell("turn_end", turn=turn.number, cancelled=True)

    # --- what may be asked of it besides speech ---------------------------------------------------------------------

    async def ask(self, text: str, expect: Expect = Expect.COMMAND) -> Judgement:
        """Typed words go the same way, without the ear. A code that they lead to is asked for, and heard, by voice:
        no text is ever an answer to it. INTERPRET says them again in the other language, and nothing follows. BusyError
        while somebody speaks, a question is open, or people are being interpreted.
        """
        if self.listener.turn is not None or self._interpreting.mode is not Mode.OFF:
            raise BusyError("somebody is speaking: nothing was done")
        number = self.listener.number_turn()
        turn = OpenTurn(number, expect, Ledger(number), speech_end=None)
        begun = time.monotonic()
        if expect is Expect.INTERPRET:
            await self._engine.begin(number, expect)
        decision, times = await self._engine.ask(number, text)
        await self._engine.end(number)
        turn.ledger = turn.ledger.with_engine(times)
        judgement = self._judging.judge(turn, decision, begun)
        await self._act(turn, judgement, begun, typed=text)
        return judgement

    async def announce(self, text: str) -> Played | None:
        """Say something; None where nobody heard it, or the owner sleeps."""
        return await self._answering.announce(text)

    async def listen(self) -> None:
        """Open a turn without a wake word. BusyError while one is open, AudioDeviceError without an ear."""
        if not self._hears:
            raise AudioDeviceError("there is no ear to listen with")
        if self.listener.turn is not None:
            raise BusyError("a turn is open already")
        self.house.forget_question()
        await self._open(Expect.COMMAND)

    async def cancel(self) -> None:
        """Drop the open turn and the open question, and be silent, alarms too. What was sent has been sent."""
        self.house.forget_question()
        self.house.silence()
        self._speaking.forget_rest()
        self._talking.stop()
        self._interpreting.sign(Sign.CANCELLED)
        await self._drop()
        await self._speaking.stop()
