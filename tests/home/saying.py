"""The demo's house, and how it is spoken to in the tests of what it may do."""

from __future__ import annotations

import datetime as dt
from importlib import resources

from hypothesis import strategies as st

from voiced.home.house import House
from voiced.home.intents import ACTIONS
from voiced.home.judgement import Judgement
from voiced.home.load import load_home
from voiced.home.model import Entity, Home
from voiced.messages import Call, Decision, SlotValue, Verdict

TODAY = dt.datetime(2026, 11, 24, 9, 0)
HOME = load_home((resources.files("voiced") / "data" / "demo-home.toml").read_text(encoding="utf-8"))
OPENING = {"UNLOCK", "OPEN"}


def house(area: str = "") -> House:
    return House(HOME, area=area, random_digits=lambda: "47", now_s=lambda: 100.0, today=lambda: TODAY)


def said(house: House, intent: str, /, **slots: SlotValue) -> Judgement:
    return house.judge(Decision(Verdict.CALLS, (Call(intent, slots),), 0.95))


def code(digits: str) -> Decision:
    return Decision(Verdict.DIGITS, certainty=0.9, digits=digits)


def reported(house: House, judged: Judgement) -> str:
    """What is said when every command was confirmed."""
    return house.report(judged, confirmed=judged.commands, silent=(), failed=())


def of(*entities: Entity) -> House:
    home = Home(entities=entities)
    return House(home, random_digits=lambda: "47", now_s=lambda: 0.0, today=lambda: TODAY)


_NAMES = [n for e in HOME.entities for n in (e.name.casefold(), *e.aliases)]
_SLOTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(_NAMES), "area": st.sampled_from([a.name.casefold() for a in HOME.areas]),
        "floor": st.just("first floor"), "domain": st.sampled_from(["light", "cover", "lock"]),
        "device_class": st.sampled_from(["garage", "window", "blind"]), "everywhere": st.just("yes"),
        "brightness": st.integers(-5, 150), "position": st.one_of(st.integers(0, 100), st.just("x")),
        "temperature": st.one_of(st.floats(), st.text(max_size=3)), "color": st.sampled_from(["red", "no colour"]),
        "percentage": st.integers(0, 100), "brightness_by": st.integers(-150, 150),
        "volume_step": st.one_of(st.sampled_from(["up", "down"]), st.integers(-150, 150)),
    },
)  # fmt: skip
CALLS = st.builds(Call, st.sampled_from([*ACTIONS, "HassGetState", "HassStartTimer", "CastSpell"]), _SLOTS)
