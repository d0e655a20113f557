"""PURE. The house as tools for a model that calls them: what exists, which arguments go together, and the declarations.

One table says everything; `gemma/grammar_calls.py` holds the model to it and `gemma/prompt.py` shows it the
declarations. Names, areas and floors are not repeated in every declaration: `house_lines` lists them once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from voiced.home.sentences import HomeLike
from voiced.home.sentences_data import grammar, list_values

NOT_FOR_ME = "not_for_me"
INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Kind:
    """What may stand in an argument. Strings unless `numbers`; an open text if `choices` and `numbers` are empty."""

    description: str
    choices: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    listed: bool = False
    """The choices stand in the declaration; otherwise in `house_lines`."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    kinds: Mapping[str, Kind]
    """By argument."""
    forms: tuple[tuple[str, ...], ...]
    """The sets of arguments that go together, each sorted case-insensitively as the official template writes them."""

    def declaration(self) -> dict[str, object]:
        """Name, description and parameters as the official template's tool declarations have them."""
        properties = {}
        for name in sorted(self.kinds, key=str.lower):
            kind = self.kinds[name]
            one: dict[str, object] = {"description": kind.description, "type": "NUMBER" if kind.numbers else "STRING"}
            if kind.choices and kind.listed:
                one["enum"] = list(kind.choices)
            properties[name] = one
        required = sorted(set(self.kinds).intersection(*map(set, self.forms)), key=str.lower)
        parameters: dict[str, object] = {"type": "OBJECT", "properties": properties}
        if required:
            parameters["required"] = required
        return {"name": self.name, "description": self.description, "parameters": parameters}


SWITCHABLE = ("light", "switch", "fan", "media_player", "input_boolean", "climate", "humidifier", "siren", "vacuum")
RUNNABLE = ("scene", "script", "button", "input_button")
WHOLE_PERCENT = tuple(range(101))
COUNT = tuple(range(1, 101))
DEGREES = tuple(n / 2 for n in range(201))


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
_KINDS = "domain|area domain|domain floor|domain everywhere"
_COVERS = "device_class|area device_class|device_class floor|device_class everywhere"
_STATE_OF = _with("domain|area domain|domain floor|device_class domain|area device_class domain", "state")

