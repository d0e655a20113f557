"""PURE. Whether what was understood may happen. The grammar gave it its form; the state topic will say whether it did.

    judge(decision, home, ...) -> Act | Ask | Answer | Refuse | Ignore

- A place that was not said is the device's own area, then the only entity of its kind, else a question.
- What lets somebody in (unlock, open a garage or gate, disarm) needs the spoken one-time code, always. "All", rooms,
  floors and kinds never include it. Locking and closing just act.
- The less harmless, the more certain the model must be. Where only the thing is in doubt, it is asked which.
- What cannot be done to some of several things is told and done to the others (reach.py); of one, nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from voiced.home.answers import ANSWERS, answer
from voiced.home.clock.clockwork import CLOCK_INTENTS
from voiced.home.code import is_code
from voiced.home.dialogue import UNDO, how, open_ended
from voiced.home.dispatch import own_command
from voiced.home.facts import Facts
from voiced.home.intents import Resolved, Step, resolve, risky
from voiced.home.interpreter import START
from voiced.home.lists import kept_here
from voiced.home.manner import AS_MEASURED, Manner
from voiced.home.model import Home, Risk
from voiced.home.reach import Missed, Reached, told, tried
from voiced.home.replies import Reply
from voiced.home.ruling import Act, Answer, Ask, Ignore, Refuse, Ruling
from voiced.home.said import LEADS_TO, done, joined, name_of
from voiced.home.states import UNKNOWN, States
from voiced.home.voice import VOICE_INTENTS
from voiced.messages import Call, Command, Decision, Verdict

CERTAIN_ENOUGH: Mapping[Risk, float] = {Risk.HARMLESS: 0.35, Risk.NOTICED: 0.5, Risk.SENSITIVE: 0.6}
"""Below this the house does nothing. Questions and timers count as harmless; the code comes on top."""

CERTAIN: Mapping[Risk, float] = {**CERTAIN_ENOUGH, Risk.NOTICED: 0.8, Risk.SENSITIVE: 0.9}
"""Below this another model hears it again, where there is one: what is harmless is left to who understood it first."""


OUR_INTENTS = CLOCK_INTENTS | VOICE_INTENTS | {START, UNDO}
FULLY_PERCENT = 99.0
CLOSE = 0.5
"""Share of the best reading's certainty from which on the second one is worth a question."""


def judge(
    decision: Decision,
    home: Home,
    *,
    area: str = "",
    states: States | None = None,
    code: str = "",
    device_id: str = "voiced",
    now: datetime | None = None,
    manner: Manner = AS_MEASURED,
    certain_enough: Mapping[Risk, float] = CERTAIN_ENOUGH,
) -> Ruling:
    """What to do about a decision.

    `area` is the device's own area id; `code` two fresh random digits (without them nothing risky is possible); `now`
    the local wall clock, for questions; `manner` in which degrees and hours the owner speaks.
    """
    if decision.verdict is not Verdict.CALLS or not decision.calls:
        verdict = decision.verdict
        return Ignore("not_for_me" if verdict is Verdict.CALLS else verdict.value)
    facts = Facts(home, area, states or {}, now, manner)
    pairs = [(call, resolve(call, home, area)) for call in decision.calls]
    needed = certain_enough[_worst(home, (r for _, r in pairs), certain_enough)]
    if (question := _close_call(decision, home, area, needed)) is not None:
        return question
    if decision.certainty < needed:
        return Ignore("uncertain")
    if any(open_ended(call) for call in decision.calls):
        return Refuse("unknown", Reply("unknown", {"name": "", "place": ""}))
    return _judge(pairs, facts, code, device_id)


def _close_call(decision: Decision, home: Home, area: str, needed: float) -> Ask | None:
    """The question which of two things was meant, where only that is in doubt."""
    if len(decision.calls) != 1 or not decision.alternatives:
        return None
    call, second = decision.calls[0], max(decision.alternatives, key=lambda a: a.certainty)
    if second.certainty < CLOSE * decision.certainty or decision.certainty + second.certainty < needed:
        return None
    if [(c.intent, how(c)) for c in second.calls] != [(call.intent, how(call))]:
        return None
    options = _named(call, home, area) | _named(second.calls[0], home, area)
    if len(options) != 2:
        return None
    names = [name_of(home, o) for o in options]
    return Ask(Reply("which", {"names": names}), options=tuple(options), calls=decision.calls, close=True)


def _named(call: Call, home: Home, area: str) -> dict[str, None]:
    """The id of the one thing that a call acts on by its name; empty where it does not."""
    resolved = resolve(call, home, area) if "name" in call.slots else None
    return {resolved.steps[0].entity: None} if resolved and len(resolved.steps) == 1 else {}


def risk_of(calls: Iterable[Call], home: Home, area: str = "") -> Risk:
    """The worst that these calls can do: `CERTAIN_ENOUGH` says what that asks for."""
    return _worst(home, (resolve(call, home, area) for call in calls), CERTAIN_ENOUGH)


def _worst(home: Home, resolved: Iterable[Resolved | None], certain_enough: Mapping[Risk, float]) -> Risk:
    return max((_risk(home, one) for one in resolved), key=certain_enough.__getitem__, default=Risk.HARMLESS)


