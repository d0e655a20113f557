"""PURE. What people say at home every day and Home Assistant's templates lack.

The table: a line `== Intent key=value ...` opens a block (several such lines one after the other share it), the
lines below are hassil templates over Home Assistant's rules and lists and those here. Keys: `domain` (a constant
slot, which must be in the house), `names` (the domains that {name} may have), `needs` (a domain that must be in the
house), `cost` (nats beside the table's own), `whole` (said with "all": the whole house), `@` (what stands for @ in the
templates); any other key is a constant slot.
"""

from __future__ import annotations

from typing import Any

RULES = {
    "ev_turn": "(turn|switch|put)",
    "ev_set": "(set|make|turn|change|switch)",
    "ev_dim": "(set|make|turn|change|dim|brighten|put)",
    "ev_open": "(open|raise|pull up|roll up) [up]",
    "ev_close": "(close|shut|lower|pull down|roll down) [down]",
    "ev_what": "(what's|whats|what is)",
    "ev_place": "({area}|{floor} [floor])",
    "ev_in": "(in|on) [(the|my|our|this|that)]",
    "ev_alls": "[(all [[of] (the|my|our)]|every|every one of (the|my|our))] [(the|my|our|this|that)]",
    "ev_vol": "{volume:volume_level}[%| percent]",
    "ev_music": "(music|song|playback)",
    "ev_item": "{todo_list_item:item}",
    "ev_all": "(all [[of] (the|my|our)]|every|every one of (the|my|our))",
    "ev_the": "(the|my|our|this|that)",
    "ev_pct": "{brightness}[%| percent]",
    "ev_up": "{ev_up:brightness_by}[%| percent]",
    "ev_down": "{ev_down:brightness_by}[%| percent]",
    "ev_pos": "{position}[%| percent]",
    "ev_deg": "{temperature}[([ ]°)|( degree[s] [{ev_unit:unit}])]",
    "ev_bit": "(a bit|a little|a little bit|slightly|much)",
    "ev_more": "(turn up|raise|increase)",
    "ev_less": "(turn down|lower|decrease)",
    "ev_heat": "(temperature|heat|heating|thermostat)",
    "ev_lights": "(light|lights|lamp|lamps)",
    "ev_a": "(a|an|another|the|my)",
    "ev_dur": (
        "({timer_hours:hours} hour[s] [[and] {timer_minutes:minutes} minute[s]]"
        "|{timer_minutes:minutes} minute[s] [[and] {timer_seconds:seconds} second[s]]"
        "|{timer_seconds:seconds} second[s]|{ev_hour:hours} hour [[and] {timer_minutes:minutes} minute[s]]"
        "|{ev_hour:minutes} minute|{ev_hour:hours} hour {ev_half:minutes}|{ev_hour:minutes} minute {ev_half:seconds}"
        "|{timer_hours:hours} {ev_half:minutes} hours|{timer_minutes:minutes} {ev_half:seconds} minutes"
        "|{ev_half_hour:minutes}|{ev_half_minute:seconds})"
    ),
}

LISTS: dict[str, dict[str, Any]] = {
    "ev_up": {"range": {"from": 1, "to": 100}},
    "ev_down": {"range": {"from": 1, "to": 100, "multiplier": -1}},
    "ev_unit": {"values": [{"in": "celsius", "out": "C"}, {"in": "fahrenheit", "out": "F"}]},
    "ev_hour": {"values": [{"in": "(an|a)", "out": 1}]},
    "ev_half": {"values": [{"in": "and a half", "out": 30}, {"in": "and a quarter", "out": 15}]},
    "ev_half_hour": {
        "values": [
            {"in": "half an hour", "out": 30},
            {"in": "a half hour", "out": 30},
            {"in": "(a|one) quarter of an hour", "out": 15},
            {"in": "three quarters of an hour", "out": 45},
        ]
    },
    "ev_half_minute": {"values": [{"in": "half a minute", "out": 30}]},
    "color": {
        "values": [
            "white", "black", "red", "orange", "yellow", "green", "blue", "purple", "brown", "pink", "turquoise",
            {"in": "violet", "out": "violet"}, {"in": "cyan", "out": "cyan"}, {"in": "magenta", "out": "magenta"},
            {"in": "gold", "out": "gold"}, {"in": "lime", "out": "lime"},
        ]
    },
}  # fmt: skip

