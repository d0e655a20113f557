"""Homes for the tests of the word graph: the recorded house, and random small ones."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"


@dataclass(frozen=True)
class Thing:
    name: str
    domain: str = ""
    aliases: Sequence[str] = ()
    device_class: str | None = None
    options: Sequence[str] = ()


@dataclass(frozen=True)
class Own:
    intent: str
    templates: Sequence[str]


@dataclass(frozen=True)
class House:
    entities: Sequence[Thing] = ()
    areas: Sequence[Thing] = ()
    floors: Sequence[Thing] = ()
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sentences: Sequence[Own] = ()


def from_toml(text: str) -> House:
    """The parts of a home file that sentences need."""
    home = tomllib.loads(text)

    def things(key: str) -> list[Thing]:
        return [
            Thing(x["name"], x.get("id", "").split(".")[0], x.get("aliases", ()), x.get("device_class"))
            for x in home.get(key, ())
        ]

    own = [Own(x["intent"], x["templates"]) for x in home.get("sentences", ())]
    return House(things("entities"), things("areas"), things("floors"), home.get("lists", {}), own)


def recorded_house() -> House:
    file = RECORDINGS / "home.toml"
    if not file.exists():
        pytest.skip("the shared recordings are not on this machine")
    return from_toml(file.read_text(encoding="utf-8"))


def lines(name: str) -> list[dict[str, Any]]:
    import json

    file = RECORDINGS / name
    if not file.exists():
        pytest.skip("the shared recordings are not on this machine")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


DOMAINS = (
    "light",
    "switch",
    "fan",
    "cover",
    "lock",
    "media_player",
    "climate",
    "sensor",
    "scene",
    "script",
    "todo",
    "weather",
)
WORD = st.text("abcdefgorlnst", min_size=1, max_size=7)
NAME = st.lists(WORD, min_size=1, max_size=3).map(" ".join)
THING = st.builds(
    Thing,
    NAME,
    st.sampled_from(DOMAINS),
    st.lists(NAME, max_size=2).map(tuple),
    st.sampled_from([None, "window", "garage", "blind"]),
)
PLACE = st.builds(Thing, NAME)
HOUSE = st.builds(
    House,
    st.lists(THING, min_size=1, max_size=6).map(tuple),
    st.lists(PLACE, max_size=3).map(tuple),
    st.lists(PLACE, max_size=2).map(tuple),
    st.just({"size": ("small", "extra large"), "drink": ("latte", "flat white", "tea")}),
    st.sampled_from([(), (Own("orderDrink", ("[I want] ([a];{size}) {drink}", "({drink};{size}) please")),)]),
)
