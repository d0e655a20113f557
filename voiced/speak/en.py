"""PURE. English: a phrase for every reply. Another language is another `PHRASES` of the same keys.

Each phrase takes the reply's values by name and gives one or two short sentences.
"""

from __future__ import annotations

from collections.abc import Mapping

from voiced.speak import en_clock, en_lists
from voiced.speak.en_names import (
    Phrases,
    Values,
    are,
    bare,
    first_upper,
    is_or_are,
    listed,
    many,
    plural,
    sentence,
    the,
)
from voiced.speak.numbers import clock, date, digits, joined, measured, number

_AFTER: Mapping[str, str] = {
    "turn_on": "on", "turn_off": "off", "open": "opening", "close": "closing", "lock": "locked", "unlock": "unlocked",
    "stop": "stopped", "arm": "armed", "disarm": "disarmed", "pause": "paused", "play": "playing", "mute": "muted",
    "start": "starting", "return_to_base": "on its way home", "start_mowing": "mowing", "dock": "on its way home",
}  # fmt: skip
_ASKED: Mapping[str, str] = {
    "unlock": "unlock", "open": "open", "disarm": "disarm", "set_position": "move", "turn_on": "turn on",
    "turn_off": "turn off", "run": "run", "press": "press",
}  # fmt: skip
_UNITS = {
    "%": "percent", "°C": "degrees", "°F": "degrees", "C": "degrees", "F": "degrees", "W": "watts", "kW": "kilowatts",
    "kWh": "kilowatt hours", "V": "volts", "A": "amps", "lx": "lux", "hPa": "hectopascal", "ppm": "parts per million",
    "km/h": "kilometers per hour", "m/s": "meters per second", "mm": "millimeters", "min": "minutes", "h": "hours",
}  # fmt: skip

_SET: Mapping[str, tuple[str, str]] = {
    "set_position": ("position", "going to {} percent"), "set_number": ("value", "set to {}"),
    "set_humidity": ("humidity", "set to {} percent"), "set_speed": ("percentage", "at {} percent"),
    "set_volume": ("volume_level", "at volume {}"),
}  # fmt: skip
"""verb -> the number that it sets, and how it is said. Several things may each have their own: then none is said."""


def _degrees(value: float) -> str:
    return measured(value, "degrees")


def _subject(v: Values) -> str:
    """The things of which something is said, at its beginning."""
    names = list(v["names"])
    return bare(names[0]) if len(names) == 1 else first_upper(listed(names))


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
    if verb in _SET:
        value, how = _SET[verb]
        return f"{is_} {how.format(number(v[value]))}" if value in v else f"{is_} set"
    if verb == "set_temperature":
        return f"{is_} set to {_degrees(v['temperature'])}" if "temperature" in v else f"{is_} set"
    if verb == "set_mode":
        mode = v.get("mode", "")
        return f"{is_} {mode}" if mode in ("on", "off") else f"{is_} set to {mode}"
    if verb == "select":
        return f"{is_} set to {v.get('option', '')}"
    return f"{is_} {_AFTER[verb]}" if verb in _AFTER else ""


def _done(v: Values) -> str:
    if v["verb"] in ("run", "press"):
        return f"{bare(v['name'])}."
    how = _how(v, is_or_are(v["name"]))
    return f"{bare(v['name'])} {how}." if how else "Done."


def _group(v: Values) -> str:
    """Kitchen lights and players; three of them, where they are not all; the other ones, where it was said of some
    that they are no part of it.
    """
    place = the(v["place"]).removeprefix("the ") + " " if v["place"] else ""
    others = "the other " if v.get("others") else ""
    count = number(v["count"]) + " " if v.get("count") else ""
    return first_upper(others + count + place + joined([plural(kind) for kind in v["kinds"]]))


def _done_group(v: Values) -> str:
    how = _how(v, "are")
    return f"{_group(v)} {how}." if how else "Done."


_ALREADY = {"open": "open", "close": "closed"}


def _already_how(v: Values, is_: str) -> str:
    """A blind that is open is not opening."""
    was = _ALREADY.get(v["verb"])
    return f"{is_} already {was}" if was else _how(v, f"{is_} already")


def _already(v: Values) -> str:
    how = _already_how(v, is_or_are(v["name"]))
    return f"{bare(v['name'])} {how}." if how else "Done."


def _already_group(v: Values) -> str:
    how = _already_how(v, "are")
    return f"{_group(v)} {how}." if how else "Done."


def _is_state(v: Values) -> str:
    if v["yes"]:
        return f"Yes, {the(v['name'])} {is_or_are(v['name'])} {v['wanted']}."
    return f"No, {the(v['name'])} {is_or_are(v['name'])} {v['state']}."


def _which_are(v: Values) -> str:
    """Which things of a kind are in a state, as it was asked: any, all, the, which, how many."""
    names, others, state, how = list(v["names"]), list(v["others"]), v["state"], v["how"]
    rest = " I don't know about the others." if v["unknown"] else ""
    every = bool(names) and not others and not rest
    if how == "all":
        return f"{_are_all(v, every)}{rest}"
    if not names:
        if len(others) == 1 and not rest and how in ("any", "the") and v["kind"] != "thing":
            return f"No, {are(others)} not {state}."
        there = " there" if v.get("there") else ""
        return f"{'No, n' if how in ('any', 'the') else 'N'}{_none(v['kind'])} {state}{there}.{rest}"
    if how == "the" and others:
        return f"{first_upper(are(names))} {state}, but {are(others)} not.{rest}"
    if len(names) == 1:
        said = f"one: {the(names[0])}" if how == "many" else f"{are(names)} {state}"
    elif every:
        said = f"{_all_of(v['kind'], len(names))} {state}"
    else:
        said = f"{number(len(names))} {plural(v['kind'])} are {state}: {listed(names)}"
    yes = how == "any" or (how == "the" and every)
    return f"{'Yes, ' + said if yes else first_upper(said)}.{rest}"


