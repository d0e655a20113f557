"""PURE. What is said in the house, and what must have become of its devices afterwards; the same for the same seed."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from voiced.home.language.spoken import number_words

State = dict[str, object]
_COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
_IN_XY = {"red": (0.701, 0.299), "green": (0.172, 0.747), "blue": (0.136, 0.04), "yellow": (0.444, 0.517)}
"""As Zigbee lamps have them."""
_CHATTER = (
    "i never liked the colour of that old sofa", "we should visit your sister next weekend",
    "the train was late again this morning", "do you remember the house by the lake",
    "she told me all about her new job", "it looks like it could rain tomorrow",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """A sentence and what it must lead to, at the devices."""

    text: str
    effects: Mapping[str, State] = field(default_factory=dict)
    """Device -> what must be true of it afterwards. Of every other device nothing may have changed."""
    says: str = ""
    """What the answer must hold."""
    code: str = ""
    """The digits that will be asked for; empty where none may be."""
    answered: str = ""
    """The digits that are said to that; "" for silence."""


@dataclass(frozen=True, slots=True)
class Thing:
    node: str
    kind: str
    name: str
    room: str
    colour: bool = False


def things(announced: Sequence[tuple[str, str]]) -> tuple[Thing, ...]:
    found = []
    for topic, payload in announced:
        config = json.loads(payload)
        device, (_, kind, node, *_) = config["device"], topic.split("/")
        colour = "xy" in config.get("supported_color_modes", [])
        found.append(Thing(node, kind, device["name"].lower(), device.get("suggested_area", "").lower(), colour))
    return tuple(found)


def script(house: Sequence[Thing], turns: int, seed: int = 1) -> tuple[Turn, ...]:
    """So many turns of all kinds, mixed."""
    rng = random.Random(seed)
    kinds: list[Iterator[Turn]] = [_forever(make, house, rng) for make, weight in _MAKERS for _ in range(weight)]
    return tuple(itertools.islice((next(rng.choice(kinds)) for _ in itertools.count()), turns))


def _forever(make: Callable[..., Turn], house: Sequence[Thing], rng: random.Random) -> Iterator[Turn]:
    while True:
        yield make(house, rng)


def _one(house: Sequence[Thing], rng: random.Random, *kinds: str, colour: bool = False) -> Thing:
    doors = ("garage door",)
    return rng.choice([t for t in house if t.kind in kinds and t.name not in doors and (t.colour or not colour)])


def _switched(house: Sequence[Thing], rng: random.Random) -> Turn:
    thing, on = _one(house, rng, "light", "switch", "fan"), rng.random() < 0.5
    word = "on" if on else "off"
    text = rng.choice([f"turn {word} the {thing.name}", f"switch {word} the {thing.name}", f"{thing.name} {word}"])
    return Turn(text, {thing.node: {"state": word.upper()}})


def _dimmed(house: Sequence[Thing], rng: random.Random) -> Turn:
    thing, percent = _one(house, rng, "light"), rng.choice(range(10, 101, 10))
    text = f"set the {thing.name} to {number_words(percent)} percent"
    level = percent if thing.node == "strip" else int(percent * 254 / 100 + 0.5)  # each lamp has its own scale
    return Turn(text, {thing.node: {"state": "ON", "brightness": level}})


def _coloured(house: Sequence[Thing], rng: random.Random) -> Turn:
    thing, (colour, (x, y)) = _one(house, rng, "light", colour=True), rng.choice(list(_IN_XY.items()))
    body: State = {"state": "ON", "color": {"x": x, "y": y}}
    return Turn(f"set the {thing.name} to {colour}", {thing.node: body})


def _room(house: Sequence[Thing], rng: random.Random) -> Turn:
    room, on = rng.choice(sorted({t.room for t in house if t.kind == "light"})), rng.random() < 0.5
    word = "on" if on else "off"
    lights: dict[str, State] = {t.node: {"state": word.upper()} for t in house if t.kind == "light" and t.room == room}
    return Turn(f"turn {word} the lights in the {room}", lights)


def _covered(house: Sequence[Thing], rng: random.Random) -> Turn:
    thing = _one(house, rng, "cover")
    if rng.random() < 0.4:
        percent = rng.choice(range(10, 100, 10))
        text = f"set the {thing.name} to {number_words(percent)} percent"
        return Turn(text, {thing.node: {"state": "open", "position": percent}})
    verb = rng.choice(["open", "close"])
    position = 100 if verb == "open" else 0
    return Turn(f"{verb} the {thing.name}", {thing.node: {"position": position}})


def _warmed(house: Sequence[Thing], rng: random.Random) -> Turn:
    thing, degrees = _one(house, rng, "climate"), rng.choice(range(16, 26))
    text = f"set the {thing.name} to {number_words(degrees)} degrees"
    return Turn(text, {thing.node: {"setpoint": float(degrees)}})


def _set_up(house: Sequence[Thing], rng: random.Random) -> Turn:
    """What is more than on and off: modes, options, numbers, two values at once."""
    climate, fan, vacuum = (_one(house, rng, kind) for kind in ("climate", "fan", "vacuum"))
    percent, colour = rng.choice(range(10, 101, 10)), rng.choice(list(_COLOURS))
    words, rgb = number_words(percent), ",".join(map(str, _COLOURS[colour]))
    mode, option = rng.choice(["auto", "heat", "off"]), rng.choice(["Cotton", "Quick Wash", "Eco 40"])
    turns = [
        Turn(f"set the {climate.name} to {mode}", {climate.node: {"mode": mode}}),
        Turn(f"set the {fan.name} to {words} percent", {fan.node: {"speed": percent}}),
        Turn(f"{rng.choice(['start', 'pause', 'stop'])} {vacuum.name}", {}),
        Turn(f"send {vacuum.name} home", {vacuum.node: {"state": "returning"}}),
        Turn(f"set the washing program to {option.lower()}", {"washing_program": {"state": option}}),
        Turn(f"set the pump delay to {words} seconds", {}, says="" if percent <= 60 else "does not go there"),
        Turn(f"set the mister to {words} percent", {"mister": {"humidity": percent}}),
        Turn(f"set the strip to {colour} at {words} percent", {"strip": {"brightness": percent, "rgb": rgb}}),
    ]
    turns[2] = replace(turns[2], effects={vacuum.node: {"state": _VACUUM[turns[2].text.split()[0]]}})
    if percent <= 60:
        turns[5] = replace(turns[5], effects={"pump_delay": {"state": str(percent)}})
    return rng.choice(turns)


_VACUUM = {"start": "cleaning", "pause": "paused", "stop": "idle"}


def _shut(house: Sequence[Thing], rng: random.Random) -> Turn:
    door = rng.choice([t for t in house if t.kind == "lock" or t.name == "garage door"])
    if door.kind == "lock":
        return Turn(f"lock the {door.name}", {door.node: {"state": "LOCK"}})
    return Turn(f"close the {door.name}", {door.node: {"state": "closed"}})


def _opened(house: Sequence[Thing], rng: random.Random) -> Turn:
    """With the right code, a wrong one, or none at all."""
    door = rng.choice([t for t in house if t.kind == "lock" or t.name == "garage door"])
    code = f"{rng.randrange(100):02}"
    answered = rng.choice([code, code, f"{(int(code) + rng.randrange(1, 100)) % 100:02}", ""])
    text = f"unlock the {door.name}" if door.kind == "lock" else f"open the {door.name}"
    opened: State = {"state": "UNLOCK" if door.kind == "lock" else "open"}
    return Turn(text, {door.node: opened} if answered == code else {}, code=code, answered=answered)


def _run(house: Sequence[Thing], rng: random.Random) -> Turn:
    scene = _one(house, rng, "scene")
    return Turn(f"activate {scene.name}", {scene.node: {"pressed": 1}})


def _asked(house: Sequence[Thing], rng: random.Random) -> Turn:
    lock = _one(house, rng, "lock")
    return Turn(f"is the {lock.name} locked", says=lock.name)


def _chatted(house: Sequence[Thing], rng: random.Random) -> Turn:
    del house
    return Turn(rng.choice(_CHATTER))


_MAKERS: tuple[tuple[Callable[[Sequence[Thing], random.Random], Turn], int], ...] = (
    (_switched, 8), (_dimmed, 3), (_coloured, 2), (_room, 2), (_covered, 3), (_warmed, 2), (_set_up, 4), (_shut, 1),
    (_opened, 2), (_run, 1), (_asked, 1), (_chatted, 1),
)  # fmt: skip
