"""PURE. What is said to things beyond on and off: modes, options, numbers, shades of white. Blocks as in
`everyday.py`.
"""

from __future__ import annotations

from typing import Any

RULES = {
    "dv_white": "({color_temperature_names:temperature}|{dv_kelvin:temperature} kelvin)",
    "dv_both": "({color} [(at|and|with)] <ev_pct> [brightness]|<ev_pct> [(and|brightness and)] {color})",
    "dv_heat": "(heating|heat|thermostat|air conditioning)",
    "dv_warm": "(<dv_heat>|temperature)",
    "dv_armed": "[(in|for)] [the] {dv_arm:mode} [mode]",
    "dv_more": "(faster|up)",
    "dv_less": "(slower|down)",
}

LISTS: dict[str, dict[str, Any]] = {
    "dv_kelvin": {"range": {"from": 2000, "to": 6500, "step": 100}},
    "dv_up": {"range": {"from": 1, "to": 10}},
    "dv_down": {"range": {"from": 1, "to": 10, "multiplier": -1}},
    "dv_number": {"range": {"from": 0, "to": 100}},
    "dv_arm": {"values": ["away", {"in": "(home|stay)", "out": "home"}, "night", "vacation"]},
    "dv_mode": {
        "values": [
            {"in": "(auto|automatic)", "out": "auto"}, {"in": "(heat|heating)", "out": "heat"},
            {"in": "(cool|cooling)", "out": "cool"}, {"in": "(dry|drying)", "out": "dry"},
            {"in": "fan only", "out": "fan only"}, {"in": "heat cool", "out": "heat cool"}, "off",
        ]
    },
}  # fmt: skip

