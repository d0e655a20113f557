"""PURE. What there is to say of what is done: before it is known what became of it, and after."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from voiced.home.intents import Step
from voiced.home.model import Home
from voiced.home.replies import NOTHING, Reply
from voiced.home.ruling import Act
from voiced.messages import Call, Command

LEADS_TO = {
    "turn_on": "on", "turn_off": "off", "open": "open", "close": "closed", "lock": "locked", "unlock": "unlocked",
}  # fmt: skip
"""verb -> the state that it leads to."""

_DONE = {"done": "already_done", "done_group": "already_done_group"}
"""What is said of what is done -> of what was so before."""


def name_of(home: Home, entity_id: str) -> str:
    entity = home.entity(entity_id)
    return entity.name if entity else entity_id


def done(
    home: Home, call: Call, steps: Sequence[Step], area: str, left_out: Collection[str] = (), *, counted: bool = False
) -> Reply:
    """What to say once it is so: one thing by its name, a group by its kind and place. `left_out`: the ids of things
    that were meant, too, and to which it is not done. `counted`: of a group, say how many, for they are not all.
    """
    first, named = steps[0], "name" in call.slots
    same = {key: value for key, value in first.values.items() if all(s.values.get(key) == value for s in steps)}
    values: dict[str, object] = {"verb": first.verb, **same}
    groups = (
        (e.name for e in home.called(str(call.slots["name"])) if e.members)
        if named and not left_out and not counted
        else iter(())
    )
    if group := next(groups, ""):
        return Reply("done", {"name": group, **values})
    if len(steps) == 1:
        return Reply("done", {"name": name_of(home, first.entity), **values})
    place = home.area_called(str(call.slots["area"])) if "area" in call.slots else None
    floor = home.floor_called(str(call.slots["floor"])) if "floor" in call.slots else None
    if place is None and floor is None and not named and not call.slots.get("everywhere"):
        place = home.area(area)
    kinds = dict.fromkeys(_kind(home, s.entity) for s in steps)
    others = any(_kind(home, entity_id) in kinds for entity_id in left_out)
    said = place.name if place else floor.name if floor else ""
    return Reply(
        "done_group",
        {"kinds": list(kinds), "place": said, "others": others, "count": len(steps) if counted else 0, **values},
    )


def _kind(home: Home, entity_id: str) -> str:
    entity = home.entity(entity_id)
    assert entity is not None
    return entity.device_class if entity.domain == "cover" and entity.device_class else entity.domain


def joined(replies: Sequence[Reply]) -> Reply:
    """Several as one; none as nothing."""
    several = [r for i, r in enumerate(replies) if r not in replies[:i]]
    if len(several) == 1:
        return several[0]
    return Reply("several", {"replies": several}) if several else NOTHING


def result(
    act: Act,
    home: Home,
    unconfirmed: Sequence[Command] = (),
    unsent: Sequence[Command] = (),
    declined: Sequence[Command] = (),
) -> Reply:
    """What to say after the commands went out: the confirmation, "sent" where nothing can confirm, or what failed; and
    what else there is to say. An owner's sentence is answered in the owner's words where its message went out.
    """
    lost = {own.say for c in (*unsent, *declined, *unconfirmed) if (own := home.own(c.entity))}
    others = [reply for reply in _parts(act.reply) if reply.key not in (*_DONE, "sent", "undone")]
    besides = [reply for reply in others if reply.key != "own" or reply.values["text"] not in lost]
    if unsent and len(unsent) == len(act.commands):
        return joined([*besides, Reply("no_broker")])
    failed = [c for c in unconfirmed if c.state_topic]
    already = act.already.issuperset(c.entity for c in failed)
    why = (("unreachable", unsent), ("declined", declined), ("unanswered" if already else "unreached", failed))
    if wrong := [reply for key, commands in why for reply in _wrong(home, key, commands)]:
        return joined([*besides, *wrong])
    if act.commands and act.already.issuperset(c.entity for c in act.commands):
        return joined([Reply(_DONE.get(reply.key, reply.key), reply.values) for reply in _parts(act.reply)])
    of_entities = [c for c in act.commands if home.entity(c.entity) is not None]
    if of_entities and not any(c.state_topic for c in of_entities):
        return joined([*besides, Reply("sent")])
    return act.reply


def _wrong(home: Home, key: str, commands: Sequence[Command]) -> list[Reply]:
    """What is said of commands that came to nothing: of things by name, with how they are if nothing was done. An
    owner's sentence has no name to be called by.
    """
    things = [c for c in commands if home.entity(c.entity)]
    nameless = [Reply("no_broker")] if len(things) < len(commands) else []
    if not things:
        return nameless
    names = list(dict.fromkeys(name_of(home, c.entity) for c in things))
    return [Reply(key, {"names": names, "state": LEADS_TO.get(things[0].verb, "")}), *nameless]


def _parts(reply: Reply) -> list[Reply]:
    """Several one by one."""
    several = reply.values.get("replies")
    return [part for one in several for part in _parts(one)] if isinstance(several, list) else [reply]
