"""The house as the assistant sees it: a decision goes in, what may happen and what is said comes out.

The rules are `policy.judge`; this object keeps what lasts from one turn to the next: what the state topics said, the
timers, and the question that is open. Chance and clocks are given in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from voiced.home import dialogue, lists, policy, states, undo, voice, which
from voiced.home.clock.clockwork import CLOCK_INTENTS, Clockwork
from voiced.home.clock.quiet import QuietHours, Replies
from voiced.home.clock.rings import STOP, TALK, Ring, is_other_stop, is_whole
from voiced.home.code import CodeCheck, Lockout, PendingCode
from voiced.home.interpreter import NO_INTERPRETER, START, Interpreter
from voiced.home.judgement import Judgement, Kind
from voiced.home.language.foreign import Foreign, foreign
from voiced.home.lists import Lists
from voiced.home.manner import AS_MEASURED, Manner
from voiced.home.memory import Memory
from voiced.home.model import Home
from voiced.home.parts import number, part
from voiced.home.replies import DONT_KNOW, NOTHING, Reply
from voiced.home.ruling import Act, Answer, Ask, Ignore, Refuse, Ruling
from voiced.home.said import result
from voiced.home.states import StateBook
from voiced.home.undo import Ours
from voiced.home.unsaid import slots_left
from voiced.messages import Call, Command, Decision, Rule, Verdict
from voiced.speak import phrases

REPEAT = "RepeatThat"
AWAKE_PERCENT = 50
"""What rings is at least so loud: it is meant to be heard from the next room."""

_STRANGE = {Foreign.QUESTION: "only_house", Foreign.LANGUAGE: "only_english"}


class House:
    """One home, its states, timers and the question that is open. `area` is the device's own area id.

    `changed` is called whenever `to_dict` would give something else than before.
    """

    def __init__(
        self,
        home: Home,
        *,
        area: str = "",
        device_id: str = "voiced",
        random_digits: Callable[[], str],
        now_s: Callable[[], float],
        today: Callable[[], dt.datetime],
        changed: Callable[[], None] = lambda: None,
        manner: Manner = AS_MEASURED,
        quiet: QuietHours | None = None,
        interpreter: Interpreter = NO_INTERPRETER,
    ) -> None:
        self.home, self.area, self._device_id, self._manner = home, area, device_id, manner
        self.book = StateBook(home)
        self.clocks = Clockwork(now_s, today, lambda reply: phrases.say(self._in_owners_hours(reply)))
        self.lockout = Lockout()
        self.volume = voice.LOUDEST
        """Percent, of our own voice."""
        self.lists: Lists = {}
        self.in_touch = True
        """Whether state topics are heard now; where not, what they said before is not believed."""
        self.interpreter, self.can_talk = interpreter, False
        """`can_talk`: a model is there that has words of its own."""
        self._quiet = quiet
        self._random_digits, self._now_s, self._today, self.changed = random_digits, now_s, today, changed
        self._asked: Ask | None = None
        self._pending: PendingCode | None = None
        self._memory = Memory(now_s)
        self._said = ""
        self._unanswered: Decision | None = None
        """What led to the question that was asked last."""

    def move(self, home: Home, area: str = "") -> None:
        """Live in another home from now on; what is known of things that are in both stays, timers go on."""
        kept = {e.id: self.book.states[e.id] for e in home.entities if e.id in self.book.states}
        self.home, self.area, self.book = home, area, StateBook(home, kept)

    # --- judging ----------------------------------------------------------------------------------------------------

    def judge(self, decision: Decision) -> Judgement:
        """What to do about a decision, which may be the answer to "which one?"."""
        called = decision.calls
        decision = self._meant(decision)
        self._memory.next_turn()
        self.forget_question()
        if decision.verdict is Verdict.QUESTION:
            return Judgement(Kind.TALK)
        if [c.intent for c in decision.calls] == [REPEAT]:
            if self._unanswered:  # its words alone would ask for a code that is no longer waited for
                return self.judge(self._unanswered)
            return Judgement(Kind.ANSWER, say=self._said or phrases.say(Reply("again")))
        judged = policy.judge(
            decision,
            self.home,
            area=self.area,
            states=self._states(),
            code=self._random_digits(),
            device_id=self._device_id,
            now=self._today(),
            manner=self._manner,
        )
        if isinstance(judged, Act) or (isinstance(judged, Ask) and judged.code):
            self._memory.did(decision.calls, done=isinstance(judged, Act))
        elif isinstance(judged, Answer) and [c.intent for c in decision.calls] == [dialogue.ASKED]:
            self._memory.asked(decision.calls[0])
        if judged == Answer(DONT_KNOW) and not self.in_touch:
            judged = Answer(Reply("no_broker"))
        judged = undo.brief(judged, called) if isinstance(judged, Act) else judged
        judgement = self._in_words(judged)
        strange = "only_english" if decision.verdict is Verdict.LANGUAGE else _STRANGE.get(foreign(decision))
        if strange:
            judgement = self._refused(strange)
        self._said = judgement.say or self._said
        if judgement.kind is not Kind.IGNORE:
            self._unanswered = decision if judgement.kind is Kind.ASK else None
        if not decision.calls:
            return judgement
        risk = policy.risk_of(decision.calls, self.home, self.area)
        return replace(judgement, risk=risk, needed=policy.CERTAIN_ENOUGH[risk])

    def breaks_off(self, decision: Decision) -> bool:
        """Whether these are the first words of something that this house understands."""
        if decision.verdict is not Verdict.INCOMPLETE or foreign(decision) is not Foreign.OTHER:
            return False
        free = decision.evidence.free if decision.evidence else None
        return free is None or len(free.text.split()) <= len(decision.sentence.split()) + 1

    def slots_left(self, decision: Decision) -> bool:
        """Whether whoever said this is likely to name something more."""
        return slots_left(self.home, self._memory.completed(decision.calls), self.area)

    def in_doubt(self, decision: Decision) -> bool:
        """Whether a better ear is to hear it again: something was said and nothing would happen, or what would happen
        is no matter of course, and the decision not beyond doubt.
        """
        if decision.verdict is Verdict.NOT_FOR_ME:
            return decision.evidence is None or decision.evidence.rule is not Rule.NOTHING
        if decision.verdict is Verdict.INCOMPLETE:
            return not self.breaks_off(decision)
        risk = policy.risk_of(self._meant(decision).calls, self.home, self.area)
        return decision.verdict is Verdict.CALLS and decision.certainty < policy.CERTAIN[risk]

    def judge_stop(self, decision: Decision) -> Judgement:
        """Heard without a wake word, while something rings: what is no "stop" was not said to us."""
        free = decision.evidence.free if decision.evidence else None
        if decision.verdict is not Verdict.CALLS and free and is_other_stop(free.text):
            decision = replace(decision, verdict=Verdict.CALLS, calls=(Call(STOP),))
        elif free and not is_whole(decision.sentence, free.text):
            decision = replace(decision, verdict=Verdict.NOT_FOR_ME)
        if decision.verdict is not Verdict.CALLS or any(call.intent == TALK for call in decision.calls):
            return Judgement(Kind.IGNORE, reason=str(Verdict.NOT_FOR_ME))
        return self.judge(decision)

    def _meant(self, decision: Decision) -> Decision:
        """As the answer to the question that is open, and with what it leaves to what was done a moment ago: "and the
        kitchen too", "undo that".
        """
        if self._asked and not self._asked.code:
            decision = replace(decision, calls=undo.answered(decision.calls))
            decision = which.choose(self._asked, decision, self.home) or decision
        calls = dialogue.alone(self._memory.completed(decision.calls))
        ours = [self.clocks.meant(voice.own(self._here(call), self.home, self.book.states)) for call in calls]
        return replace(decision, calls=self._memory.undoing(ours, self.home, self.area))

    def _here(self, call: Call) -> Call:
        """Timers are all where this device stands: its own room says nothing more, but where a timer is called so."""
        place = self.home.area_called(str(call.slots.get("area", "")))
        if call.intent not in CLOCK_INTENTS or place is None or place.id != self.area or self.clocks.names_one(call):
            return call
        return Call(call.intent, {name: value for name, value in call.slots.items() if name != "area"})

    def _states(self) -> states.States:
        return self.book.at(self._now_s()) if self.in_touch else {}

    def _in_words(self, judged: Ruling) -> Judgement:
        match judged:
            case Act():
                return self._act(judged)
            case Ask(code=str(code)) if code and self.lockout.locked_s(self._wall_s()):
                return self._refused("code_locked")
            case Ask():
                self._asked = judged
                reason = "code" if judged.code else "close_call" if judged.close else "which"
                unsaid = replace(judged.reply, values={**judged.reply.values, "digits": ""})
                written = phrases.say(unsaid) if judged.code else ""
                said = phrases.say(judged.reply)
                return Judgement(Kind.ASK, say=said, reason=reason, wants_code=bool(judged.code), written=written)
            case Answer():
                return Judgement(Kind.ANSWER, say=phrases.say(judged.reply))
            case Refuse():
                return Judgement(Kind.REFUSE, say=phrases.say(judged.reply), reason=judged.reason)
            case Ignore():
                return Judgement(Kind.IGNORE, reason=judged.reason)

    def _act(self, act: Act) -> Judgement:
        """What is ours is done at once: nobody has to confirm it."""
        replies, before = [act.reply] if act.reply != NOTHING else [], Ours.of(self)
        for call in act.ours:
            replies.append(self._in_owners_hours(self._do(call)))
            self.changed()
        if act.commands or Ours.of(self) != before:
            self._memory.leads_back(undo.way_back(act.commands, self.home, self._states(), before, Ours.of(self)))
        said = replies[0] if len(replies) == 1 else Reply("several", {"replies": replies})
        act = replace(act, reply=said, ours=())
        interprets = any(reply.key == "interpreting" for reply in replies)
        if not act.commands:
            return Judgement(Kind.ANSWER, say=phrases.say(said), interprets=interprets)
        return Judgement(Kind.ACT, act.commands, act=act, interprets=interprets)

    def _do(self, call: Call) -> Reply:
        if call.intent in CLOCK_INTENTS:
            return self.clocks.do(call)
        if call.intent == dialogue.UNDO:
            return undo.undone(self, self._memory.back, self._today())
        if call.intent == START:
            return self.interpreter.asked(call, talks=self.can_talk)
        if lists.kept_here(call, self.home):
            self.lists, reply = lists.apply(self.lists, call, self.home)
            return reply
        self.volume, reply = voice.apply(self.volume, call)
        return reply

    def _in_owners_hours(self, reply: Reply) -> Reply:
        return replace(reply, values={"twelve": self._manner.twelve_hours, **reply.values})

    # --- the code ---------------------------------------------------------------------------------------------------

    def question_asked(self, *, now_sample: int) -> None:
        """The question has been spoken: the code's seconds begin."""
        if self._asked and self._asked.then and self._pending is None:
            self._pending = PendingCode(self._asked.code, now_sample)

    @property
    def asks(self) -> bool:
        """A question is open."""
        return self._asked is not None

    def forget_question(self) -> None:
        self._asked, self._pending = None, None

    def judge_code(self, decision: Decision, *, now_sample: int) -> Judgement:
        """One try: the code is gone whatever was heard."""
        asked, pending, self._unanswered = self._asked, self._pending, None
        self.forget_question()
        if asked is None or asked.then is None or pending is None:
            return self._refused("code_expired")
        heard = decision.digits if decision.verdict is Verdict.DIGITS else ""
        check = pending.check(heard, now_sample)
        if check is CodeCheck.ACCEPTED:
            self._lock(Lockout())
            return self._act(asked.then)
        if check is CodeCheck.WRONG:
            self._lock(self.lockout.failed(self._wall_s()))
        return self._refused("code_expired" if check is CodeCheck.EXPIRED else "code_wrong")

    def no_code(self) -> Judgement:
        """Nobody said anything."""
        self._unanswered = None
        self.forget_question()
        return self._refused("code_expired")

    def _lock(self, lockout: Lockout) -> None:
        if lockout != self.lockout:
            self.lockout = lockout
            self.changed()

    def _refused(self, key: str) -> Judgement:
        self._said = phrases.say(Reply(key))
        return Judgement(Kind.REFUSE, say=self._said, reason=key)

    def heard_saying(self, text: str) -> None:
        """What somebody heard that was no judgement of this house: free words, an announcement, what rings."""
        self._said, self._unanswered = text, None

    # --- truth ------------------------------------------------------------------------------------------------------

    def heard_state(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.book = self.book.heard(topic, payload, self._now_s(), retained=retained)

    def confirms(self, sent: Command, topic: str, payload: bytes) -> bool:
        """Whether this message says that the command was carried out."""
        return states.confirms(sent, topic, payload)

    def report(
        self,
        judgement: Judgement,
        *,
        confirmed: tuple[Command, ...],
        silent: tuple[Command, ...],
        failed: tuple[Command, ...],
        declined: tuple[Command, ...] = (),
    ) -> str:
        """What may truly be said: done only where the state topic said so. `silent` did not confirm in time, `failed`
        could not be sent, `declined` is what Home Assistant does not do.
        """
        del confirmed
        if judgement.act is None:
            return judgement.say
        said = result(judgement.act, self.home, unconfirmed=silent, unsent=failed, declined=declined)
        self._said = phrases.say(said)
        return self._said

    # --- by the clock -----------------------------------------------------------------------------------------------

    def rings(self) -> tuple[Ring, ...]:
        """What has begun to ring since this was asked last."""
        if new := self.clocks.rings():
            self.changed()
        return new

    def next_ring_s(self) -> float | None:
        """Seconds until something rings; None where nothing will."""
        return self.clocks.next_s()

    def rings_now(self) -> Ring | None:
        """The ring that is to be heard; None where all is silent."""
        before = self.clocks.ringing
        ring = self.clocks.rings_now()
        if self.clocks.ringing != before:
            self.changed()
        return ring

    def rang(self, ring: Ring) -> None:
        """Somebody may have heard it."""
        self.clocks.told(ring)
        if ring.once or not ring.since_s:
            self.changed()

    def silence(self) -> None:
        """Nothing rings any more."""
        if self.clocks.silence():
            self.changed()

    # --- how loud, and whether ----------------------------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Whether it is the owner's night."""
        return self._quiet is not None and self._quiet.at(self._today().time())

    @property
    def mute_replies(self) -> bool:
        """Whether what was done is not said now."""
        return self.quiet and self._quiet is not None and self._quiet.replies is Replies.NONE

    def set_volume(self, percent: float) -> None:
        """Of our own voice. ValueError or OverflowError where that is no number."""
        self.volume = voice.bounded(percent)
        self.changed()

    def loudness(self, *, rings: bool = False) -> float:
        """Share of the full volume, for what is said now or for what rings, in (0, 1]."""
        if rings:
            percent = max(self.volume, AWAKE_PERCENT)
        else:
            percent = min(self.volume, self._quiet.volume) if self.quiet and self._quiet else self.volume
        return percent / 100

    # --- what outlasts a restart ------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        mine = {"saved_at_s": self._wall_s(), "volume": self.volume, "lockout": self.lockout.to_dict()}
        return {**mine, **self.clocks.to_dict(), "lists": lists.to_dict(self.lists)}

    def restore(self, data: Mapping[str, object]) -> tuple[str, ...]:
        """What `to_dict` gave, however long ago, each part by itself. A part that cannot be read is left as it is here,
        and told of: its name, and why.
        """
        lost: list[str] = []
        saved_at_s = part(data, "saved_at_s", number, self._wall_s(), lost)
        away_s = max(0.0, self._wall_s() - saved_at_s)  # a clock that was set back says nothing
        self.lockout = part(data, "lockout", lambda v: Lockout.from_dict(v, self._wall_s()), self.lockout, lost)
        self.volume = part(data, "volume", lambda v: voice.bounded(number(v)), self.volume, lost)
        self.lists = part(data, "lists", lists.from_dict, self.lists, lost)
        return (*lost, *self.clocks.restore(data, away_s))

    def _wall_s(self) -> float:
        return self._today().timestamp()

    # --- words ------------------------------------------------------------------------------------------------------

    def confirmations(self) -> tuple[str, ...]:
        return phrases.confirmations(self.home)

    def cannot_talk(self) -> str:
        """A question that no model here can answer."""
        return phrases.say(Reply("only_house"))

    def apology(self) -> str:
        return phrases.say(Reply("sorry"))
