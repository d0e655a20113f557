"""Timers, lock-outs and mute, over restarts and on disks that fail."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.adapters.fakes import MemoryBroker
from voiced.adapters.store import Store
from voiced.config import DEMO_HOME
from voiced.errors import StateError
from voiced.home.house import House
from voiced.home.judgement import Kind
from voiced.home.load import load_home
from voiced.messages import Call, Decision, Verdict
from voiced.service.keeping import Keeper
from voiced.service.muting import Muting
from voiced.topics.reporter import Reporter
from voiced.workers.clients import EarClient

HOME = load_home(DEMO_HOME.read_text("utf-8"))
NINE = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


class Clock:
    """A machine's two clocks: one goes on while the power is off, the other starts at 0."""

    def __init__(self) -> None:
        self.wall, self.up_s = NINE, 5000.0

    def passes(self, seconds: float) -> None:
        self.wall, self.up_s = self.wall + dt.timedelta(seconds=seconds), self.up_s + seconds

    def off(self, seconds: float) -> None:
        self.wall, self.up_s = self.wall + dt.timedelta(seconds=seconds), 3.0

    def house(self) -> House:
        return House(HOME, random_digits=lambda: "47", now_s=lambda: self.up_s, today=lambda: self.wall)


def say(house: House, intent: str, /, **slots: str | float) -> str:
    return house.judge(Decision(Verdict.CALLS, (Call(intent, slots),), 0.99)).say


def rung(house: House) -> tuple[str, ...]:
    """What has begun to ring."""
    return tuple(ring.text for ring in house.rings())


def wrong_code(house: House) -> str:
    """Somebody wants in, and says other digits."""
    judged = house.judge(Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.99))
    if judged.kind is not Kind.ASK:
        return judged.say
    house.question_asked(now_sample=0)
    return house.judge_code(Decision(Verdict.DIGITS, digits="13"), now_sample=100).say


def test_a_timer_goes_on_over_a_power_cut_and_one_that_ended_meanwhile_says_when() -> None:
    clock = Clock()
    house = clock.house()
    say(house, "HassStartTimer", minutes=5, name="tea")
    say(house, "HassStartTimer", minutes=20, name="bread")
    say(house, "HassStartTimer", minutes=30, name="soup")
    say(house, "HassPauseTimer", name="soup")
    clock.passes(60)
    kept = house.to_dict()

    clock.off(6 * 60 + 10)
    after = clock.house()
    after.restore(kept)

    assert rung(after) == ("Your tea timer ended two minutes ago.",)
    assert rung(after) == ()
    assert say(after, "HassTimerStatus", name="bread") == "Twelve minutes and fifty seconds left."
    assert say(after, "HassTimerStatus", name="soup") == "Thirty minutes left on the paused soup timer."
    clock.passes(770)
    assert rung(after) == ("Bread timer is over.",)


def test_an_alarm_survives_a_power_cut_and_one_that_it_silenced_rings_when_the_power_is_back() -> None:
    clock = Clock()
    house = clock.house()
    say(house, "AlarmSet", hour=10)
    say(house, "AlarmSet", hour=7, day="weekdays")
    kept = json.loads(json.dumps(house.to_dict()))

    clock.off(3600 + 12 * 60)
    after = clock.house()
    after.restore(kept)
    assert rung(after) == ("Your alarm for ten a m was twelve minutes ago.",)
    assert say(after, "AlarmStatus") == "One alarm: seven a m on weekdays."

    again = json.loads(json.dumps(after.to_dict()))  # the power fails while it rings
    clock.off(60)
    third = clock.house()
    third.restore(again)
    ring = third.rings_now()
    assert ring is not None
    assert ring.text == "Your alarm for ten a m was twelve minutes ago."
    clock.passes(15 * 60)
    assert third.rings_now() is ring  # there was no loudspeaker
    third.rang(ring)
    clock.passes(15 * 60)
    assert third.rings_now() is None  # nobody is there


