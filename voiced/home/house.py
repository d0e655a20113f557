"""The house as the assistant sees it: a decision goes in, what may happen and what is said comes out.

The rules are `policy.judge`; this object keeps what lasts from one turn to the next: what the state topics said, the
timers, and the question that is open. Chance and clocks are given in.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from dataclasses import dataclass

from voiced.home import policy, states, timers
from voiced.home.code import CODE_SECONDS, CodeCheck, PendingCode
from voiced.home.model import Home
from voiced.home.policy import Act, Ask
from voiced.home.replies import Reply
from voiced.home.states import StateBook
from voiced.home.timers import Timers
from voiced.messages import Command, Decision, Verdict
from voiced.speak import phrases


class Kind(enum.StrEnum):
    ACT = "act"
    ASK = "ask"
    ANSWER = "answer"
    REFUSE = "refuse"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`policy`'s judgement in words, ready to be carried out."""

    kind: Kind
    commands: tuple[Command, ...] = ()
    say: str = ""
    """What to say now; for ACT see `House.report`."""
    reason: str = ""
    wants_code: bool = False
    window_ms: int = CODE_SECONDS * 1000
    """ASK: how long the answer may take to begin."""
    act: Act | None = None


class House:
    """One home, its states, timers and the question that is open. `area` is the device's own area id."""

    def __init__(
        self,
        home: Home,
        *,
        area: str = "",
        device_id: str = "voiced",
        random_digits: Callable[[], str],
        now_s: Callable[[], float],
        today: Callable[[], dt.datetime],
    ) -> None:
        self.home, self.area, self._device_id = home, area, device_id
        self.book = StateBook(home)
        self.timers = Timers()
        self._random_digits, self._now_s, self._today = random_digits, now_s, today
        self._asked: Ask | None = None
        self._pending: PendingCode | None = None

    # --- judging ----------------------------------------------------------------------------------------------------

    def judge(self, decision: Decision, *, now_sample: int) -> Judgement:
        """What to do about a decision, which may be the answer to "which one?"."""
        del now_sample
        asked = self._asked
        self.forget_question()
        if asked and not asked.code:
            decision = policy.choose(asked, decision, self.home) or decision
        judged = policy.judge(
            decision,
            self.home,
            area=self.area,
            states=self.book.states,
            code=self._random_digits(),
            device_id=self._device_id,
            now=self._today(),
        )
        match judged:
            case Act():
                return self._act(judged)
            case Ask():
                self._asked = judged
                return Judgement(Kind.ASK, say=phrases.say(judged.reply), wants_code=bool(judged.code))
            case policy.Answer():
                return Judgement(Kind.ANSWER, say=phrases.say(judged.reply))
            case policy.Refuse():
                return Judgement(Kind.REFUSE, say=phrases.say(judged.reply), reason=judged.reason)
            case policy.Ignore():
                return Judgement(Kind.IGNORE, reason=judged.reason)

    def _act(self, act: Act) -> Judgement:
        """Timers are done at once: nobody has to confirm them."""
        replies = [act.reply] if act.reply.key != "nothing" else []
        for call in act.timers:
            self.timers, reply = timers.apply(self.timers, call, self._now_s())
            replies.append(reply)
        said = replies[0] if len(replies) == 1 else Reply("several", {"replies": replies})
        act = Act(act.commands, said)
        if not act.commands:
            return Judgement(Kind.ANSWER, say=phrases.say(said))
        return Judgement(Kind.ACT, act.commands, act=act)

    # --- the code ---------------------------------------------------------------------------------------------------

    def question_asked(self, *, now_sample: int) -> None:
        """The question has been spoken: the code's seconds begin."""
        if self._asked and self._asked.then and self._pending is None:
            self._pending = PendingCode(self._asked.code, self._asked.then.commands, now_sample)

    def forget_question(self) -> None:
        self._asked, self._pending = None, None

    def judge_code(self, decision: Decision, *, now_sample: int) -> Judgement:
        """One try: the code is gone whatever was heard."""
        asked, pending = self._asked, self._pending
        self.forget_question()
        if asked is None or asked.then is None or pending is None:
            return self._refused("code_expired")
        heard = decision.digits if decision.verdict is Verdict.DIGITS else ""
        check, _ = pending.check(heard, now_sample)
        if check is CodeCheck.ACCEPTED:
            return self._act(asked.then)
        return self._refused("code_expired" if check is CodeCheck.EXPIRED else "code_wrong")

    def no_code(self, *, now_sample: int) -> Judgement:
        """Nobody said anything."""
        del now_sample
        self.forget_question()
        return self._refused("code_expired")

    def _refused(self, key: str) -> Judgement:
        return Judgement(Kind.REFUSE, say=phrases.say(Reply(key)), reason=key)

    # --- truth ------------------------------------------------------------------------------------------------------

    def heard_state(self, topic: str, payload: bytes) -> None:
        self.book = self.book.heard(topic, payload)

    def confirms(self, sent: Command, topic: str, payload: bytes) -> bool:
        """Whether this message says that the command was carried out."""
        return topic == sent.state_topic and states.confirms(sent, payload)

    def report(
        self,
        judgement: Judgement,
        *,
        confirmed: tuple[Command, ...],
        silent: tuple[Command, ...],
        failed: tuple[Command, ...],
    ) -> str:
        """What may truly be said: done only where the state topic said so. `silent` did not confirm in time."""
        del confirmed
        if judgement.act is None:
            return judgement.say
        return phrases.say(policy.result(judgement.act, self.home, unconfirmed=silent, unsent=failed))

    # --- timers -----------------------------------------------------------------------------------------------------

    def next_timer_s(self) -> float | None:
        """Seconds until a timer ends; None where none runs."""
        due = self.timers.next_due_s()
        return None if due is None else max(0.0, due - self._now_s())

    def timers_over(self) -> tuple[str, ...]:
        """What to say of the timers that have ended by now; each is told once."""
        self.timers, over = self.timers.due(self._now_s())
        return tuple(phrases.say(Reply("timer_over", {"name": t.name, "seconds": t.set_s})) for t in over)

    # --- words ------------------------------------------------------------------------------------------------------

    def confirmations(self) -> tuple[str, ...]:
        return phrases.confirmations(self.home)

    def apology(self) -> str:
        return phrases.say(Reply("sorry"))