def _none(kind: str) -> str:
    return "othing is" if kind == "thing" else f"o {plural(kind)} are"


def _all_of(kind: str, n: int) -> str:
    if kind == "thing":
        return "everything is"
    return f"{'both' if n == 2 else f'all {number(n)}'} {plural(kind)} are"


def _are_all(v: Values, every: bool) -> str:
    names, others, state = list(v["names"]), list(v["others"]), v["state"]
    if every:
        return f"Yes, {are(names) if len(names) == 1 else _all_of(v['kind'], len(names))} {state}."
    if not others:
        said = are(names) if len(names) == 1 else f"{number(len(names))} {plural(v['kind'])} are"
        return f"{first_upper(said)} {state}."
    if len(others) == 1:
        return f"No, {the(others[0])} is not {state}."
    return f"No, {number(len(others))} {plural(v['kind'])} are not {state}: {listed(others)}."


def _sensed(v: Values) -> str:
    rest = " I don't know about the others." if v["unknown"] else ""
    return f"{'Yes: ' + listed(list(v['names'])) if v['names'] else 'No'}.{rest}"


def _measures(v: Values) -> str:
    unit = str(v["unit"])
    said = measured(v["number"], _UNITS.get(unit, unit), 2) if unit else number(v["number"], 2)
    return f"{bare(v['name'])} {is_or_are(v['name'])} {said}."


def _temperature(v: Values) -> str:
    return f"{bare(v['name']) + ' is at' if v['name'] else 'It is'} {_degrees(v['degrees'])}."


def _weather(v: Values) -> str:
    degrees = f", {_degrees(v['degrees'])}" if v["degrees"] is not None else ""
    return f"It is {v['state'].replace('-', ' ').replace('partlycloudy', 'partly cloudy')}{degrees}."


def _several(v: Values) -> str:
    return " ".join(text for r in v["replies"] if (text := PHRASES[r.key](r.values)))


def _unknown(v: Values) -> str:
    if v["name"]:
        return f"I don't know {the(v['name'])}."
    return f"I know of nothing like that in {the(v['place'])}." if v["place"] else "I don't know what you mean."


PHRASES: Phrases = {
    "nothing": lambda _: "",
    "okay": lambda _: "Okay.",
    "hello": lambda _: "Hello.",
    "sent": lambda _: "Sent.",
    "undone": lambda _: "Undone.",
    "nothing_to_undo": lambda _: "There is nothing to undo.",
    "cannot_undo": lambda _: "I can't undo that.",
    "own": lambda v: sentence(str(v["text"])),
    "several": _several,
    "done": _done,
    "done_group": _done_group,
    "already_done": _already,
    "already_done_group": _already_group,
    # questions back
    "which": lambda v: f"Which one: {listed(list(v['names'])).replace(' and ', ' or ')}?",
    "say_code": lambda v: (
        f"Say {digits(v['digits']) or 'the code'} to {_ASKED.get(v['verb'], 'change')} {listed(list(v['names']))}."
    ),
    # answers
    "dont_know": lambda _: "I don't know.",
    "is_state": _is_state,
    "which_are": _which_are,
    "sensed": _sensed,
    "target": lambda v: f"{bare(v['name'])} is set to {_degrees(v['degrees'])}.",
    "is": lambda v: f"{first_upper(the(v['name']))} {is_or_are(v['name'])} {v['state']}.",
    "measures": _measures,
    "temperature": _temperature,
    "weather": _weather,
    "time": lambda v: f"It is {clock(v['hour'], v['minute'], v['twelve'])}.",
    "date": lambda v: f"It is {date(v['weekday'], v['day'], v['month'], v['year'])}.",
    # what went wrong
    "unknown": _unknown,
    "unreachable": lambda v: (
        f"I know {listed(list(v['names']))}, but I cannot reach {'them' if many(v['names']) else 'it'}."
    ),
    "offline": lambda v: f"{first_upper(are(list(v['names'])))} offline.",
    "already_off": lambda v: f"{_subject(v)} {'are' if many(v['names']) else 'is'} already off.",
    "unknown_state": lambda v: f"I don't know how {are(list(v['names']))} set now.",
    "again": lambda _: "I have said nothing yet.",
    "lacks": lambda v: f"{_subject(v)} {'have' if many(v['names']) else 'has'} no {v['what']}.",
    "unanswered": lambda v: (
        f"No answer from {listed(list(v['names']))}, "
        f"but {'they were' if many(v['names']) else 'it was'} {v['state']} before."
    ),
    "declined": lambda v: f"{_subject(v)} {'do' if many(v['names']) else 'does'} not do that.",
    "unreached": lambda v: f"No answer from {listed(list(v['names']))}.",
    "not_in_groups": lambda _: "I open or unlock things one by one only. Say its name.",
    "no_code": lambda _: "I cannot do that without a code.",
    "range": lambda v: f"{_subject(v)} {'do' if many(v['names']) else 'does'} not go there.",
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
    **en_clock.PHRASES,
    **en_lists.PHRASES,
    # our own voice
    "voice_volume": lambda v: f"My volume is at {number(v['percent'])} percent.",
    "voice_loudest": lambda _: "This is as loud as I can.",
    "voice_softest": lambda _: "This is as quiet as I can.",
}
