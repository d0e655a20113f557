"""PURE. What there is to say of what is done: before it is known what became of it, and after."""

from __future__ import annotations

from collections.abc import Sequence

from voiced.home.intents import Step
from voiced.home.model import Home
from voiced.home.replies import NOTHING, Reply
from voiced.home.ruling import Act
from voiced.messages import Call, Command

LEADS_TO = {
    "turn_on": "on", "turn_off": "off", "open": "open", "close": "closed", "lock": "locked", "unlock": "unlocked",
}  # fmt: skip
"""verb -> the state that it leads to."""


def name_of(home: Home, entity_id: str) -> str:
    entity = home.entity(entity_id)
    return entity.name if entity else entity_id


def done(home: Home, call: Call, steps: Sequence[Step], area: str) -> Reply:
    """What to say once it is so: one thing by its name, a group by its kind and place."""
    first = steps[0]
    values: dict[str, object] = {"verb": first.verb, **first.values}
    if "name" in call.slots:
        groups = (e.name for e in home.called(str(call.slots["name"])) if e.members)
        return Reply("done", {"name": next(groups, name_of(home, first.entity)), **values})
    if len(steps) == 1:
        return Reply("done", {"name": name_of(home, first.entity), **values})
    place = home.area_called(str(call.slots["area"])) if "area" in call.slots else None
    floor = home.floor_called(str(call.slots["floor"])) if "floor" in call.slots else None
    if place is None and floor is None and not call.slots.get("everywhere"):
        place = home.area(area)
    things = [e for s in steps if (e := home.entity(s.entity))]
    kinds = dict.fromkeys(e.device_class if e.domain == "cover" and e.device_class else e.domain for e in things)
    said = place.name if place else floor.name if floor else ""
    return Reply("done_group", {"kinds": list(kinds), "place": said, **values})


def joined(replies: Sequence[Reply]) -> Reply:
    """Several as one; none as nothing."""
    several = [r for i, r in enumerate(replies) if r not in replies[:i]]
    if len(several) == 1:
        return several[0]
    return Reply("several", {"replies": several}) if several else NOTHING


def result(act: Act, home: Home, unconfirmed: Sequence[Command] = (), unsent: Sequence[Command] = ()) -> Reply:
    """What to say after the commands went out: the confirmation, "sent" where nothing can confirm, or what failed."""
    if unsent:
        return Reply("no_broker")
    failed = [c for c in unconfirmed if c.state_topic]
    if failed and act.already.issuperset(c.entity for c in failed):
        was = {"names": list(dict.fromkeys(name_of(home, c.entity) for c in failed)), "state": LEADS_TO[failed[0].verb]}
        return Reply("unanswered", was)
    if failed:
        return Reply("unreached", {"names": list(dict.fromkeys(name_of(home, c.entity) for c in failed))})
    if (
        act.commands
        and act.already.issuperset(c.entity for c in act.commands)
        and act.reply.key in ("done", "done_group")
    ):
        return Reply(f"already_{act.reply.key}", act.reply.values)
    of_entities = [c for c in act.commands if home.entity(c.entity) is not None]
    if of_entities and not any(c.state_topic for c in of_entities):
        return Reply("sent")
    return act.reply
