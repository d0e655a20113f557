"""What may happen in the demo's house, told as what people say in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from importlib import resources

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voiced.home.code import LOCKED_S, CodeCheck, Lockout, PendingCode
from voiced.home.dialogue import completed
from voiced.home.dispatch import command
from voiced.home.house import CONTEXT_S, House, Judgement, Kind
from voiced.home.intents import ACTIONS, resolve
from voiced.home.load import load_home
from voiced.home.manner import Manner
from voiced.home.model import Entity, Home
from voiced.home.mqtt import Setting
from voiced.home.outcome import outcome
from voiced.home.policy import Act, result
from voiced.home.replies import Reply
from voiced.messages import SAMPLE_RATE_HZ, Alternative, Call, Command, Decision, SlotValue, Verdict

TODAY = dt.datetime(2026, 11, 24, 9, 0)
HOME = load_home((resources.files("voiced") / "data" / "demo-home.toml").read_text(encoding="utf-8"))
OPENING = {"UNLOCK", "OPEN"}


def house(area: str = "") -> House:
    return House(HOME, area=area, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: TODAY)


def said(house: House, intent: str, /, **slots: SlotValue) -> Judgement:
    return house.judge(Decision(Verdict.CALLS, (Call(intent, slots),), 0.95), now_sample=0)


def code(digits: str) -> Decision:
    return Decision(Verdict.DIGITS, certainty=0.9, digits=digits)


def reported(house: House, judged: Judgement) -> str:
    """What is said when every command was confirmed."""
    return house.report(judged, confirmed=judged.commands, silent=(), failed=())


# --- what a thing cannot do ----------------------------------------------------------------------------------------


def test_a_light_without_colour_says_so() -> None:
    judged = said(house(), "HassLightSet", name="standing light", color="green")
    assert (judged.kind, judged.commands) == (Kind.REFUSE, ())
    assert judged.say == "Standing light has no colour."
    assert said(house(), "HassLightSet", name="desk light", color="green").say == "Desk light has no colour."
    assert (
        said(house(), "HassLightSet", name="standing light", brightness=30).say == "Standing light has no brightness."
    )


# --- places ---------------------------------------------------------------------------------------------------------


def test_the_light_without_a_place_is_the_one_in_this_room() -> None:
    judged = said(house("office"), "HassTurnOn", domain="light")
    assert [c.entity for c in judged.commands] == ["light.desk"]


def test_without_a_room_of_its_own_the_device_asks_which_and_acts_on_the_answer() -> None:
    h = house()
    asked = said(h, "HassLightSet", brightness=40)
    assert asked.kind is Kind.ASK
    assert not asked.wants_code
    assert asked.say == "Which one: the kitchen ceiling, the standing light, the bed light or the desk light?"

    judged = said(h, "HassTurnOn", name="bed light")
    assert [(c.entity, json.loads(c.payload)) for c in judged.commands] == [
        ("light.bed", {"state": "ON", "brightness": 102})
    ]


def test_the_only_thing_of_its_kind_needs_no_place() -> None:
    judged = said(house("kitchen"), "HassClimateSetTemperature", temperature=21)
    assert [(c.topic, c.payload) for c in judged.commands] == [("demo/thermostat/set", "21")]


def test_a_room_that_is_not_here_is_no_other_room() -> None:
    assert said(house("office"), "HassTurnOn", area="attic", domain="light").reason == "unknown"


# --- what lets somebody in --------------------------------------------------------------------------------------------


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


_NAMES = [n for e in HOME.entities for n in (e.name.casefold(), *e.aliases)]
_SLOTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(_NAMES), "area": st.sampled_from([a.name.casefold() for a in HOME.areas]),
        "floor": st.just("first floor"), "domain": st.sampled_from(["light", "cover", "lock"]),
        "device_class": st.sampled_from(["garage", "window", "blind"]), "everywhere": st.just("yes"),
        "brightness": st.integers(-5, 150), "position": st.one_of(st.integers(0, 100), st.just("x")),
        "temperature": st.one_of(st.floats(), st.text(max_size=3)), "color": st.sampled_from(["red", "no colour"]),
        "percentage": st.integers(0, 100), "volume_step": st.sampled_from(["up", "down"]),
    },
)  # fmt: skip
_CALLS = st.builds(Call, st.sampled_from([*ACTIONS, "HassGetState", "HassStartTimer", "CastSpell"]), _SLOTS)


@given(st.lists(_CALLS, max_size=3), st.sampled_from(["", "office", "garage"]), st.floats(0, 1))
def test_whatever_was_understood_nothing_opens_without_the_code(calls: list[Call], area: str, certainty: float) -> None:
    judged = house(area).judge(Decision(Verdict.CALLS, tuple(calls), certainty), now_sample=0)
    guarded = [c for c in judged.commands if c.entity in ("lock.front_door", "cover.garage_door")]
    assert not OPENING & {c.payload for c in guarded}
    assert judged.kind is Kind.ACT or not judged.commands


@given(st.text("0123456789", max_size=3), st.integers(-10, 200_000), st.booleans())
def test_only_the_very_digits_in_time_and_once(heard: str, now: int, tried: bool) -> None:
    check, spent = PendingCode("47", (), 0, tried).check(heard, now)
    assert (check is CodeCheck.ACCEPTED) == (heard == "47" and 0 <= now <= 8 * SAMPLE_RATE_HZ and not tried)
    assert spent.check("47", now)[0] is CodeCheck.EXPIRED


# --- certainty --------------------------------------------------------------------------------------------------------


def test_the_less_harmless_the_more_certain() -> None:
    said = [("HassTurnOn", "bed light"), ("HassCloseCover", "garage door"), ("HassUnlock", "front door")]
    kinds = [
        house().judge(Decision(Verdict.CALLS, (Call(intent, {"name": name}),), 0.45), now_sample=0).kind
        for intent, name in said
    ]
    assert kinds == [Kind.ACT, Kind.IGNORE, Kind.IGNORE]


@pytest.mark.parametrize("verdict", [Verdict.NOT_FOR_ME, Verdict.INCOMPLETE, Verdict.DIGITS])
def test_what_is_no_command_says_and_does_nothing(verdict: Verdict) -> None:
    judged = house().judge(Decision(verdict, digits="47"), now_sample=0)
    assert (judged.kind, judged.reason, judged.say, judged.commands) == (Kind.IGNORE, verdict.value, "", ())


def test_what_is_nearly_as_likely_is_asked() -> None:
    h = house()
    desk = Alternative((Call("HassTurnOn", {"name": "desk light"}),), "turn on the desk light", 0.35)
    bed = Decision(Verdict.CALLS, (Call("HassTurnOn", {"name": "bed light"}),), 0.45, alternatives=(desk,))
    asked = h.judge(bed, now_sample=0)
    assert (asked.kind, asked.say) == (Kind.ASK, "Which one: the bed light or the desk light?")
    assert [c.entity for c in said(h, "HassTurnOn", name="desk light").commands] == ["light.desk"]
    clear = dataclasses.replace(bed, certainty=0.9)
    assert house().judge(clear, now_sample=0).kind is Kind.ACT
    other = dataclasses.replace(desk, calls=(Call("HassTurnOff", {"name": "desk light"}),))
    assert house().judge(dataclasses.replace(bed, alternatives=(other,)), now_sample=0).kind is Kind.ACT


# --- one after the other ----------------------------------------------------------------------------------------------


def test_the_kitchen_too_and_off_again() -> None:
    h = house()
    said(h, "HassTurnOn", name="bed light")
    assert [c.entity for c in said(h, "AlsoThis", area="kitchen").commands] == ["light.kitchen_ceiling"]
    off = said(h, "HassTurnOff", it="yes").commands
    assert [(c.entity, json.loads(c.payload)) for c in off] == [("light.kitchen_ceiling", {"state": "OFF"})]


def test_what_was_done_long_ago_is_not_meant() -> None:
    clock = [100.0]
    h = House(HOME, random_digits=lambda: "47", now_s=lambda: clock[0], today=lambda: TODAY)
    said(h, "HassTurnOn", name="bed light")
    clock[0] += CONTEXT_S + 1
    assert said(h, "HassTurnOff", it="yes").reason == "unknown"
    assert said(h, "AlsoThis", area="kitchen").reason == "unknown"


def test_opening_it_needs_the_code_too() -> None:
    h = house()
    said(h, "HassCloseCover", name="garage door")
    assert said(h, "HassOpenCover", it="yes").wants_code


def test_all_lights_except() -> None:
    judged = said(house(), "HassTurnOff", domain="light", everywhere="yes", **{"except": "kitchen; bed light"})
    assert sorted(c.entity for c in judged.commands) == ["light.desk", "light.standing"]
    assert said(house(), "HassTurnOff", domain="light", everywhere="yes", **{"except": "attic"}).reason == "unknown"


def test_brighter_and_warmer_than_now() -> None:
    h = house("bedroom")
    assert said(h, "HassLightSet", name="bed light", brightness_step="up").reason == "unknown_state"
    h.heard_state("demo/bedroom/bed", b'{"state": "ON", "brightness": 128}')
    (sent,) = said(h, "HassLightSet", brightness_step="up", it="maybe").commands
    assert json.loads(sent.payload)["brightness"] == 179  # seventy percent
    h.heard_state("demo/bedroom/bed", b'{"state": "OFF"}')
    (sent,) = said(h, "HassLightSet", brightness_step="down", it="maybe").commands
    assert json.loads(sent.payload)["brightness"] == 3
    h.heard_state("demo/thermostat/target", b"20.5")
    (sent,) = said(h, "HassClimateSetTemperature", temperature_step="down").commands
    assert sent.payload == "19.5"
    (sent,) = said(h, "HassClimateSetTemperature", temperature_by=-3).commands
    assert sent.payload == "17.5"


def test_whiter_faster_and_the_other_way_round_than_now() -> None:
    h = house("bedroom")
    assert said(h, "HassLightSet", name="bed light", kelvin_step="up").reason == "unknown_state"
    assert said(h, "HassFanSetSpeed", name="bedroom fan", percentage_step="up").reason == "unknown_state"
    assert said(h, "Toggle", name="bedroom fan").reason == "unknown_state"
    h.heard_state("demo/office/desk", b'{"state": "ON", "color_temp": 2700}')
    h.heard_state("demo/bedroom/fan/speed", b"50")
    h.heard_state("demo/bedroom/fan", b"ON")
    (white,) = said(h, "HassLightSet", name="desk light", kelvin_step="down").commands
    assert json.loads(white.payload)["color_temp"] == 3200
    (white,) = said(h, "HassLightSet", name="desk light", kelvin_step="up").commands
    assert json.loads(white.payload)["color_temp"] == 2200
    assert [c.payload for c in said(h, "HassFanSetSpeed", name="bedroom fan", percentage_step="up").commands] == ["75"]
    assert [c.payload for c in said(h, "HassFanSetSpeed", name="bedroom fan", percentage_step="down").commands] == [
        "25"
    ]
    judged = said(h, "Toggle", name="bedroom fan")
    assert ([c.payload for c in judged.commands], reported(h, judged)) == (["OFF"], "Bedroom fan is off.")


def of(*entities: Entity) -> House:
    home = Home(entities=entities)
    return House(home, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY)


def test_a_number_stays_within_what_the_thing_tells_of_itself() -> None:
    pump = Entity("number.p", "Pump", mqtt={"command_topic": "c", "state_topic": "s", "min": 0.0, "max": 60.0})
    h = of(pump, Entity("number.f", "Free", mqtt={"command_topic": "f"}))
    assert said(h, "NumberSet", name="pump", value=70).reason == "range"
    judged = said(h, "NumberSet", name="pump", value=50)
    assert reported(h, judged) == "Pump is set to fifty."
    assert [c.payload for c in said(h, "NumberSet", name="free", value=500).commands] == ["500"]


def test_a_mode_that_a_thermostat_does_not_have_is_said() -> None:
    topics: dict[str, Setting] = {"mode_command_topic": "m", "mode_state_topic": "ms", "modes": ("off", "heat")}
    h = of(Entity("climate.r", "Radiator", mqtt=topics))
    assert said(h, "ClimateSetMode", mode="dry").say == "Radiator has no dry."
    judged = said(h, "ClimateSetMode", mode="heat")
    assert reported(h, judged) == "Radiator is set to heat."
    assert reported(h, said(h, "ClimateSetMode", mode="off")) == "Radiator is off."


def test_everything_off_spares_what_hangs_on_a_plug() -> None:
    h = house()
    judged = said(h, "HassTurnOff", everything="yes", everywhere="yes")
    assert {c.entity.partition(".")[0] for c in judged.commands} == {"light", "fan"}  # the TV has no topic
    assert reported(h, judged) == "Lights and fans are off."
    judged = said(h, "HassTurnOff", everything="yes", area="bedroom")
    assert {c.entity for c in judged.commands} == {"light.bed", "fan.bedroom"}


def test_what_is_not_there_is_said_with_its_room() -> None:
    dark = said(house(), "HassTurnOn", area="garage", domain="light")
    assert dark.say == "I know of nothing like that in the garage."
    assert said(house(), "ClimateSetMode", name="thermostat", mode="auto").say == "Thermostat has no modes."


def test_what_was_so_before_is_said_to_be_so() -> None:
    h = house()
    h.heard_state("demo/front/lock", b"LOCKED")
    judged = said(h, "HassLock", name="front door")
    assert reported(h, judged) == "Front door is already locked."
    silent = h.report(judged, confirmed=(), silent=judged.commands, failed=())
    assert silent == "No answer from the front door, but it was locked before."


def test_repeat_that() -> None:
    h = house()
    assert said(h, "RepeatThat").say == "I have said nothing yet."
    assert said(h, "HassNevermind").say == said(h, "RepeatThat").say == "Okay."


# --- what is said -----------------------------------------------------------------------------------------------------


def test_two_commands_in_one_sentence_are_both_done_and_both_said() -> None:
    h = house()
    calls = (Call("HassTurnOff", {"name": "bed light"}), Call("HassStartTimer", {"minutes": 5}))
    judged = h.judge(Decision(Verdict.CALLS, calls, 0.9), now_sample=0)
    assert reported(h, judged) == "Bed light is off. Timer set for five minutes."
    assert h.clocks.next_timer_s() == 300


def test_success_is_said_only_where_the_state_topic_told_it() -> None:
    h = house()
    judged = said(h, "HassLock", name="front door")
    (sent,) = judged.commands
    assert not h.confirms(sent, "demo/front/lock", b"UNLOCKED")
    assert not h.confirms(sent, "demo/elsewhere", b"LOCKED")
    assert h.confirms(sent, "demo/front/lock", b"LOCKED")
    assert reported(h, judged) == "Front door is locked."
    assert h.report(judged, confirmed=(), silent=(sent,), failed=()) == "I could not reach the front door."
    assert h.report(judged, confirmed=(), silent=(), failed=(sent,)) == "I cannot reach the house."


def test_what_cannot_confirm_is_sent() -> None:
    h = house()
    assert reported(h, said(h, "HassTurnOn", name="movie night")) == "Sent."


def test_the_owners_sentences_publish_what_they_say() -> None:
    h = house()
    red, spell = said(h, "RedAlert"), said(h, "CastSpell", spell="nox")
    assert red.commands == (Command("RedAlert", "publish", "demo/alert", "red"),)
    assert reported(h, red) == "Red alert."
    assert spell.commands[0].topic == "voiced/voiced/intent/CastSpell"
    assert json.loads(spell.commands[0].payload) == {"intent": "CastSpell", "slots": {"spell": "nox"}}


def test_a_thing_without_topics_is_known_and_not_reached() -> None:
    assert said(house(), "HassMediaPause").say == "I know the TV, but I cannot reach it."


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("HassGetState", {"name": "front door", "state": "locked"}, "Yes, the front door is locked."),
        ("HassGetState", {"name": "front door", "state": "unlocked"}, "No, the front door is locked."),
        ("HassGetState", {"name": "garage door", "state": "open"}, "I don't know."),
        ("HassGetState", {"name": "outdoor humidity"}, "Outdoor humidity is forty seven point five percent."),
        ("HassGetState", {"domain": "light", "state": "on", "floor": "first floor"}, "The bed light is on."),
        ("HassClimateGetTemperature", {}, "It is twenty point five degrees."),
        ("HassClimateGetTemperature", {"name": "heating"}, "Thermostat is at twenty point five degrees."),
        ("HassGetWeather", {}, "I don't know."),
        ("HassNevermind", {}, "Okay."),
    ],
)
def test_questions_are_answered_from_the_state_topics(intent: str, slots: dict[str, SlotValue], answer: str) -> None:
    h = house()
    for topic, payload in [
        ("demo/front/lock", b"LOCKED"),
        ("demo/outdoor/humidity", b"47.5"),
        ("demo/bedroom/bed", b'{"state": "ON", "brightness": 128}'),
        ("demo/office/desk", b'{"state": "OFF"}'),
        ("demo/thermostat/now", b"20.5"),
    ]:
        h.heard_state(topic, payload)
    assert said(h, intent, **slots).say == answer


# --- outcome ----------------------------------------------------------------------------------------------------------


def same(a: Call, b: Call, home: Home = HOME, area: str = "") -> bool:
    return outcome([a], home, area) == outcome([b], home, area)


def test_two_ways_of_saying_the_same_have_one_outcome() -> None:
    desk = Call("HassTurnOff", {"name": "Desk Light"})
    assert same(Call("HassTurnOff", {"area": "office", "domain": "light"}), desk)
    assert same(Call("HassTurnOff", {"domain": "light"}), desk, area="office")
    assert not same(Call("HassTurnOn", {"area": "office", "domain": "light"}), desk)
    assert same(
        Call("HassGetState", {"name": "Front Door", "domain": "lock"}),
        Call("HassGetState", {"name": "lock.front_door"}),
    )
    assert same(
        Call("HassLightSet", {"area": "bedroom", "brightness": 50.0}),
        Call("HassLightSet", {"name": "bed light", "brightness": 50}),
    )
    assert not same(Call("HassStartTimer", {"minutes": 5}), Call("HassStartTimer", {"minutes": 15}))


@example(Call("HassLightSet", {"temperature": 2.2e-309}))
@given(_CALLS)
def test_every_step_is_a_message_or_out_of_reach_and_never_raises(call: Call) -> None:
    resolved = resolve(call, HOME)
    for step in resolved.steps if resolved else ():
        made = command(step, HOME)
        assert made is None or (made.topic and made.payload and made.entity == step.entity)


# --- every branch -----------------------------------------------------------------------------------------------------

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
        judged = house().judge(Decision(Verdict.CALLS, (one,), 0.45, alternatives=(second,)), now_sample=0)
        assert judged.kind is Kind.ACT


def test_an_own_sentence_may_be_unconfirmed() -> None:
    act = Act((Command("Own", "publish", "t", "p"),), Reply("sent"))
    assert result(act, HOME, unconfirmed=(dataclasses.replace(act.commands[0], state_topic="s"),)).key == "unreached"


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
    assert PendingCode("47", (), 0).issued(5).issued_sample == 5


# --- the owner's manner -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "time", "warm"),
    [
        ("", "It is nine oh five p m.", "It is twenty point five degrees."),
        ("en_US.UTF-8", "It is nine oh five p m.", "It is sixty eight point nine degrees."),
        ("en-GB", "It is twenty one oh five.", "It is twenty point five degrees."),
    ],
)
def test_hours_and_degrees_are_the_owners(locale: str, time: str, warm: str) -> None:
    evening = TODAY.replace(hour=21, minute=5)
    h = House(HOME, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: evening, manner=Manner.of(locale))
    h.heard_state("demo/thermostat/now", b"20.5")
    assert said(h, "HassGetCurrentTime").say == time
    assert said(h, "HassClimateGetTemperature").say == warm


def test_an_american_sets_a_celsius_thermostat() -> None:
    h = House(HOME, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY, manner=Manner.of("en_US"))
    judged = said(h, "HassClimateSetTemperature", temperature=70)
    assert [c.payload for c in judged.commands] == ["21.1"]
    assert reported(h, judged) == "Thermostat is set to seventy degrees."
    h.heard_state("demo/thermostat/target", b"21.1")
    assert [c.payload for c in said(h, "HassClimateSetTemperature", temperature_step="up").commands] == ["22.2"]


def test_a_country_in_fahrenheit_and_one_without() -> None:
    boiler = Entity("climate.x", "X", mqtt={"temperature_unit": "F"})
    assert Manner.of("de_DE") == Manner(False, "C")
    assert Manner.of("en") == Manner()
    assert Manner.of("de_DE").degrees(212, boiler) == 100
    assert Manner.of("en_US").degrees(70, boiler) == 70
