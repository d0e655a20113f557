"""What is meant where not all is said: places, what a thing can, and what was said before."""

from __future__ import annotations

import json

from tests.home.saying import HOME, TODAY, house, of, reported, said
from voiced.home.house import House
from voiced.home.judgement import Kind
from voiced.home.memory import CONTEXT_S
from voiced.home.model import Area, Entity, Home
from voiced.home.network.mqtt import Setting
from voiced.messages import Call, Decision, Verdict

# --- what a thing cannot do ------------------------------------------------------------------------------------------


def test_a_light_without_colour_says_so() -> None:
    judged = said(house(), "HassLightSet", name="standing light", color="green")
    assert (judged.kind, judged.commands) == (Kind.REFUSE, ())
    assert judged.say == "Standing light has no colour."
    assert said(house(), "HassLightSet", name="desk light", color="green").say == "Desk light has no colour."
    assert (
        said(house(), "HassLightSet", name="standing light", brightness=30).say == "Standing light has no brightness."
    )


# --- places ----------------------------------------------------------------------------------------------------------


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


# --- one after the other ---------------------------------------------------------------------------------------------


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


def test_it_is_what_was_asked_about() -> None:
    h = house()
    h.heard_state("demo/kitchen/coffee", b"ON")
    assert said(h, "HassGetState", name="coffee machine", state="on").say == "Yes, the coffee machine is on."
    assert [(c.entity, c.payload) for c in said(h, "HassTurnOff", it="yes").commands] == [
        ("switch.coffee_machine", "OFF")
    ]
    h = house()
    said(h, "HassGetState", name="coffee machine", state="on")
    assert said(h, "HassCloseCover", it="yes").say == "I don't know what you mean."
    h.heard_state("demo/kitchen/window", b"open")
    said(h, "HassGetState", device_class="window", domain="cover", state="open", how="any")
    assert [c.entity for c in said(h, "HassCloseCover", it="yes").commands] == ["cover.kitchen_window"]


def test_what_was_done_before_a_question_of_another_kind_is_still_meant() -> None:
    h = house()
    h.heard_state("demo/front/lock", b"UNLOCKED")
    said(h, "HassTurnOn", name="bed light")
    assert said(h, "HassGetState", name="front door", state="locked").say == "No, the front door is unlocked."
    assert [c.entity for c in said(h, "HassLightSet", it="maybe", brightness=20).commands] == ["light.bed"]
    said(h, "HassGetState", name="front door", state="locked")
    assert [c.entity for c in said(h, "HassTurnOff", it="yes").commands] == ["light.bed"]
    said(h, "HassGetState", name="front door", state="locked")
    assert [c.payload for c in said(h, "HassLock", it="yes").commands] == ["LOCK"]


def test_and_the_fan_after_a_question_is_a_question() -> None:
    h = house()
    for topic in ("demo/kitchen/coffee", "demo/bedroom/fan"):
        h.heard_state(topic, b"OFF")
    said(h, "HassTurnOn", name="bed light")
    said(h, "HassGetState", name="coffee machine", state="on")
    assert said(h, "AlsoThis", name="bedroom fan").say == "No, the bedroom fan is off."


def test_them_are_all_of_what_was_said_at_once() -> None:
    h = house()
    both = (Call("HassTurnOn", {"name": "bed light"}), Call("HassTurnOn", {"name": "desk light"}))
    h.judge(Decision(Verdict.CALLS, (*both, both[0]), 0.95))
    assert [c.entity for c in said(h, "HassTurnOff", it="all").commands] == ["light.bed", "light.desk"]
    said(h, "HassOpenCover", name="kitchen window")
    assert [c.entity for c in said(h, "HassCloseCover", it="all").commands] == ["cover.kitchen_window"]
    h.heard_state("demo/bedroom/bed", b'{"state": "ON"}')
    said(h, "HassGetState", domain="light", state="on", how="which")
    assert len(said(h, "HassTurnOff", it="all").commands) == 4
    assert said(house(), "HassTurnOff", it="all").reason == "unknown"


def test_opening_it_needs_the_code_too() -> None:
    h = house()
    said(h, "HassCloseCover", name="garage door")
    assert said(h, "HassOpenCover", it="yes").wants_code
    h.heard_state("demo/garage/door", b"closed")
    said(h, "HassGetState", name="garage door", state="open")
    assert said(h, "HassOpenCover", it="all").wants_code


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
    (sent,) = said(h, "HassLightSet", brightness_step="up", it="maybe").commands
    assert json.loads(sent.payload)["brightness"] == 51  # from nothing
    h.heard_state("demo/thermostat/target", b"20.5")
    (sent,) = said(h, "HassClimateSetTemperature", temperature_step="down").commands
    assert sent.payload == "19.5"
    (sent,) = said(h, "HassClimateSetTemperature", temperature_by=-3).commands
    assert sent.payload == "17.5"


