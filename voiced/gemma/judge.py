"""PURE. From a finished walk to a Decision: the outcome, how certain it is, what else it may have been.

Paths that mean the same are one outcome; outcomes share probability by their scores. `Calibration` turns that share,
what the best path pays per token and how otherwise the free path is spelled into a probability, by a logistic whose
numbers come from data (nano.toml). How far the free path's score is ahead tells nothing more: measured on commands and
on speech that was none (tools/calibrate).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from voiced.gemma.automaton import State, TokenAutomaton
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import Path, Walk
from voiced.home.language.spoken import edits
from voiced.home.policy import CLOSE
from voiced.messages import Alternative, Call, Decision, Evidence, Rule, Scored, SlotValue, Verdict

VERDICT_CALLS = {
    "not_for_me": Verdict.NOT_FOR_ME,
    "incomplete": Verdict.INCOMPLETE,
    "answer": Verdict.QUESTION,
    "unknown_language": Verdict.LANGUAGE,
}
"""Tools of the calls dialect that are verdicts, not actions."""
READ_PATHS, READ_NATS = 6, 9.0
"""Finished paths whose meaning is worked out: so many, so close to the best. The others are far behind."""
_SURE_NATS = 20.0
_LEAST_SHARE, _MOST_SHARE = 0.05, 0.9975
"""Beyond these a share says how narrow the beam was, and no more how sure the model is."""


@dataclass(slots=True)
class _Outcome:
    calls: tuple[Call, ...]
    sentence: str
    weight: float = 0.0
    cost: float = 0.0
    """What its first path pays per token that the grammar names."""
    others: list[tuple[tuple[Call, ...], str]] = field(default_factory=list)
    """Other meanings of the same words."""


Frozen = tuple[tuple[str, tuple[tuple[str, SlotValue], ...]], ...]


def frozen(calls: tuple[Call, ...]) -> Frozen:
    """Calls as a key."""
    return tuple((c.intent, tuple(sorted(c.slots.items()))) for c in calls)


def ends_early(automaton: TokenAutomaton, tokens: tuple[int, ...]) -> bool:
    """Whether `tokens` are a beginning (at least one token) of something allowed, but not all of it."""
    state: State = automaton.start
    for token in tokens:
        step = automaton.choice(state).after(token)
        if step is None:
            return False
        state = step.state
    return bool(tokens) and not automaton.choice(state).final


def together(path: Path, by: Calibration) -> float:
    """What the decoder and the ear's letters say of a path, in the decoder's nats."""
    return path.score - by.letters * path.behind


def judge(walk: Walk, automaton: TokenAutomaton, by: Calibration, text: Callable[[tuple[int, ...]], str]) -> Decision:
    """The decision for a command. `text` spells tokens (for what an incomplete utterance said so far)."""
    outcomes = _outcomes(walk, automaton, by)
    best = max(outcomes, key=lambda o: o.weight, default=None)
    top = max((path.score for path in walk.finished), default=-math.inf)
    whole = together(walk.finished[0], by) if walk.finished else -math.inf
    cut = walk.cut_off
    cut_score = together(cut, by) - by.cut_cost if cut and cut.tokens else -math.inf
    free = walk.free
    if walk.free_ended and free and ends_early(automaton, free.tokens):
        ahead = together(free, by) - by.cut_cost - whole
        if ahead > 0:
            return _incomplete(ahead, text(free.tokens))
    if (nothing := _nothing(walk)) > by.nothing:
        why = Evidence(Rule.NOTHING, nothing, by.nothing)
        return Decision(Verdict.NOT_FOR_ME, certainty=nothing, evidence=why)
    if cut and cut_score > whole:
        return _incomplete(cut_score - whole, text(cut.tokens))
    if best is None:
        return Decision(Verdict.NOT_FOR_ME, certainty=0.5, evidence=Evidence(Rule.NO_PATH))
    rest = [s for s in (walk.open_score - top, cut_score - whole) if s > -math.inf]
    total = sum(o.weight for o in outcomes) + sum(math.exp(min(0.0, r) / by.temperature) for r in rest)
    doubt = 0.0
    if walk.free:
        first = walk.finished[0]
        words = text(first.tokens)
        unlike = otherwise(words, text(walk.free.tokens))
        doubt = by.level * max(outcomes[0].cost, _cost(walk.free)) + by.spelling * unlike
        doubt += by.unheard * max(0.0, first.behind) / max(1, len(words))
    ranked = sorted(outcomes, key=lambda o: -o.weight)

    def certainty(weight: float) -> float:
        share = min(max(weight / total, _LEAST_SHARE), _MOST_SHARE)
        return _logistic(by.bias + by.share * math.log(share / (1 - share)) - doubt)

    sure = certainty(best.weight)
    # where the best one is wrong, the others have at most what is left, each its part
    left = (1 - sure) / max(total - best.weight, 1e-9)
    others = [
        Alternative(o.calls, o.sentence, min(left * o.weight, certainty(o.weight))) for o in ranked if o is not best
    ]
    if sure < by.least and not (others and _which(best.calls, others[0], sure, by.least)):
        return Decision(Verdict.NOT_FOR_ME, certainty=1 - sure, evidence=Evidence(Rule.UNSURE, sure, by.least))
    alternatives = [Alternative(calls, sentence, 0.0) for calls, sentence in best.others] + others
    verdict = VERDICT_CALLS.get(best.calls[0].intent, Verdict.CALLS) if best.calls else Verdict.CALLS
    calls = best.calls if verdict is Verdict.CALLS else ()
    why = Evidence(Rule.BEST, sure, by.least)
    return Decision(verdict, calls, sure, best.sentence, tuple(alternatives), evidence=why)


def _which(calls: tuple[Call, ...], second: Alternative, sure: float, least: float) -> bool:
    """Whether one of two is meant for certain, and policy will ask which."""
    if sure + second.certainty < least or second.certainty < CLOSE * sure:
        return False
    unnamed = [[(c.intent, {**c.slots, "name": ""}) for c in some] for some in (calls, second.calls)]
    return unnamed[0] == unnamed[1] and all("name" in c.slots for c in (*calls, *second.calls))


def with_paths(decision: Decision, walk: Walk, text: Callable[[tuple[int, ...]], str]) -> Decision:
    """With the walk's paths in its evidence, spelled by `text`; as it is where nothing was walked."""
    if decision.evidence is None:
        return decision

    def scored(path: Path | None) -> Scored | None:
        return Scored(text(path.tokens), path.score, path.behind) if path and path.score > -math.inf else None

    paths = tuple(one for path in walk.finished[:READ_PATHS] if (one := scored(path)))
    evidence = replace(decision.evidence, paths=paths, cut_off=scored(walk.cut_off), free=scored(walk.free))
    return replace(decision, evidence=evidence)


