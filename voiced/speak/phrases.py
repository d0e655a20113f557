"""PURE. Replies as sentences, and the ones worth rendering ahead.

say(reply)            -> "Kitchen ceiling is on."
confirmations(home)   -> the likeliest sentences of this house, likeliest first, for the mouth's cache
"""

from __future__ import annotations

from collections.abc import Iterator

from voiced.home.intents import ACTIONS, candidates, risky, verb_for
from voiced.home.model import Entity, Home
from voiced.home.replies import Reply
from voiced.messages import Call
from voiced.speak import en

LANGUAGES = {"en": en.PHRASES}
MOST_CONFIRMATIONS = 200

_FIXED = (
    "sent", "okay", "dont_know", "sorry", "no_broker", "code_wrong", "code_expired", "timer_none", "not_in_groups",
    "timer_how_long", "deaf", "mindless", "hello", "only_house", "undone", "nothing_to_undo", "cannot_undo",
)  # fmt: skip
_VERBS = {
    "light": ("turn_on", "turn_off"), "switch": ("turn_on", "turn_off"), "fan": ("turn_on", "turn_off"),
    "input_boolean": ("turn_on", "turn_off"), "cover": ("open", "close"), "valve": ("open", "close"),
    "lock": ("lock", "unlock"), "scene": ("run",), "script": ("run",), "button": ("press",),
    "media_player": ("pause", "play"), "vacuum": ("start", "return_to_base"),
}  # fmt: skip
_MINUTES = (5, 10, 1, 2, 3, 15, 20, 30, 45, 60)


def say(reply: Reply, language: str = "en") -> str:
    """The sentence for a reply; "" for nothing. An unknown key is a bug, not a reason to fall silent."""
    phrases = LANGUAGES[language]
    phrase = phrases.get(reply.key)
    return phrase(reply.values) if phrase else phrases["sorry"]({})


def _of_entity(entity: Entity) -> Iterator[Reply]:
    for verb in _VERBS.get(entity.domain, ()):
        yield Reply("done", {"name": entity.name, "verb": verb})
    if not entity.reachable and entity.domain in _VERBS:
        yield Reply("unreachable", {"names": [entity.name]})


def _of_groups(home: Home) -> Iterator[Reply]:
    """What is said of a room's lights and windows."""
    for place in home.areas:
        for intent in ("HassTurnOn", "HassTurnOff"):
            call = Call(intent, {"area": place.name, "domain": "light"})
            found, _, _ = candidates(call, home, (), "")
            usable = [e for e in found if not risky(e, verb_for(ACTIONS[intent].verb, e.domain), {})]
            if len(usable) > 1:
                yield Reply("done_group", {"kinds": ["light"], "place": place.name, "verb": ACTIONS[intent].verb})


def _likely(home: Home) -> Iterator[Reply]:
    yield from (Reply(key) for key in _FIXED)
    reachable = [e for e in home.entities if e.reachable]
    for entity in reachable:
        yield from _of_entity(entity)
    yield from _of_groups(home)
    yield from (Reply("timer_set", {"name": "", "seconds": 60.0 * m}) for m in _MINUTES)
    yield from (Reply(key, {"name": ""}) for key in ("timer_cancelled", "timer_paused", "timer_resumed"))
    yield from (Reply("own", {"text": s.say}) for s in home.sentences if s.say)
    for entity in home.entities:
        if not entity.reachable:
            yield from (r for r in _of_entity(entity) if r.key == "unreachable")
    for entity in reachable:
        if entity.domain in _VERBS:
            yield Reply("unreached", {"names": [entity.name]})
    for percent in (50, 100, 20, 40, 30, 10, 80, 60, 70, 90):
        for entity in (e for e in reachable if e.domain == "light" and e.flag("brightness")):
            yield Reply("done", {"name": entity.name, "verb": "set", "brightness": percent})
    for entity in (e for e in reachable if e.domain == "climate"):
        for degrees in range(17, 26):
            yield Reply("done", {"name": entity.name, "verb": "set_temperature", "temperature": degrees})


def confirmations(home: Home, most: int = MOST_CONFIRMATIONS, language: str = "en") -> tuple[str, ...]:
    """At most `most` different sentences, the likeliest first."""
    texts = (say(reply, language) for reply in _likely(home))
    return tuple(dict.fromkeys(text for text in texts if text))[:most]
