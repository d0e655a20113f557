"""PURE. The answer to "Which one?": what was said before, made exact. Other commands and questions are no answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from voiced.home.dialogue import ALSO, how
from voiced.home.language.polite import says_only
from voiced.home.language.spoken import name_variants
from voiced.home.model import Home
from voiced.home.ruling import Ask
from voiced.messages import Call, Decision, Verdict

_BARE = "HassTurnOn"
"""What a name alone is heard as."""


def choose(ask: Ask, decision: Decision, home: Home) -> Decision | None:
    """The decision behind a question, made exact by the answer to it; None where this is none. Judge it as usual.

    An answer names some of the options, alone ("the desk light and the bed light"), with "and" before it, or in the
    words of the command that it belongs to.
    """
    old = ask.calls[ask.about]
    again = all(c.intent == ALSO or (c.intent == old.intent and how(c) == how(old)) for c in decision.calls)
    if not again and not _bare(decision, home):
        return None
    meant = [_meant(ask, call, home) for call in decision.calls]
    if not any(meant):
        return None
    exact = (_exact(old, call, options) for call, options in zip(decision.calls, meant, strict=True))
    calls = (*ask.calls[: ask.about], *exact, *ask.calls[ask.about + 1 :])
    return replace(decision, verdict=Verdict.CALLS, calls=calls)


def _bare(decision: Decision, home: Home) -> bool:
    """Nothing but names and places was said. A model that writes calls tells no words: there it is taken for granted,
    for whoever is asked answers.
    """
    if any(call.intent != _BARE or how(call) for call in decision.calls):
        return False
    return says_only(decision.sentence, [_ways(call, home) for call in decision.calls])


def _ways(call: Call, home: Home) -> list[str]:
    """All the ways in which what a call names may have been said."""
    said = _said(call)
    places = (home.area_called(said.get("area", "")), home.floor_called(said.get("floor", "")))
    known = [*home.called(said.get("name", "")), *(place for place in places if place)]
    texts = [text for one in known for text in (one.name, *one.aliases)]
    return [" ".join(words) for text in texts for words in name_variants(text)]


def _exact(old: Call, answer: Call, options: Sequence[str]) -> Call:
    """The call that was asked about, for what this part of the answer names. Where one part names an option, the others
    may name other things.
    """
    if len(options) == 1:
        return Call(old.intent, {**how(old), "name": options[0]})
    if options:  # the lamps of a room
        return Call(old.intent, {**old.slots, **_said(answer)})
    return answer if answer.intent == old.intent else Call(old.intent, {**how(old), **_said(answer)})


def _said(answer: Call) -> dict[str, str]:
    return {key: str(value) for key, value in answer.slots.items() if key in ("name", "area", "floor")}


def _meant(ask: Ask, answer: Call, home: Home) -> tuple[str, ...]:
    """The options that an answer names. Of two readings of the sound, a place that has both tells nothing."""
    named = _ids(_said(answer), home)
    found = tuple(option for option in ask.options if option in named)
    return () if ask.close and len(found) > 1 else found


def _ids(said: Mapping[str, str], home: Home) -> frozenset[str]:
    """Of all things of that name and in that place; of none where nothing is said."""
    place, level = home.area_called(said.get("area", "")), home.floor_called(said.get("floor", ""))
    there = home.where(
        area=place.id if place else said.get("area", ""), floor=level.id if level else said.get("floor", "")
    )
    called = home.called(said["name"]) if "name" in said else there
    return frozenset(e.id for e in called if e in there) if said else frozenset()