ALSO = (
    "[(in|on)] [<ev_the>] {name} [(too|as well|also)]",
    "[(in|on)] [(all [of]|all)] [<ev_the>] {area} [<ev_lights>] [(too|as well|also)]",
)
"""What "and ..." may add to the command before."""
EXCEPT = ("[(in|on)] [<ev_the>] {name}", "[(in|on)] [<ev_the>] {area} [(<ev_lights>|one|ones)]")
"""What may be left out of a group."""

TABLE = """
== HassTurnOn domain=light @=on
== HassTurnOff domain=light @=off
<ev_turn> @ <ev_alls> {area} <ev_lights>
<ev_turn> <ev_alls> {area} <ev_lights> @
<ev_alls> {area} <ev_lights> @
<ev_turn> @ <ev_alls> <ev_lights> <ev_in> <ev_place>
<ev_turn> <ev_alls> <ev_lights> <ev_in> <ev_place> @
<ev_turn> <ev_alls> {floor} [floor] <ev_lights> @
<ev_alls> {floor} [floor] <ev_lights> @
<ev_lights> @ <ev_in> <ev_place>
== HassTurnOn domain=light @=on
== HassTurnOff domain=light @=off
<ev_turn> @ [<ev_the>] <ev_lights>
<ev_turn> [<ev_the>] <ev_lights> @
[<ev_the>] <ev_lights> @
== HassTurnOn domain=light whole @=on
== HassTurnOff domain=light whole @=off
<ev_turn> @ <ev_all> <ev_lights>
<ev_turn> <ev_all> <ev_lights> @
<ev_all> <ev_lights> @
<ev_turn> @ ([<ev_the>] <ev_lights> everywhere|<ev_all> <ev_lights> in the [whole] house)
== HassTurnOn names=light,switch,fan,media_player,input_boolean,climate,humidifier,siren,vacuum @=on
== HassTurnOff names=light,switch,fan,media_player,input_boolean,climate,humidifier,siren,vacuum @=off
<ev_turn> @ [<ev_the>] {name}
<ev_turn> [<ev_the>] {name} @
[<ev_the>] {name} @
== HassTurnOff everything
(<ev_turn> everything off|<ev_turn> off everything) (<ev_in> <ev_place>|{floor})
== HassTurnOff everything whole
<ev_turn> everything off
<ev_turn> off everything
everything off
== HassTurnOn domain=fan whole @=on
== HassTurnOff domain=fan whole @=off
<ev_turn> @ <ev_all> [the] fans
<ev_turn> <ev_all> [the] fans @
== HassTurnOn domain=switch whole @=on
== HassTurnOff domain=switch whole @=off
<ev_turn> @ <ev_all> [the] switches
<ev_turn> <ev_all> [the] switches @
== HassTurnOn domain=cover @=<ev_open>
== HassTurnOff domain=cover @=<ev_close>
@ <ev_alls> {cover_classes:device_class} (<ev_in> <ev_place>|{floor})
@ <ev_alls> ({area}|{floor}) {cover_classes:device_class}
== HassTurnOn domain=cover @=<ev_open>
== HassTurnOff domain=cover @=<ev_close>
@ [<ev_the>] {cover_classes:device_class}
== HassTurnOn domain=cover whole @=<ev_open>
== HassTurnOff domain=cover whole @=<ev_close>
@ <ev_all> [the] {cover_classes:device_class}
== HassTurnOn names=cover @=<ev_open>
== HassTurnOff names=cover @=<ev_close>
@ [<ev_the>] {name}
== HassTurnOn names=scene,script
(activate|run|start|execute|launch) [<ev_the>] {name} [scene|script]
== HassTurnOn names=scene,script
<ev_turn> on [<ev_the>] {name} [scene|script]
== HassTurnOn names=scene
(set|switch to|change to) [<ev_the>] {name} [scene]
== HassTurnOn names=button,input_button
(press|push|hit) [<ev_the>] {name} [button]
== HassTurnOn names=lock
lock [up] [<ev_the>] {name}
== HassTurnOn domain=lock
lock [<ev_the>] {area} (door|doors|lock|locks)
lock [<ev_all>] [the] {area} doors
lock [up] [the] (door|lock)
== HassTurnOn domain=lock whole
lock [up] [<ev_all>] [the] (doors|locks)
lock both [the] doors
lock up
== HassTurnOff names=lock
unlock [<ev_the>] {name}
== HassTurnOff domain=lock
unlock [<ev_the>] {area} (door|doors|lock|locks)
unlock [the] (door|lock)
== HassTurnOff domain=lock whole
unlock [<ev_all>] [the] (doors|locks)
== HassLightSet domain=light
<ev_set> <ev_alls> <ev_place> <ev_lights> [color] [to] {color}
<ev_set> <ev_alls> <ev_lights> <ev_in> <ev_place> [to] {color}
[<ev_the>] {area} <ev_lights> {color}
== HassLightSet domain=light
<ev_set> [<ev_the>] <ev_lights> [to] {color}
== HassLightSet domain=light whole
<ev_set> <ev_all> <ev_lights> [to] {color}
== HassLightSet names=light
<ev_set> [<ev_the>] {name} [color] [to] {color}
[<ev_the>] {name} {color}
== HassLightSet names=light
<ev_dim> [[up|down] [<ev_the>]] {name} [brightness] (to|at) <ev_pct>
(dim|brighten|turn up|turn down) [<ev_the>] {name} to <ev_pct>
[<ev_the>] {name} (to|at) <ev_pct>
<ev_turn> on [<ev_the>] {name} (to|at) <ev_pct>
== HassLightSet domain=light
<ev_dim> <ev_alls> {area} <ev_lights> [brightness] (to|at) <ev_pct>
<ev_dim> <ev_alls> <ev_lights> <ev_in> <ev_place> (to|at) <ev_pct>
[<ev_the>] {area} <ev_lights> [to|at] <ev_pct>
== HassLightSet domain=light
<ev_dim> [<ev_the>] <ev_lights> [brightness] (to|at) <ev_pct>
== HassLightSet domain=light whole
<ev_dim> <ev_all> <ev_lights> [brightness] (to|at) <ev_pct>
== HassLightSet names=light
((brighten|turn up) [<ev_the>] {name}|turn [<ev_the>] {name} up) by <ev_up>
((dim|turn down) [<ev_the>] {name}|turn [<ev_the>] {name} down) by <ev_down>
make [<ev_the>] {name} (<ev_up> brighter|<ev_down> (darker|dimmer))
== HassLightSet domain=light
(brighten|turn up) [<ev_the>] [{area}] <ev_lights> by <ev_up>
(dim|turn down) [<ev_the>] [{area}] <ev_lights> by <ev_down>
== HassLightSet names=light brightness=30
dim [<ev_the>] {name}
== HassLightSet domain=light brightness=30
dim [<ev_the>] {area} <ev_lights>
dim [<ev_the>] <ev_lights> in [<ev_the>] {area}
== HassLightSet domain=light brightness=30
dim [<ev_the>] <ev_lights>
== HassLightSet domain=light whole brightness=30
dim <ev_all> <ev_lights>
== HassLightSet names=light brightness=100
(brighten|turn up) [<ev_the>] {name}
== HassLightSet domain=light brightness=100
(brighten|turn up) [<ev_the>] {area} <ev_lights>
== HassLightSet domain=light brightness=100
(brighten|turn up) [<ev_the>] <ev_lights>
== HassLightSet names=light brightness_step=up @=brighter
== HassLightSet names=light brightness_step=down @=(darker|dimmer)
make [<ev_the>] {name} [<ev_bit>] @
== HassLightSet domain=light brightness_step=up @=brighter
== HassLightSet domain=light brightness_step=down @=(darker|dimmer)
make [<ev_the>] {area} [<ev_lights>] [<ev_bit>] @
make [<ev_the>] <ev_lights> <ev_in> <ev_place> [<ev_bit>] @
== HassLightSet domain=light brightness_step=up @=brighter
== HassLightSet domain=light brightness_step=down @=(darker|dimmer)
make [<ev_the>] <ev_lights> [<ev_bit>] @
== HassLightSet names=light brightness_step=down
dim [<ev_the>] {name} <ev_bit>
== HassLightSet domain=light brightness_step=down
dim [<ev_the>] [{area}] <ev_lights> <ev_bit>
== HassLightSet domain=light it cost=0.3
make it {color}
(set|turn|dim) it to (<ev_pct>|{color})
== HassLightSet domain=light it=maybe brightness_step=up @=brighter
== HassLightSet domain=light it=maybe brightness_step=down @=(darker|dimmer)
[make it] [<ev_bit>] @
== HassLightSet domain=light it brightness=30 cost=0.3
dim it
== HassTurnOn it cost=0.3 @=on
== HassTurnOff it cost=0.3 @=off
(turn|switch) it @
(turn|switch) @ it
== HassOpenCover it cost=0.3 @=open
== HassCloseCover it cost=0.3 @=close
@ it
== HassLock it cost=0.3
lock it
== HassClimateSetTemperature temperature_step=up @=warmer
== HassClimateSetTemperature temperature_step=down @=(cooler|colder)
[make it] [<ev_bit>] @ [in here]
make [<ev_the>] {area} [<ev_bit>] @
== HassClimateSetTemperature temperature_step=up @=<ev_more>
== HassClimateSetTemperature temperature_step=down @=<ev_less>
@ [the] <ev_heat> [<ev_bit>] [<ev_in> <ev_place>]
== HassSetPosition names=cover,valve
(set|move|put|open|close|lower|raise) [<ev_the>] {name} (to|at) <ev_pos> [(open|closed)]
== HassSetPosition domain=cover
(set|move|put|open|close|lower|raise) [<ev_the>] ([{area}] {cover_classes:device_class}) (to|at) <ev_pos>
== HassStopMoving names=cover
stop [<ev_the>] {name}
== HassClimateSetTemperature
(set|turn|put|change|make) [the] <ev_heat> [to|at] <ev_deg>
(set|turn|put|change|make) [up|down] [the] <ev_heat> [up|down] (to|at) <ev_deg>
== HassClimateSetTemperature names=climate
(set|turn|put|change) [<ev_the>] {name} [temperature] [up|down] (to|at) <ev_deg>
== HassClimateSetTemperature cost=0.1
(set|turn|put|change|make) [<ev_the>] {area} [temperature] [up|down] (to|at) <ev_deg>
== HassClimateSetTemperature
make it {temperature} degrees
== HassClimateGetTemperature
(how (warm|hot|cold|cool)|what temperature) is it [in here|inside]
what is the temperature [in here|inside]
== HassClimateGetTemperature names=climate,water_heater
(<what_is>|<how_is>) the temperature (in|of|on|at) [<ev_the>] {name}
== HassGetState names=light,switch,fan,media_player,input_boolean
(is|are) [<ev_the>] {name} {on_off_states:state}
== HassGetState names=cover
(is|are) [<ev_the>] {name} {cover_states:state}
== HassGetState names=lock
(is|did i leave|did you) [<ev_the>] {name} {lock_states:state}
== HassGetState names=sensor
(what is|what's|whats|how is|how's) [<ev_the>] {name} [now|right now]
== HassGetCurrentTime
<ev_what> the time [now|right now]
tell me the time
what time is it
the time
== HassGetCurrentDate
what day is (it|today)
<ev_what> today
<ev_what> (the|today's|todays) date
what date is it [today]
tell me the date
== HassGetWeather
(<how_is>|<ev_what>) the weather [like] [today|now|outside|going to be]
tell me the weather
(<ev_what> the temperature|how (warm|hot|cold|cool) is it) outside
weather [report|forecast]
== HassStartTimer
(set|start|create|make|give me) [<ev_a>] timer (for|of) <ev_dur>
(set|start|create) [<ev_a>] <ev_dur> timer
<ev_dur> timer
timer [for] <ev_dur>
(time|count down) <ev_dur>
== HassStartTimer cost=0.3
(set|start|create) [<ev_a>] {timer_name:name} timer (for|of) <ev_dur>
== HassCancelTimer
(cancel|stop|delete|end|clear|turn off) [the|my] timer
== HassCancelAllTimers
(cancel|stop|delete|end|clear) (all|all the|all my|all of the|all of my) timers
(cancel|stop|clear) [the|my] timers
== HassPauseTimer
(pause|hold) [the|my] timer
== HassUnpauseTimer
(resume|unpause|continue|restart) [the|my] timer
== HassTimerStatus
how (much time|long) (is|do i have) left [on the timer]
(check|what's|what is) [the|my] timer
== HassNevermind
(never mind|nevermind|cancel|forget it|forget that|stop it|no thanks|stop)
== RepeatThat cost=0.2
(repeat|say) that [again]
what did you say
== HassMediaPause names=media_player
(stop|pause) [<ev_the>] {name}
(stop|pause) [the|playing] <ev_music> on [<ev_the>] {name}
== HassMediaUnpause
(play|continue|resume)
continue [playing] [the] <ev_music>
play [the|some] music
== HassMediaUnpause names=media_player
(play|continue|resume) [<ev_the>] {name}
== HassMediaNext
(next|skip) (song|track|one|episode)
skip [this] (song|track|one)
play the next (song|track|one)
== HassMediaPrevious
previous (song|track|one)
previous
== HassSetVolume
(set|turn|change) [the] volume [to|at] <ev_vol>
(set|turn|change) [the] volume (up|down) (to|at) <ev_vol>
volume [to|at] <ev_vol>
== HassSetVolume names=media_player
(set|turn|change) [<ev_the>] {name} [volume] [up|down] (to|at) <ev_vol>
== HassSetVolumeRelative volume_step=up
make it louder
louder
raise [the] volume
turn it up
== HassSetVolumeRelative volume_step=down
make it quieter
quieter
lower [the] volume
turn it down
== HassListAddItem names=todo
(add|put) <ev_item> (to|on|onto) [my|the|our] {name} [list]
== HassListRemoveItem names=todo
(remove|delete|take) <ev_item> (from|off|off of) [my|the|our] {name} [list]
== HassVacuumStart
(start|run) [the] (vacuum|robot)
(vacuum|clean) [the] (house|floor|floors)
start vacuuming
== HassVacuumReturnToBase needs=vacuum
stop vacuuming
== HassVacuumReturnToBase names=vacuum
(return|send) [<ev_the>] {name} [to (base|the dock|home)]
dock [<ev_the>] {name}
"""


