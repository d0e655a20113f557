"""What is exported makes the same house again, and can be read by whoever owns it."""

from __future__ import annotations

from tests.home.test_learned import MESSAGES, learn, told
from voiced.home.load import read_home_file
from voiced.home.network.export import described, to_toml


def test_the_exported_file_makes_the_same_house() -> None:
    odd = told("switch", 'A "quoted" name\\ [x]')
    for messages in (MESSAGES, [*MESSAGES, odd, told("switch", "Gate Opener"), told("light", "0x00158d0001a2b3c4")]):
        before = learn(messages=messages)
        text = to_toml(before)
        after = learn(text, messages=messages)
        order = sorted(before.home.entities, key=lambda e: e.id)
        assert sorted(after.home.entities, key=lambda e: e.id) == order
        assert {(a.id, a.name) for a in after.home.areas} == {(a.id, a.name) for a in before.home.areas}


def test_the_owners_corrections_survive() -> None:
    file = """
        [[floors]]
        name = "Upstairs"
        [[areas]]
        name = "Bedroom"
        floor = "Upstairs"
        [[entities]]
        id = "light.bed_lamp"
        aliases = ["reading lamp"]
        [[entities]]
        id = "switch.boiler_boost"
        hide = true
        [[entities]]
        id = "light.mine"
        name = "Mine"
        mqtt = { command_topic = "a/set", state_topic = "a", state_template = "{{ value_json.x }}", brightness = true }
        [[groups]]
        name = "Evening"
        members = ["light.bed_lamp", "light.mine"]
    """
    before = learn(file)
    after = learn(to_toml(before))
    assert sorted(after.home.entities, key=lambda e: e.id) == sorted(before.home.entities, key=lambda e: e.id)
    assert {f.entity.id: f.hidden for f in after.facts} == {f.entity.id: f.hidden for f in before.facts}
    assert after.home.floors == before.home.floors
    assert described(after.home.called("mine")[0]) == "commands, state, brightness"
    assert read_home_file(to_toml(before), learns=True).hidden == {"switch.boiler_boost": True}