def test_whiter_faster_and_the_other_way_round_than_now() -> None:
    h = house("bedroom")
    assert said(h, "HassLightSet", name="desk light", kelvin_step="up").reason == "unknown_state"
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


def test_by_so_many_percent_is_from_how_bright_it_is_and_in_the_direction_that_was_said() -> None:
    """ "Brighten by ten percent" made a lamp that was at fifty percent all but dark."""
    h = house("bedroom")
    assert said(h, "HassLightSet", name="bed light", brightness_by=10).reason == "unknown_state"
    h.heard_state("demo/bedroom/bed", b'{"state": "ON", "brightness": 128}')
    judged = said(h, "HassLightSet", name="bed light", brightness_by=10)
    assert reported(h, judged) == "Bed light is at sixty percent."
    assert (
        reported(h, said(h, "HassLightSet", name="bed light", brightness_by=-20)) == "Bed light is at thirty percent."
    )
    assert reported(h, said(h, "HassLightSet", name="bed light", brightness_by=-80)) == "Bed light is at one percent."
    h.heard_state("demo/bedroom/bed", b'{"state": "OFF"}')
    assert said(h, "HassLightSet", name="bed light", brightness_by=-10).say == "Bed light is already off."
    assert reported(h, said(h, "HassLightSet", name="bed light", brightness_by=10)) == "Bed light is at ten percent."


def test_what_is_beyond_the_ends_does_not_go_the_other_way() -> None:
    """ "Slower" made a fan at five percent faster, "warmer" a candle of 1800 kelvin colder."""
    fan = Entity("fan.f", "Fan", mqtt={"percentage_command_topic": "f/set", "percentage_state_topic": "f"})
    white: dict[str, Setting] = {"command_topic": "l/set", "state_topic": "l", "schema": "json", "brightness": True}
    lamp = Entity("light.l", "Lamp", mqtt={**white, "color_temp_kelvin": True, "min_kelvin": 1500.0})
    h = of(fan, lamp)
    h.heard_state("f", b"5")
    for step, speed in (("down", "5"), ("up", "30")):
        assert [c.payload for c in said(h, "HassFanSetSpeed", name="fan", percentage_step=step).commands] == [speed]
    for now, step, kelvin in ((1800, "up", 1800), (1800, "down", 2300), (7000, "down", 7000), (7000, "up", 6500)):
        h.heard_state("l", b'{"state": "ON", "color_temp": %d}' % now)
        (sent,) = said(h, "HassLightSet", name="lamp", kelvin_step=step).commands
        assert json.loads(sent.payload)["color_temp"] == kelvin
    h.heard_state("l", b'{"state": "ON", "brightness": 2}')  # below one percent, and not off
    (sent,) = said(h, "HassLightSet", name="lamp", brightness_step="down").commands
    assert json.loads(sent.payload)["brightness"] == 2


def test_the_coldest_white_of_a_lamp_that_counts_in_mireds_is_said_in_whole_kelvin() -> None:
    topics: dict[str, Setting] = {"command_topic": "l/set", "state_topic": "l", "schema": "json", "color_temp": True}
    h = of(Entity("light.l", "Lamp", mqtt=topics))
    h.heard_state("l", b'{"state": "ON", "color_temp": 153}')
    judged = said(h, "HassLightSet", name="lamp", kelvin_step="down")
    assert json.loads(judged.commands[0].payload)["color_temp"] == 153
    assert reported(h, judged) == "Lamp is at six thousand five hundred thirty six kelvin."


BUTTONS: dict[str, Setting] = {"command_topic": "r/set", "state_topic": "r"}
RADIO = Entity(
    "media_player.r", "Radio", mqtt={**BUTTONS, "volume_command_topic": "r/vol/set", "volume_state_topic": "r/vol"}
)


