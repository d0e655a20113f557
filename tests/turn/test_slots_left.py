"""Whoever orders names one thing after the other, and is waited for while there is something left to name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_assistant import Stage, calls
from voiced.home.load import load_home
from voiced.home.model import OwnSentence, placeholders
from voiced.messages import Call, Decision

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


NAMES = st.sampled_from(["size", "drink", "extra", "milk"])


@given(st.lists(st.sets(NAMES), min_size=1, max_size=3), st.sets(NAMES))
def test_something_is_left_where_a_template_names_all_that_was_said_and_more(
    templates: list[set[str]], said: set[str]
) -> None:
    own = OwnSentence("order", tuple("please " + " ".join(f"[{{list:{n}}}]" for n in sorted(t)) for t in templates))
    assert own.slots_left(said) == any(said <= t and said != t for t in templates)


def test_only_the_last_of_several_commands_goes_on() -> None:
    part, whole = Call("order", {"drink": "mocha"}), ALL.calls[0]
    assert HOME.slots_left((whole, part))
    assert not HOME.slots_left((part, whole))
    assert not HOME.slots_left(())


def test_a_list_may_fill_a_slot_of_another_name() -> None:
    assert placeholders("a {size} [{drink:what}] please") == (("size", "size"), ("drink", "what"))
