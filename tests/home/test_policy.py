"""What may happen in the demo's house, told as what people say in it: who is let in, and on what certainty."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.home.saying import CALLS, HOME, OPENING, TODAY, code, house, reported, said
from voiced.home.code import LOCKED_S, CodeCheck, Lockout, PendingCode
from voiced.home.dialogue import completed
from voiced.home.house import House
from voiced.home.judgement import Kind
from voiced.home.load import load_home
from voiced.home.replies import Reply
from voiced.home.ruling import Act
from voiced.home.said import result
from voiced.messages import SAMPLE_RATE_HZ, Alternative, Call, Command, Decision, SlotValue, Verdict

# --- what lets somebody in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "name", "question"),
    [
        ("HassUnlock", "front door", "Say four seven to unlock the front door."),
        ("HassOpenCover", "garage door", "Say four seven to open the garage door."),
        ("HassTurnOff", "front door", "Say four seven to unlock the front door."),
        ("HassTurnOn", "garage door", "Say four seven to open the garage door."),
        ("HassSetPosition", "garage door", "Garage door has no position."),
    ],
)
def test_opening_needs_the_code(intent: str, name: str, question: str) -> None:
    slots: dict[str, SlotValue] = {"name": name} | ({"position": 50} if intent == "HassSetPosition" else {})
    h = house()
    asked = said(h, intent, **slots)
    assert (asked.commands, asked.say) == ((), question)
    if asked.kind is Kind.ASK:
        h.question_asked(now_sample=16_000)
        judged = h.judge_code(code("47"), now_sample=32_000)
        assert judged.commands[0].payload in OPENING


@pytest.mark.parametrize(("intent", "name"), [("HassLock", "front door"), ("HassCloseCover", "garage door")])
def test_locking_and_closing_just_act(intent: str, name: str) -> None:
    assert said(house(), intent, name=name).kind is Kind.ACT


@pytest.mark.parametrize("heard", ["74", "", "4", "477"])
def test_a_wrong_code_opens_nothing_and_cannot_be_tried_again(heard: str) -> None:
    h = house()
    said(h, "HassUnlock", name="front door")
    h.question_asked(now_sample=0)
    assert h.judge_code(code(heard), now_sample=100).kind is Kind.REFUSE
    assert h.judge_code(code("47"), now_sample=200).kind is Kind.REFUSE


def test_a_late_code_opens_nothing() -> None:
    h = house()
    said(h, "HassUnlock", name="front door")
    h.question_asked(now_sample=0)
    assert h.judge_code(code("47"), now_sample=8 * SAMPLE_RATE_HZ + 1).reason == "code_expired"


def test_another_command_in_between_forgets_the_code() -> None:
    h = house()
    said(h, "HassUnlock", name="front door")
    h.question_asked(now_sample=0)
    said(h, "HassLock", name="front door")
    assert h.judge_code(code("47"), now_sample=100).commands == ()


def test_without_fresh_digits_nothing_opens() -> None:
    h = House(HOME, random_digits=lambda: "", now_s=lambda: 100.0, today=lambda: TODAY)
    assert said(h, "HassUnlock", name="front door").reason == "no_code"


def test_opening_everything_opens_what_is_harmless_and_leaves_the_garage_shut() -> None:
    judged = said(house(), "HassOpenCover", everywhere="yes")
    assert [c.entity for c in judged.commands] == ["cover.kitchen_window", "cover.office_blind"]


def test_all_doors_are_never_unlocked_even_where_there_is_only_one() -> None:
    judged = said(house(), "HassUnlock", everywhere="yes")
    assert (judged.kind, judged.reason) == (Kind.REFUSE, "not_in_groups")


@given(CALLS)
def test_what_is_said_of_all_never_comes_to_a_code(call: Call) -> None:
    of_all = Call(call.intent, {**{k: v for k, v in call.slots.items() if k != "name"}, "everywhere": "yes"})
    judged = house().judge(Decision(Verdict.CALLS, (of_all,), 1.0))
    assert not judged.wants_code
    assert not any(c.entity == "lock.front_door" and c.payload == "UNLOCK" for c in judged.commands)


@given(st.lists(CALLS, max_size=3), st.sampled_from(["", "office", "garage"]), st.floats(0, 1))
def test_whatever_was_understood_nothing_opens_without_the_code(calls: list[Call], area: str, certainty: float) -> None:
    judged = house(area).judge(Decision(Verdict.CALLS, tuple(calls), certainty))
    guarded = [c for c in judged.commands if c.entity in ("lock.front_door", "cover.garage_door")]
    assert not OPENING & {c.payload for c in guarded}
    assert judged.kind is Kind.ACT or not judged.commands


@given(st.text("0123456789", max_size=3), st.integers(-10, 200_000))
def test_only_the_very_digits_in_time(heard: str, now: int) -> None:
    check = PendingCode("47", 0).check(heard, now)
    assert (check is CodeCheck.ACCEPTED) == (heard == "47" and 0 <= now <= 8 * SAMPLE_RATE_HZ)


@pytest.mark.parametrize("digits", ["", "4", "474", "4x", "٤٧"])
def test_what_is_no_code_opens_nothing(digits: str) -> None:
    assert PendingCode(digits, 0).check(digits, 0) is CodeCheck.WRONG


# --- certainty -------------------------------------------------------------------------------------------------------


def test_the_less_harmless_the_more_certain() -> None:
    said = [("HassTurnOn", "bed light"), ("HassCloseCover", "garage door"), ("HassUnlock", "front door")]
    kinds = [
        house().judge(Decision(Verdict.CALLS, (Call(intent, {"name": name}),), 0.45)).kind for intent, name in said
    ]
    assert kinds == [Kind.ACT, Kind.IGNORE, Kind.IGNORE]


@pytest.mark.parametrize("verdict", [Verdict.NOT_FOR_ME, Verdict.INCOMPLETE, Verdict.DIGITS])
def test_what_is_no_command_says_and_does_nothing(verdict: Verdict) -> None:
    judged = house().judge(Decision(verdict, digits="47"))
    assert (judged.kind, judged.reason, judged.say, judged.commands) == (Kind.IGNORE, verdict.value, "", ())


def test_what_is_nearly_as_likely_is_asked() -> None:
    h = house()
    desk = Alternative((Call("HassTurnOn", {"name": "desk light"}),), "turn on the desk light", 0.35)
    bed = Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": "bed light"}),), 0.45, alternatives=(desk,))
    asked = h.judge(bed)
    assert (asked.kind, asked.say) == (Kind.ASK, "Which one: the bed light or the desk light?")
    assert [c.entity for c in said(h, "HassTurnOn", name="desk light").commands] == ["light.desk"]
    clear = dataclasses.replace(bed, certainty=0.9)
    assert house().judge(clear).kind is Kind.ACT
    other = dataclasses.replace(desk, calls=(Call("HassTurnOff", {"name": "desk light"}),))
    assert house().judge(dataclasses.replace(bed, alternatives=(other,))).kind is Kind.ACT


# --- every branch ----------------------------------------------------------------------------------------------------


DOORS = load_home(
    """
