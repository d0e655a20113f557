"""PURE. English: a phrase for every reply. Another language is another module with a `PHRASES` of the same keys.

Each phrase takes the reply's values by name and gives one or two short sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voiced.speak.numbers import clock, counted, date, digits, duration, joined, lasting, number, time_of_day

Values = Mapping[str, Any]
MOST_NAMES = 4
"""More than these are not listened to."""

_AFTER: Mapping[str, str] = {
    "turn_on": "on", "turn_off": "off", "open": "opening", "close": "closing", "lock": "locked", "unlock": "unlocked",
    "stop": "stopped", "arm": "armed", "disarm": "disarmed", "pause": "paused", "play": "playing", "mute": "muted",
    "start": "starting", "return_to_base": "on its way home", "start_mowing": "mowing", "dock": "on its way home",
}  # fmt: skip
_ASKED: Mapping[str, str] = {
    "unlock": "unlock", "open": "open", "disarm": "disarm", "set_position": "move", "turn_on": "turn on",
    "turn_off": "turn off", "run": "run", "press": "press",
}  # fmt: skip
_KINDS = {"switch": "switches", "media_player": "players", "input_boolean": "switches", "valve": "valves"}
_UNITS = {
    "%": "percent", "°C": "degrees", "°F": "degrees", "C": "degrees", "F": "degrees", "W": "watts", "kW": "kilowatts",
    "kWh": "kilowatt hours", "V": "volts", "A": "amps", "lx": "lux", "hPa": "hectopascal", "ppm": "parts per million",
    "km/h": "kilometers per hour", "m/s": "meters per second", "mm": "millimeters", "min": "minutes", "h": "hours",
}  # fmt: skip


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def the(name: str) -> str:
    """A name inside a sentence: the front door, but the TV and New York keep their capitals."""
    words = [w if any(c.isupper() for c in w[1:]) else w.lower() for w in name.split()]
    said = " ".join(words)
    return said if said.startswith(("the ", "my ")) or "'s " in said else f"the {said}"


def bare(name: str) -> str:
    """A name at the beginning: Kitchen ceiling."""
    return _first(the(name).removeprefix("the "))


_SEVERAL = frozenset([
    "lights", "lamps", "spots", "bulbs", "leds", "candles", "blinds", "shades", "shutters", "curtains", "covers",
    "windows", "doors", "fans", "plugs", "sockets", "switches", "speakers", "heaters", "radiators",
])  # fmt: skip


def _is(name: str) -> str:
    """The kitchen lights are, the bus is."""
    return "are" if _SEVERAL.issuperset(name.casefold().split()[-1:] or [""]) else "is"


def _names(names: list[str]) -> str:
    said = [the(n) for n in names[:MOST_NAMES]]
    more = len(names) - len(said)
    return joined([*said, counted(more, "other")] if more else said)


def _items(items: list[str]) -> str:
    more = len(items) - MOST_NAMES
    return joined([*items[:MOST_NAMES], counted(more, "other")] if more > 0 else items)


def plural(kind: str) -> str:
    if kind in _KINDS:
        return _KINDS[kind]
    said = kind.replace("_", " ")
    said = "garage door" if said == "garage" else said
    return said + ("es" if said.endswith(("s", "sh", "ch")) else "s")


def _how(v: Values, is_: str) -> str:
    """What became of a thing: "is on", "is at forty percent"."""
    verb = v["verb"]
    if verb == "set":
        parts = []
        if "color" in v:
            parts.append(str(v["color"]))
        if "brightness" in v:
            parts.append(f"at {number(v['brightness'])} percent")
        if "temperature" in v:
            parts.append(f"at {number(v['temperature'])} kelvin")
        return f"{is_} {joined(parts)}" if parts else f"{is_} set"
    if verb == "set_position":
        return f"{is_} going to {number(v.get('position', 0))} percent"
    if verb == "set_temperature":
        return f"{is_} set to {number(v.get('temperature', 0))} degrees"
    if verb == "set_mode":
        mode = v.get("mode", "")
        return f"{is_} {mode}" if mode in ("on", "off") else f"{is_} set to {mode}"
    if verb == "select":
        return f"{is_} set to {v.get('option', '')}"
    if verb == "set_number":
        return f"{is_} set to {number(v.get('value', 0))}"
    if verb == "set_humidity":
        return f"{is_} set to {number(v.get('humidity', 0))} percent"
    if verb == "set_speed":
        return f"{is_} at {number(v.get('percentage', 0))} percent"
    if verb == "set_volume":
        return f"{is_} at volume {number(v.get('volume_level', 0))}"
    return f"{is_} {_AFTER[verb]}" if verb in _AFTER else ""


def _done(v: Values) -> str:
    if v["verb"] in ("run", "press"):
        return f"{bare(v['name'])}."
    how = _how(v, _is(v["name"]))
    return f"{bare(v['name'])} {how}." if how else "Done."


def _group(v: Values) -> str:
    """Kitchen lights and players."""
    place = the(v["place"]).removeprefix("the ") + " " if v["place"] else ""
    return _first(place + joined([plural(kind) for kind in v["kinds"]]))


def _done_group(v: Values) -> str:
    how = _how(v, "are")
    return f"{_group(v)} {how}." if how else "Done."


_ALREADY = {"open": "open", "close": "closed"}


def _already_how(v: Values, is_: str) -> str:
    """A blind that is open is not opening."""
    was = _ALREADY.get(v["verb"])
    return f"{is_} already {was}" if was else _how(v, f"{is_} already")


def _already(v: Values) -> str:
    how = _already_how(v, _is(v["name"]))
    return f"{bare(v['name'])} {how}." if how else "Done."


def _already_group(v: Values) -> str:
    how = _already_how(v, "are")
    return f"{_group(v)} {how}." if how else "Done."


def _is_state(v: Values) -> str:
    if v["yes"]:
        return f"Yes, {the(v['name'])} {_is(v['name'])} {v['wanted']}."
    return f"No, {the(v['name'])} {_is(v['name'])} {v['state']}."


def _which_are(v: Values) -> str:
    """Which things of a kind are in a state, as it was asked: any, all, the, which, how many."""
    names, others, state, how = list(v["names"]), list(v["others"]), v["state"], v["how"]
    rest = " I don't know about the others." if v["unknown"] else ""
    every = bool(names) and not others and not rest
    if how == "all":
        return f"{_are_all(v, every)}{rest}"
    if not names:
        return f"{'No, n' if how in ('any', 'the') else 'N'}{_none(v['kind'])} {state}.{rest}"
    if how == "the" and others:
        return f"{_first(_are(names))} {state}, but {_are(others)} not.{rest}"
    if len(names) == 1:
        said = f"one: {the(names[0])}" if how == "many" else f"{_are(names)} {state}"
    elif every:
        said = f"{_all_of(v['kind'], len(names))} {state}"
    else:
        said = f"{number(len(names))} {plural(v['kind'])} are {state}: {_names(names)}"
    yes = how == "any" or (how == "the" and every)
    return f"{'Yes, ' + said if yes else _first(said)}.{rest}"


def _are(names: list[str]) -> str:
    return f"{_names(names)} {_is(names[0]) if len(names) == 1 else 'are'}"


def _none(kind: str) -> str:
    return "othing is" if kind == "thing" else f"o {plural(kind)} are"


def _all_of(kind: str, n: int) -> str:
    return "everything is" if kind == "thing" else f"all {number(n)} {plural(kind)} are"


def _are_all(v: Values, every: bool) -> str:
    names, others, state = list(v["names"]), list(v["others"]), v["state"]
    if every:
        return f"Yes, {_are(names) if len(names) == 1 else _all_of(v['kind'], len(names))} {state}."
    if not others:
        said = _are(names) if len(names) == 1 else f"{number(len(names))} {plural(v['kind'])} are"
        return f"{_first(said)} {state}."
    if len(others) == 1:
        return f"No, {the(others[0])} is not {state}."
    return f"No, {number(len(others))} {plural(v['kind'])} are not {state}: {_names(others)}."


def _sensed(v: Values) -> str:
    rest = " I don't know about the others." if v["unknown"] else ""
    return f"{'Yes: ' + _names(list(v['names'])) if v['names'] else 'No'}.{rest}"


def _measures(v: Values) -> str:
    unit = str(v["unit"])
    said = f"{bare(v['name'])} is {number(v['number'], 2)}"
    return f"{said} {_UNITS.get(unit, unit)}." if unit else f"{said}."


def _temperature(v: Values) -> str:
    return f"{bare(v['name']) + ' is at' if v['name'] else 'It is'} {number(v['degrees'])} degrees."


def _weather(v: Values) -> str:
    degrees = f", {number(v['degrees'])} degrees" if v["degrees"] is not None else ""
    return f"It is {v['state'].replace('-', ' ').replace('partlycloudy', 'partly cloudy')}{degrees}."


def _timer(v: Values) -> str:
    return f"{_first(lasting(v['name']))} timer" if v["name"] else "Timer"


def _which_timer(v: Values, set_s: str = "seconds") -> str:
    """By its name, or by what it was set to."""
    return f"{lasting(v['name'] or duration(v[set_s]))} timer"


def _ago(ago_s: float) -> str:
    return duration(ago_s if ago_s < 60 else ago_s // 60 * 60)


def _timer_missed(v: Values) -> str:
    return f"Your {_which_timer(v)} ended {_ago(v['ago_s'])} ago."


_DAYS = {"today": "today", "tomorrow": "tomorrow", "daily": "every day"}


def _alarm(v: Values, twelve: bool) -> str:
    """Seven a m tomorrow, seven a m every Monday, seven a m on weekdays."""
    day = str(v["day"])
    named = day.removeprefix("every ")
    named = named if named.startswith("week") else named.title()
    when = _DAYS.get(day) or (f"every {named}" if day.startswith("every ") else f"on {named}")
    task = f" to {v['text']}" if v["text"] else ""
    return f"{time_of_day(v['hour'], v['minute'], twelve)} {when}{task}"


def _reminder(v: Values) -> str:
    return f"Remember to {v['text']}." if v["text"] else ""


def _alarms(v: Values) -> str:
    rows = [_alarm(a, v["twelve"]) for a in v["alarms"]]
    more = [counted(len(rows) - MOST_NAMES, "other")] if len(rows) > MOST_NAMES else []
    return f"{_first(counted(len(rows), 'alarm'))}: {joined(rows[:MOST_NAMES] + more)}."


def _timers_left(v: Values) -> str:
    rows = v["timers"]
    said = [f"{duration(t['seconds'])} on {the(_which_timer(t, 'set_s'))}" for t in rows]
    return f"{_first(joined(said[:MOST_NAMES]))}."


def _several(v: Values) -> str:
    return " ".join(text for r in v["replies"] if (text := PHRASES[r.key](r.values)))


def _unknown(v: Values) -> str:
    if v["name"]:
        return f"I don't know {the(v['name'])}."
    return f"I know of nothing like that in {the(v['place'])}." if v["place"] else "I don't know what you mean."


PHRASES: Mapping[str, Callable[[Values], str]] = {
    "nothing": lambda _: "",
    "okay": lambda _: "Okay.",
    "hello": lambda _: "Hello.",
    "sent": lambda _: "Sent.",
    "own": lambda v: str(v["text"]),
    "several": _several,
    "done": _done,
    "done_group": _done_group,
    "already_done": _already,
    "already_done_group": _already_group,
    # questions back
    "which": lambda v: f"Which one: {_names(list(v['names'])).replace(' and ', ' or ')}?",
    "say_code": lambda v: (
        f"Say {digits(v['digits']) or 'the code'} to {_ASKED.get(v['verb'], 'change')} {_names(list(v['names']))}."
    ),
    # answers
    "dont_know": lambda _: "I don't know.",
    "is_state": _is_state,
    "which_are": _which_are,
    "sensed": _sensed,
    "target": lambda v: f"{bare(v['name'])} is set to {number(v['degrees'])} degrees.",
    "is": lambda v: f"{_first(the(v['name']))} {_is(v['name'])} {v['state']}.",
    "measures": _measures,
    "temperature": _temperature,
    "weather": _weather,
    "time": lambda v: f"It is {clock(v['hour'], v['minute'], v['twelve'])}.",
    "date": lambda v: f"It is {date(v['weekday'], v['day'], v['month'], v['year'])}.",
    # what went wrong
    "unknown": _unknown,
    "unreachable": lambda v: f"I know {_names(list(v['names']))}, but I cannot reach it.",
    "offline": lambda v: f"{_first(_are(list(v['names'])))} offline.",
    "unknown_state": lambda v: f"I don't know how {_names(list(v['names']))} is set now.",
    "again": lambda _: "I have said nothing yet.",
    "lacks": lambda v: f"{bare(v['name'])} has no {v['what']}.",
    "unanswered": lambda v: f"No answer from {_names(list(v['names']))}, but it was {v['state']} before.",
    "unreached": lambda v: f"No answer from {_names(list(v['names']))}.",
    "not_in_groups": lambda _: "I open or unlock things one by one only. Say its name.",
    "no_code": lambda _: "I cannot do that without a code.",
    "range": lambda v: f"{bare(v['name'])} does not go there.",
    "code_wrong": lambda _: "That was not the code.",
    "code_expired": lambda _: "That was too late. Ask me again.",
    "code_locked": lambda _: "Too many wrong codes. Try again later.",
    "no_broker": lambda _: "I cannot reach the house.",
    "sorry": lambda _: "Sorry, something went wrong. Please say it again.",
    "deaf": lambda _: "I cannot hear anything.",
    "mindless": lambda _: "I cannot think right now.",
    "only_house": lambda _: "I'm sorry, I didn't get that. I only know this house.",
    "only_english": lambda _: "I'm sorry, I only understand English.",
    # the interpreter
    "interpreting": lambda v: f"I interpret between {joined(v['languages'])}. Say stop interpreting when it is enough.",
    "interpreted": lambda _: "I have stopped interpreting.",
    "interpreter_failed": lambda _: "Sorry, something went wrong. I have stopped interpreting.",
    "interpreter_off": lambda _: "I cannot interpret: no two languages are set up for it.",
    "interpreter_mute": lambda _: "I cannot interpret. I only know this house.",
    "interpreter_other": lambda v: f"I can only interpret between {joined(v['languages'])}.",
    "interpreter_voice": lambda v: f"I cannot interpret: I have no voice for {v['language']}.",
    # timers
    "timer_set": lambda v: f"{_timer(v)} set for {duration(v['seconds'])}.",
    "timer_cancelled": lambda v: f"{_timer(v)} cancelled.",
    "timers_cancelled": lambda v: f"{_first(counted(v['count'], 'timer'))} cancelled.",
    "timer_paused": lambda v: f"{_timer(v)} paused.",
    "timer_resumed": lambda v: f"{_timer(v)} goes on.",
    "timer_left": lambda v: f"{_first(duration(v['seconds']))} left.",
    "timers_left": _timers_left,
    "timer_none": lambda _: "There is no such timer.",
    "timer_which": lambda v: f"There are {counted(v['count'], 'timer')}. Say which.",
    "timer_how_long": lambda _: "For how long?",
    "timer_too_many": lambda _: "There are too many timers.",
    "timer_missed": _timer_missed,
    # alarms
    "alarm_set": lambda v: f"{'I remind you at' if v['text'] else 'Alarm set for'} {_alarm(v, v['twelve'])}.",
    "alarm_when": lambda _: "For what time?",
    "alarm_too_many": lambda _: "There are too many alarms.",
    "alarm_none": lambda _: "There is no such alarm.",
    "alarm_which": lambda v: f"{_alarms(v)} Say which.",
    "alarm_cancelled": lambda v: f"The alarm for {_alarm(v, v['twelve'])} is cancelled.",
    "alarms_cancelled": lambda v: f"{_first(counted(v['count'], 'alarm'))} cancelled.",
    "alarms": lambda v: _alarms(v),
    "alarm_rings": lambda v: _reminder(v) or f"It is {time_of_day(v['hour'], v['minute'], v['twelve'])}.",
    "alarm_missed": lambda v: (
        f"Your alarm for {time_of_day(v['hour'], v['minute'], v['twelve'])} was {_ago(v['ago_s'])} ago. {_reminder(v)}"
    ).strip(),
    "snoozed": lambda v: f"I ring again in {duration(v['seconds'])}.",
    "nothing_rings": lambda _: "Nothing is ringing.",
    # lists
    "list": lambda v: (
        f"On {the(v['name'])}: {_items(v['items'])}." if v["items"] else f"There is nothing on {the(v['name'])}."
    ),
    "list_added": lambda v: f"{_first(v['item'])} is on {the(v['name'])}.",
    "list_has": lambda v: f"{_first(v['item'])} is on {the(v['name'])} already.",
    "list_removed": lambda v: f"{_first(v['item'])} is off {the(v['name'])}.",
    "list_lacks": lambda v: f"There is no {v['item']} on {the(v['name'])}.",
    "list_cleared": lambda v: f"{_first(the(v['name']))} is empty now.",
    "list_full": lambda v: f"{_first(the(v['name']))} is full.",
    # our own voice
    "voice_volume": lambda v: f"My volume is at {number(v['percent'])} percent.",
    "voice_loudest": lambda _: "This is as loud as I can.",
    "voice_softest": lambda _: "This is as quiet as I can.",
    "timer_over": lambda v: f"{_timer(v) if v['name'] else f'The {_which_timer(v)}'} is over.",
}