def _risk(home: Home, resolved: Resolved | None) -> Risk:
    """The worst that this call can do."""
    worst = Risk.HARMLESS
    for step in resolved.steps if resolved else ():
        entity = home.entity(step.entity)
        assert entity is not None
        if risky(entity, step.verb, step.values):
            return Risk.SENSITIVE
        if entity.risk is not Risk.HARMLESS:
            worst = Risk.NOTICED
    return worst


@dataclass(frozen=True, slots=True)
class _Part:
    """What one call comes to."""

    commands: tuple[Command, ...] = ()
    replies: tuple[Reply, ...] = ()
    ours: tuple[Call, ...] = ()
    guarded: tuple[Step, ...] = ()
    """Those of its steps that need the code."""


def _judge(pairs: Sequence[tuple[Call, Resolved | None]], facts: Facts, code: str, device_id: str) -> Ruling:
    """All calls or none: half a sentence is not what was meant."""
    parts: list[_Part] = []
    for at, (call, resolved) in enumerate(pairs):
        if resolved is not None and resolved.ambiguous:
            # Choosing is no way around the code: the answer comes back here, by name.
            names = [name_of(facts.home, s.entity) for s in resolved.steps]
            options = tuple(s.entity for s in resolved.steps)
            return Ask(Reply("which", {"names": names}), options=options, calls=tuple(c for c, _ in pairs), about=at)
        part = _spoken_to(call, facts, device_id) if resolved is None else _done_to_things(call, resolved, facts)
        if isinstance(part, Refuse):
            return part
        parts.append(part)
    return _all_of(parts, facts, code)


def _spoken_to(call: Call, facts: Facts, device_id: str) -> _Part:
    """A call that acts on no thing of the house: a timer, a question, an owner's own sentence."""
    home = facts.home
    if call.intent in OUR_INTENTS or kept_here(call, home):
        return _Part(ours=(call,))
    if call.intent in ANSWERS:
        return _Part(replies=(answer(call, facts),))
    own = home.own(call.intent)
    reply = Reply("own", {"text": own.say}) if own and own.say else Reply("sent")
    return _Part((own_command(call, home, device_id),), (reply,))


def _done_to_things(call: Call, resolved: Resolved, facts: Facts) -> _Part | Refuse:
    """Of several things those are acted on that can be, and why the others are not is told."""
    home = facts.home
    if not resolved.steps:
        said = {"name": str(call.slots.get("name", "")), "place": str(call.slots.get("area", ""))}
        return Refuse("unknown", Reply("unknown", said))
    free, risks = _split(home, resolved, everything="everywhere" in call.slots)
    if not free and not risks:
        return Refuse("not_in_groups", Reply("not_in_groups"))
    outcomes = [tried(step, facts) for step in (*free, *risks)]
    reached = [one for one in outcomes if isinstance(one, Reached)]
    missed = [one for one in outcomes if isinstance(one, Missed)]
    if not reached:
        why = told(missed, home)
        return Refuse(why[0].key, joined(why))
    # nobody asks of a plain lamp that it is dimmed with the others: it is not counted, and not told of each time
    plain = [one for one in missed if resolved.group and one.reason == "lacks"]
    missed = [one for one in missed if one not in plain]
    steps = [one.step for one in reached]
    risky_ones = {step.entity for step in risks}
    return _Part(
        commands=tuple(message for one in reached for message in one.messages),
        replies=(
            *told(missed, home),
            done(home, call, steps, facts.area, left_out=[one.entity for one in missed], counted=bool(plain)),
        ),
        guarded=tuple(step for step in steps if step.entity in risky_ones),
    )


def _all_of(parts: Sequence[_Part], facts: Facts, code: str) -> Ruling:
    """Said and done together, after the code where anything needs it."""
    commands = tuple(command for part in parts for command in part.commands)
    reply = joined([reply for part in parts for reply in part.replies])
    ours = tuple(call for part in parts for call in part.ours)
    guarded = [step for part in parts for step in part.guarded]
    if not commands and not ours:
        return Answer(reply)
    act = Act(commands, reply, ours, already=frozenset(c.entity for c in commands if _is_so(c, facts)))
    if not guarded:
        return act
    if not is_code(code):
        return Refuse("no_code", Reply("no_code"))
    asked = {"digits": code, "verb": guarded[0].verb, "names": [name_of(facts.home, s.entity) for s in guarded]}
    return Ask(Reply("say_code", asked), code=code, then=act)


def _is_so(sent: Command, facts: Facts) -> bool:
    """A blind that is open a third is not open already."""
    state = facts.states.get(sent.entity, UNKNOWN)
    half_open = sent.verb == "open" and state.position_percent is not None and state.position_percent < FULLY_PERCENT
    return state.state != "" and state.state == LEADS_TO.get(sent.verb) and not half_open


def _split(home: Home, resolved: Resolved, *, everything: bool) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """(steps that just act, steps that need the code). Of "all", and in a group of several, the latter do not happen at
    all.
    """
    free: list[Step] = []
    risks: list[Step] = []
    for step in resolved.steps:
        entity = home.entity(step.entity)
        assert entity is not None
        (risks if risky(entity, step.verb, step.values) else free).append(step)
    if everything or (resolved.group and len(resolved.steps) > 1):
        risks = []
    return tuple(free), tuple(risks)