def test_louder_by_so_many_percent_is_louder_and_quieter_is_quieter() -> None:
    """ "Turn up the volume by ten percent" made it quieter."""
    h = of(RADIO)
    for by, pressed in ((10, "VOLUME_UP"), (-10, "VOLUME_DOWN"), ("up", "VOLUME_UP"), ("down", "VOLUME_DOWN")):
        (sent,) = said(h, "HassSetVolumeRelative", volume_step=by).commands
        assert (sent.topic, sent.payload) == ("r/set", pressed)  # nobody knows how loud it is
    assert said(h, "HassSetVolumeRelative", volume_step=0).commands == ()
    assert said(h, "HassSetVolumeRelative").commands == ()
    h.heard_state("r/vol", b"30")
    for by, level in ((10, "40"), (-10, "20"), (-40, "0"), (90, "100")):
        (sent,) = said(h, "HassSetVolumeRelative", volume_step=by).commands
        assert (sent.topic, sent.payload) == ("r/vol/set", level)
    assert reported(h, said(h, "HassSetVolumeRelative", volume_step=10)) == "Radio is at volume forty."
    assert [c.payload for c in said(h, "HassSetVolumeRelative", volume_step="down").commands] == ["VOLUME_DOWN"]
    only_read = {**BUTTONS, "volume_state_topic": "r/vol"}
    h = of(Entity("media_player.r", "Radio", mqtt=only_read))
    h.heard_state("r/vol", b"30")
    assert [c.payload for c in said(h, "HassSetVolumeRelative", volume_step=10).commands] == ["VOLUME_UP"]


def test_of_two_players_of_one_name_the_one_that_plays_is_meant() -> None:
    """ "Pause" in the living room, where the TV was off, did not pause the one in the bedroom."""
    areas = (Area("living_room", "Living Room"), Area("bedroom", "Bedroom"))
    sets = tuple(
        Entity(f"media_player.{a.id}", "TV", area=a.id, mqtt={"command_topic": f"{a.id}/set", "state_topic": a.id})
        for a in areas
    )
    for area in ("living_room", "bedroom", ""):
        h = House(
            Home(areas=areas, entities=sets),
            area=area, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY,
        )  # fmt: skip
        h.heard_state("living_room", b"paused")
        h.heard_state("bedroom", b"playing")
        judged = said(h, "HassMediaPause")
        assert [(c.topic, c.payload) for c in judged.commands] == [("bedroom/set", "PAUSE")]
        judged = said(h, "HassSetVolumeRelative", volume_step="down")
        assert [(c.topic, c.payload) for c in judged.commands] == [("bedroom/set", "VOLUME_DOWN")]


def test_the_voice_is_made_louder_where_nothing_plays() -> None:
    h = of(RADIO)
    h.heard_state("r", b"off")
    for change, heard in (
        ("down", "My volume is at eighty percent."), (-30, "My volume is at fifty percent."),
        ("up", "My volume is at seventy percent."), ("sideways", "My volume is at seventy percent."),
    ):  # fmt: skip
        assert said(h, "HassSetVolumeRelative", volume_step=change).say == heard


def test_a_player_that_plays_is_on() -> None:
    h = of(RADIO)
    assert said(h, "Toggle", name="radio").reason == "unknown_state"
    for state, told, toggled in (
        ("playing", "Yes, the radio is on.", "OFF"), ("idle", "Yes, the radio is on.", "OFF"),
        ("paused", "Yes, the radio is on.", "OFF"), ("standby", "No, the radio is on standby.", "ON"),
        ("OFF", "No, the radio is off.", "ON"),
    ):  # fmt: skip
        h.heard_state("r", state.encode())
        assert said(h, "HassGetState", name="radio", state="on").say == told
        assert [c.payload for c in said(h, "Toggle", name="radio").commands] == [toggled]
        (on,), (off,) = (said(h, f"HassTurn{way}", name="radio").commands for way in ("On", "Off"))
        assert (h.confirms(on, "r", state.encode()), h.confirms(off, "r", state.encode())) == (
            toggled == "OFF",
            toggled == "ON",
        )
    h.heard_state("r", b"idle")
    assert said(h, "HassGetState", state="on", everything="yes", how="any").say == "Yes, the radio is on."


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
    assert reported(h, judged) == "I know the TV, but I cannot reach it. Lights and fans are off."
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


def test_a_group_is_called_by_its_own_name() -> None:
    topics: dict[str, Setting] = {"command_topic": "c", "state_topic": "s"}
    lamps = [Entity(f"light.{name}", name, mqtt=topics) for name in ("left", "right")]
    h = of(*lamps, Entity("light.stage", "Stage Lights", members=("light.left", "light.right")))
    judged = said(h, "HassTurnOn", name="stage lights")
    assert (len(judged.commands), reported(h, judged)) == (2, "Stage lights are on.")
    assert reported(h, said(h, "HassTurnOn", name="left")) == "Left is on."
    h.heard_state("s", b"ON")
    assert reported(h, said(h, "HassTurnOn", name="stage lights")) == "Stage lights are already on."
