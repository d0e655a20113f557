"""The house that the network tells of and the owner corrects."""

from __future__ import annotations

import json
import random

import pytest

from tests.home import network
from voiced.errors import ConfigError
from voiced.home.intents import resolve
from voiced.home.language.sentences import faults
from voiced.home.load import HomeFile, load_home, read_home_file
from voiced.home.model import Risk
from voiced.home.network.learned import MAX_ENTITIES, Fact, Learned, Network, merge
from voiced.home.policy import judge
from voiced.home.ruling import Act, Ask
from voiced.messages import Call, Decision, Verdict

MESSAGES = [network.raw(m) for m in [*vars(network).values(), *network.TASMOTA.items()] if isinstance(m, tuple)]


def learn(file: str = "", messages: list[tuple[str, bytes]] = MESSAGES) -> Learned:
    net = Network()
    for topic, payload in messages:
        net.hear(topic, payload)
    return merge(read_home_file(file, learns=True), net.found)


def fact(learned: Learned, entity_id: str) -> Fact:
    (one,) = [f for f in learned.facts if f.entity.id == entity_id]
    return one


def told(component: str, name: str, **more: object) -> tuple[str, bytes]:
    config = {"name": None, "device": {"ids": name, "name": name}, "cmd_t": f"x/{name}/set", "uniq_id": name, **more}
    node = name.replace(" ", "_") if name.isascii() else name.encode().hex()
    return f"homeassistant/{component}/{node}/config", json.dumps(config).encode()


def decided(intent: str, **slots: str) -> Decision:
    return Decision(Verdict.CALLS, (Call(intent, slots),), certainty=1.0)


def test_a_house_without_a_line_of_configuration() -> None:
    learned = learn()
    home = learned.home
    assert {a.name for a in home.areas} == {"Bedroom", "Office", "Bathroom", "Porch", "Cellar"}
    assert {(e.id, e.name, e.area) for e in home.where(domains=("light", "lock", "cover"))} == {
        ("light.bed_lamp", "Bed Lamp", "bedroom"), ("light.desk", "Desk", ""), ("light.porch_lamp", "Porch", "porch"),
        ("light.soldering_iron", "Soldering Iron", ""), ("light.strip", "Strip", ""),
        ("light.reading_lamp", "Reading Lamp", ""), ("light.aquarium", "Aquarium", ""),
        ("light.hallway", "Hallway", ""),
        ("cover.office_blind", "Office Blind", "office"), ("lock.front_door", "Front Door", ""),
    }  # fmt: skip
    assert "sensor.bed_lamp_linkquality" not in {e.id for e in home.entities}
    assert fact(learned, "sensor.bed_lamp_linkquality").hidden == "a setting or a diagnosis of its device"
    assert fact(learned, "light.bed_lamp").origin == "Zigbee2MQTT"
    assert home.called("porch lamp") == home.called("porch")
    assert faults(home) == ()


def test_the_order_of_messages_changes_nothing() -> None:
    shuffled = [*MESSAGES, *MESSAGES[:3]]
    random.Random(1).shuffle(shuffled)
    assert learn(messages=shuffled) == learn()


def test_what_leaves_the_network_leaves_the_house() -> None:
    net = Network()
    topic, payload = MESSAGES[0]
    assert net.hear(topic, payload)
    assert not net.hear(topic, payload)
    assert net.hear(topic, b"")
    assert not net.hear(topic, b"")
    assert net.found == ()


def test_the_owner_wins() -> None:
    learned = learn("""
        [[areas]]
        name = "Guest Room"
        aliases = ["bedroom"]
        [[entities]]
        id = "light.bed_lamp"
        name = "Reading Lamp"
        aliases = ["book light"]
        [[entities]]
        id = "switch.heater_plug"
        area = "Cellar"
        risk = "sensitive"
        [[entities]]
        id = "fan.attic_fan"
        hide = true
        [[entities]]
        id = "sensor.bed_lamp_linkquality"
        name = "Signal"
        [[entities]]
        id = "light.never_seen"
        area = "Cellar"
    """)
    home = learned.home
    lamp = home.called("reading lamp")[0]
    assert (lamp.id, lamp.area, lamp.aliases) == ("light.bed_lamp", "guest_room", ("book light",))
    assert lamp.text("command_topic") == "zigbee2mqtt/Bed Lamp/set"
    assert home.called("bed lamp") == ()
    plug = home.entity("switch.heater_plug")
    assert plug is not None
    assert (plug.area, plug.risk) == ("cellar", Risk.SENSITIVE)
    assert home.entity("fan.attic_fan") is None or fact(learned, "fan.attic_fan").hidden == "hidden in home.toml"
    assert home.called("signal")
    assert fact(learned, "light.bed_lamp").corrected == ("name", "aliases", "area")[:2]
    assert "not seen on the network" in fact(learned, "light.never_seen").hidden