TABLE = """
== HassLightSet names=light
<ev_set> [<ev_the>] {name} [to] <dv_both>
<ev_set> [<ev_the>] {name} [to] <dv_white>
== HassLightSet domain=light
<ev_set> <ev_alls> {area} <ev_lights> [to] <dv_both>
<ev_set> <ev_alls> {area} <ev_lights> [to] <dv_white>
<ev_set> [<ev_the>] <ev_lights> [to] <dv_both>
<ev_set> [<ev_the>] <ev_lights> [to] <dv_white>
== HassLightSet names=light kelvin_step=up @=warmer
== HassLightSet names=light kelvin_step=down @=(cooler|colder)
make [<ev_the>] {name} [<ev_bit>] @
== HassLightSet domain=light kelvin_step=up @=warmer
== HassLightSet domain=light kelvin_step=down @=(cooler|colder)
make [<ev_the>] [{area}] <ev_lights> [<ev_bit>] @
== Toggle names=light,switch,fan,media_player,input_boolean,humidifier
toggle [<ev_the>] {name}
== HassFanSetSpeed names=fan percentage_step=up @=<dv_more>
== HassFanSetSpeed names=fan percentage_step=down @=<dv_less>
(turn|make) [<ev_the>] {name} [<ev_bit>] @
== HassFanSetSpeed needs=fan percentage_step=up @=<dv_more>
== HassFanSetSpeed needs=fan percentage_step=down @=<dv_less>
(turn|make) [the] fan [<ev_bit>] @
== HassFanSetSpeed needs=fan
(set|turn|put) [the] fan [speed] [to|at] {fan_speed:percentage}[%| percent]
== HassTurnOn domain=fan @=on
== HassTurnOff domain=fan @=off
<ev_turn> @ [the] fan
<ev_turn> [the] fan @
== HassClimateSetTemperature needs=climate temperature_step=up @=up
== HassClimateSetTemperature needs=climate temperature_step=down @=down
turn [the] <dv_heat> @ [<ev_bit>]
== ClimateSetMode needs=climate
(set|turn|switch|put) [the] <dv_heat> to {dv_mode:mode} [mode]
(set|turn|switch|put) [<ev_the>] {area} <dv_heat> to {dv_mode:mode} [mode]
== ClimateSetMode names=climate
(set|turn|switch|put) [<ev_the>] {name} to {dv_mode:mode} [mode]
== ClimateSetMode needs=climate mode=off
(turn|switch) off [<ev_the>] [{area}] <dv_heat>
(turn|switch) [<ev_the>] [{area}] <dv_heat> off
== ClimateSetMode needs=climate mode=on
(turn|switch) on [<ev_the>] [{area}] <dv_heat>
(turn|switch) [<ev_the>] [{area}] <dv_heat> on
== HassClimateSetTemperature @={dv_up:temperature_by}
(<ev_more> [the] <dv_warm>|turn [the] <dv_warm> up) [by] @ [degree[s]]
make it @ degree[s] warmer
== HassClimateSetTemperature @={dv_down:temperature_by}
(<ev_less> [the] <dv_warm>|turn [the] <dv_warm> down) [by] @ [degree[s]]
make it @ degree[s] (cooler|colder)
== HassLightSet domain=light brightness_step=up @=up
== HassLightSet domain=light brightness_step=down @=down
turn [<ev_the>] [{area}] <ev_lights> @ [<ev_bit>]
== HumiditySet names=humidifier
set [<ev_the>] {name} to {dv_number:humidity} percent
== SelectOption names=select,humidifier,fan,climate,water_heater,light
(set|switch|change|put) [<ev_the>] {name} to {option}
== NumberSet names=number
(set|change) [<ev_the>] {name} to {dv_number:value} [(percent|degrees|seconds|minutes|hours)]
== HassGetState names=select,number,vacuum,humidifier,siren,valve,lawn_mower,alarm_control_panel,water_heater
(what is|what's|whats|how is|how's) [<ev_the>] {name} [(set to|doing)]
== HassSetPosition names=cover,valve position=50
(open|close|set|raise|lower) [<ev_the>] {name} [to] (halfway|half way|half)
== HassSetPosition domain=cover position=50
(open|close|set|raise|lower) [<ev_the>] [{area}] {cover_classes:device_class} [to] (halfway|half way|half)
== HassTurnOn needs=siren domain=siren @=on
== HassTurnOff needs=siren domain=siren @=off
(turn|switch) @ [the] (siren|sirens)
(turn|switch) [the] (siren|sirens) @
== HassClimateSetTemperature names=water_heater
(set|turn|put|change) [<ev_the>] {name} [temperature] [up|down] (to|at) <ev_deg>
== HassClimateGetTemperature names=climate,water_heater,sensor
how (warm|hot|cold|cool) is [<ev_the>] {name}
== HassLawnMowerStartMowing needs=lawn_mower
(start mowing|mow (the|my|our) (lawn|grass))
(start|run) [the] (mower|lawn mower)
== HassLawnMowerStartMowing names=lawn_mower
(start|run) [<ev_the>] {name}
== HassLawnMowerDock needs=lawn_mower
(send|return) [the] (mower|lawn mower) (home|back|to the dock)
stop mowing
== HassLawnMowerDock names=lawn_mower
(send|return) [<ev_the>] {name} (home|back|to the dock)
dock [<ev_the>] {name}
== LawnMowerPause names=lawn_mower
pause [<ev_the>] {name}
== PanelArm names=alarm_control_panel
(arm|activate) [<ev_the>] {name} [<dv_armed>]
== PanelArm needs=alarm_control_panel
arm [the] (alarm|alarm system|house) [<dv_armed>]
== PanelDisarm names=alarm_control_panel
(disarm|deactivate) [<ev_the>] {name}
== PanelDisarm needs=alarm_control_panel
disarm [the] (alarm|alarm system|house)
== HassSetVolumeRelative names=media_player volume_step=up
(turn up [<ev_the>] {name}|turn [<ev_the>] {name} up|make [<ev_the>] {name} louder)
== HassSetVolumeRelative names=media_player volume_step=down
(turn down [<ev_the>] {name}|turn [<ev_the>] {name} down|make [<ev_the>] {name} quieter)
== HassSetVolumeRelative names=media_player
(turn up [<ev_the>] {name}|turn [<ev_the>] {name} up) by {volume_step_up:volume_step}[%| percent]
(turn down [<ev_the>] {name}|turn [<ev_the>] {name} down) by {volume_step_down:volume_step}[%| percent]
== HassSetVolumeRelative
raise [the] volume by {volume_step_up:volume_step}[%| percent]
lower [the] volume by {volume_step_down:volume_step}[%| percent]
== HassTurnOn domain=cover whole @=<ev_open>
== HassTurnOff domain=cover whole @=<ev_close>
@ <ev_all> [the] covers
== HassTurnOn domain=cover device_class=garage @=<ev_open>
== HassTurnOff domain=cover device_class=garage @=<ev_close>
@ <ev_the> garage
== HassTurnOff domain=cover whole
<ev_close> everything
== HassTurnOn domain=lock whole
lock everything [up]
== HassTurnOff domain=lock whole
unlock everything
== HassTurnOn it=all cost=0.3 @=on
== HassTurnOff it=all cost=0.3 @=off
(turn|switch) (them|them all|them both) @
== HassOpenCover it=all cost=0.3 @=open
== HassCloseCover it=all cost=0.3 @=close
@ them [all]
== HassLock it=all cost=0.3
lock them
== HassTurnOn domain=climate @=on
== HassTurnOff domain=climate @=off
(turn|switch) (@ [the] (heating|heat)|[the] (heating|heat) @) [<ev_in> <ev_place>]
== HassSetVolume names=media_player
(set|turn|change) the volume (of|on) [<ev_the>] {name} [up|down] (to|at) <ev_vol>
== HassStopMoving names=vacuum
stop [<ev_the>] {name}
== HassVacuumReturnToBase names=vacuum
send [<ev_the>] {name} (home|back|to the dock)
== HassVacuumReturnToBase needs=vacuum
send [<ev_the>] (vacuum|robot) (home|back|to the dock)
== VacuumPause names=vacuum
pause [<ev_the>] {name}
== VacuumPause needs=vacuum
pause [<ev_the>] (vacuum|robot)
== ListRead names=todo
<ev_what> on [<ev_the>] {name} [list]
(read|read me|what does it say on) [<ev_the>] {name} [list]
== ListClear names=todo
(clear|empty) [<ev_the>] {name} [list]
== HassTimerStatus
(what|which|how many) timers (are running|are set|do i have)
(do i have|are there) any timers [running|set]
is (there a|<ev_the>) timer [still] running
list my timers
(when|what time) (does|will) <ev_the> timer (end|go off)
"""
