"""PURE. What is to be done about a decision: the house's word on it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from voiced.home.code import CODE_SECONDS
from voiced.home.model import Risk
from voiced.home.ruling import Act
from voiced.messages import Command


class Kind(enum.StrEnum):
    ACT = "act"
    ASK = "ask"
    ANSWER = "answer"
    TALK = "talk"
    """In the model's own words."""
    REFUSE = "refuse"
    IGNORE = "ignore"


class Told(TypedDict):
    text: str
    written: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A `Ruling` in words, ready to be carried out."""

    kind: Kind
    commands: tuple[Command, ...] = ()
    say: str = ""
    """What to say now; for ACT see `House.report`."""
    reason: str = ""
    """Of REFUSE and IGNORE, see `policy`; of ASK: code | close_call | which."""
    wants_code: bool = False
    written: str = ""
    """`say` as it may be told beyond the room, where that is less: who only reads along does not know the code."""
    window_ms: int = CODE_SECONDS * 1000
    """ASK: how long the answer may take to begin."""
    act: Act | None = None
    risk: Risk = Risk.HARMLESS
    needed: float = 0.0
    """The certainty that a thing of this risk asks for; 0 where it was not asked."""
    interprets: bool = False
    """From now on what is heard is said again in another language."""
    into: str = ""
    """Of TALK: that language. Empty for an answer."""

    def told(self, text: str) -> Told:
        """`text`, which is said, for those to whom it is told."""
        return {"text": text, "written": self.written} if self.written else {"text": text}
