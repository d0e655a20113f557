"""PURE. What is said to the assistant itself: alarms, what rings, its volume, undo. Blocks as in `everyday.py`."""

from __future__ import annotations

from typing import Any

from voiced.home.clock.rings import TALK

RULES = {
    "cl_the": "(the|my)",
    "cl_hour": "{cl_hour:hour}",
    "cl_clock": (
        "(<cl_hour> [(o'clock|{cl_minute:minute}|{cl_oh:minute})]|{cl_past:minute} <cl_hour> [o'clock]|{cl_named:hour})"
    ),
    "cl_time": "(<cl_clock> [{cl_half:half}])",
    "cl_when": "(<cl_time> [{cl_day:day}]|{cl_day:day} at <cl_time>)",
    "cl_cancel": "(cancel|delete|remove|clear|turn off|switch off)",
}

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PAST = {"five": 5, "ten": 10, "twenty": 20, "twenty five": 25, "(quarter|a quarter)": 15}

LISTS: dict[str, dict[str, Any]] = {
    "cl_hour": {"range": {"from": 1, "to": 23}},
    "cl_minute": {"range": {"from": 10, "to": 59}},
    "cl_oh": {"range": {"from": 1, "to": 9, "before": "oh"}},
    "cl_snooze": {"range": {"from": 1, "to": 60}},
    "cl_past": {
        "values": [
            {"in": "half past", "out": 30},
            *({"in": f"{words} (past|after)", "out": n} for words, n in _PAST.items()),
            *({"in": f"{words} to", "out": -n} for words, n in _PAST.items()),
        ]
    },
    "cl_task": {"wildcard": True},
    "cl_named": {"values": ["noon", "midnight"]},
    "cl_half": {
        "values": [
            {"in": "(a m|am|in the morning)", "out": "am"},
            {"in": "(p m|pm|in the afternoon|in the evening)", "out": "pm"},
            {"in": "at night", "out": "night"},
        ]
    },
    "cl_day": {
        "values": [
            "today", "tonight", "tomorrow", "tomorrow morning", "tomorrow evening",
            *({"in": f"[(on|this)] {day}", "out": day} for day in _DAYS),
            *(f"next {day}" for day in _DAYS),
            *(f"every {day}" for day in _DAYS),
            {"in": "every day", "out": "daily"},
            {"in": "every morning", "out": "daily morning"},
            {"in": "every (evening|night)", "out": "daily evening"},
            {"in": "(on weekdays|every weekday)", "out": "weekdays"},
            {"in": "(on|at) weekends", "out": "weekends"},
        ]
    },
}  # fmt: skip

TABLE = """
== UndoThat cost=0.1
(undo|cancel|reverse) that
undo [(it|the last (one|command))]
(put|change) (it|that) back [the way it was]
take that back
== AlarmSet
(set|create|make|add) [(an|the|my|another)] alarm (for|at) <cl_when>
set (a|an|my) <cl_time> alarm
alarm (for|at) <cl_when>
== AlarmSet cost=0.3
(set|create|make|add) [(an|another)] alarm {cl_day:day} (for|at) <cl_time>
== AlarmSet wake
wake (me|us) [up] (at|for) <cl_time> [{cl_day:day}]
wake (me|us) [up] {cl_day:day} at <cl_time>
== AlarmSet
(wake (me|us) [up]|set an alarm) in <ev_dur>
== AlarmSet cost=0.3
remind (me|us) to {cl_task:text} (at <cl_time> [{cl_day:day}]|{cl_day:day} at <cl_time>|in <ev_dur>)
remind (me|us) (at <cl_time> [{cl_day:day}]|{cl_day:day} at <cl_time>|in <ev_dur>) to {cl_task:text}
== AlarmCancel
<cl_cancel> [<cl_the>] <cl_time> alarm
<cl_cancel> [<cl_the>] alarm (for|at) <cl_when>
<cl_cancel> [<cl_the>] alarm [for] {cl_day:day}
== AlarmCancel cost=0.4
<cl_cancel> <cl_the> (alarm|reminder)
== AlarmCancelAll
<cl_cancel> all [[of] <cl_the>] (alarms|reminders)
== AlarmStatus
(what|which) (alarms|reminders) (are set|do i have|are there|have i set)
(what|when) is my [next] alarm [set for]
what time is my [next] alarm
(do i have|are there) any (alarms|reminders) [set]
list [<cl_the>] (alarms|reminders)
what are my (alarms|reminders)
(do i have|is there) an alarm [set]
when (does|will) <cl_the> [next] alarm (ring|go off)
== StopRinging
(stop|silence) (<cl_the> alarm|(the|that) ringing)
== AlarmSnooze
snooze [<cl_the> alarm] [for {cl_snooze:minutes} minutes]
== VoiceVolume volume_step=up cost=0.3
(speak|talk) (up|louder)
[make it] louder
turn it up
(turn up|raise) (the|your) volume
== VoiceVolume volume_step=down cost=0.3
(speak|talk) (quieter|softer|more quietly)
[make it] quieter
turn it down
(turn down|lower) (the|your) volume
== VoiceVolume cost=0.3
(set|turn|change) (the|your) volume [up|down] (to|at) <ev_vol>
volume [to|at] <ev_vol>
"""

STOP_TABLE = f"""
== StopRinging
(stop|stop stop|stop stop stop|stop it|stop that|stop now|stop it now|stop please|please stop|stop the noise)
(okay|alright|yes) [please] (stop|stop it|i'm awake|i'm up|thanks|thank you|enough)
(okay|enough|that's enough|be quiet|quiet|shut up|silence|thanks|thank you|got it|i'm awake|i'm up)
(stop|turn off|silence) [the] (alarm|timer|ringing)
(alarm|timer) (off|stop)
turn it off
== AlarmSnooze
snooze [for {{cl_snooze:minutes}} minutes]
{{cl_snooze:minutes}} more minutes
== {TALK}
turn it (on|up|down|around)
[(the|my|your|his|her|our|is|that)] (alarm|timer) (is|was|went|goes|isn't|wasn't|did not go|clock|system)
(is|was|did) (the|my|your|his|her|our) (alarm|timer) (go|off|on|set)
(thank you|thanks) (for|to|so much|very much)
(be|it's|that's) (quick|okay|silent)
time to (get up|go|eat)
got it (from|in|at|on)
"""
"""All that is understood without a wake word, while something rings; and what people then say to each other that
sounds like it, so that a model need not take it for a "stop".
"""
