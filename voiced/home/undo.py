"""PURE. "Undo that": what leads back to how things were before what was done last, as far as that is known.

What leads back is calls as anybody could say them, so that every rule holds for them, too: who undoes "lock the door"
is asked for the code. Scenes, buttons and an owner's own sentences have no way back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from voiced.home.clock.alarms import Alarms
from voiced.home.clock.clockwork import Clockwork
from voiced.home.clock.timers import Timers
from voiced.home.colours import COLOURS
from voiced.home.dialogue import UNDO
from voiced.home.intents import resolve
from voiced.home.lights import sets_colour
from voiced.home.lists import Lists
from voiced.home.manner import unit_of
from voiced.home.model import Entity, Home
from voiced.home.outgoing import half_up
from voiced.home.replies import Reply
from voiced.home.ruling import Act
from voiced.home.states import UNKNOWN, EntityState, States
from voiced.messages import Call, Command, SlotValue

MOST_TOLD = 2
"""So many things are told one by one, of how they are again."""

Ids = frozenset[str]
_How = tuple[str, Mapping[str, SlotValue]] | None
"""An intent and the slots that say how; None where it is not known how it was."""
_OFF = frozenset(["off", "standby"])
_OPENED = {
    "open": "HassOpenCover", "opening": "HassOpenCover", "closed": "HassCloseCover", "closing": "HassCloseCover",
}  # fmt: skip
_DOCKED = "HassVacuumReturnToBase"
_BY_STATE: Mapping[str, Mapping[str, str]] = {
    "lock": {"locked": "HassLock", "unlocked": "HassUnlock"},
    "cover": _OPENED,
    "valve": _OPENED,
    "vacuum": {"cleaning": "HassVacuumStart", "docked": _DOCKED, "returning": _DOCKED},
    "lawn_mower": {"mowing": "HassLawnMowerStartMowing", "docked": "HassLawnMowerDock"},
    "alarm_control_panel": {"disarmed": "PanelDisarm"},
}  # fmt: skip
"""domain -> how it was -> what leads there."""


def _light(entity: Entity, was: EntityState, sent: Sequence[Command]) -> _How:
    """A colour that is not known, or has no name, cannot be said again."""
    if was.state in _OFF:
        return "HassTurnOff", {}
    how: dict[str, SlotValue] = {}
    if was.brightness_percent is not None:
        how["brightness"] = half_up(was.brightness_percent)
    if any(sets_colour(entity, one) for one in sent):
        colour = next((name for name, colour in COLOURS.items() if colour == was.color), "")
        if not was.kelvin and not colour:
            return None
        how |= {"temperature": half_up(was.kelvin)} if was.kelvin else {"color": colour}
    return ("HassLightSet", how) if how else None


def _power(_: Entity, was: EntityState) -> _How:
    if not was.state:
        return None
    return ("HassTurnOff" if was.state in _OFF else "HassTurnOn"), {}


def _place(entity: Entity, was: EntityState) -> _How:
    if was.position_percent is not None and entity.text("set_position_topic"):
        return "HassSetPosition", {"position": half_up(was.position_percent)}
    return _state(entity, was)


def _state(entity: Entity, was: EntityState) -> _How:
    intent = _BY_STATE.get(entity.domain, {}).get(was.state)
    return (intent, {}) if intent else None


def _warmth(entity: Entity, was: EntityState) -> _How:
    if was.target_degrees is None:
        return None
    return "HassClimateSetTemperature", {"temperature": was.target_degrees, "unit": unit_of(entity)}


def _speed(entity: Entity, was: EntityState) -> _How:
    if was.state in _OFF or was.percentage is None:
        return _power(entity, was)
    return "HassFanSetSpeed", {"percentage": half_up(was.percentage)}


def _loudness(_: Entity, was: EntityState) -> _How:
    return None if was.percentage is None else ("HassSetVolume", {"volume_level": half_up(was.percentage)})


def _playing(_: Entity, was: EntityState) -> _How:
    intent = {"playing": "HassMediaUnpause", "paused": "HassMediaPause"}.get(was.state)
    return (intent, {}) if intent else None


def _number(_: Entity, was: EntityState) -> _How:
    return None if was.number is None else ("NumberSet", {"value": was.number})


_BACK: Mapping[str, Callable[[Entity, EntityState], _How]] = {
    "turn_on": _power, "turn_off": _power, "open": _place, "close": _place, "set_position": _place,
    "lock": _state, "unlock": _state, "start": _state, "return_to_base": _state, "start_mowing": _state, "dock": _state,
    "arm": _state, "set_temperature": _warmth, "set_speed": _speed, "set_volume": _loudness,
    "change_volume": _loudness, "pause": _playing, "play": _playing, "set_number": _number,
    "mute": lambda *_: ("HassMediaPlayerUnmute", {}), "unmute": lambda *_: ("HassMediaPlayerMute", {}),
}  # fmt: skip
"""verb -> what leads back from it."""


class Keeper(Protocol):
    """Who keeps what is ours."""

    clocks: Clockwork
    lists: Lists
    volume: int


@dataclass(frozen=True, slots=True)
class Ours:
    """What the house keeps itself, at one moment."""

    timers: Timers
    alarms: Alarms
    lists: Lists
    volume: int

    @classmethod
    def of(cls, keeper: Keeper) -> Ours:
        return cls(keeper.clocks.timers, keeper.clocks.alarms, keeper.lists, keeper.volume)


@dataclass(frozen=True, slots=True)
class WayBack:
    """From what was done last; what is ours, `before` and `after` it."""

    calls: tuple[Call, ...]
    before: Ours
    after: Ours

    @property
    def changes_ours(self) -> bool:
        return self.before != self.after

    @property
    def hopeless(self) -> bool:
        """Something was done, and nothing leads back from it."""
        return not self.calls and not self.changes_ours

    def instead_of(self, first: WayBack, anew: Ids) -> WayBack:
        """From a correction: to how things were before what it corrects. It brought back all of that but `anew`."""
        was = {call.slots["name"]: call for call in first.calls}
        mine = (was.get(call.slots["name"], call) for call in self.calls if call.slots["name"] in anew)
        return replace(self, calls=tuple(mine), before=first.before if first.changes_ours else self.before)

    def restored(self, now: Ours, today: dt.datetime) -> Ours:
        """`now`, by the wall's clock `today`, with what was changed as it was before; what was changed since stays."""
        kept = dict(now.lists)
        for name in self.before.lists.keys() | self.after.lists.keys():
            was, became = self.before.lists.get(name, ()), self.after.lists.get(name, ())
            if was != became == kept.get(name, ()):
                kept[name] = was
        timers = _back(self.before.timers.timers, self.after.timers.timers, now.timers.timers)
        alarms = _back(self.before.alarms.alarms, self.after.alarms.alarms, now.alarms.alarms)
        return Ours(
            replace(now.timers, timers=tuple(sorted(timers, key=lambda timer: timer.id))),
            now.alarms.holding(alarms, today),
            kept,
            self.before.volume if self.before.volume != self.after.volume else now.volume,
        )