[[floors]]
name = "Ground Floor"
[[areas]]
name = "Hall"
floor = "Ground Floor"
[[areas]]
name = "Cellar"
floor = "Ground Floor"
[[entities]]
id = "lock.front"
name = "Front Door"
area = "Hall"
mqtt = { command_topic = "front/set", state_topic = "front" }
[[entities]]
id = "lock.back"
name = "Back Door"
area = "Hall"
mqtt = { command_topic = "back/set", state_topic = "back" }
[[entities]]
id = "light.hall"
name = "Lamp"
area = "Hall"
mqtt = { command_topic = "hall/set" }
[[entities]]
id = "light.cellar"
name = "Lamp"
area = "Cellar"
mqtt = { command_topic = "cellar/set", state_topic = "cellar" }
[[entities]]
id = "climate.boiler"
name = "Boiler"
area = "Cellar"
mqtt = { temperature_command_topic = "boiler/set", min_temp = 10, max_temp = 25 }
"""
)


def doors(area: str = "") -> House:
    return House(DOORS, area=area, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: TODAY)


def test_a_group_of_locks_is_never_unlocked_and_always_locked() -> None:
    assert said(doors(), "HassUnlock", area="hall").reason == "not_in_groups"
    assert len(said(doors(), "HassLock", area="hall").commands) == 2


@pytest.mark.parametrize(("degrees", "reason"), [(5, "range"), (30, "range"), (20, "")])
def test_a_thermostat_is_not_set_beyond_what_it_can(degrees: int, reason: str) -> None:
    assert said(doors(), "HassClimateSetTemperature", temperature=degrees).reason == reason


def test_warmer_from_nobody_knows_where_is_not_done() -> None:
    assert said(doors(), "HassClimateSetTemperature", temperature_step="up").reason == "unknown_state"


@pytest.mark.parametrize(
    ("slots", "text"),
    [
        ({"floor": "ground floor", "domain": "light"}, "Ground floor lights are on."),
        ({"everywhere": "yes", "domain": "light"}, "Lights are on."),
        ({"area": "cellar", "domain": "light"}, "Lamp is on."),
    ],
)
def test_a_group_is_told_by_its_place(slots: dict[str, SlotValue], text: str) -> None:
    h = doors()
    assert reported(h, said(h, "HassTurnOn", **slots)) == text


def test_a_group_in_this_room_is_told_by_it_and_a_timer_by_itself() -> None:
    h = doors("hall")
    assert reported(h, said(h, "HassLock")) == "Hall locks are locked."
    assert said(h, "HassStartTimer", minutes=2).say == "Timer set for two minutes."


def test_which_lamp_is_answered_by_its_room_or_not_at_all() -> None:
    h = doors()
    assert said(h, "HassTurnOn", name="lamp").kind is Kind.ASK
    assert [c.entity for c in said(h, "HassTurnOn", area="cellar").commands] == ["light.cellar"]
    for slots in ({"area": "hall", "domain": "lock"}, {"name": "boiler"}, {}):
        h = doors()
        said(h, "HassTurnOn", name="lamp")
        answer: dict[str, SlotValue] = dict(slots)
        judged = said(h, "HassGetCurrentTime", **answer)
        assert judged.kind in (Kind.ACT, Kind.ANSWER)


def test_two_readings_of_one_thing_are_no_question() -> None:
    one = Call("HassTurnOn", {"name": "bed light"})
    for other in (
        (Call("HassTurnOn", {"name": "bed light"}),),
        (Call("HassTurnOn", {"area": "kitchen"}),),
        (one, Call("HassTurnOn", {"name": "desk light"})),
    ):
        second = Alternative(other, "", 0.4)
        judged = house().judge(Decision(Verdict.CALLS, (one,), 0.45, alternatives=(second,)))
        assert judged.kind is Kind.ACT


def test_an_own_sentence_that_came_to_nothing_has_no_name_to_be_called_by() -> None:
    """The id of its intent was spoken: "No answer from the Own."."""
    act = Act((Command("Own", "publish", "t", "p"),), Reply("sent"))
    assert result(act, HOME, unconfirmed=(dataclasses.replace(act.commands[0], state_topic="s"),)).key == "no_broker"
    assert result(act, HOME, declined=act.commands).key == "no_broker"


def test_also_takes_over_what_kind_of_thing_it_was() -> None:
    blinds = Call("HassCloseCover", {"area": "office", "device_class": "blind"})
    lamp = Call("HassLightSet", {"name": "bed light", "brightness": 40})
    also = Call("AlsoThis", {"area": "kitchen"})
    assert completed((blinds, also))[1].slots == {"area": "kitchen", "device_class": "blind"}
    assert completed((lamp, also))[1].slots == {"area": "kitchen", "domain": "light", "brightness": 40}
    assert completed((lamp, Call("AlsoThis", {"name": "desk light"})))[1].slots == {
        "name": "desk light", "brightness": 40,
    }  # fmt: skip
    room = Call("HassTurnOn", {"area": "office"})
    assert completed((room, also))[1].slots == {"area": "kitchen"}
    scene = Call("HassTurnOn", {"name": "movie night", "domain": "scene"})
    assert completed((scene, also))[1].slots == {"area": "kitchen", "domain": "scene"}
    without = completed((room, Call("ExceptThis", {"name": "desk light"}), Call("ExceptThis", {"area": "hall"})))
    assert without == (Call("HassTurnOn", {"area": "office", "except": "desk light; hall"}),)
    assert completed((Call("ExceptThis", {"area": "hall"}),))[0].intent == "ExceptThis"
    assert completed((Call("HassTurnOff", {"it": "yes"}),), (Call("HassTurnOn", {}),))[0].slots == {"it": "yes"}


def test_three_wrong_codes_lock_and_the_lock_ends() -> None:
    lockout = Lockout().failed(0.0).failed(0.0)
    assert not lockout.locked_s(0.0)
    locked = lockout.failed(100.0)
    assert locked.locked_s(100.0) == LOCKED_S
    assert not locked.locked_s(100.0 + LOCKED_S)
    assert Lockout.from_dict(locked.to_dict(), 100.0) == locked
    for bad in (None, {"failures": 9, "locked_until_s": 0}, {"failures": 0, "locked_until_s": "x"}, {}):
        with pytest.raises(ValueError, match="lock-out"):
            Lockout.from_dict(bad, 0.0)
