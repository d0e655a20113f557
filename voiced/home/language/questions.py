"""PURE. What people ask about the house beyond single things: any, all, which, how many; measures; how far, how bright.

Blocks as in `everyday.py`. The slot `how` says how it was asked, which changes the answer and not the
question; `what` is the part of a thing that was asked for.
"""

from __future__ import annotations

from typing import Any

HOW = "how"
"""Slot: any | all | which | many | the."""

RULES = {
    "are_any": "{qu_any:how}",
    "are_all": "{qu_all:how}",
    "which": "{qu_which:how}",
    "how_many": "{qu_many:how}",
    "qu_at": "(<ev_in> <ev_place>|{floor})",
    "qu_heat": "(heating|heat|thermostat|air conditioning)",
}
"""The first four are Home Assistant's: with them its own questions say how they were put."""

LISTS: dict[str, dict[str, Any]] = {
    "qu_any": {
        "values": [
            {"in": "[(are|is) [there]] any [of (the|my|our)]", "out": "any"},
            {"in": "did (i|we|you|anyone|somebody) leave (any|a) [of (the|my|our)]", "out": "any"},
        ]
    },
    "qu_all": {
        "values": [{"in": "[(are|is) [there]] (all [[of] (the|my|our)]|every|each [of (the|my|our)])", "out": "all"}]
    },
    "qu_which": {"values": [{"in": "(which|what) [of (the|my|our)]", "out": "which"}]},
    "qu_many": {"values": [{"in": "how many [of (the|my|our)]", "out": "many"}]},
    "qu_lit": {"values": ["on", "open", "unlocked"]},
    "qu_dark": {
        "values": [
            {"in": "[(turned|switched)] off", "out": "off"}, {"in": "(closed|shut)", "out": "closed"},
            {"in": "locked [up]", "out": "locked"},
        ]
    },
    "qu_measure": {
        "values": [
            {"in": "[(air|relative)] humidity", "out": "humidity"},
            {"in": "(brightness|light level|illuminance)", "out": "illuminance"},
            {"in": "(carbon dioxide|c o two|co two)", "out": "carbon_dioxide"},
            {"in": "[air] pressure", "out": "pressure"}, {"in": "power [(consumption|use|usage)]", "out": "power"},
            {"in": "energy [(consumption|use|usage)]", "out": "energy"}, {"in": "air quality", "out": "aqi"},
            {"in": "wind speed", "out": "wind_speed"}, {"in": "noise [level]", "out": "sound_pressure"},
        ]
    },
    "qu_sensed": {
        "values": [
            {"in": "[any] (motion|movement)", "out": "motion"}, {"in": "[any] smoke", "out": "smoke"},
            {"in": "[any] gas", "out": "gas"}, {"in": "[any] (vibration|shaking)", "out": "vibration"},
            {"in": "(a|any) [water] leak", "out": "moisture"}, {"in": "[any] water", "out": "moisture"},
            {"in": "[any] (noise|sound)", "out": "sound"},
        ]
    },
    "qu_armed": {"values": ["armed", "disarmed", {"in": "(triggered|ringing|going off)", "out": "triggered"}]},
    "qu_people": {"values": [{"in": "(anyone|anybody|someone|somebody)", "out": "motion"}]},
}  # fmt: skip