def test_a_reminder_says_what_it_is_for() -> None:
    clock = Clock()
    house = clock.house()
    say(house, "AlarmSet", hour=10, text="call mom")
    clock.passes(3600)
    assert rung(house) == ("Remember to call mom.",)
    say(house, "AlarmSet", hour=11, text="eat")
    kept = house.to_dict()
    clock.off(3600 + 60)
    after = clock.house()
    after.restore(kept)
    assert rung(after) == ("Your alarm for eleven a m was one minute ago. Remember to eat.",)


def test_an_alarm_of_long_ago_is_told_and_rings_nobody_out_of_bed() -> None:
    clock = Clock()
    house = clock.house()
    say(house, "AlarmSet", hour=10)
    clock.off(8 * 3600)
    after = clock.house()
    after.restore(house.to_dict())
    (ring,) = after.rings()
    assert ring.once
    after.rang(ring)
    assert after.rings_now() is None


def test_the_state_of_a_version_without_alarms_is_taken_over() -> None:
    clock = Clock()
    house = clock.house()
    say(house, "HassStartTimer", minutes=5)
    old = {key: house.to_dict()[key] for key in ("saved_at_s", "timers", "lockout")}
    after = clock.house()
    after.restore(old)
    assert say(after, "HassTimerStatus") == "Five minutes left."
    assert after.loudness() == 1.0


def test_how_loud_it_speaks_survives_too() -> None:
    clock = Clock()
    house = clock.house()
    assert say(house, "VoiceVolume", volume_level=40) == "My volume is at forty percent."
    after = clock.house()
    after.restore(house.to_dict())
    assert after.loudness() == 0.4
    assert say(after, "VoiceVolume", volume_step="up") == "My volume is at sixty percent."


def test_a_clock_that_was_set_back_ends_no_timer_early() -> None:
    clock = Clock()
    house = clock.house()
    say(house, "HassStartTimer", minutes=5)
    kept = house.to_dict()
    clock.off(-86400)
    after = clock.house()
    after.restore(kept)
    assert rung(after) == ()
    assert say(after, "HassTimerStatus") == "Five minutes left."


def test_three_wrong_codes_lock_for_a_quarter_of_an_hour_whatever_is_restarted() -> None:
    clock = Clock()
    house = clock.house()
    assert [wrong_code(house) for _ in range(3)] == ["That was not the code."] * 3
    assert wrong_code(house) == "Too many wrong codes. Try again later."

    clock.off(600)
    after = clock.house()
    after.restore(house.to_dict() | {"saved_at_s": NINE.timestamp()})
    assert wrong_code(after) == "Too many wrong codes. Try again later."
    clock.passes(301)
    assert wrong_code(after) == "That was not the code."


def test_a_right_code_forgives_the_wrong_ones() -> None:
    clock = Clock()
    house = clock.house()
    for _ in range(4):
        wrong_code(house)
        wrong_code(house)
        house.judge(Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.99))
        house.question_asked(now_sample=0)
        judged = house.judge_code(Decision(Verdict.DIGITS, digits="47"), now_sample=100)
        assert [c.payload for c in judged.commands] == ["UNLOCK"]


PARTS = ("timers", "alarms", "ringing", "lists", "lockout", "volume", "saved_at_s")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["saved_at_s", "timers", "lockout", "alarms", "ringing", "lists", "volume"]), values
    ),
    st.dictionaries(st.sampled_from(["id", "name", "set_s", "left_s", "paused"]), values),
)
def test_whatever_a_file_holds_is_taken_over_or_told_of(data: dict[str, object], row: object) -> None:
    house = Clock().house()
    say(house, "HassStartTimer", minutes=5)
    before = house.to_dict()
    for name in house.restore({"timers": {"timers": [row], "next_id": 7}, **data}):
        part = name.partition(":")[0]
        assert part == "saved_at_s" or house.to_dict()[part] == before[part]
    assert Clock().house().restore(json.loads(json.dumps(house.to_dict()))) == ()
    house.rings()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_cannot_be_read_loses_no_other(part: str) -> None:
    clock = Clock()
    house = clock.house()
    say(house, "HassStartTimer", minutes=5, name="tea")
    say(house, "AlarmSet", hour=10)
    say(house, "AlarmSet", minutes=1)
    say(house, "HassListAddItem", name="shopping list", item="milk")
    say(house, "VoiceVolume", volume_level=40)
    wrong_code(house)
    clock.passes(60)
    assert len(house.rings()) == 1
    kept = json.loads(json.dumps(house.to_dict()))
    after = clock.house()
    (lost,) = after.restore({**kept, part: {"damaged": 7}})
    assert lost.startswith(f"{part}: ")
    found = after.to_dict()
    assert [name for name in kept if found[name] != kept[name]] == ([part] if part != "saved_at_s" else [])


