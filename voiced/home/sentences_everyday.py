"""PURE. What people say at home every day and Home Assistant's templates lack. Same format as theirs.

`data` blocks: `sentences` (hassil templates over their rules, ours and their lists), `slots` (constant), and
`requires_context.domain` for {name}. A domain in `slots` must be in the house.
"""

from __future__ import annotations

from typing import Any


def _block(
    *sentences: str, domain: str = "", names: tuple[str, ...] = (), cost: float = 0.0, whole: bool = False, **slots: Any
) -> dict[str, Any]:
    return {
        "sentences": list(sentences),
        "slots": ({"domain": domain} if domain else {}) | slots,
        "requires_context": {"domain": list(names)} if names else {},
        "metadata": {"slot_combination": "domain_all" if whole else ""},
        "cost": cost,
    }


RULES = {
    "ev_turn": "(turn|switch|put)",
    "ev_all": "(all [[of] (the|my|our)]|every|every one of (the|my|our))",
    "ev_the": "(the|my|our|this|that)",
    "ev_pct": "{brightness}[%| percent]",
    "ev_pos": "{position}[%| percent]",
    "ev_deg": "{temperature}[([ ]°)|( degree[s] [celsius|fahrenheit])]",
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

_SWITCHABLE = ("light", "switch", "fan", "media_player", "input_boolean", "climate", "humidifier", "siren", "vacuum")


def _on_off(state: str) -> list[dict[str, Any]]:
    lights = (
        f"<ev_turn> {state} [<ev_all>] [<ev_the>] {{area}} <ev_lights>",
        f"<ev_turn> [<ev_all>] [<ev_the>] {{area}} <ev_lights> {state}",
        f"[<ev_all>] [<ev_the>] {{area}} <ev_lights> {state}",
        f"<ev_turn> {state} [<ev_all>] [<ev_the>] <ev_lights> (in|on) [<ev_the>] ({{area}}|{{floor}} [floor])",
        f"<ev_turn> [<ev_all>] [<ev_the>] <ev_lights> (in|on) [<ev_the>] ({{area}}|{{floor}} [floor]) {state}",
        f"<ev_turn> [<ev_all>] [<ev_the>] {{floor}} [floor] <ev_lights> {state}",
        f"[<ev_all>] [<ev_the>] {{floor}} [floor] <ev_lights> {state}",
        f"<ev_lights> {state} (in|on) [<ev_the>] ({{area}}|{{floor}} [floor])",
    )
    here = (
        f"<ev_turn> {state} [<ev_the>] <ev_lights>",
        f"<ev_turn> [<ev_the>] <ev_lights> {state}",
        f"[<ev_the>] <ev_lights> {state}",
    )
    everywhere = (
        f"<ev_turn> {state} <ev_all> <ev_lights>",
        f"<ev_turn> <ev_all> <ev_lights> {state}",
        f"<ev_all> <ev_lights> {state}",
        f"<ev_turn> {state} [<ev_the>] <ev_lights> everywhere",
    )
    names = (
        f"<ev_turn> {state} [<ev_the>] {{name}}",
        f"<ev_turn> [<ev_the>] {{name}} {state}",
        f"[<ev_the>] {{name}} {state}",
    )
    return [
        _block(*lights, domain="light"),
        _block(*here, domain="light"),
        _block(*everywhere, domain="light", whole=True),
        _block(*names, names=_SWITCHABLE),
        _block(
            f"<ev_turn> {state} <ev_all> [the] fans", f"<ev_turn> <ev_all> [the] fans {state}", domain="fan", whole=True
        ),
        _block(
            f"<ev_turn> {state} <ev_all> [the] switches", f"<ev_turn> <ev_all> [the] switches {state}",
            domain="switch", whole=True,
        ),
    ]  # fmt: skip


def _covers(verb: str) -> list[dict[str, Any]]:
    return [
        _block(
            f"{verb} [<ev_all>] [<ev_the>] {{cover_classes:device_class}} (in|on) [<ev_the>] ({{area}}|{{floor}} [floor])",
            f"{verb} [<ev_all>] [<ev_the>] ({{area}}|{{floor}}) {{cover_classes:device_class}}",
            domain="cover",
        ),
        _block(f"{verb} [<ev_the>] {{cover_classes:device_class}}", domain="cover"),
        _block(f"{verb} <ev_all> [the] {{cover_classes:device_class}}", domain="cover", whole=True),
        _block(f"{verb} [<ev_the>] {{name}}", names=("cover",)),
    ]


INTENTS: dict[str, dict[str, list[dict[str, Any]]]] = {
    "HassTurnOn": {
        "data": [
            *_on_off("on"),
            *_covers("(open|raise|pull up|roll up) [up]"),
            _block("(activate|run|start|execute|launch) [<ev_the>] {name} [scene|script]", names=("scene", "script")),
            _block("<ev_turn> on [<ev_the>] {name} [scene|script]", names=("scene", "script")),
            _block("(set|switch to|change to) [<ev_the>] {name} [scene]", names=("scene",)),
            _block("(press|push|hit) [<ev_the>] {name} [button]", names=("button", "input_button")),
            _block("lock [up] [<ev_the>] {name}", names=("lock",)),
            _block("lock [<ev_the>] {area} (door|doors|lock|locks)", "lock [<ev_all>] [the] {area} doors", domain="lock"),
            _block("lock <ev_all> [the] (doors|door|locks)", "lock [up] [the] (doors|locks)", domain="lock", whole=True),
        ]
    },
    "HassTurnOff": {
        "data": [
            *_on_off("off"),
            *_covers("(close|shut|lower|pull down|roll down) [down]"),
            _block("unlock [<ev_the>] {name}", names=("lock",)),
            _block("unlock [<ev_the>] {area} (door|doors|lock|locks)", domain="lock"),
            _block("unlock [<ev_all>] [the] (doors|door|locks)", domain="lock", whole=True),
        ]
    },
    "HassLightSet": {
        "data": [
            _block(
                "(set|make|turn|change|switch) [<ev_all>] [<ev_the>] ({area}|{floor} [floor]) <ev_lights> [color] [to] {color}",
                "(set|make|turn|change|switch) [<ev_all>] [<ev_the>] <ev_lights> (in|on) [<ev_the>] ({area}|{floor} [floor]) [to] {color}",
                "[<ev_the>] {area} <ev_lights> {color}",
                domain="light",
            ),
            _block("(set|make|turn|change|switch) [<ev_the>] <ev_lights> [to] {color}", domain="light"),
            _block("(set|make|turn|change|switch) <ev_all> <ev_lights> [to] {color}", domain="light", whole=True),
            _block("(set|make|turn|change|switch) [<ev_the>] {name} [color] [to] {color}", "[<ev_the>] {name} {color}", names=("light",)),
            _block(
                "(set|make|turn|change|dim|brighten|put) [[up|down] [<ev_the>]] {name} [brightness] (to|at) <ev_pct>",
                "(dim|brighten|turn up|turn down) [<ev_the>] {name} (to|by) <ev_pct>",
                "[<ev_the>] {name} (to|at) <ev_pct>",
                "<ev_turn> on [<ev_the>] {name} (to|at) <ev_pct>",
                names=("light",),
            ),
            _block(
                "(set|make|turn|change|dim|brighten|put) [<ev_all>] [<ev_the>] {area} <ev_lights> [brightness] (to|at) <ev_pct>",
                "(set|make|turn|change|dim|brighten|put) [<ev_all>] [<ev_the>] <ev_lights> (in|on) [<ev_the>] ({area}|{floor} [floor]) (to|at) <ev_pct>",
                "[<ev_the>] {area} <ev_lights> [to|at] <ev_pct>",
                domain="light",
            ),
            _block("(set|make|turn|change|dim|brighten|put) [<ev_the>] <ev_lights> [brightness] (to|at) <ev_pct>", domain="light"),
            _block("(set|make|turn|change|dim|brighten|put) <ev_all> <ev_lights> [brightness] (to|at) <ev_pct>", domain="light", whole=True),
            _block("dim [<ev_the>] {name}", names=("light",), brightness=30),
            _block("dim [<ev_the>] {area} <ev_lights>", "dim [<ev_the>] <ev_lights> in [<ev_the>] {area}", domain="light", brightness=30),
            _block("dim [<ev_the>] <ev_lights>", domain="light", brightness=30),
            _block("(brighten|turn up) [<ev_the>] {name}", names=("light",), brightness=100),
            _block("(brighten|turn up) [<ev_the>] {area} <ev_lights>", domain="light", brightness=100),
            _block("(brighten|turn up) [<ev_the>] <ev_lights>", domain="light", brightness=100),
        ]
    },
    "HassSetPosition": {
        "data": [
            _block("(set|move|put|open|close|lower|raise) [<ev_the>] {name} (to|at) <ev_pos> [(open|closed)]", names=("cover", "valve")),
            _block("(set|move|put|open|close|lower|raise) [<ev_the>] ([{area}] {cover_classes:device_class}) (to|at) <ev_pos>", domain="cover"),
        ]
    },
    "HassStopMoving": {"data": [_block("stop [<ev_the>] {name}", names=("cover",))]},
    "HassClimateSetTemperature": {
        "data": [
            _block("(set|turn|put|change|make) [[up|down]] [the] (temperature|heat|heating|thermostat) [up|down] [to|at] <ev_deg>"),
            _block("(set|turn|put|change) [<ev_the>] {name} [temperature] [up|down] (to|at) <ev_deg>", names=("climate",)),
            _block("(set|turn|put|change|make) [<ev_the>] {area} [temperature] [up|down] (to|at) <ev_deg>", cost=0.1),
            _block("make it {temperature} degrees"),
        ]
    },
    "HassClimateGetTemperature": {
        "data": [
            _block("(how (warm|hot|cold|cool)|what temperature) is it [in here|inside]", "what is the temperature [in here|inside]"),
            _block("(<what_is>|<how_is>) the temperature (in|of|on|at) [<ev_the>] {name}", names=("climate",)),
        ]
    },
    "HassGetState": {
        "data": [
            _block("(is|are) [<ev_the>] {name} {on_off_states:state}", names=("light", "switch", "fan", "media_player", "input_boolean")),
            _block("(is|are) [<ev_the>] {name} {cover_states:state}", names=("cover",)),
            _block("(is|did i leave|did you) [<ev_the>] {name} {lock_states:state}", names=("lock",)),
            _block("(what is|what's|whats|how is|how's) [<ev_the>] {name} [now|right now]", names=("sensor",)),
        ]
    },
    "HassGetCurrentTime": {
        "data": [_block("(what's|whats|what is) the time [now|right now]", "tell me the time", "what time is it", "the time")]
    },
    "HassGetCurrentDate": {
        "data": [
            _block("what day is (it|today)", "(what's|whats|what is) today", "(what's|whats|what is) (the|today's|todays) date", "what date is it [today]", "tell me the date"),
        ]
    },
    "HassGetWeather": {
        "data": [_block("(how is|how's|hows|what is|what's|whats) the weather [like] [today|now|outside|going to be]", "tell me the weather", "weather [report|forecast]")]
    },
    "HassStartTimer": {
        "data": [
            _block("(set|start|create|make|give me) [<ev_a>] timer (for|of) <ev_dur>", "(set|start|create) [<ev_a>] <ev_dur> timer", "<ev_dur> timer", "timer [for] <ev_dur>", "(time|count down) <ev_dur>"),
            _block("(set|start|create) [<ev_a>] {timer_name:name} timer (for|of) <ev_dur>", cost=0.3),
        ]
    },
    "HassCancelTimer": {"data": [_block("(cancel|stop|delete|end|clear|turn off) [the|my] timer")]},
    "HassCancelAllTimers": {"data": [_block("(cancel|stop|delete|end|clear) (all|all the|all my|all of the|all of my) timers", "(cancel|stop|clear) [the|my] timers")]},
    "HassPauseTimer": {"data": [_block("(pause|hold) [the|my] timer")]},
    "HassUnpauseTimer": {"data": [_block("(resume|unpause|continue|restart) [the|my] timer")]},
    "HassTimerStatus": {"data": [_block("how (much time|long) (is|do i have) left [on the timer]", "(check|what's|what is) [the|my] timer")]},
    "HassNevermind": {"data": [_block("(never mind|nevermind|cancel|forget it|forget that|cancel that|stop it|no thanks|stop)")]},
    "HassMediaPause": {"data": [_block("(stop|pause) [<ev_the>] {name}", "(stop|pause) [the|playing] (music|song|playback) on [<ev_the>] {name}", names=("media_player",))]},
    "HassMediaUnpause": {"data": [_block("(play|continue|resume)", "continue [playing] [the] (music|song|playback)", "play [the|some] music"), _block("(play|continue|resume) [<ev_the>] {name}", names=("media_player",))]},
    "HassMediaNext": {"data": [_block("(next|skip) (song|track|one|episode)", "skip [this] (song|track|one)", "play the next (song|track|one)")]},
    "HassMediaPrevious": {"data": [_block("previous (song|track|one)", "previous")]},
    "HassSetVolume": {
        "data": [
            _block("(set|turn|change) [the] volume [up|down] [to|at] {volume:volume_level}[%| percent]", "volume [to|at] {volume:volume_level}[%| percent]"),
            _block("(set|turn|change) [<ev_the>] {name} [volume] [up|down] (to|at) {volume:volume_level}[%| percent]", names=("media_player",)),
        ]
    },
    "HassSetVolumeRelative": {"data": [_block("make it louder", "louder", "turn it up", volume_step="up"), _block("make it quieter", "quieter", "turn it down", volume_step="down")]},
    "HassListAddItem": {"data": [_block("(add|put) {todo_list_item:item} (to|on|onto) [my|the|our] {name} [list]", names=("todo",))]},
    "HassListRemoveItem": {"data": [_block("(remove|delete|take) {todo_list_item:item} (from|off|off of) [my|the|our] {name} [list]", names=("todo",))]},
    "HassVacuumStart": {"data": [_block("(start|run) [the] (vacuum|robot)", "(vacuum|clean) [the] (house|floor|floors)")]},
    "HassVacuumReturnToBase": {"data": [_block("(return|send) [<ev_the>] {name} [to (base|the dock|home)]", "(dock|stop) [<ev_the>] {name}", names=("vacuum",))]},
}  # fmt: skip
