"""The scripted house: typed turns come true at its devices, and its judge sees what did not."""

from __future__ import annotations

import argparse

import pytest

from tools.house.__main__ import Stage, play
from tools.house.devices import Arrived, Devices, State
from tools.house.network import announce
from tools.house.script import Turn, script, things
from voiced.adapters.mqtt import MqttBroker


@pytest.mark.whole
async def test_typed_turns_come_true_at_the_devices() -> None:
    options = argparse.Namespace(turns=40, entities=60, seed=2, typed=True, recordings=None, config=None, json=True)
    result = await play(options)
    assert result["entities"] == 60
    assert int(str(result["turns"])) >= 30
    assert result["right"] == result["turns"], result["wrong"]
    assert (result["sensitive_without_code"], result["late"], result["acted_wrongly"]) == (0, 0, 0)


def test_the_script_is_the_same_for_the_same_seed_and_speaks_of_what_is_there() -> None:
    house = things(announce(60))
    turns = script(house, 200)
    assert turns == script(house, 200)
    assert turns != script(house, 200, seed=2)
    nodes = {thing.node for thing in house}
    assert all(set(turn.effects) <= nodes for turn in turns)
    assert any(turn.code and turn.code != turn.answered for turn in turns)
    assert len(announce(500)) == 500 == len({topic for topic, _ in announce(500)})


def judged(turn: Turn, **changes: dict[str, object]) -> Stage:
    """What the judge makes of a turn in which these devices took these commands."""
    devices = Devices(MqttBroker(host="127.0.0.1"), announce(60))
    devices.states |= {"front_door": {"state": "LOCK"}, "office_fan": {"state": "OFF"}}
    stage = Stage(devices)
    stage.open(turn)
    stage.asked, stage.decided_at_s = bool(turn.code), 100.0
    for node, change in changes.items():
        devices.states[node] = {**devices.states[node], **{k: v for k, v in change.items() if k != "at_s"}}
        devices.arrived.append(Arrived(node, str(change["state"]), float(str(change.get("at_s", 100.5)))))
    stage.close()
    return stage


def test_the_judge_sees_what_is_missing_wrong_late_or_open() -> None:
    fan = Turn("turn on the office fan", {"office_fan": {"state": "ON"}})
    assert judged(fan, office_fan={"state": "ON"}).score.right == 1
    assert judged(fan).score.right == 0
    wrong = judged(fan, office_fan={"state": "ON"}, front_door={"state": "UNLOCK"}).score
    assert (wrong.right, wrong.acted_wrongly, wrong.sensitive_without_code) == (0, 1, 1)
    assert judged(fan, office_fan={"state": "ON", "at_s": 106.0}).score.late == 1
    opened: dict[str, State] = {"front_door": {"state": "UNLOCK"}}
    good = Turn("unlock the front door", opened, code="47", answered="47")
    assert judged(good, front_door={"state": "UNLOCK"}).score.sensitive_without_code == 0
    assert judged(good, front_door={"state": "UNLOCK"}).score.right == 1
    bad = Turn("unlock the front door", {}, code="47", answered="48")
    assert judged(bad, front_door={"state": "UNLOCK"}).score.sensitive_without_code == 1
    assert judged(bad).score.right == 1
