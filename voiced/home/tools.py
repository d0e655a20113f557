"""PURE. The house as tools for a model that calls them: what exists, which arguments go together, and the declarations.

One table says everything; `gemma/grammar_calls.py` holds the model to it and `gemma/prompt.py` shows it the
declarations. Names, areas and what each argument means are told once, in `house_lines`; a declaration holds a tool's
name and what the name does not say. A parameter declared costs about 20 tokens, a line's share of one about 5, and
which arguments go with a tool the model need not know: after `LightSet{` only those can be written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from voiced.home.clock.when import WEEKDAYS
from voiced.home.dialogue import UNDO
from voiced.home.interpreter import LANGUAGES, START
from voiced.home.language.data import grammar, list_values
from voiced.home.language.sentences import HomeLike
from voiced.home.model import placeholders

NOT_FOR_ME = "not_for_me"
INCOMPLETE = "incomplete"
ANSWER = "answer"
LANGUAGE = "unknown_language"


@dataclass(frozen=True, slots=True)
class Kind:
    """What may stand in an argument. Strings unless `numbers`; an open text if `choices` and `numbers` are empty."""

    description: str
    choices: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    listed: bool = False
    """The choices stand beside the argument; otherwise they are names of the house, or go without saying."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    """As the model writes it: no prefix that all share, for each token that tells nothing apart costs a run."""
    intent: str
    description: str
    kinds: Mapping[str, Kind]
    """By argument."""
    forms: tuple[tuple[str, ...], ...]
    """The sets of arguments that go together, each sorted case-insensitively as the official template writes them."""


TURNABLE = ("light", "switch", "fan", "media_player", "input_boolean", "climate", "humidifier", "siren", "vacuum")
RUNNABLE = ("scene", "script", "button", "input_button")
WHOLE_PERCENT = tuple(range(101))
COUNT = tuple(range(1, 101))
DEGREES = tuple(n / 2 for n in range(201))
HEATING_MODES = ("auto", "heat", "cool", "dry", "fan only", "off")
ARMED_MODES = ("away", "home", "night", "vacation")
DAYS = ("today", "tomorrow", *WEEKDAYS)
KELVIN = tuple(range(1000, 10001, 100))


_NAMES = {"HassTurnOn": "On", "HassTurnOff": "Off"}


def _name(intent: str, taken: Collection[str]) -> str:
    """A tool's name for one of Home Assistant's intents; the owner's own come first."""
    short = _NAMES.get(intent, intent.removeprefix("Hass"))
    return intent if short in taken else short


def _forms(*forms: str) -> tuple[tuple[str, ...], ...]:
    """The argument sets of "name|area domain|"; an empty one is a call without arguments."""
    sets = [form.split() for one in forms for form in one.split("|")]
    return tuple(dict.fromkeys(tuple(sorted(args, key=str.lower)) for args in sets))


def _with(targets: str, values: str) -> str:
    """Every target with every set of values."""
    return "|".join(f"{target} {value}" for target in targets.split("|") for value in values.split("|"))


_TIMES = "hours|minutes|seconds|hours minutes|minutes seconds|hours seconds|hours minutes seconds"
_WHICH_TIMER = "|name|area|start_hours|start_minutes|start_seconds"
_MEDIA = "|name|area"
_OPTIONED = ("select", "humidifier", "fan", "climate", "water_heater", "light")
_KINDS = "domain|area domain|domain floor|domain everywhere"
_COVERS = "device_class|area device_class|device_class floor|device_class everywhere"