# name: (description, domains needed, domains of {name}, forms)
_TABLE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str]] = {
    "HassTurnOn": ("Turn on or activate a device, scene or script, or all of a kind in a place.",
                   SWITCHABLE + RUNNABLE, SWITCHABLE + RUNNABLE, f"name|area name|{_KINDS}"),
    "HassTurnOff": ("Turn off a device, or all of a kind in a place.", SWITCHABLE, SWITCHABLE,
                    f"name|area name|{_KINDS}"),
    "HassOpenCover": ("Open a window, blind, garage door or other cover.", ("cover",), ("cover",),
                      f"name|{_COVERS}"),
    "HassCloseCover": ("Close a window, blind, garage door or other cover.", ("cover",), ("cover",),
                       f"name|{_COVERS}"),
    "HassSetPosition": ("Set how far a cover is open, in percent.", ("cover", "valve"), ("cover", "valve"),
                        _with("name|device_class|area device_class", "position")),
    "HassStopMoving": ("Stop a moving cover.", ("cover",), ("cover",), "name"),
    "HassLock": ("Lock a lock.", ("lock",), ("lock",), "name|area|"),
    "HassUnlock": ("Unlock a lock.", ("lock",), ("lock",), "name|area|"),
    "HassLightSet": ("Set brightness, colour or colour temperature of lights.", ("light",), ("light",),
                     _with("|name|area|floor|everywhere", "brightness|color|temperature|brightness color")),
    "HassFanSetSpeed": ("Set a fan's speed in percent.", ("fan",), ("fan",), _with("|name|area|floor", "percentage")),
    "HassClimateSetTemperature": ("Set the wanted temperature.", ("climate",), ("climate",),
                                  _with("|name|area|floor", "temperature")),
    "HassClimateGetTemperature": ("Say how warm it is.", ("climate", "sensor"), ("climate",), "|name|area"),
    "HassGetState": ("Answer what state devices are in.", (),
                     ("sensor", "binary_sensor", "light", "switch", "fan", "cover", "lock", "climate", "media_player"),
                     ("name|name state|domain state|area domain state|domain floor state|device_class domain state"
                     "|area device_class domain state|device_class domain floor state")),
    "HassGetWeather": ("Say the weather.", ("weather",), ("weather",), "|name"),
    "HassGetCurrentTime": ("Say the time.", (), (), ""),
    "HassGetCurrentDate": ("Say the date.", (), (), ""),
    "HassStartTimer": ("Start a timer.", (), (), f"{_TIMES}|{_with('name', _TIMES)}"),
    "HassIncreaseTimer": ("Add time to a timer.", (), (), f"{_TIMES}|{_with('name', _TIMES)}"),
    "HassDecreaseTimer": ("Take time from a timer.", (), (), f"{_TIMES}|{_with('name', _TIMES)}"),
    "HassCancelTimer": ("Cancel a timer.", (), (), _WHICH_TIMER),
    "HassCancelAllTimers": ("Cancel all timers.", (), (), "|area"),
    "HassPauseTimer": ("Pause a timer.", (), (), _WHICH_TIMER),
    "HassUnpauseTimer": ("Let a paused timer go on.", (), (), _WHICH_TIMER),
    "HassTimerStatus": ("Say how much time is left.", (), (), _WHICH_TIMER),
    "HassNevermind": ("The speaker takes back what was said or wants silence.", (), (), ""),
    "HassBroadcast": ("Announce a message in the whole house.", (), (), "message"),
    "HassListAddItem": ("Add an item to a list.", ("todo",), ("todo",), "item name"),
    "HassListRemoveItem": ("Remove an item from a list.", ("todo",), ("todo",), "item name"),
    "HassListCompleteItem": ("Check off an item of a list.", ("todo",), ("todo",), "item name"),
    "HassMediaNext": ("Play the next track.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPrevious": ("Play the previous track.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPause": ("Pause what is playing.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaUnpause": ("Go on playing.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPlayerMute": ("Mute.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaPlayerUnmute": ("Unmute.", ("media_player",), ("media_player",), _MEDIA),
    "HassMediaSearchAndPlay": ("Search for music or video and play it.", ("media_player",), ("media_player",),
                               _with("|name|area", "search_query")),
    "HassSetVolume": ("Set the volume in percent.", ("media_player",), ("media_player",),
                      _with("|name|area", "volume_level")),
    "HassSetVolumeRelative": ("Make it louder or quieter.", ("media_player",), ("media_player",),
                              _with("|name|area", "volume_step")),
    "HassVacuumStart": ("Start a vacuum.", ("vacuum",), ("vacuum",), "name|"),
    "HassVacuumReturnToBase": ("Send a vacuum home.", ("vacuum",), ("vacuum",), "name|"),
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
    kelvin = tool == "HassLightSet"
    return {
        "name": Kind("name of the timer") if timer else Kind(
            "name of the device", _distinct(text for e in named for text in (e.name, *e.aliases))),
        "area": Kind("area of the house", _distinct(text for a in home.areas for text in (a.name, *a.aliases))),
        "floor": Kind("floor of the house", _distinct(text for f in home.floors for text in (f.name, *f.aliases))),
        "everywhere": Kind("only where all of the house was said", ("yes",), listed=True),
        "domain": Kind("kind of device", tuple(d for d in wanted if d in present), listed=True),
        "device_class": Kind("kind of cover", tuple(c for c in _texts("cover_classes")
                             if any(e.domain == "cover" and e.device_class == c for e in entities)), listed=True),
        "state": Kind("state asked about", _STATES, listed=True),
        "color": Kind("colour", _texts("color"), listed=True),
        "brightness": Kind("percent", numbers=WHOLE_PERCENT),
        "position": Kind("percent open", numbers=WHOLE_PERCENT),
        "percentage": Kind("percent", numbers=WHOLE_PERCENT),
        "volume_level": Kind("percent", numbers=WHOLE_PERCENT),
        "volume_step": Kind("direction", ("up", "down"), listed=True),
        "temperature": Kind("kelvin", numbers=tuple(range(1000, 10001, 100))) if kelvin else Kind(
            "degrees", numbers=DEGREES),
        "hours": Kind("hours", numbers=COUNT), "minutes": Kind("minutes", numbers=COUNT),
        "seconds": Kind("seconds", numbers=COUNT),
        "start_hours": Kind("hours the timer was set for", numbers=COUNT),
        "start_minutes": Kind("minutes the timer was set for", numbers=COUNT),
        "start_seconds": Kind("seconds the timer was set for", numbers=COUNT),
        "item": Kind("what to add or remove"), "message": Kind("what to announce"),
        "search_query": Kind("what to play"),
    }  # fmt: skip


_OPEN = {"item", "message", "search_query"}


def _own(home: HomeLike) -> list[Tool]:
    """The owner's own intents: any of the slots that their templates mention."""
    by_intent: dict[str, dict[str, Kind]] = {}
    for own in home.sentences:
        kinds = by_intent.setdefault(own.intent, {})
        for text in own.templates:
            for part in text.split("{")[1:]:
                list_name, _, slot = part.partition("}")[0].partition(":")
                values = home.lists.get(list_name)
                if values:
                    kinds[slot or list_name] = Kind(slot or list_name, tuple(values), listed=True)
    tools = []
    for intent, kinds in by_intent.items():
        names = sorted(kinds, key=str.lower)
        least = 1 if names else 0
        forms = tuple(form for n in range(least, len(names) + 1) for form in combinations(names, n))
        tools.append(Tool(intent, f"What the owner calls {intent}.", kinds, forms))
    return tools


def tools(home: HomeLike) -> tuple[Tool, ...]:
    """The tools of this house: only what it has, only with arguments that can be filled."""
    present = {e.domain for e in home.entities}
    found = []
    for name, (description, needed, name_domains, forms) in _TABLE.items():
        if needed and present.isdisjoint(needed):
            continue
        kinds = _kinds(home, name, name_domains)
        usable = {k for k, kind in kinds.items() if kind.choices or kind.numbers or k in _OPEN}
        usable |= {"name"} if "Timer" in name else set()
        fit = tuple(form for form in _forms(forms) if usable.issuperset(form))
        if fit:
            used = {arg for form in fit for arg in form}
            found.append(Tool(name, description, {k: v for k, v in kinds.items() if k in used}, fit))
    found += _own(home)
    found.append(
        Tool(NOT_FOR_ME, "What was said is no command or question for this house, or nothing was said.", {}, ((),))
    )
    found.append(Tool(INCOMPLETE, "The speaker has begun a command and is not done yet.", {}, ((),)))
    return tuple(found)


def tool_declarations(home: HomeLike) -> tuple[dict[str, object], ...]:
    """For the system prompt: name, description, parameters ({type, properties, required})."""
    return tuple(tool.declaration() for tool in tools(home))


def house_lines(home: HomeLike) -> tuple[str, ...]:
    """What the tools' arguments may name, a line per kind, for the system prompt."""
    lines = []
    for title, names in _inventory(home):
        if names:
            lines.append(f"{title}: {', '.join(names)}")
    return tuple(lines)


def _inventory(home: HomeLike) -> Sequence[tuple[str, tuple[str, ...]]]:
    kinds = _distinct(e.domain for e in home.entities)
    devices = [(kind, _distinct(e.name for e in home.entities if e.domain == kind)) for kind in kinds]
    return [
        ("areas", _distinct(a.name for a in home.areas)),
        ("floors", _distinct(f.name for f in home.floors)),
        *devices,
    ]