def judge_code(walk: Walk, automaton: TokenAutomaton, by: Calibration) -> Decision:
    """The decision where two spoken digits are awaited: DIGITS, else INCOMPLETE or NOT_FOR_ME.

    Whoever was asked for digits is likely to say some: no more is asked of their certainty than of anything.
    """
    decision = judge(walk, automaton, replace(by, least=min(by.least, Calibration().least)), lambda _: "")
    if decision.verdict is not Verdict.CALLS:
        return decision
    slots = decision.calls[0].slots
    digits = f"{slots.get('first', '')}{slots.get('second', '')}"
    return Decision(Verdict.DIGITS, (), decision.certainty, digits=digits, evidence=decision.evidence)


def judge_choice(walk: Walk, automaton: TokenAutomaton) -> Decision:
    """The likeliest of a few things, one of which it has to be; its certainty is its share among them."""
    outcomes = _outcomes(walk, automaton, Calibration())
    if not outcomes:
        return Decision(Verdict.NOT_FOR_ME, certainty=0.5, evidence=Evidence(Rule.NO_PATH))
    best = max(outcomes, key=lambda o: o.weight)
    share = best.weight / sum(o.weight for o in outcomes)
    return Decision(Verdict.CALLS, best.calls, share, best.sentence, evidence=Evidence(Rule.BEST, share))


def _outcomes(walk: Walk, automaton: TokenAutomaton, by: Calibration) -> list[_Outcome]:
    found: dict[Frozen, _Outcome] = {}
    if not walk.finished:
        return []
    top = together(walk.finished[0], by)
    for path in walk.finished[:READ_PATHS]:
        if together(path, by) < top - READ_NATS:
            break
        readings = automaton.readings(path.tokens)
        if not readings:
            continue
        first = readings[0]
        one = found.get(frozen(first.calls))
        if one is None:
            others = [(r.calls, r.sentence) for r in readings[1:]]
            # a wildcard's tokens are what the sound would have anyway: no evidence, so the other ones pay for all
            cost = _cost(Path(path.tokens[first.open_tokens :], path.score + first.open_cost))
            one = found[frozen(first.calls)] = _Outcome(first.calls, first.sentence, cost=cost, others=others)
        one.weight += math.exp((together(path, by) - top) / by.temperature)
    return list(found.values())


def _cost(path: Path) -> float:
    """Nats per token, the end counts as one."""
    return max(0.0, -path.score) / (len(path.tokens) + 1)


def otherwise(one: str, other: str) -> float:
    """The share of letters in which two texts differ, 0 to 1."""
    return edits(one, other) / max(len(one), len(other), 1)


def _nothing(walk: Walk) -> float:
    """How likely silence is. Greedily nothing is one token against many, so only a clear majority counts."""
    return math.exp(walk.free.score) if walk.free and walk.free_ended and not walk.free.tokens else 0.0


def _incomplete(lead: float, sentence: str) -> Decision:
    """`lead`: nats by which ending in mid-sentence is better than the best whole one."""
    lead = min(lead, _SURE_NATS) if lead > -math.inf else 0.0
    why = Evidence(Rule.CUT_OFF, lead)
    return Decision(Verdict.INCOMPLETE, certainty=_logistic(lead), sentence=sentence, evidence=why)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -40 else 0.0
