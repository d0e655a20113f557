"""PURE. A learned house as a home.toml: what could be corrected is there to be corrected, nothing else is frozen.

Only names, rooms and risks are written. Topics stay with the network, so that a device that changes them is followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from voiced.home.colours import SPACES
from voiced.home.model import Area, Entity, default_risk
from voiced.home.network.learned import Fact, Learned

_HEAD = """\
# The house as the network told of it. What is written here wins; lines without a change may go.
# hide = true makes a thing unknown to speech, aliases = ["..."] gives it more names, risk = "sensitive" asks for the
# spoken code before it is opened or switched on. [[groups]] give one name to several things.
"""


def to_toml(learned: Learned) -> str:
    """The text of a home.toml that, read together with the same network, makes the same house."""
    areas = {a.id: a for a in learned.home.areas}
    parts = [_HEAD]
    parts += [_table("floors", [("name", f.name), ("aliases", f.aliases)]) for f in learned.home.floors]
    parts += [_table("areas", _area_lines(a, learned)) for a in learned.home.areas]
    for hidden in (False, True):
        if hidden:
            parts.append("# Not for talking to:\n")
        parts += [_entity(fact, areas) for fact in learned.facts if bool(fact.hidden) is hidden]
    return "\n".join(parts)


def _area_lines(area: Area, learned: Learned) -> list[tuple[str, object]]:
    floor = learned.home.floor(area.floor)
    return [("name", area.name), ("aliases", area.aliases), ("floor", floor.name if floor else "")]


def _entity(fact: Fact, areas: dict[str, Area]) -> str:
    entity = fact.entity
    if entity.members:
        return _table("groups", [("name", entity.name), ("aliases", entity.aliases), ("members", entity.members)])
    area = areas.get(entity.area)
    lines: list[tuple[str, object]] = [
        ("id", entity.id), ("name", entity.name), ("aliases", entity.aliases), ("area", area.name if area else ""),
        ("risk", "" if entity.risk is default_risk(entity.domain, entity.device_class) else entity.risk.value),
    ]  # fmt: skip
    if not fact.topic:  # only the file knows of it
        lines += [("device_class", entity.device_class), ("unit", entity.unit), ("mqtt", dict(entity.mqtt))]
    if fact.hidden == "hidden in home.toml":
        lines.append(("hide", True))
    text = _table("entities", lines)
    about = [f"from {fact.origin}"] if fact.topic else []
    about += [fact.hidden] if fact.hidden else []
    return "".join(f"# {_one_line(line)}\n" for line in (*about, *fact.problems)) + (
        _commented(text) if fact.hidden and fact.hidden != "hidden in home.toml" else text
    )


def _table(name: str, lines: Iterable[tuple[str, object]]) -> str:
    return f"[[{name}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in lines if value not in ("", (), {}))


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(value: object) -> str:
    """JSON's texts, numbers and lists are TOML's, too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def described(entity: Entity) -> str:
    """What can be done with it, in a few words."""
    can = [
        *(("commands",) if entity.reachable else ()),
        *(("state",) if any(k.endswith("state_topic") or k == "position_topic" for k in entity.mqtt) else ()),
        *(key for key in ("brightness", "color", "color_temp") if entity.flag(key)),
        *(("brightness",) if entity.text("brightness_command_topic") else ()),
        *(("color",) if any(entity.text(f"{space}_command_topic") for space in SPACES) else ()),
        *(("effects",) if entity.domain == "light" and entity.reachable and entity.options else ()),
        *(("position",) if entity.text("set_position_topic") else ()),
        *(("speed",) if entity.text("percentage_command_topic") else ()),
        *(("temperature",) if entity.text("temperature_command_topic") else ()),
    ]
    return ", ".join(dict.fromkeys(can)) or "known by name only"
