"""Why the last turns went as they did. Kept in memory for the last few turns, told to who asks, gone with the process.

Nothing of it touches a disk. What was heard in answer to a spoken code is not kept at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from voiced.home.judgement import Judgement, Kind
from voiced.listen.listener import Listener
from voiced.messages import Alternative, Call, Decision, Evidence, Hearing, Rule, Scored, Verdict
from voiced.turn.timeline import Happening

TURNS = 10
_ALTERNATIVES = 3


@dataclass(slots=True)
class _Kept:
    """One turn."""

    turn: int
    at: dt.datetime
    word: str = ""
    score: float = 0.0
    how: str = "typed"
    ended_by: str = ""
    failed: str = ""
    cancelled: bool = False
    commands: list[str] = field(default_factory=list)
    decision: Decision | None = None
    judgement: Judgement | None = None


class Reasons:
    """The last `turns` turns. `tell` and `explain` as the assistant calls them: both only keep what they are given."""

    def __init__(
        self, turns: int = TURNS, now: Callable[[], dt.datetime] = lambda: dt.datetime.now().astimezone()
    ) -> None:
        self._turns, self._now = turns, now
        self._kept: dict[int, _Kept] = {}

    def tell(self, happening: Happening) -> None:
        number = happening.get("turn")
        if not isinstance(number, int):
            return
        match happening["event"]:
            case "wake":
                one = self._of(number)
                one.how, one.word = "wake", str(happening["word"])
                one.score = float(str(happening["score"]))
            case "listening":
                self._of(number).how = str(happening["expect"])
            case "speech_end":
                self._of(number).ended_by = str(happening["by"])
            case "command":
                self._of(number).commands.append(f"{happening['verb']} {happening['entity']}")
            case "failed":
                self._of(number).failed = str(happening["reason"])
            case "turn_end":
                self._of(number).cancelled = bool(happening.get("cancelled"))

    def explain(self, turn: int, decision: Decision, judgement: Judgement) -> None:
        one = self._of(turn)
        one.decision, one.judgement = decision, judgement

    def last(self, turns: int = TURNS) -> list[dict[str, object]]:
        """The last turns, newest last, as `data/topics.schema.json` has them (`explanation`)."""
        return [_told(one) for one in list(self._kept.values())[-turns:]] if turns > 0 else []

    def answer(self, turns: int, listener: Listener) -> dict[str, object]:
        """What `voiced/<id>/explanation` says."""
        wake = {
            word: {"threshold": listener.settings.word(word).threshold, **asdict(count)}
            for word, count in listener.wakes.items()
        }
        return {"keeps": self._turns, "turns": self.last(turns), "wake": wake}

    def _of(self, turn: int) -> _Kept:
        one = self._kept.get(turn)
        if one is None:
            one = self._kept[turn] = _Kept(turn, self._now())
            while len(self._kept) > self._turns:
                del self._kept[next(iter(self._kept))]
        return one


def _told(one: _Kept) -> dict[str, object]:
    told: dict[str, object] = {"turn": one.turn, "at": one.at.isoformat(timespec="seconds"), "opened_by": one.how}
    if one.word:
        told |= {"word": one.word, "score": one.score}
    told |= {"why": because(one.decision, one.judgement) if one.decision and one.judgement else _without_words(one)}
    if one.ended_by:
        told["ended_by"] = one.ended_by
    if one.commands:
        told["commands"] = one.commands
    if one.decision and one.judgement:
        told |= {"judgement": str(one.judgement.kind), "reason": one.judgement.reason}
        told |= decided(one.decision)
        if one.judgement.needed:
            told |= {"risk": str(one.judgement.risk), "needed": one.judgement.needed}
    return told


def _without_words(one: _Kept) -> str:
    if one.failed:
        return f"it failed: {one.failed}"
    if one.cancelled:
        return "it was cancelled"
    return "nobody spoke" if one.ended_by else "it is still open"


def decided(decision: Decision) -> dict[str, object]:
    """A decision and its evidence as plain values. The digits of a code are left out."""
    told: dict[str, object] = {
        "verdict": str(decision.verdict),
        "heard": decision.sentence,
        "calls": [call.to_json() for call in decision.calls],
        "certainty": round(decision.certainty, 4),
        "hearing": str(decision.hearing),
        "alternatives": [
            {"sentence": a.sentence, "calls": [c.to_json() for c in a.calls], "certainty": round(a.certainty, 4)}
            for a in decision.alternatives[:_ALTERNATIVES]
        ],
    }
    if evidence := decision.evidence:
        told |= {
            "rule": str(evidence.rule),
            "measured": round(evidence.measured, 4),
            "limit": round(evidence.limit, 4),
            "paths": [_plain(path) for path in evidence.paths],
            "cut_off": _plain(evidence.cut_off),
            "free": _plain(evidence.free),
        }
        if (margin := margin_nats(evidence)) is not None:
            told["margin_nats"] = round(margin, 3)
    return told


def _plain(path: Scored | None) -> dict[str, object] | None:
    if path is None:
        return None
    return {"text": path.text, "nats": round(path.nats, 3), "letters_behind": round(path.behind, 3)}


def margin_nats(evidence: Evidence) -> float | None:
    """By how much the best sentence of the house leads the next for the decoder, below 0 where the letters settled it;
    None where there is no next.
    """
    return evidence.paths[0].nats - evidence.paths[1].nats if len(evidence.paths) > 1 else None


# --- in words -------------------------------------------------------------------------------------------------------

_REFUSED = {
    "offline": "its availability topic says that it is not there",
    "unreachable": "voiced knows no topic on which it can be told",
    "lacks": "it cannot do that",
    "unknown": "nothing in the house has that name",
    "not_in_groups": "what lets somebody in is never part of a group",
    "no_code": "it needs a spoken code, and there is none here",
    "range": "the value is out of its range",
    "unknown_state": "the change is relative, and its state topic has not said how it is now",
    "already_off": "the change is relative, and what is off cannot be less",
    "code_expired": "no code was heard in time",
    "code_wrong": "the code was wrong",
    "code_locked": "too many wrong codes: it is locked for a while",
}
_REHEARD = {
    Hearing.WITHOUT_NOISE: ", heard again without the noise",
    Hearing.OTHER_PACES: ", heard again slower and faster",
}


def because(decision: Decision, judgement: Judgement) -> str:
    """In one line: why this was done, asked, refused or ignored."""
    sure = f"certainty {decision.certainty:.2f}{_REHEARD.get(decision.hearing, '')}"
    needs = f"{judgement.risk} things need {judgement.needed:.2f}"
    match judgement.kind:
        case Kind.IGNORE if judgement.reason == "uncertain":
            return f"not certain enough: {sure}, {needs}"
        case Kind.IGNORE:
            return _unheard(decision)
        case Kind.REFUSE if decision.verdict is not Verdict.CALLS and not decision.digits:
            return _unheard(decision)
        case Kind.REFUSE:
            return f"understood, but not done: {_REFUSED.get(judgement.reason, judgement.reason)}"
        case Kind.TALK if judgement.into:
            return f"to be said again in {judgement.into}: {sure}"
        case Kind.TALK:
            return f"a question that is no matter of the house: {sure}"
        case Kind.ASK if judgement.reason == "close_call":
            second = max(decision.alternatives, key=lambda a: a.certainty)
            both = (f"{_named(one)} ({one.certainty:.2f})" for one in (decision, second))
            return f"a close call: {' or '.join(both)}"
        case Kind.ASK if judgement.reason == "code":
            return "it lets somebody in: that takes the spoken code"
        case Kind.ASK:
            return "several things are called that: it asked which"
        case _:
            return f"understood: {sure}, {needs}" if judgement.needed else "understood"


def _unheard(decision: Decision) -> str:
    """Why an utterance was no command of this house."""
    evidence = decision.evidence
    if evidence is None:
        return {Verdict.NOT_FOR_ME: "not for this house", Verdict.INCOMPLETE: "it stops in mid-sentence"}.get(
            decision.verdict, str(decision.verdict)
        )
    measured, limit = evidence.measured, evidence.limit
    match evidence.rule:
        case Rule.NOTHING:
            return f"nothing was said: {measured:.0%} certain, {limit:.0%} is enough"
        case Rule.UNSURE:
            return f"not for this house: its best sentence is {measured:.2f} certain, {limit:.2f} are needed at least"
        case Rule.NO_PATH:
            return "not for this house: none of its sentences came to an end"
        case Rule.CUT_OFF:
            return f"it stops in mid-sentence: that is better by {measured:.1f} nats than any whole one"
        case Rule.BEST:
            return f"the model itself said so: {decision.verdict} ({decision.certainty:.2f})"


def _named(reading: Decision | Alternative) -> str:
    return reading.sentence or " and ".join(_call(call) for call in reading.calls)


def _call(call: Call) -> str:
    return f"{call.intent}({', '.join(f'{k} = {v}' for k, v in call.slots.items())})"