def _block(header: str, lines: list[str]) -> tuple[str, dict[str, Any]]:
    """A block in the format of Home Assistant's files."""
    intent, *words = header.split()
    keys = {key: value or "yes" for key, _, value in (word.partition("=") for word in words)}
    said = keys.pop("@", "@")
    names, needs = keys.pop("names", ""), keys.pop("needs", "")
    cost, whole = float(keys.pop("cost", "0")), keys.pop("whole", "")
    return intent, {
        "sentences": [line.replace("@", said) for line in lines],
        "slots": {key: int(value) if value.isdigit() else value for key, value in keys.items()},
        "requires_context": {"domain": (names or needs).split(",")} if names or needs else {},
        "metadata": {"slot_combination": "domain_all" if whole else ""},
        "cost": cost,
    }


def intents(table: str = TABLE) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """A table as Home Assistant's files write it: {intent: {"data": [block, ...]}}."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    headers: list[str] = []
    lines: list[str] = []

    def close() -> None:
        for header in headers:
            intent, block = _block(header, lines)
            found.setdefault(intent, {"data": []})["data"].append(block)

    for line in table.strip().splitlines():
        if not line.startswith("== "):
            lines.append(line.strip())
            continue
        if lines:
            close()
            headers, lines = [], []
        headers.append(line.removeprefix("== "))
    close()
    return found
