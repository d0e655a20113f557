"""A home file is right, or all that is wrong with it is told at once."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.errors import ConfigError
from voiced.home.language.sentences import faults
from voiced.home.load import load_home
from voiced.home.model import Area, Entity, Floor, Home, OwnSentence, Risk

DEMO = (resources.files("voiced") / "data" / "demo-home.toml").read_text(encoding="utf-8")
RECORDED = Path(__file__).parents[3] / "shared" / "recordings" / "home.toml"


def complaints(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_home(text, "home.toml")
    return str(caught.value).splitlines()


def test_the_demos_house_is_right_and_knows_what_is_sensitive() -> None:
    home = load_home(DEMO)
    assert {e.id for e in home.entities if e.sensitive} == {"lock.front_door", "cover.garage_door"}
    assert [a.id for a in home.areas] == ["kitchen", "living_room", "office", "bedroom", "garage"]
    assert home.area_called("Lounge") == home.area("living_room")
    assert [e.id for e in home.where(floor="first_floor", domains=("light",))] == ["light.bed", "light.desk"]
    assert [e.id for e in home.called("tv")] == ["media_player.tv"]
    assert home.called("front") == ()
    assert [e.id for e in home.called("HEATING")] == ["climate.thermostat"]
    assert "demo/front/lock" in home.topics()
    assert not any(topic.endswith("/set") for topic in home.topics())
    assert faults(home) == ()


@pytest.mark.skipif(not RECORDED.exists(), reason="the recordings are not here")
def test_the_specification_by_example_is_right() -> None:
    home = load_home(RECORDED.read_text(encoding="utf-8"))
    assert home.lists["spell"] == ("ascendio", "avada kedavra", "lumioso")
    assert home.own("RedAlert") == OwnSentence("RedAlert", ("red alert",), "house/alert", "red", "Red alert.")


def test_every_fault_is_told_with_its_key_and_a_suggestion() -> None:
    text = """
    [[floors]]
    name = "Upstairs"
    [[areas]]
    name = "Kitchen"
    floor = "Upstair"
    [[areas]]
    name = "kitchen"
    [[entities]]
    id = "light.a"
    name = "Lamp"
    area = "Kitchn"
    mqtt = { comand_topic = "a/b", brightness = "yes" }
    [[entities]]
    id = "light.a"
    name = "!!!"
    [[entities]]
    id = "lihgt.b"
    name = "Two"
    mqtt = { anything = 1 }
    [[entities]]
    id = "lock.c"
    name = "Door"
    risk = "harmless"
    mqtt = { command_topic = "a/#" }
    [[entities]]
    id = "lock.d"
    name = "door"
    [[sentences]]
    intent = "HassTurnOn"
    templates = []
    publish = { topc = "x" }
    [lists]
    empty = []
    """
    assert complaints(text) == [
        "home.toml: areas[0].floor: unknown floor 'Upstair', did you mean 'Upstairs'?",
        "home.toml: areas[1].name: 'kitchen' is already areas[0].name",
        "home.toml: entities[0].area: unknown area 'Kitchn', did you mean 'kitchen'?",
        "home.toml: entities[0].mqtt.brightness: must be true or false, not text",
        "home.toml: entities[0].mqtt.comand_topic: unknown key, did you mean 'command_topic'?",
        "home.toml: entities[1].id: 'light.a' is already entities[0].id",
        "home.toml: entities[1].name: '!!!' cannot be spoken: it needs letters or digits",
        "home.toml: entities[2].id: unknown domain 'lihgt', did you mean 'light'?",
        "home.toml: entities[3].risk: a lock is always sensitive: leave the line out",
        "home.toml: entities[3].mqtt.command_topic: 'a/#' is a pattern (+ or #), not a topic to publish to",
        "home.toml: entities[4].name: 'door' is already entities[3].name",
        "home.toml: lists.empty: the list is empty",
        "home.toml: sentences[0].intent: 'HassTurnOn': names that begin with Hass are Home Assistant's",
        "home.toml: sentences[0].templates: there must be at least one",
        "home.toml: sentences[0].publish.topic: missing, is it 'topc' misspelt?",
        "home.toml: sentences[0].publish.topc: unknown key, did you mean 'topic'?",
    ]


_NAME = st.text(min_size=1, max_size=12)
_SETTING = st.one_of(_NAME, st.booleans(), st.floats(allow_nan=False))
_HOMES = st.builds(
    Home,
    floors=st.lists(st.builds(Floor, _NAME, _NAME, st.tuples(_NAME)), max_size=2).map(tuple),
    areas=st.lists(st.builds(Area, _NAME, _NAME, st.tuples(), _NAME), max_size=2).map(tuple),
    entities=st.lists(
        st.builds(
            Entity, _NAME, _NAME, st.tuples(_NAME, _NAME), _NAME, _NAME, _NAME, st.sampled_from(Risk),
            st.dictionaries(_NAME, _SETTING, max_size=3),
        ),
        max_size=3,
    ).map(tuple),
    lists=st.dictionaries(_NAME, st.tuples(_NAME), max_size=2),
    sentences=st.lists(st.builds(OwnSentence, _NAME, st.tuples(_NAME), _NAME, _NAME, _NAME), max_size=2).map(tuple),
)  # fmt: skip


@given(_HOMES)
def test_a_home_survives_the_way_to_the_engines_process(home: Home) -> None:
    assert Home.from_dict(json.loads(json.dumps(home.to_dict()))) == home


_LINES = [line for line in DEMO.splitlines() if line and not line.startswith("#")]


@given(
    st.lists(
        st.sampled_from([*_LINES, "name = 3", "mqtt = []", "[floors]", "area = true", 'id = "light."']), max_size=12
    )
)
def test_any_shuffling_of_lines_is_a_home_or_a_config_error(lines: list[str]) -> None:
    try:
        home = load_home("\n".join(lines))
    except ConfigError as error:
        told = str(error).splitlines()
        assert len(set(told)) == len(told) > 0
    else:
        assert Home.from_dict(home.to_dict()) == home
