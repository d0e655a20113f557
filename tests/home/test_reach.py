"""Of several things some cannot be told, or cannot do it: what is done to the others, and what is said of all."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.home.saying import house, of, reported, said
from voiced.home.house import House
from voiced.home.judgement import Kind
from voiced.home.model import Entity
from voiced.home.network.mqtt import Setting
from voiced.messages import Call, Decision, SlotValue, Verdict


def thing(entity_id: str, name: str, **mqtt: Setting) -> Entity:
    topics: dict[str, Setting] = {"command_topic": f"{name}/set", "state_topic": name}
    return Entity(entity_id, name, mqtt=topics | mqtt)


def lamp(name: str, **mqtt: Setting) -> Entity:
    return thing(f"light.{name}", name, schema="json", brightness=True, **mqtt)


def told(*entities: Entity, **states: str | Mapping[str, object]) -> House:
    """A house of these, whose state topics have said so."""
    h = of(*entities)
    for topic, state in states.items():
        h.heard_state(topic, (state if isinstance(state, str) else json.dumps(state)).encode())
    return h


FRONT, BACK = thing("lock.front", "Front"), thing("lock.back", "Back")
CELLAR = Entity("lock.cellar", "Cellar Door")
PLAIN = thing("light.plain", "Plain")


# --- some cannot be told ----------------------------------------------------------------------------------------------


def test_what_was_sent_nothing_is_not_said_to_be_locked() -> None:
    h = of(FRONT, BACK, CELLAR)
    judged = said(h, "HassLock", everywhere="yes")
    assert [c.entity for c in judged.commands] == ["lock.front", "lock.back"]
    cellar = "I know the cellar door, but I cannot reach it."
    assert reported(h, judged) == f"{cellar} The other locks are locked."
    assert (
        h.report(judged, confirmed=(), silent=judged.commands, failed=())
        == f"{cellar} No answer from the front and the back."
    )
    h.heard_state("Front", b"LOCKED")
    h.heard_state("Back", b"LOCKED")
    judged = said(h, "HassLock", everywhere="yes")
    assert reported(h, judged) == f"{cellar} The other locks are already locked."
    silent = h.report(judged, confirmed=(), silent=judged.commands[:1], failed=())
    assert silent == f"{cellar} No answer from the front, but it was locked before."


def test_one_that_is_left_is_told_by_its_name_and_none_is_refused() -> None:
    h = of(FRONT, CELLAR)
    assert reported(h, said(h, "HassLock", everywhere="yes")) == (
        "I know the cellar door, but I cannot reach it. Front is locked."
    )
    h = of(CELLAR, Entity("lock.attic", "Attic Door"))
    judged = said(h, "HassLock", everywhere="yes")
    assert (judged.kind, judged.reason) == (Kind.REFUSE, "unreachable")
    assert judged.say == "I know the cellar door and the attic door, but I cannot reach them."


def test_where_nothing_can_confirm_the_others_are_said_too() -> None:
    h = of(thing("lock.front", "Front", state_topic=""), thing("lock.back", "Back", state_topic=""), CELLAR)
    assert reported(h, said(h, "HassLock", everywhere="yes")) == (
        "I know the cellar door, but I cannot reach it. Sent."
    )


def test_a_group_of_the_owners_is_not_called_done_by_its_name_where_one_was_not_reached() -> None:
    lamps = [thing(f"light.{name}", name) for name in ("left", "right")]
    stage = Entity("light.stage", "Stage Lights", members=("light.left", "light.right", "light.top"))
    h = of(*lamps, Entity("light.top", "Top"), stage)
    assert reported(h, said(h, "HassTurnOn", name="stage lights")) == (
        "I know the top, but I cannot reach it. The other lights are on."
    )


def test_others_are_of_the_same_kind() -> None:
    h = of(PLAIN, lamp("Left"), Entity("fan.f", "Fan"))
    assert reported(h, said(h, "HassTurnOff", everything="yes", everywhere="yes")) == (
        "I know the fan, but I cannot reach it. Lights are off."
    )


# --- some cannot do it ------------------------------------------------------------------------------------------------


def test_lamps_without_colour_are_not_called_red() -> None:
    h = house()
    judged = said(h, "HassLightSet", color="red", everywhere="yes")
    assert [c.entity for c in judged.commands] == ["light.kitchen_ceiling", "light.bed"]
    assert reported(h, judged) == "Two lights are red."


def test_a_plain_lamp_keeps_no_room_from_being_brighter() -> None:
    h = told(PLAIN, lamp("Left"), Left={"state": "ON", "brightness": 102})
    judged = said(h, "HassLightSet", brightness_step="up", everywhere="yes")
    assert [json.loads(c.payload)["brightness"] for c in judged.commands] == [153]
    assert reported(h, judged) == "Left is at sixty percent."


def test_each_lamp_is_brighter_by_its_own_measure_and_no_number_is_said_of_both() -> None:
    h = told(lamp("Left"), lamp("Right"), Left={"state": "ON", "brightness": 102}, Right={"state": "OFF"})
    judged = said(h, "HassLightSet", brightness_step="up", everywhere="yes")
    assert [json.loads(c.payload)["brightness"] for c in judged.commands] == [153, 51]
    assert reported(h, judged) == "Lights are set."
    judged = said(h, "HassLightSet", brightness=30, everywhere="yes")
    assert reported(h, judged) == "Lights are at thirty percent."


def test_where_the_value_is_beyond_one_of_them_the_others_are_set() -> None:
    topics: dict[str, Setting] = {"temperature_command_topic": "s", "max_temp": 25}
    h = of(Entity("climate.a", "Hall", mqtt=topics), Entity("climate.b", "Bath", mqtt={**topics, "max_temp": 30}))
    judged = said(h, "HassClimateSetTemperature", temperature=28, everywhere="yes")
    assert [c.entity for c in judged.commands] == ["climate.b"]
    h = of(*(Entity(f"climate.{name}", name, mqtt=topics) for name in ("hall", "bath")))
    judged = said(h, "HassClimateSetTemperature", temperature=28, everywhere="yes")
    assert (judged.reason, judged.say) == ("range", "The hall and the bath do not go there.")


def test_a_value_of_which_its_template_makes_nothing_is_not_sent() -> None:
    template = '{% if brightness is defined and brightness > 200 %}{% else %}{"on":1}{% endif %}'
    h = told(
        thing("light.odd", "Odd", schema="template", brightness=True, command_on_template=template,
              command_off_template="0", state_template="on", brightness_state_topic="Odd"),
        Odd="240",
    )  # fmt: skip
    assert said(h, "HassLightSet", name="odd", brightness_step="up").reason == "unreachable"


# --- what is off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "slots", "states"),
    [
        ("HassLightSet", {"name": "left", "brightness_step": "down"}, {"Left": {"state": "OFF", "brightness": 102}}),
        ("HassFanSetSpeed", {"name": "fan", "percentage_step": "down"}, {"Fan": "OFF", "speed": "50"}),
        ("HassFanSetSpeed", {"name": "fan", "percentage_step": "down"}, {"speed": "0"}),
    ],
)
def test_what_is_off_is_not_switched_on_by_darker_or_slower(
    intent: str, slots: dict[str, SlotValue], states: dict[str, str]
) -> None:
    fan = thing("fan.f", "Fan", percentage_command_topic="speed/set", percentage_state_topic="speed")
    judged = said(told(lamp("Left"), fan, **states), intent, **slots)
    assert (judged.commands, judged.reason) == ((), "already_off")
    assert judged.say == f"{str(slots['name']).capitalize()} is already off."


def test_darker_in_a_room_in_which_some_are_off() -> None:
    h = told(lamp("Left"), lamp("Right"), Left={"state": "ON", "brightness": 102}, Right={"state": "OFF"})
    judged = said(h, "HassLightSet", brightness_step="down", everywhere="yes")
    assert reported(h, judged) == "Right is already off. Left is at twenty percent."
    h.heard_state("Left", b'{"state": "OFF"}')
    assert said(h, "HassLightSet", brightness_step="down", everywhere="yes").say == (
        "The left and the right are already off."
    )


def test_faster_begins_at_nothing_where_it_is_off() -> None:
    fan = thing("fan.f", "Fan", percentage_command_topic="speed/set", percentage_state_topic="speed")
    judged = said(told(fan, Fan="OFF"), "HassFanSetSpeed", name="fan", percentage_step="up")
    assert [c.payload for c in judged.commands] == ["25"]


# --- in words ---------------------------------------------------------------------------------------------------------


def test_what_can_be_reached_and_not_switched_is_not_called_out_of_reach() -> None:
    assert said(house(), "HassTurnOff", name="heating").say == "Thermostat has no power switch."
    assert said(house(), "ClimateSetMode", name="heating", mode="off").say == "Thermostat has no modes."
    heater: dict[str, Setting] = {"mode_command_topic": "m", "modes": ("heat",)}
    assert said(of(Entity("climate.h", "Heater", mqtt=heater)), "ClimateSetMode", mode="off").say == (
        "Heater has no power switch."
    )
    robo = thing("vacuum.r", "Robo", payload_pause="")
    assert said(of(robo), "VacuumPause", name="robo").say == "Robo has no way to do that."


def test_what_is_so_already_is_said_beside_what_else_was_wanted() -> None:
    h = told(lamp("Left"), Left={"state": "OFF"})
    calls = (Call("HassTurnOff", {"name": "left"}), Call("HassStartTimer", {"minutes": 5}))
    judged = h.judge(Decision(Verdict.CALLS, calls, 0.9))
    assert reported(h, judged) == "Left is already off. Timer set for five minutes."
    silent = h.report(judged, confirmed=(), silent=judged.commands, failed=())
    assert silent == "Timer set for five minutes. No answer from the left, but it was off before."
