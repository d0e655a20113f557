"""What devices say on their state topics, the honest ones and the others."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.home.colours import COLOURS
from voiced.home.dispatch import command
from voiced.home.intents import Step
from voiced.home.load import load_home
from voiced.home.model import Entity, Home
from voiced.home.states import EntityState, StateBook, confirms, heard
from voiced.messages import Command, SlotValue

HOME = load_home((resources.files("voiced") / "data" / "demo-home.toml").read_text(encoding="utf-8"))


def sent(entity: str, verb: str, **values: SlotValue) -> Command:
    made = command(Step(entity, verb, values), HOME)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("made", "payload", "yes"),
    [
        (sent("light.standing", "turn_on"), b"ON", True),
        (sent("light.standing", "turn_on"), b"on ", True),
        (sent("light.standing", "turn_on"), b"OFF", False),
        (sent("light.bed", "turn_off"), b'{"state": "OFF"}', True),
        (sent("light.bed", "set", brightness=40), b'{"state": "ON", "brightness": 102}', True),
        (sent("light.bed", "set", brightness=40), b'{"state": "ON", "brightness": 90}', False),
        (sent("light.bed", "set", brightness=40), b'{"state": "ON"}', False),
        (sent("light.bed", "set", color="green"), b'{"state": "ON", "color": {"r": 3, "g": 250, "b": 0}}', True),
        (sent("light.bed", "set", color="green"), b'{"state": "ON", "color": {"r": 255, "g": 0, "b": 0}}', False),
        (sent("cover.garage_door", "close"), b"closing", True),
        (sent("cover.garage_door", "close"), b"closed", True),
        (sent("cover.garage_door", "close"), b"opening", False),
        (sent("lock.front_door", "unlock"), b"UNLOCKED", True),
        (sent("lock.front_door", "unlock"), b"UNLOCKING", False),
        (sent("climate.thermostat", "set_temperature", temperature=22.5), b"22.5", True),
        (sent("climate.thermostat", "set_temperature", temperature=22.5), b"21", False),
        (sent("climate.thermostat", "set_temperature", temperature=22.5), b"nan", False),
        (sent("cover.office_blind", "set_position", position=30), b"30", True),
        (sent("fan.bedroom", "set_speed", percentage=50), b"50", True),
        (sent("scene.movie_night", "run"), b"ON", False),
    ],
)
def test_a_command_is_confirmed_by_what_it_asked_for_and_by_nothing_else(
    made: Command, payload: bytes, yes: bool
) -> None:
    assert confirms(made, made.state_topic, payload) is yes


@pytest.mark.parametrize(
    ("percent", "scale", "level"), [(50, 255.0, 128), (1, 255.0, 3), (1, 10.0, 1), (0, 255.0, 0), (100, 100.0, 100)]
)
def test_brightness_is_on_the_lamps_own_scale_rounded_half_up(percent: int, scale: float, level: int) -> None:
    lamp = Entity(
        "light.x", "X", mqtt={"command_topic": "x", "schema": "json", "brightness": True, "brightness_scale": scale}
    )
    made = command(Step("light.x", "set", {"brightness": percent}), type(HOME)(entities=(lamp,)))
    assert made is not None
    body = json.loads(made.payload)
    assert body == ({"state": "ON", "brightness": level} if level else {"state": "OFF"})


def test_a_light_that_knows_no_colours_is_not_sent_one() -> None:
    assert command(Step("light.desk", "set", {"color": "red"}), HOME) is None
    assert command(Step("light.standing", "set", {"brightness": 40}), HOME) is None


def test_payloads_and_states_of_ones_own_are_honoured() -> None:
    lock = Entity(
        "lock.x", "X", mqtt={"command_topic": "c", "state_topic": "s", "payload_lock": "1", "state_locked": "shut"}
    )
    made = command(Step("lock.x", "lock"), type(HOME)(entities=(lock,)))
    assert made is not None
    assert made.payload == "1"
    assert confirms(made, made.state_topic, b"shut")
    assert not confirms(made, made.state_topic, b"LOCKED")
    assert heard(lock, EntityState(), "s", b"shut").state == "locked"


def test_the_book_remembers_the_last_word() -> None:
    book = StateBook(HOME)
    for topic, payload in [
        ("demo/bedroom/bed", b'{"state": "ON", "brightness": 51, "color": {"r": 1, "g": 2, "b": 3}}'),
        ("demo/bedroom/bed", b'{"state": "OFF"}'),
        ("demo/office/blind/position", b"30"),
        ("demo/thermostat/now", b"20.5"),
        ("demo/thermostat/target", b"21"),
        ("demo/front/lock", b"LOCKED"),
        ("demo/front/lock", b"unavailable"),
    ]:
        book = book.heard(topic, payload)
    assert book.states == {
        "light.bed": EntityState("off", brightness_percent=20.0, color=(1, 2, 3)),
        "cover.office_blind": EntityState(position_percent=30.0),
        "climate.thermostat": EntityState(temperature_degrees=20.5, target_degrees=21.0),
        "lock.front_door": EntityState(),
    }


@pytest.mark.parametrize(
    "payload", [b"None", b"unknown", b'{"state": null}', b'{"state": "Unavailable", "brightness": 9}']
)
def test_a_state_that_is_none_is_nothing_that_is_known(payload: bytes) -> None:
    book = StateBook(HOME).heard("demo/bedroom/bed", b'{"state": "ON", "brightness": 51}')
    assert book.heard("demo/bedroom/bed", payload).states == {"light.bed": EntityState()}


def test_a_message_of_parts_leaves_the_state_as_it_was() -> None:
    book = StateBook(HOME).heard("demo/bedroom/bed", b'{"brightness": 51}')
    assert book.states == {"light.bed": EntityState(brightness_percent=20.0)}
    book = book.heard("demo/bedroom/bed", b'{"state": "ON"}').heard("demo/bedroom/bed", b'{"brightness": 102}')
    assert book.states == {"light.bed": EntityState("on", brightness_percent=40.0)}


_HOSTILE = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"1e999", b"-inf", b"[" * 100_000, b'{"state": {"state": []}}', b'{"color": {"r": "x"}}', b"\xff"]
    ),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
        lambda inner: st.dictionaries(
            st.sampled_from(["state", "brightness", "color", "r", "g", "b"]), inner, max_size=4
        ),
        max_leaves=6,
    ).map(lambda v: json.dumps(v).encode()),
)
_VERBS = st.sampled_from([
    sent("light.bed", "set", brightness=40, color="red"), sent("lock.front_door", "lock"),
    sent("climate.thermostat", "set_temperature", temperature=20), sent("light.standing", "turn_on"),
])  # fmt: skip


@given(st.sampled_from(HOME.topics()), _HOSTILE, _VERBS)
def test_no_payload_ever_raises_or_confirms_by_accident(topic: str, payload: bytes, made: Command) -> None:
    states = StateBook(HOME).heard(topic, payload).states
    assert all(len(s.state) <= 255 for s in states.values())
    if confirms(made, made.state_topic, payload):
        wanted = {"LOCKED", "ON", "20"} if not made.payload.startswith("{") else {"40"}
        assert any(w.encode().lower() in payload.lower() for w in wanted) or made.entity == "climate.thermostat"


def _told_as_xy(rgb: tuple[int, int, int]) -> dict[str, float]:
    """The chromaticity of an sRGB colour in the wide gamut that Zigbee lamps tell."""
    r, g, b = (((v / 255 + 0.055) / 1.055) ** 2.4 if v > 10 else v / 255 / 12.92 for v in rgb)
    x = r * 0.664511 + g * 0.154324 + b * 0.162028
    y = r * 0.283881 + g * 0.668433 + b * 0.047685
    z = r * 0.000088 + g * 0.072310 + b * 0.986039
    return {"x": round(x / (x + y + z), 4), "y": round(y / (x + y + z), 4)}


@pytest.mark.parametrize("name", [name for name in COLOURS if name != "black"])
def test_every_colour_is_confirmed_by_a_lamp_that_tells_x_and_y_or_dims_it(name: str) -> None:
    lamp = Entity("light.x", "Lamp", mqtt={"schema": "json", "color": True, "command_topic": "c", "state_topic": "s"})
    strip = Entity("light.y", "Strip", mqtt={"rgb_command_topic": "c", "rgb_state_topic": "s"})
    home = Home(entities=(lamp, strip))
    told, dimmed = (command(Step(one.id, "set", {"color": name}), home) for one in (lamp, strip))
    assert told is not None
    assert dimmed is not None
    assert confirms(told, "s", json.dumps({"state": "ON", "color": _told_as_xy(COLOURS[name])}).encode())
    assert confirms(dimmed, "s", ",".join(str(round(part / 2)) for part in COLOURS[name]).encode())
    for other in {"red", "green", "blue"} - {name, "green" if name == "lime" else ""}:
        assert not confirms(told, "s", json.dumps({"state": "ON", "color": _told_as_xy(COLOURS[other])}).encode())
        assert not confirms(dimmed, "s", ",".join(map(str, COLOURS[other])).encode())


def test_a_lamp_that_knows_hue_and_saturation_only_is_told_those() -> None:
    lamp = Entity("light.x", "Lamp", mqtt={
        "schema": "json", "color": True, "color_space": "hs", "command_topic": "c", "state_topic": "s",
    })  # fmt: skip
    made = command(Step("light.x", "set", {"color": "blue"}), Home(entities=(lamp,)))
    assert made is not None
    assert json.loads(made.payload) == {"state": "ON", "color": {"h": 240, "s": 100}}
    assert confirms(made, "s", b'{"state": "ON", "color": {"h": 239.5, "s": 99}}')
    assert not confirms(made, "s", b'{"state": "ON", "color": {"h": 0, "s": 99}}')
