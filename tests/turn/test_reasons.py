"""Why a turn went as it did: in one line, from the real house's judgement."""

from __future__ import annotations

import json

import pytest

from voiced.app import real_house
from voiced.config import DEMO_HOME
from voiced.home.load import load_home
from voiced.messages import Alternative, Call, Decision, Evidence, Rule, Verdict
from voiced.turn.reasons import Reasons, because

HOME = load_home(DEMO_HOME.read_text("utf-8"))


def why(decision: Decision) -> str:
    house = real_house(HOME, random_digits=lambda: "47")
    return because(decision, house.judge(decision))


def on(name: str, certainty: float, **more: str) -> Decision:
    return Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": name, **more}),), certainty, f"turn on the {name}")


def test_too_little_certainty_is_told_with_what_the_risk_asks_for() -> None:
    assert why(on("standing light", 0.2)) == "not certain enough: certainty 0.20, harmless things need 0.35"
    unlock = Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.55)
    assert why(unlock) == "not certain enough: certainty 0.55, sensitive things need 0.60"


def test_what_was_understood_says_how_surely() -> None:
    assert why(on("standing light", 0.9)) == "understood: certainty 0.90, harmless things need 0.35"


def test_a_close_call_names_both() -> None:
    other = Alternative((Call("HassTurnOn", {"name": "bed light"}),), "turn on the bed light", 0.3)
    close = Decision(Verdict.CALLS, on("standing light", 0.4).calls, 0.4, "turn on the standing light", (other,))
    assert why(close) == "a close call: turn on the standing light (0.40) or turn on the bed light (0.30)"


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("verdict", [Verdict.NOT_FOR_ME, Verdict.INCOMPLETE])
def test_every_rule_has_words(rule: Rule, verdict: Verdict) -> None:
    said = why(Decision(verdict, evidence=Evidence(rule, 1.2345, 0.9)))
    assert said
    assert "\n" not in said
    if rule is Rule.UNSURE:
        assert "1.23" in said
        assert "0.90" in said


def test_a_code_is_asked_for_and_its_digits_are_never_told() -> None:
    house, reasons = real_house(HOME, random_digits=lambda: "47"), Reasons()
    unlock = Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.95, "unlock the front door")
    reasons.explain(1, unlock, house.judge(unlock))
    house.question_asked(now_sample=0)
    digits = Decision(Verdict.DIGITS, (), 0.9, digits="47")
    reasons.explain(2, digits, house.judge_code(digits, now_sample=0))
    asked, opened = reasons.last()
    assert asked["why"] == "it lets somebody in: that takes the spoken code"
    assert opened["why"] == "understood"
    assert "47" not in json.dumps({k: v for k, v in opened.items() if k != "at"})


def test_only_the_last_turns_are_kept() -> None:
    reasons = Reasons(3)
    for turn in range(1, 6):
        reasons.tell({"event": "wake", "t_ms": 0.0, "turn": turn, "word": "alexa", "score": 0.7})
        reasons.tell({"event": "speech_end", "t_ms": 0.0, "turn": turn, "by": "no_speech"})
    assert [one["turn"] for one in reasons.last()] == [3, 4, 5]
    assert [one["turn"] for one in reasons.last(1)] == [5]
    assert {one["why"] for one in reasons.last()} == {"nobody spoke"}
    none = Reasons(0)
    none.tell({"event": "failed", "t_ms": 0.0, "turn": 1, "reason": "the engine died"})
    assert none.last() == []
