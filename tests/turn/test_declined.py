"""What became of the commands of one turn, where some were not taken: what is said of those and of the others."""

from __future__ import annotations

import pytest

from tests.turn.test_ringing import Bedroom, living
from voiced.errors import BrokerError, DeclinedError
from voiced.messages import Call, Decision, Verdict


async def asked(monkeypatch: pytest.MonkeyPatch, lost: dict[str, BrokerError], *calls: Call) -> list[str]:
    """What is said of these; what is published below a topic of `lost` is not sent."""
    it = Bedroom(Decision(Verdict.CALLS, calls, 0.95))
    send = it.broker.publish

    async def publish(topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        if error := lost.get(topic):
            raise error
        await send(topic, payload, retain=retain)

    monkeypatch.setattr(it.broker, "publish", publish)
    async with living(it):
        await it.assistant.ask("")
    return it.mouth.said


BED, DESK = Call("HassTurnOn", {"name": "bed light"}), Call("HassTurnOn", {"name": "desk light"})
GONE, NO = BrokerError("not connected"), DeclinedError("Home Assistant does not do it")
AT_BED, AT_DESK = "demo/bedroom/bed/set", "demo/office/desk/set"


async def test_what_home_assistant_declines_is_no_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asked(monkeypatch, {AT_BED: NO}, BED) == ["Bed light does not do that."]
    assert await asked(monkeypatch, {AT_BED: NO}, BED, DESK) == ["Bed light does not do that."]
    assert await asked(monkeypatch, {AT_BED: NO, AT_DESK: NO}, BED, DESK) == [
        "The bed light and the desk light do not do that."
    ]


async def test_a_house_that_took_one_of_two_is_not_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await asked(monkeypatch, {AT_BED: GONE}, BED, DESK) == ["I know the bed light, but I cannot reach it."]
    assert await asked(monkeypatch, {AT_BED: GONE, AT_DESK: GONE}, BED, DESK) == ["I cannot reach the house."]
    assert await asked(monkeypatch, {AT_BED: GONE, AT_DESK: NO}, BED, DESK) == [
        "I know the bed light, but I cannot reach it. Desk light does not do that."
    ]


async def test_an_owners_sentence_is_answered_only_where_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    alert, at_alert = Call("RedAlert"), "demo/alert"
    assert await asked(monkeypatch, {}, alert) == ["Red alert."]
    assert await asked(monkeypatch, {at_alert: GONE}, alert) == ["I cannot reach the house."]
    assert await asked(monkeypatch, {at_alert: GONE}, BED, alert) == ["I cannot reach the house."]
    assert await asked(monkeypatch, {AT_BED: GONE}, BED, alert) == [
        "Red alert. I know the bed light, but I cannot reach it."
    ]
