"""The interpreter: what one says in one of two languages is said again in the other one, until it is enough.

    OFF         the house is listened to
    GREETING    it is being told that it begins; whoever says something newer has the house
    LISTENING   a turn is open that hears which of the two languages is spoken, without the wake word
    SPEAKING    what was said is thought about, and said again

While it listens or speaks, every turn is of this kind (`Expect.INTERPRET`), the wake word's too, and such a turn can
lead to nothing but words: no command, no code, no answer to a question.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import replace

from voiced.home.house import House
from voiced.home.interpreter import NEITHER, STOP
from voiced.home.judgement import Judgement, Kind
from voiced.home.replies import Reply
from voiced.messages import Decision
from voiced.ports import Engine, Expect
from voiced.speak import phrases
from voiced.turn.speaking import Speaking
from voiced.turn.talking import Talking
from voiced.turn.timeline import OpenTurn, Timeline


class Mode(enum.Enum):
    OFF = "off"
    GREETING = "greeting"
    LISTENING = "listening"
    SPEAKING = "speaking"


class Sign(enum.StrEnum):
    ASKED = "asked"
    OPENED = "opened"
    """A turn is open: for what comes next, or because somebody cut us short."""
    OVERTAKEN = "overtaken"
    """A turn is open, and not for this."""
    HEARD = "heard"
    """Words, in whatever language."""
    ENOUGH = "enough"
    """It was told to stop."""
    SILENCE = "silence"
    CANCELLED = "cancelled"
    RINGS = "rings"
    """Something rings, and is to be stopped by voice."""
    DEAF = "deaf"
    FAILED = "failed"


ENDS = (Sign.ENOUGH, Sign.SILENCE, Sign.CANCELLED, Sign.RINGS, Sign.DEAF, Sign.FAILED)
TABLE: Mapping[tuple[Mode, Sign], Mode] = {
    (Mode.OFF, Sign.ASKED): Mode.GREETING,
    (Mode.GREETING, Sign.OPENED): Mode.LISTENING,
    (Mode.GREETING, Sign.OVERTAKEN): Mode.OFF,
    (Mode.SPEAKING, Sign.OPENED): Mode.LISTENING,
    (Mode.LISTENING, Sign.HEARD): Mode.SPEAKING,
    **{(mode, end): Mode.OFF for mode in Mode for end in ENDS},
}


def after(mode: Mode, sign: Sign) -> Mode:
    """What is not in the table changes nothing."""
    return TABLE.get((mode, sign), mode)


class Interpreting:
    def __init__(self, engine: Engine, house: House, speaking: Speaking, talking: Talking, timeline: Timeline) -> None:
        self._engine, self._house, self._speaking, self._talking = engine, house, speaking, talking
        self._timeline = timeline
        self.mode = Mode.OFF

    @property
    def on(self) -> bool:
        return self.mode in (Mode.LISTENING, Mode.SPEAKING)

    def sign(self, sign: Sign) -> bool:
        """Whether that was the end of it."""
        was_on, self.mode = self.on, after(self.mode, sign)
        if self.on and not was_on:
            self._timeline.tell("interpreting", languages=list(self._house.interpreter.languages))
        if was_on and not self.on:
            self._timeline.tell("interpreting_ended", by=str(sign))
        return was_on and not self.on

    async def greet(self, *, hears: bool) -> str:
        """What is to be said instead of a greeting, where something is missing."""
        second = self._house.interpreter.languages[1]
        self.sign(Sign.ASKED)
        if not hears:
            lacks = Reply("deaf")
        elif not await self._speaking.has_voice(self._house.interpreter.voice_of(second)):
            lacks = Reply("interpreter_voice", {"language": second})
        else:
            return ""
        self.sign(Sign.FAILED)
        return phrases.say(lacks)

    def takes(self, expect: Expect) -> bool:
        """Whether the turn that opens, for `expect`, is one of this kind."""
        self.sign(Sign.OPENED if self.on or expect is Expect.INTERPRET else Sign.OVERTAKEN)
        return self.on

    def judge(self, decision: Decision) -> Judgement:
        """What becomes of words: the same in the other language, or the end."""
        self.sign(Sign.HEARD)
        language = self._house.interpreter.heard(decision)
        if language == NEITHER:
            return Judgement(Kind.IGNORE, reason=NEITHER)
        if language == STOP:
            self.sign(Sign.ENOUGH)
            return _over()
        return Judgement(Kind.TALK, into=self._house.interpreter.other(language))

    async def say_again(self, turn: OpenTurn, into: str, typed: str, begun: float) -> str:
        """With the voice of that language. What is to be said besides, where it failed."""
        turn.ledger = replace(turn.ledger, into=into)
        pieces = self._engine.translate(turn.number, into, typed)
        voice = self._house.interpreter.voice_of(into)
        return "" if await self._talking.say(turn, pieces, begun, voice=voice, into=into) else self.failed()

    def nobody_spoke(self) -> Judgement:
        self.sign(Sign.SILENCE)
        return _over()

    def failed(self) -> str:
        """The apology for whatever failed; with it, this is over."""
        return phrases.say(Reply("interpreter_failed")) if self.sign(Sign.FAILED) else self._house.apology()


def _over() -> Judgement:
    return Judgement(Kind.ANSWER, say=phrases.say(Reply("interpreted")))
