"""What was said last is said again; what was asked, asked again."""

from __future__ import annotations

from tests.home.saying import HOME, TODAY, code, house, reported, said
from voiced.home.house import House
from voiced.home.judgement import Kind

AGAIN = "RepeatThat"


def test_the_last_answer_is_said_again_and_again() -> None:
    home = house()
    assert said(home, AGAIN).say == "I have said nothing yet."
    done = reported(home, said(home, "HassTurnOn", name="desk light"))
    again = said(home, AGAIN)
    assert (again.say, again.kind, again.commands) == (done, Kind.ANSWER, ())
    assert said(home, AGAIN).say == done


def test_a_question_is_asked_again_with_a_code_of_its_own() -> None:
    codes = iter(["47", "12", "99"])
    home = House(HOME, random_digits=lambda: next(codes), now_s=lambda: 100.0, today=lambda: TODAY)
    assert said(home, "HassUnlock", name="front door").say == "Say four seven to unlock the front door."
    home.question_asked(now_sample=0)
    home.forget_question()  # the wake word
    again = said(home, AGAIN)
    assert (again.kind, again.wants_code) == (Kind.ASK, True)
    assert again.say != "Say four seven to unlock the front door."
    home.question_asked(now_sample=0)
    assert home.judge_code(code("47"), now_sample=0).kind is Kind.REFUSE, "the code of before is void"
    after = said(home, AGAIN)
    assert (after.say, after.kind) == ("That was not the code.", Kind.ANSWER)


def test_which_one_is_asked_again_and_answered() -> None:
    home = house()
    which = said(home, "HassTurnOn", domain="light")
    assert which.kind is Kind.ASK
    again = said(home, AGAIN)
    assert (again.kind, again.say) == (Kind.ASK, which.say)
    assert said(home, "HassTurnOn", name="desk light").kind is Kind.ACT
    assert said(home, AGAIN).kind is Kind.ANSWER
