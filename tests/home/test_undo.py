"""What was done last is as it was before: "undo that", "cancel that"."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.home.saying import CALLS, HOME, OPENING, TODAY, code, reported, said
from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind
from voiced.home.memory import CONTEXT_S
from voiced.home.model import Entity, Home
from voiced.home.simulated import first_states, simulate
from voiced.messages import Call, Decision, SlotValue, Verdict

UNDO = "UndoThat"


class Living:
    """A house whose devices answer."""

    def __init__(self, home: Home = HOME) -> None:
        self.now_s = 100.0
        self.today = TODAY
        self.house = House(home, random_digits=lambda: "47", now_s=lambda: self.now_s, today=lambda: self.today)
        self._answer = simulate(home)
        for topic, payload in first_states(home):
            self.tells(topic, payload)

    def tells(self, topic: str, payload: str) -> None:
        self.house.heard_state(topic, payload.encode())

    def carried_out(self, judged: Judgement) -> str:
        for command in judged.commands:
            for told in self._answer(command.topic, command.payload):
                self.tells(*told)
        return reported(self.house, judged)

    def does(self, intent: str, /, **slots: SlotValue) -> str:
        """What it says when it is done."""
        return self.carried_out(said(self.house, intent, **slots))

    def waits(self, seconds: float) -> None:
        self.now_s += seconds
        self.today += dt.timedelta(seconds=seconds)


def test_a_lamp_that_was_off_is_off_again_and_undone_twice_it_is_on() -> None:
    it = Living()
    assert it.does("HassTurnOn", name="desk light") == "Desk light is on."
    assert it.does(UNDO) == "Desk light is off."
    assert it.does(UNDO) == "Desk light is on."


def test_nothing_was_done_or_long_ago() -> None:
    it = Living()
    assert it.does(UNDO) == "There is nothing to undo."
    it.does("HassTurnOn", name="desk light")
    it.waits(CONTEXT_S + 1)
    assert it.does(UNDO) == "There is nothing to undo."


def test_a_question_in_between_changes_nothing() -> None:
    it = Living()
    it.does("HassTurnOn", name="desk light")
    it.does("HassGetCurrentTime")
    assert it.does(UNDO) == "Desk light is off."


def test_what_cannot_be_undone_is_said() -> None:
    it = Living()
    it.does("HassTurnOn", name="movie night")
    assert it.does(UNDO) == "I can't undo that."


@pytest.mark.parametrize("mqtt", [{"command_topic": "l/set"}, {"command_topic": "l/set", "state_topic": "l"}])
def test_how_a_thing_was_is_not_guessed(mqtt: dict[str, str]) -> None:
    house = House(
        Home(entities=(Entity("light.lamp", "lamp", mqtt=mqtt),)),
        random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY,
    )  # fmt: skip
    assert said(house, "HassTurnOn", name="lamp").kind is Kind.ACT
    assert said(house, UNDO).say == "I can't undo that."


def test_a_colour_that_nobody_knows_is_not_brought_back() -> None:
    it = Living()
    it.does("HassLightSet", name="bed light", brightness=40)
    it.does("HassLightSet", name="bed light", color="red")
    assert it.does(UNDO) == "I can't undo that."
    it.does("HassLightSet", name="bed light", brightness=80)
    it.does("HassLightSet", name="bed light", brightness=20)
    assert it.does(UNDO) == "Bed light is at eighty percent."


def test_many_things_are_not_told_one_by_one() -> None:
    it = Living()
    for lamp in ("desk light", "bed light", "standing light"):
        it.does("HassTurnOn", name=lamp)
    was = it.house.book.states
    it.does("HassTurnOff", domain="light", everywhere="yes")
    assert it.does(UNDO) == "Undone."
    assert it.house.book.states == was


def test_what_is_done_instead_is_told_however_much_is_as_it_was() -> None:
    it = Living()
    for lamp in ("desk light", "bed light", "standing light"):
        it.does("HassTurnOn", name=lamp)
    it.does("HassTurnOff", domain="light", everywhere="yes")
    told = it.carried_out(both(it.house, Call(UNDO), Call("HassTurnOn", {"name": "coffee machine"})))
    assert told == "Undone. Coffee machine is on."


def test_what_does_not_answer_is_told_instead() -> None:
    it = Living()
    for lamp in ("desk light", "bed light", "standing light"):
        it.does("HassTurnOn", name=lamp)
    it.does("HassTurnOff", domain="light", everywhere="yes")
    back = said(it.house, UNDO)
    silent = tuple(c for c in back.commands if c.entity == "light.bed")
    told = it.house.report(back, confirmed=(), silent=silent, failed=())
    assert "bed light" in told
    assert "Undone" not in told


def test_a_door_is_not_unlocked_again_without_the_code() -> None:
    it = Living()
    it.tells("demo/front/lock", "UNLOCKED")
    it.does("HassLock", name="front door")
    back = said(it.house, UNDO)
    assert (back.kind, back.wants_code, back.commands) == (Kind.ASK, True, ())
    it.house.question_asked(now_sample=0)
    opened = it.house.judge_code(code("47"), now_sample=0)
    assert [c.payload for c in opened.commands] == ["UNLOCK"]
    assert it.carried_out(opened) == "Front door is unlocked."


def test_to_a_question_it_is_an_answer() -> None:
    it = Living()
    it.does("HassTurnOn", name="desk light")
    assert said(it.house, "HassTurnOff", domain="light").kind is Kind.ASK
    assert it.does(UNDO) == "Okay."
    assert it.does(UNDO) == "Desk light is off."


def test_a_code_that_is_asked_for_is_no_time_to_undo_what_was_before() -> None:
    it = Living()
    it.does("HassTurnOn", name="desk light")
    assert said(it.house, "HassUnlock", name="front door").wants_code
    it.house.forget_question()  # the wake word
    assert it.does(UNDO) == "There is nothing to undo."


def both(house: House, *calls: Call) -> Judgement:
    return house.judge(Decision(Verdict.CALLS, calls, 0.95))


def test_no_the_other_one() -> None:
    it = Living()
    it.does("HassTurnOn", name="desk light")
    told = it.carried_out(both(it.house, Call(UNDO), Call("AlsoThis", {"name": "bed light"})))
    assert told == "Desk light is off. Bed light is on."
    assert it.does("HassTurnOff", it="yes") == "Bed light is off."


def test_no_again() -> None:
    it = Living()
    first = it.house.book.states
    it.does("HassTurnOn", name="desk light")
    for lamp in ("bed light", "standing light"):
        told = it.carried_out(both(it.house, Call(UNDO), Call("AlsoThis", {"name": lamp})))
        lit = [e for e, state in it.house.book.states.items() if state.state == "on"]
        assert lit == [HOME.called(lamp)[0].id], told
    assert it.does(UNDO) == "Standing light is off."
    assert it.house.book.states == first


def test_no_the_same_thing_otherwise() -> None:
    it = Living()
    it.does("HassLightSet", name="bed light", brightness=10)
    it.does("HassLightSet", name="bed light", brightness=40)
    judged = both(it.house, Call(UNDO), Call("HassLightSet", {"name": "bed light", "brightness": 60}))
    assert len(judged.commands) == 1
    assert it.carried_out(judged) == "Bed light is at sixty percent."
    assert it.does(UNDO) == "Bed light is at ten percent."


def test_no_undoes_nothing_but_what_was_just_done() -> None:
    it = Living()
    it.does("HassTurnOn", name="desk light")
    it.does("HassGetState", name="kitchen window", state="open")
    told = it.carried_out(both(it.house, Call(UNDO), Call("HassTurnOn", {"name": "bed light"})))
    assert told == "Bed light is on."
    it.does("HassTurnOn", name="movie night")
    assert it.carried_out(both(it.house, Call(UNDO), Call("HassTurnOff", {"name": "bed light"}))) == "Bed light is off."


def test_i_meant_ten_minutes() -> None:
    it = Living()
    it.does("HassStartTimer", minutes=5)
    both(it.house, Call(UNDO), Call("HassStartTimer", {"minutes": 10}))
    assert it.house.next_ring_s() == 600
    both(it.house, Call(UNDO), Call("HassStartTimer", {"minutes": 15}))
    assert it.house.next_ring_s() == 900
    it.does(UNDO)
    assert it.house.next_ring_s() is None


def test_no_before_the_answer_to_a_question_is_no_more_than_no() -> None:
    it = Living()
    it.does("HassTurnOn", name="desk light")
    assert said(it.house, "HassTurnOn", domain="light").kind is Kind.ASK
    assert it.carried_out(both(it.house, Call(UNDO), Call("AlsoThis", {"name": "bed light"}))) == "Bed light is on."


def test_what_rings_is_silenced_and_nothing_else() -> None:
    it = Living()
    it.does("HassStartTimer", minutes=1)
    it.waits(61)
    assert it.house.rings()
    it.does("HassStartTimer", minutes=5)
    assert it.does(UNDO) == "Okay."
    assert it.house.rings_now() is None
    assert it.house.next_ring_s() == 300


_SET_BACK: dict[str, list[Call]] = {
    "brightness": [Call("HassLightSet", {"name": "bed light", "brightness": n}) for n in (40, 90)],
    "colour": [Call("HassLightSet", {"name": "bed light", "color": c, "brightness": 40}) for c in ("red", "blue")],
    "white": [Call("HassLightSet", {"name": "desk light", "temperature": k, "brightness": 40}) for k in (2700, 4000)],
    "power": [Call(f"HassTurn{to}", {"name": "coffee machine"}) for to in ("On", "Off")],
    "window": [Call(f"Hass{to}Cover", {"name": "kitchen window"}) for to in ("Open", "Close")],
    "position": [Call("HassSetPosition", {"name": "office blind", "position": n}) for n in (30, 80)],
    "warmth": [Call("HassClimateSetTemperature", {"name": "thermostat", "temperature": n}) for n in (19, 23)],
    "speed": [Call("HassFanSetSpeed", {"name": "bedroom fan", "percentage": n}) for n in (30, 80)],
}  # fmt: skip


@pytest.mark.parametrize("what", _SET_BACK)
def test_things_are_set_back_to_what_they_were(what: str) -> None:
    it = Living()
    it.does("HassTurnOn", name="bedroom fan")
    first, then = _SET_BACK[what]
    it.does(first.intent, **first.slots)
    was = it.house.book.states
    it.does(then.intent, **then.slots)
    assert it.house.book.states != was
    it.does(UNDO)
    assert it.house.book.states == was


def test_a_timer_that_was_cancelled_goes_on_as_if_it_never_had_been() -> None:
    it = Living()
    it.does("HassStartTimer", minutes=10, name="pizza")
    it.waits(60)
    it.does("HassCancelTimer", name="pizza")
    it.waits(30)
    assert it.does(UNDO) == "Undone."
    assert it.house.next_ring_s() == 510


def test_what_was_changed_since_stays() -> None:
    it = Living()
    it.does("HassStartTimer", minutes=1, name="egg")
    it.does("HassListAddItem", item="milk", name="shopping list")
    it.waits(61)
    assert len(it.house.rings()) == 1
    it.house.silence()
    assert it.does(UNDO) == "Undone."
    assert (it.house.lists, it.house.next_ring_s()) == ({"todo.shopping": ()}, None)


_LIST = {"name": "shopping list"}
_ITEMS = st.sampled_from(["milk", "eggs", "milk and eggs"])
_HOURS = st.integers(1, 12)
_OURS = st.one_of(
    st.builds(
        Call,
        st.just("HassStartTimer"),
        st.fixed_dictionaries({"minutes": st.integers(1, 60)}, optional={"name": st.just("egg")}),
    ),
    st.builds(Call, st.just("HassIncreaseTimer"), st.fixed_dictionaries({"minutes": st.integers(1, 60)})),
    st.builds(Call, st.sampled_from(["HassCancelTimer", "HassCancelAllTimers", "HassPauseTimer", "HassUnpauseTimer"])),
    st.builds(Call, st.sampled_from(["HassTimerStatus", "AlarmStatus", "AlarmCancelAll"])),
    st.builds(
        Call,
        st.just("AlarmSet"),
        st.fixed_dictionaries({"hour": _HOURS}, optional={"day": st.sampled_from(["daily", "monday"])}),
    ),
    st.builds(Call, st.just("AlarmCancel"), st.fixed_dictionaries({"hour": _HOURS})),
    st.builds(
        Call,
        st.sampled_from(["HassListAddItem", "HassListRemoveItem"]),
        st.fixed_dictionaries({"item": _ITEMS, "name": st.just("shopping list")}),
    ),
    st.builds(Call, st.sampled_from(["ListRead", "ListClear"]), st.just(_LIST)),
    st.builds(Call, st.just("VoiceVolume"), st.fixed_dictionaries({"volume_level": st.integers(0, 100)})),
)


def kept(house: House) -> dict[str, object]:
    """What outlasts a restart, but for the numbers that are given next."""
    found = house.to_dict()
    numbers = {name: {k: v for k, v in found[name].items() if k != "next_id"} for name in ("timers", "alarms")}  # type: ignore[attr-defined]
    return {"lists": {k: v for k, v in found["lists"].items() if v}, "volume": found["volume"], **numbers}  # type: ignore[attr-defined]


@given(st.lists(_OURS, min_size=1, max_size=8))
def test_what_is_ours_is_as_it_was_whatever_was_done(calls: list[Call]) -> None:
    it = Living()
    for call in calls:
        before = kept(it.house)
        it.does(call.intent, **call.slots)
        changed = kept(it.house) != before
    told = it.does(UNDO)
    if changed:
        assert told == "Undone."
        assert kept(it.house) == before


@given(CALLS, CALLS)
def test_nothing_that_lets_somebody_in_happens_without_the_code(first: Call, second: Call) -> None:
    it = Living()
    it.tells("demo/front/lock", "UNLOCKED")
    it.tells("demo/garage/door", "open")
    it.does(first.intent, **first.slots)
    corrected = both(it.house, Call(UNDO), second)
    it.carried_out(corrected)
    for command in (*corrected.commands, *said(it.house, UNDO).commands):
        entity = HOME.entity(command.entity)
        assert entity is None or not entity.sensitive or command.payload not in OPENING