def way_back(commands: Iterable[Command], home: Home, states: States, before: Ours, after: Ours) -> WayBack:
    """From what `commands` do to things that are as in `states`."""
    by_thing: dict[str, list[Command]] = {}
    for command in commands:
        by_thing.setdefault(command.entity, []).append(command)
    calls = [_call(e, sent, states) for name, sent in by_thing.items() if (e := home.entity(name)) is not None]
    return WayBack(tuple(call for call in calls if call), before, after)


def expanded(calls: Sequence[Call], back: WayBack | None, corrected: WayBack | None, anew: Ids) -> tuple[Call, ...]:
    """`calls` with what leads back instead of UNDO. What is ours has no other name: there it stays.

    Before something else ("no, the bedroom") it is about what was just done, `corrected`, and of that not about the
    things that something else is done to now, `anew`.
    """
    found: list[Call] = []
    for call in calls:
        if call.intent != UNDO:
            found.append(call)
        elif len(calls) == 1:
            found += back.calls if back else ()
            if back is None or back.changes_ours or back.hopeless:
                found.append(call)
        elif corrected:
            found += (one for one in corrected.calls if one.slots["name"] not in anew)
            found += [call] if corrected.changes_ours else []
    return tuple(found)


def acted_on(calls: Iterable[Call], home: Home, area: str) -> Ids:
    """The things that `calls` would do something to."""
    resolved = (resolve(call, home, area) for call in calls)
    return frozenset(step.entity for one in resolved if one for step in one.steps)


def answered(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """`calls` to a question of ours, before which nothing was done yet: "no, the lamp" is "the lamp"."""
    rest = tuple(call for call in calls if call.intent != UNDO)
    return rest if rest or not calls else (Call("HassNevermind"),)


def undone(keeper: Keeper, back: WayBack | None, today: dt.datetime) -> Reply:
    """What is ours is as it was."""
    if back is None or back.hopeless:
        return Reply("cannot_undo" if back else "nothing_to_undo")
    was = back.restored(Ours.of(keeper), today)
    keeper.clocks.timers, keeper.clocks.alarms, keeper.lists, keeper.volume = (
        was.timers, was.alarms, was.lists, was.volume,
    )  # fmt: skip
    return Reply("undone")


def brief(act: Act, said: Sequence[Call]) -> Act:
    """What `said` led to. Many things that are as they were are not told one by one; what is done instead is."""
    instead = [call for call in said if call.intent != UNDO]
    several = act.reply.values.get("replies")
    if not isinstance(several, list) or len(instead) == len(said):
        return act
    done = [reply for reply in several if reply.key == "done"]
    again = done[: max(0, len(done) - len(instead))]
    if len(again) <= MOST_TOLD:
        return act
    others = [reply for reply in several if reply not in again]
    return replace(act, reply=Reply("several", {"replies": [Reply("undone"), *others]}))


def _call(entity: Entity, sent: Sequence[Command], states: States) -> Call | None:
    verb, was = sent[0].verb, states.get(entity.id, UNKNOWN)
    if entity.domain == "light" and verb == "set":
        how = _light(entity, was, sent)
    else:
        how = _BACK[verb](entity, was) if verb in _BACK else None
    return Call(how[0], {**how[1], "name": entity.id}) if how else None


_One = TypeVar("_One")


def _back(before: tuple[_One, ...], after: tuple[_One, ...], now: tuple[_One, ...]) -> tuple[_One, ...]:
    gone = tuple(one for one in before if one not in after and one not in now)
    return (*(one for one in now if one in before or one not in after), *gone)