TABLE = """
== HassGetState domain=light how=the cost=0.3
(is|are) [<ev_the>] [{area}] <ev_lights> [still] {on_off_states:state}
(is|are) [<ev_the>] <ev_lights> <ev_in> <ev_place> [still] {on_off_states:state}
(is|are) [<ev_the>] <ev_lights> [still] {on_off_states:state} <qu_at>
== HassGetState domain=light how=any state=on cost=0.3
did (i|we) leave <ev_the> [{area}] <ev_lights> on [<qu_at>]
== HassGetState domain=cover how=the cost=0.3
(is|are) [<ev_the>] [{area}] {cover_classes:device_class} [still] {cover_states:state}
(is|are) [<ev_the>] {cover_classes:device_class} [still] {cover_states:state} <qu_at>
did (i|we) leave <ev_the> {cover_classes:device_class} {cover_states:state}
== HassGetState domain=cover device_class=garage how=the
(is|did (i|we) leave) <ev_the> garage [still] {cover_states:state}
== HassGetState domain=cover device_class=garage how=the state=closed
did (i|we) (close|shut) <ev_the> garage
== HassGetState names=light,switch,fan,media_player,input_boolean
did (i|we) leave [<ev_the>] {name} {on_off_states:state}
== HassGetState names=light,switch,fan,media_player,input_boolean state=off
did (i|we) (turn|switch) (off [<ev_the>] {name}|[<ev_the>] {name} off)
== HassGetState names=lock state=locked
did (i|we) lock [<ev_the>] {name}
== HassGetState names=cover state=closed
did (i|we) (close|shut) [<ev_the>] {name}
== HassGetState names=cover,valve,binary_sensor
did (i|we) leave [<ev_the>] {name} {cover_states:state}
== HassGetState names=lock
did (i|we) leave [<ev_the>] {name} {lock_states:state}
== HassGetState domain=lock how=the
are [<ev_the>] [{area}] (doors|locks) {lock_states:state}
is <ev_the> door {lock_states:state}
== HassGetState everything how=any cost=0.2
(is|is there) (anything|something) [(still|left)] {qu_lit:state} [<qu_at>]
did (i|we) leave (anything|something) {qu_lit:state} [<qu_at>]
== HassGetState everything how=all cost=0.2
is everything {qu_dark:state} [<qu_at>]
== HassGetState everything how=which cost=0.4
(what is|what's|whats) [still] {qu_lit:state} [<qu_at>]
== HassGetState domain=climate how=the
is [<ev_the>] [{area}] <qu_heat> {on_off_states:state} [<qu_at>]
== HassGetState domain=sensor
(what is|what's|whats|tell me|how high is) [the] {qu_measure:device_class} [(level|reading)] [<qu_at>]
(what is|what's|whats|tell me) [the] {area} {qu_measure:device_class}
== HassGetState domain=sensor device_class=humidity
how humid is (it|[<ev_the>] {area}) [<qu_at>]
== HassGetState domain=sensor device_class=illuminance
how bright is it [<qu_at>]
== HassGetState domain=binary_sensor how=any state=on
is there {qu_sensed:device_class} [<qu_at>]
is {qu_people:device_class} <qu_at>
== HassGetState names=light what=brightness
how bright is [<ev_the>] {name}
(what is|what's|whats) the brightness of [<ev_the>] {name}
== HassGetState names=light what=color
what (color|colour) is [<ev_the>] {name}
(what is|what's|whats) the (color|colour) of [<ev_the>] {name}
== HassGetState names=fan what=speed
how fast is [<ev_the>] {name}
(what is|what's|whats) the speed of [<ev_the>] {name}
== HassGetState names=cover,valve what=position
how far [open] is [<ev_the>] {name} [open]
(what is|what's|whats) the position of [<ev_the>] {name}
== HassGetState names=media_player what=volume
how loud is [<ev_the>] {name}
(what is|what's|whats) the volume of [<ev_the>] {name}
== HassGetState domain=media_player what=volume
(what is|what's|whats) the volume [<qu_at>]
== HassGetState names=climate,water_heater,humidifier what=target
(what is|what's|whats) [<ev_the>] {name} set to
(what is|what's|whats) the target [(temperature|humidity)] of [<ev_the>] {name}
what temperature is [<ev_the>] {name} set to
== HassGetState domain=climate what=target
(what is|what's|whats) [<ev_the>] [{area}] <qu_heat> set to [<qu_at>]
(what is|what's|whats) the target temperature [<qu_at>]
== HassGetState names=alarm_control_panel
is [<ev_the>] {name} {qu_armed:state}
"""