def test_a_group_does_to_all_what_is_said_to_it_and_never_opens_a_door() -> None:
    file = """
        [[groups]]
        name = "Evening"
        members = ["light.bed_lamp", "light.porch_lamp"]
        [[groups]]
        name = "Everything"
        members = ["light.bed_lamp", "lock.front_door"]
    """
    home = learn(file).home
    on = resolve(Call("HassTurnOn", {"name": "evening"}), home)
    assert on is not None
    assert [s.entity for s in on.steps] == ["light.bed_lamp", "light.porch_lamp"]
    off = judge(decided("HassTurnOff", name="everything"), home, code="47")
    assert isinstance(off, Act)
    assert [c.entity for c in off.commands] == ["light.bed_lamp"]
    lights = resolve(Call("HassTurnOn", {"domain": "light", "everywhere": "yes"}), home)
    assert lights is not None
    assert "light.evening" not in [s.entity for s in lights.steps]


def test_a_switch_that_works_a_door_asks_for_the_code() -> None:
    doors = [told("switch", "Garage Door"), told("button", "Gate Opener"), told("cover", "Garage", dev_cla="shade")]
    lights = [told("switch", "Garage Light"), told("switch", "Door Bell"), told("switch", "Fan")]
    home = learn(messages=[*doors, *lights]).home
    assert {e.name for e in home.entities if e.sensitive} == {"Garage Door", "Gate Opener", "Garage"}
    assert isinstance(judge(decided("HassTurnOn", name="gate opener"), home, code="47"), Ask)
    file = '[[entities]]\nid = "switch.garage_door"\nrisk = "noticed"\n'
    assert not learn(file, [*doors]).home.called("garage door")[0].sensitive


def test_a_lock_behind_a_harmless_name_stays_a_lock() -> None:
    lock = told("lock", "Front Door")
    trick = told("switch", "Radio", cmd_t="x/Front Door/set", pl_on="UNLOCK")
    file = '[[entities]]\nid = "switch.radio"\nrisk = "harmless"\n'
    assert learn(file, [lock, trick]).home.called("radio")[0].sensitive


def test_twins_get_numbers_and_numbers_get_no_voice() -> None:
    twins = [told("light", "Spot", uniq_id=f"{i}") for i in range(3)]
    messages = [(topic.replace("Spot", f"Spot{i}"), payload) for i, (topic, payload) in enumerate(twins)]
    learned = learn(messages=[*messages, told("light", "0x00158d0001a2b3c4"), told("light", "灯")])
    assert sorted(e.name for e in learned.home.entities) == ["Spot", "Spot 2", "Spot 3"]
    assert sorted(f.hidden.partition(":")[0] for f in learned.facts if f.hidden) == [
        "it has no name that can be said",
        "its name is a number of its maker",
    ]


def test_our_own_device_is_not_learned() -> None:
    assert learn(messages=[told("number", "Volume", cmd_t="voiced/kitchen/volume/set")]).facts == ()


def test_a_flood_is_bounded_and_the_owners_things_stay() -> None:
    flood = [told("light", f"a lamp {i}") for i in range(MAX_ENTITIES + 50)]
    home = learn('[[entities]]\nid = "light.zz"\nname = "Mine"\n', flood).home
    assert len(home.entities) == MAX_ENTITIES
    assert home.called("mine")


def test_faults_of_the_file_are_told_as_before() -> None:
    with pytest.raises(ConfigError) as caught:
        load_home('[[groups]]\nname = "x"\nmembers = ["light.a"]\n[[entities]]\nid = "light.b"\n')
    assert str(caught.value).splitlines() == [
        "home.toml: entities[0].name: missing",
        "home.toml: groups[0].members: a group has at least two members",
        "home.toml: groups[0].members[0]: unknown entity 'light.a', did you mean 'light.b'?",
    ]
    assert read_home_file("", learns=True) == HomeFile()