# name: (what the name does not say, domains needed, domains of {name}, forms)
_TABLE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str]] = {
    "HassTurnOn": ("Turn on or activate.",
                   TURNABLE + RUNNABLE, TURNABLE + RUNNABLE, f"name|area name|{_KINDS}"),
    "HassTurnOff": ("Turn off.", TURNABLE, TURNABLE,
                    f"name|area name|{_KINDS}"),
    "HassOpenCover": ("Open.", ("cover",), ("cover",),
                      f"name|{_COVERS}"),
    "HassCloseCover": ("Close.", ("cover",), ("cover",),
                       f"name|{_COVERS}"),
    "HassSetPosition": ("Open to a position.", ("cover", "valve"), ("cover", "valve"),
                        _with("name|device_class|area device_class", "position")),
    "HassStopMoving": ("", ("cover",), ("cover",), "name"),
    "HassLock": ("", ("lock",), ("lock",), "name|area|"),
    "HassUnlock": ("", ("lock",), ("lock",), "name|area|"),
    "HassLightSet": ("Set brightness, color or temperature.", ("light",), ("light",),
                     _with("|name|area|floor|everywhere", "brightness|color|temperature|brightness color")),
    "HassFanSetSpeed": ("Set a percentage.", ("fan",), ("fan",), _with("|name|area|floor", "percentage")),
    "HassClimateSetTemperature": ("", ("climate",), ("climate",),
                                  _with("|name|area|floor", "temperature|temperature unit")),
    "ClimateSetMode": ("Set a mode.", ("climate",), ("climate",), _with("|name|area", "mode")),
    "SelectOption": ("Choose an option.", _OPTIONED, _OPTIONED, "name option"),
    "NumberSet": ("Set a number.", ("number",), ("number",), "name value"),
    "HumiditySet": ("", ("humidifier",), ("humidifier",), "name humidity"),
    "Toggle": ("On if off, off if on.", TURNABLE, ("light", "switch", "fan"), "name"),
    "HassClimateGetTemperature": ("Say how warm it is.", ("climate", "sensor"), ("climate",), "|name|area"),
    "HassGetState": ("Say state of a device or everything.", (),
                     ("sensor", "binary_sensor", "light", "switch", "fan", "cover", "lock", "climate", "media_player",
                      "valve", "vacuum", "number", "select", "alarm_control_panel", "water_heater", "lawn_mower"),
                     ("name|name state|domain state|area domain state|domain floor state|device_class domain state"
                     "|area device_class domain state|device_class domain floor state"
                     "|everything state|area everything state|everything floor state")),
    "HassGetWeather": ("", ("weather",), ("weather",), "|name"),
    "HassGetCurrentTime": ("", (), (), ""),
    "HassGetCurrentDate": ("", (), (), ""),
    "HassStartTimer": ("", (), (), f"{_TIMES}|{_with('name', _TIMES)}"),
    "HassIncreaseTimer": ("Add time.", (), (), f"{_TIMES}|{_with('name', _TIMES)}"),
    "HassDecreaseTimer": ("Take time away.", (), (), f"{_TIMES}|{_with('name', _TIMES)}"),
    "HassCancelTimer": ("", (), (), _WHICH_TIMER),
    "HassCancelAllTimers": ("", (), (), "|area"),
    "HassPauseTimer": ("", (), (), _WHICH_TIMER),
    "HassUnpauseTimer": ("Go on after a pause.", (), (), _WHICH_TIMER),
    "HassTimerStatus": ("Say what is left.", (), (), _WHICH_TIMER),
    "AlarmSet": ("Wake somebody.", (), (), _with("hour|hour minute", "|day|half|day half")),
    "AlarmCancel": ("", (), (), "|hour|hour minute|day"),
    "AlarmCancelAll": ("", (), (), ""),
    "AlarmStatus": ("Say which alarms are set.", (), (), ""),
    "StopRinging": ("", (), (), ""),
    "AlarmSnooze": ("Ring later.", (), (), "|minutes"),
    "VoiceVolume": ("How loud you speak.", (), (), "volume_level|volume_step"),
    "HassNevermind": ("Never mind, be quiet.", (), (), ""),
    UNDO: ("Put it back as it was.", (), (), ""),
    START: ("Translate all that is said from now on.", (), (), "|language"),
    "HassBroadcast": ("Announce a message in all rooms.", (), (), "message"),
    "HassListAddItem": ("", ("todo",), ("todo",), "item name"),
    "HassListRemoveItem": ("", ("todo",), ("todo",), "item name"),
    "HassListCompleteItem": ("Check off a list.", ("todo",), ("todo",), "item name"),
    "ListRead": ("Say all of it.", ("todo",), ("todo",), "name"),
    "ListClear": ("", ("todo",), ("todo",), "name"),
    "HassMediaNext": ("", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPrevious": ("", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPause": ("", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaUnpause": ("Go on.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPlayerMute": ("", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPlayerUnmute": ("", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaSearchAndPlay": ("Play what a search_query finds.", ("media_player",), ("media_player",),
                               _with("|name|area", "search_query")),
    "HassSetVolume": ("", ("media_player",), ("media_player",),
                      _with("|name|area", "volume_level")),
    "HassSetVolumeRelative": ("Louder or quieter.", ("media_player",), ("media_player",),
                              _with("|name|area", "volume_step")),
    "HassVacuumStart": ("", ("vacuum",), ("vacuum",), "name|"),
    "HassVacuumReturnToBase": ("Send it home.", ("vacuum",), ("vacuum",), "name|"),
    "VacuumPause": ("", ("vacuum",), ("vacuum",), "name|"),
    "HassLawnMowerStartMowing": ("", ("lawn_mower",), ("lawn_mower",), "name|"),
    "HassLawnMowerDock": ("Stop mowing, go home.", ("lawn_mower",), ("lawn_mower",), "name|"),
    "PanelArm": ("Arm the alarm.", ("alarm_control_panel",), ("alarm_control_panel",), _with("|name", "|mode")),
    "PanelDisarm": ("Disarm the alarm.", ("alarm_control_panel",), ("alarm_control_panel",), "name|"),
}  # fmt: skip

_DOMAINS = ("light", "fan", "switch", "cover", "lock")
_STATES = ("on", "off", "open", "closed", "opening", "closing", "locked", "unlocked")


def _texts(list_name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for _, value in list_values(grammar().lists[list_name])))


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _kinds(home: HomeLike, tool: str, name_domains: Collection[str]) -> dict[str, Kind]:
    """Every argument that some tool has; those of which this house has nothing have neither choices nor numbers."""
    entities = home.entities
    named = [e for e in entities if e.domain in name_domains]
    present = {e.domain for e in entities}
    wanted = ("light", "fan", "switch") if tool in {"HassTurnOn", "HassTurnOff"} else _DOMAINS
    timer = "Timer" in tool
    return {
        "name": Kind("of a device, list or timer", () if timer else _distinct(
            text for e in named for text in (e.name, *e.aliases))),
        "area": Kind("a room", _distinct(text for a in home.areas for text in (a.name, *a.aliases))),
        "floor": Kind("a storey", _distinct(text for f in home.floors for text in (f.name, *f.aliases))),
        "everywhere": Kind("yes for all of the house", ("yes",)),
        "domain": Kind("kind of device, as above", tuple(d for d in wanted if d in present)),
        "device_class": Kind("kind of cover", tuple(c for c in _texts("cover_classes")
                             if any(e.domain == "cover" and e.device_class == c for e in entities)), listed=True),
        "state": Kind("as on, closed or locked", _STATES),
        "mode": Kind("", ARMED_MODES if tool == "PanelArm" else HEATING_MODES, listed=True),
        "everything": Kind("yes for all of the house", ("yes",)),
        "option": Kind("", _distinct(o.casefold() for e in named for o in e.options), listed=True),
        "value": Kind("a number", numbers=WHOLE_PERCENT),
        "hour": Kind("of the clock", numbers=tuple(range(24))),
        "minute": Kind("of the clock", numbers=tuple(range(60))),
        "half": Kind("am or pm", ("am", "pm")),
        "unit": Kind("C or F, where it is said", ("C", "F")),
        "day": Kind("as today, friday, weekends, daily", (*DAYS, "daily", "weekdays", "weekends")),
        "color": Kind("of light", _texts("color")),
        **dict.fromkeys(("brightness", "position", "percentage", "volume_level", "humidity"),
                        Kind("percent", numbers=WHOLE_PERCENT)),
        "volume_step": Kind("up or down", ("up", "down")),
        "language": Kind("as German", LANGUAGES),
        "temperature": Kind("degrees, kelvin for light", numbers=KELVIN if tool == "HassLightSet" else DEGREES),
        **dict.fromkeys(("hours", "minutes", "seconds"), Kind("of a timer", numbers=COUNT)),
        **dict.fromkeys(("start_hours", "start_minutes", "start_seconds"), Kind("it was set for", numbers=COUNT)),
        **dict.fromkeys(("item", "message", "search_query"), Kind("in the words that were said")),
    }  # fmt: skip


_OPEN = {"item", "message", "search_query"}


def _own(home: HomeLike) -> list[Tool]:
    """The owner's own intents: any of the slots that their templates mention."""
    by_intent: dict[str, dict[str, Kind]] = {}
    for own in home.sentences:
        kinds = by_intent.setdefault(own.intent, {})
        for text in own.templates:
            for list_name, slot in placeholders(text):
                if values := home.lists.get(list_name):
                    kinds[slot] = Kind("", tuple(values), listed=True)
    tools = []
    for intent, kinds in by_intent.items():
        names = sorted(kinds, key=str.lower)
        least = 1 if names else 0
        forms = tuple(form for n in range(least, len(names) + 1) for form in combinations(names, n))
        tools.append(Tool(intent, intent, "The owner's own.", kinds, forms))
    return tools


def tools(home: HomeLike) -> tuple[Tool, ...]:
    """The tools of this house: only what it has, only with arguments that can be filled."""
    present = {e.domain for e in home.entities}
    own = _own(home)
    taken = {tool.name for tool in own} | {NOT_FOR_ME, INCOMPLETE, ANSWER, LANGUAGE}
    found = []
    for intent, (description, needed, name_domains, forms) in _TABLE.items():
        if needed and present.isdisjoint(needed):
            continue
        kinds = _kinds(home, intent, name_domains)
        usable = {k for k, kind in kinds.items() if kind.choices or kind.numbers or k in _OPEN}
        usable |= {"name"} if "Timer" in intent else set()
        fit = tuple(form for form in _forms(forms) if usable.issuperset(form))
        if fit:
            used = {arg for form in fit for arg in form}
            name = _name(intent, taken)
            found.append(Tool(name, intent, description, {k: v for k, v in kinds.items() if k in used}, fit))
    found += own
    found.append(Tool(NOT_FOR_ME, NOT_FOR_ME, "No command or question to the house.", {}, ((),)))
    found.append(Tool(INCOMPLETE, INCOMPLETE, "A command that breaks off.", {}, ((),)))
    found.append(Tool(ANSWER, ANSWER, "Answer a question about the world, or translate.", {}, ((),)))
    found.append(Tool(LANGUAGE, LANGUAGE, "Not English.", {}, ((),)))
    return tuple(found)


def _explained(found: Sequence[Tool]) -> dict[str, Kind]:
    """What each argument means to most of its tools, with all values that any of these lists."""
    takers: dict[str, dict[str, list[Kind]]] = {}
    for tool in found:
        for name, kind in tool.kinds.items():
            takers.setdefault(name, {}).setdefault(kind.description, []).append(kind)
    out = {}
    for name, meanings in takers.items():
        description, kinds = max(meanings.items(), key=lambda one: len(one[1]))
        out[name] = Kind(description, _distinct(c for kind in kinds if kind.listed for c in kind.choices), listed=True)
    return out


def declared(home: HomeLike) -> tuple[Tool, ...]:
    """The tools with only those arguments that mean something else to them than `house_lines` explains."""
    found = tools(home)
    explained = _explained(found)
    return tuple(
        replace(tool, kinds={k: v for k, v in tool.kinds.items() if explained[k].description != v.description})
        for tool in found
    )


def house_lines(home: HomeLike) -> tuple[str, ...]:
    """What the house has, and what the arguments of its tools mean, a line each, for the system prompt."""
    lines = [f"{title}: {', '.join(names)}" for title, names in _inventory(home) if names]
    told: dict[str, list[str]] = {}
    for name, kind in _explained(tools(home)).items():
        values = ", ".join(kind.choices)
        text = f"{kind.description} ({values})" if kind.description and values else kind.description or values
        told.setdefault(text, []).append(name)
    lines += [f"{', '.join(names)}: {text}" for text, names in told.items()]
    return tuple(lines)


def _inventory(home: HomeLike) -> Sequence[tuple[str, tuple[str, ...]]]:
    kinds = _distinct(e.domain for e in home.entities)
    devices = [(kind, _distinct(e.name for e in home.entities if e.domain == kind)) for kind in kinds]
    return [
        ("areas", _distinct(a.name for a in home.areas)),
        ("floors", _distinct(f.name for f in home.floors)),
        *devices,
    ]
