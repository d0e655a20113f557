"""Verbs as messages: Home Assistant's topics and payloads, for every kind of thing."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.home.colours import COLOURS
from voiced.home.dispatch import command, commands, lacking, own_command
from voiced.home.intents import ACTIONS, Step, resolve, risky
from voiced.home.model import Area, Entity, Home, OwnSentence
from voiced.home.network.mqtt import PLATFORMS, Setting
from voiced.home.outgoing import scaled
from voiced.messages import Call, Command, SlotValue


def sent(
    domain: str, mqtt: Mapping[str, Setting], verb: str, values: Mapping[str, SlotValue] | None = None
) -> Command | None:
    home = Home(entities=(Entity(f"{domain}.x", "X", mqtt=mqtt),))
    return command(Step(f"{domain}.x", verb, values or {}), home)


BOTH: dict[str, Setting] = {"command_topic": "c", "state_topic": "s"}
JSON: dict[str, Setting] = {**BOTH, "schema": "json"}


@pytest.mark.parametrize(
    ("domain", "mqtt", "verb", "values", "topic", "payload", "expected"),
    [
        ("switch", BOTH, "turn_on", {}, "c", "ON", {"state": ["ON"]}),
        ("lock", BOTH, "unlock", {}, "c", "UNLOCK", {"state": ["UNLOCKED"]}),
        ("cover", BOTH, "open", {}, "c", "OPEN", {"state": ["open", "opening"]}),
        ("cover", BOTH, "stop", {}, "c", "STOP", {}),
        ("scene", {"command_topic": "c"}, "run", {}, "c", "ON", {}),
        ("vacuum", BOTH, "return_to_base", {}, "c", "return_to_base", {"state": ["returning", "docked"]}),
        ("media_player", BOTH, "next", {}, "c", "NEXT", {}),
        ("media_player", BOTH, "change_volume", {"volume_step": "up"}, "c", "VOLUME_UP", {}),
        ("media_player", BOTH, "change_volume", {"volume_step": "down"}, "c", "VOLUME_DOWN", {}),
        ("climate", {"power_command_topic": "p"}, "turn_on", {}, "p", "ON", {}),
        ("climate", {"power_command_topic": "p"}, "turn_off", {}, "p", "OFF", {}),
        (
            "climate", {"temperature_command_topic": "t", "temperature_state_topic": "n"}, "set_temperature",
            {"temperature": 20.5}, "t", "20.5", {"number": 20.5},
        ),
        ("media_player", {"volume_command_topic": "v"}, "set_volume", {"volume_level": 30}, "v", "30", {}),
        (
            "fan", {"percentage_command_topic": "p", "speed_range_max": 4.0}, "set_speed", {"percentage": 50}, "p",
            "2", {},
        ),
        (  # a little is not off
            "fan", {"percentage_command_topic": "p", "speed_range_max": 3.0}, "set_speed", {"percentage": 10}, "p",
            "1", {},
        ),
        ("fan", {"percentage_command_topic": "p"}, "set_speed", {"percentage": 0}, "p", "0", {}),
        (
            "cover", {"set_position_topic": "p", "position_open": 0.0, "position_closed": 100.0}, "set_position",
            {"position": 30}, "p", "70", {},
        ),
        ("valve", {**BOTH, "reports_position": True}, "set_position", {"position": 30}, "c", "30", {"number": 30.0}),
        ("light", {"brightness_command_topic": "b"}, "set", {"brightness": 50}, "b", "128", {}),
        ("light", {"rgb_command_topic": "r", "rgb_state_topic": "q"}, "set", {"color": "red"}, "r", "255,0,0",
         {"rgb": "255,0,0"}),
        ("light", {**BOTH, "schema": "json", "color": True, "color_space": "hs"}, "set", {"color": "lime"}, "c",
         '{"state": "ON", "color": {"h": 120, "s": 100}}', {"json": {"state": "ON", "color": {"h": 120, "s": 100}}}),
        ("light", {"color_temp_command_topic": "k"}, "set", {"temperature": 2700}, "k", "370", {}),
        (
            "climate", {"mode_command_topic": "m", "mode_state_topic": "ms", "modes": ("off", "fan_only")}, "set_mode",
            {"mode": "fan only"}, "m", "fan_only", {"state": ["fan_only"]},
        ),
        (
            "climate", {"mode_command_topic": "m", "mode_state_topic": "ms"}, "set_mode", {"mode": "off"}, "m", "off",
            {"state": ["off"]},
        ),
        ("climate", {"mode_command_topic": "m", "modes": ("off", "cool")}, "turn_on", {}, "m", "cool", {}),
        ("climate", {"power_command_topic": "p", "payload_off": "0"}, "turn_off", {}, "p", "0", {}),
        (
            "select", {**BOTH, "options": ("Eco 40", "Cotton")}, "select", {"option": "cotton"}, "c", "Cotton",
            {"state": ["Cotton"]},
        ),
        ("number", BOTH, "set_number", {"value": 40}, "c", "40", {"number": 40.0}),
        ("humidifier", {"target_humidity_command_topic": "h"}, "set_humidity", {"humidity": 55}, "h", "55", {}),
        (
            "light", {"rgb_command_topic": "r", "rgb_command_template": "{{ red }}-{{ green }}"}, "set",
            {"color": "lime"}, "r", "0-255", {},
        ),
        (
            "cover", {"set_position_topic": "p", "set_position_template": '{"to": {{ position }}}'}, "set_position",
            {"position": 30}, "p", '{"to": 30}', {},
        ),
        (
            "switch", {**BOTH, "command_template": "do {{ value }}", "state_template": "{{ value_json.s }}"}, "turn_on",
            {}, "c", "do ON", {"state": ["ON"], "template": "{{ value_json.s }}"},
        ),
    ],
)  # fmt: skip
def test_a_verb_is_this_message(
    domain: str,
    mqtt: Mapping[str, Setting],
    verb: str,
    values: Mapping[str, SlotValue],
    topic: str,
    payload: str,
    expected: Mapping[str, object],
) -> None:
    made = sent(domain, mqtt, verb, values)
    assert made is not None
    assert (made.topic, made.payload) == (topic, payload)
    assert made.expected_state == expected
    assert bool(made.state_topic) == bool(expected)


@pytest.mark.parametrize(
    ("mqtt", "verb", "values", "body"),
    [
        ({}, "turn_on", {}, {"state": "ON"}),
        ({"brightness": True}, "turn_off", {}, {"state": "OFF"}),
        ({"brightness": True}, "set", {"brightness": 40}, {"state": "ON", "brightness": 102}),
        ({"brightness": True}, "set", {"brightness": 0}, {"state": "OFF"}),
        ({"color": True}, "set", {"color": "black"}, {"state": "OFF"}),
        ({"color": True}, "set", {"color": "blue"}, {"state": "ON", "color": {"r": 0, "g": 0, "b": 255}}),
        ({"color_temp": True}, "set", {"temperature": 4000}, {"state": "ON", "color_temp": 250}),
        ({"color_temp_kelvin": True}, "set", {"temperature": 4000}, {"state": "ON", "color_temp": 4000}),
        ({}, "set", {"brightness": 40}, None),
        ({}, "set", {"color": "blue"}, None),
        ({}, "set", {"temperature": 4000}, None),
        ({"color": True}, "set", {"color": "octarine"}, None),
        ({}, "set", {}, None),
    ],
)
def test_a_light_of_the_json_schema(
    mqtt: Mapping[str, Setting], verb: str, values: Mapping[str, SlotValue], body: Mapping[str, object] | None
) -> None:
    made = sent("light", {**JSON, **mqtt}, verb, values)
    assert (json.loads(made.payload) if made else None) == body


def test_a_light_with_a_topic_for_each_value_gets_a_message_for_each() -> None:
    topics = {"brightness_command_topic": "b", "rgb_command_topic": "r"}
    home = Home(entities=(Entity("light.x", "X", mqtt={**BOTH, **topics}),))
    made = commands(Step("light.x", "set", {"brightness": 50, "color": "red"}), home)
    assert [(c.topic, c.payload) for c in made] == [("b", "128"), ("r", "255,0,0"), ("c", "ON")]
    assert commands(Step("light.x", "set", {"brightness": 50, "temperature": 2700}), home) == ()
    assert commands(Step("light.x", "set"), home) == ()
    assert commands(Step("light.elsewhere", "set", {"brightness": 50}), home) == ()


def test_what_a_thing_cannot_be_set_to_has_a_name() -> None:
    topics: dict[str, Setting] = {"mode_command_topic": "m", "modes": ("off", "heat")}
    home = Home(entities=(Entity("climate.x", "X", mqtt=topics), Entity("climate.y", "Y", mqtt={"modes": ("heat",)})))
    assert lacking(Step("climate.x", "set_mode", {"mode": "dry"}), home) == "dry"
    assert lacking(Step("climate.x", "set_mode", {"mode": "heat"}), home) == ""
    assert lacking(Step("climate.y", "set_mode", {"mode": "dry"}), home) == ""
    assert lacking(Step("climate.x", "set_mode", {"mode": "on"}), home) == "power switch"
    assert lacking(Step("climate.x", "set_temperature", {"temperature": 20}), home) == "target temperature"


@pytest.mark.parametrize(
    ("domain", "mqtt", "verb", "values"),
    [
        ("switch", {}, "turn_on", {}),
        ("switch", BOTH, "fly", {}),
        ("valve", BOTH, "set_position", {"position": 30}),
        ("climate", {"temperature_command_topic": "t"}, "set_temperature", {}),
        ("light", BOTH, "set", {"brightness": 40}),
        ("climate", {"mode_command_topic": "m", "modes": ("heat",)}, "turn_off", {}),
        ("climate", {"mode_command_topic": "m"}, "set_mode", {"mode": "eco"}),
        ("select", BOTH, "select", {"option": "cotton"}),
        ("light", {"color_temp_command_topic": "k"}, "set", {"temperature": 0}),
        ("switch", {**BOTH, "command_template": "{{ unknown( }}"}, "turn_on", {}),
    ],
)
def test_what_cannot_be_sent_is_not_sent(
    domain: str, mqtt: Mapping[str, Setting], verb: str, values: Mapping[str, SlotValue]
) -> None:
    assert sent(domain, mqtt, verb, values) is None
    assert command(Step("switch.elsewhere", "turn_on"), Home()) is None


def test_what_a_light_lacks_is_named() -> None:
    plain, clever = Entity("light.a", "A", mqtt=BOTH), Entity("light.b", "B", mqtt={**JSON, "color": True})
    home = Home(entities=(plain, clever, Entity("light.c", "C"), Entity("switch.d", "D", mqtt=BOTH)))
    asked: dict[str, SlotValue] = {"color": "red", "brightness": 5}
    assert lacking(Step("light.a", "set", {"color": "red"}), home) == "colour"
    assert lacking(Step("light.b", "set", asked), home) == "brightness"
    assert lacking(Step("light.b", "set", {"color": "red"}), home) == ""
    assert lacking(Step("switch.d", "set", asked), home) == "way to do that"
    for other in ("light.c", "light.none"):
        assert lacking(Step(other, "set", asked), home) == ""


def test_the_owners_sentences() -> None:
    home = Home(sentences=(OwnSentence("Red", ("red",), "t", "p"), OwnSentence("Say", ("say",))))
    assert own_command(Call("Red"), home, "v").topic == "t"
    assert own_command(Call("Say", {"a": 1}), home, "v").topic == "voiced/v/intent/Say"


@given(st.floats(0, 100), st.floats(1, 1000))
def test_more_than_nothing_is_never_nothing(percent: float, scale: float) -> None:
    assert (scaled(percent, scale) == 0) == (percent == 0)


# --- random homes -----------------------------------------------------------------------------------------------------

_DOMAINS = sorted(PLATFORMS)
_NAMES = ("lamp", "door", "kitchen", "bed light", "gate", "fan")


@st.composite
def homes(draw: st.DrawFn) -> Home:
    areas = tuple(Area(name, name.title()) for name in draw(st.sets(st.sampled_from(("kitchen", "hall")))))
    things = []
    for number, domain in enumerate(draw(st.lists(st.sampled_from(_DOMAINS), min_size=1, max_size=8))):
        keys = [k for k in PLATFORMS[domain] if k.endswith("_topic") and draw(st.booleans())]
        mqtt: dict[str, Setting] = {k: f"{k}/{number}" for k in keys}
        area = draw(st.sampled_from(["", *(a.id for a in areas)]))
        device_class = draw(st.sampled_from(("", "garage", "window"))) if domain == "cover" else ""
        name = draw(st.sampled_from(_NAMES))
        things.append(Entity(f"{domain}.n{number}", name, (), area, device_class, mqtt=mqtt))
    return Home(areas=areas, entities=tuple(things))


_SLOTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(_NAMES), "area": st.sampled_from(("kitchen", "hall", "attic")),
        "domain": st.sampled_from(_DOMAINS), "everywhere": st.just("yes"), "except": st.sampled_from(_NAMES),
        "brightness": st.integers(0, 100), "color": st.sampled_from(sorted(COLOURS)),
        "temperature": st.integers(-5, 9000), "position": st.integers(0, 100), "percentage": st.integers(0, 100),
        "volume_level": st.integers(0, 100), "volume_step": st.sampled_from(("up", "down")), "it": st.just("yes"),
    },
)  # fmt: skip


@given(homes(), st.sampled_from(sorted(ACTIONS)), _SLOTS)
def test_in_any_home_a_message_goes_to_the_thing_that_was_meant(
    home: Home, intent: str, slots: Mapping[str, SlotValue]
) -> None:
    resolved = resolve(Call(intent, slots), home)
    assert resolved is not None
    left_out = {e.id for e in home.called(str(slots.get("except", "")))}
    for step in resolved.steps:
        entity = home.entity(step.entity)
        assert entity is not None
        assert entity.id not in left_out
        assert "name" not in slots or entity.called(str(slots["name"]))
        made = command(step, home)
        if made:
            assert made.topic in entity.mqtt.values()
            assert made.payload
            if made.payload in ("UNLOCK", "DISARM"):
                assert risky(entity, step.verb, step.values)
