"""Whoever orders names one thing after the other, and is waited for while there is something left to name."""

from __future__ import annotations

import pytest

from tests.test_assistant import Stage, calls
from voiced.home.load import load_home
from voiced.messages import Decision

HOME = load_home("""
[lists]
size = ["small", "large"]
drink = ["latte", "mocha"]
extra = ["milk", "sugar"]

[[sentences]]
intent = "order"
templates = ["[a] [{size}] {drink} [with {extra:more}]", "stop ordering"]

[[sentences]]
intent = "good_night"
templates = ["good night"]

[[entities]]
id = "light.lamp"
name = "Lamp"
mqtt = { command_topic = "h/lamp/set", state_topic = "h/lamp" }
""")
A_BREATH = "....w....s*s*." + ".*.*" + "s*s*" + ".*.*.*.*"
"""Words, 400 ms without any, words."""
ALL = calls("order", size="large", drink="latte", more="milk")


@pytest.mark.parametrize("begun", [calls("order", drink="latte"), calls("order", size="large", drink="latte")])
async def test_an_order_may_pause_for_a_breath_before_its_last_item(begun: Decision) -> None:
    stage = Stage(HOME, A_BREATH, begun)
    events = await stage.play()
    assert events.count("hush") == 2
    assert events.count("speech_end") == events.count("command") == 1
    ended = next(h for h in stage.told if h["event"] == "speech_end")
    assert (ended["t0_ms"], ended["t_ms"]) == (1400, 1900), "the words behind the breath were heard, too"


@pytest.mark.parametrize("whole", [ALL, calls("good_night"), calls("HassTurnOn", name="Lamp")])
async def test_what_leaves_nothing_to_name_is_done_before_the_same_breath_is_over(whole: Decision) -> None:
    stage = Stage(HOME, A_BREATH, whole)
    assert (await stage.play()).count("command") == 1
    ended = next(h for h in stage.told if h["event"] == "speech_end")
    assert (ended["t0_ms"], ended["t_ms"]) == (580, 780)