class FullDisk(Store):
    full = True

    def save(self, state: Mapping[str, object]) -> None:
        if self.full:
            raise StateError("the disk is full")
        super().save(state)


async def test_a_full_disk_is_told_and_mended_without_a_restart(tmp_path: Path) -> None:
    store = FullDisk(tmp_path)
    keeper = Keeper(store, lambda: {"muted": True})
    await keeper.save()
    assert keeper.trouble == "the disk is full"
    store.full = False
    job = asyncio.create_task(keeper.run())
    keeper.changed()
    async with asyncio.timeout(10):
        while keeper.trouble:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    job.cancel()
    assert store.load() == {"muted": True}


def kept(tmp_path: Path) -> tuple[Muting, EarClient]:
    ear = EarClient(options={"device": "none such"})
    return Muting(Store(tmp_path), Clock().house(), ear, Reporter(MemoryBroker(), "t")), ear


async def test_mute_outlasts_a_restart(tmp_path: Path) -> None:
    first, _ = kept(tmp_path)
    await first.restore()
    assert not first.muted
    await first.mute(True)

    second, ear = kept(tmp_path)
    await second.restore()
    assert second.muted
    async with ear.supervisor:
        await asyncio.sleep(0.3)
        assert (ear.supervisor.pid, ear.supervisor.state.what) == (None, "muted")
        await second.mute(False)
        async with asyncio.timeout(20):
            while ear.supervisor.pid is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        pid = ear.supervisor.pid
        await second.mute(True)
        assert not Path(f"/proc/{pid}").exists()


async def test_nobody_knows_whether_it_was_muted_so_it_is(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", "utf-8")
    found, _ = kept(tmp_path)
    await found.restore()
    assert found.muted


@pytest.mark.parametrize("muted", [True, False])
async def test_a_part_that_cannot_be_read_is_told_and_mutes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, muted: bool
) -> None:
    house = Clock().house()
    say(house, "HassStartTimer", minutes=5)
    Store(tmp_path).save({"house": {**house.to_dict(), "alarms": []}, "muted": muted})
    found, _ = kept(tmp_path)
    await found.restore()
    assert found.muted is muted
    assert "alarms: these are no alarms" in caplog.text
    assert say(found._house, "HassTimerStatus") == "Five minutes left."


@pytest.mark.parametrize(
    ("state", "muted"),
    [
        ({"house": 7, "muted": False}, False),
        ({"muted": "perhaps"}, True),
        ({"muted": None}, True),
        ({"house": {}}, True),
    ],
)
async def test_of_a_strange_state_the_mute_is_believed(tmp_path: Path, state: dict[str, object], muted: bool) -> None:
    Store(tmp_path).save(state)
    found, _ = kept(tmp_path)
    await found.restore()
    assert found.muted is muted


@pytest.mark.parametrize("environ", [{"STATE_DIRECTORY": "/a:/b"}, {"XDG_STATE_HOME": "/a"}, {}])
def test_where_it_is_kept(environ: dict[str, str]) -> None:
    from voiced.app import state_directory
    from voiced.config import Config

    wanted = {"STATE_DIRECTORY": Path("/a"), "XDG_STATE_HOME": Path("/a/voiced")}
    of_user = Path.home() / ".local/state/voiced"
    assert state_directory(Config(), environ) == (wanted[next(iter(environ))] if environ else of_user)
    assert state_directory(Config(state_dir=Path("/c")), environ) == Path("/c")
