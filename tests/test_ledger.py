"""What a turn took, told in every form."""

from __future__ import annotations

import asyncio
import errno
import json
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from voiced.adapters.ledgerfile import LedgerFile
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.adapters.prometheus import Metrics
from voiced.app import ledger_file
from voiced.cli import main
from voiced.commands.ledger import follow
from voiced.commands.waterfall import histogram, one_line, waterfall
from voiced.config import BrokerConfig, Config, LedgerConfig
from voiced.configfile import load_config
from voiced.errors import BrokerError, ConfigError
from voiced.ledger import Ledger, Mark, percentile, totals
from voiced.messages import EngineTimes, Hearing
from voiced.service.accounting import Accounting

TURN = Ledger(
    7,
    {
        Mark.HUSH: 120.0,
        Mark.DECIDED: 190.0,
        Mark.END: 220.0,
        Mark.POLICY: 221.0,
        Mark.PUBLISHED: 222.0,
        Mark.CONFIRMED: 240.0,
        Mark.FIRST_SOUND: 250.0,
    },
    EngineTimes(200.0, 90.0, 35.0, 25.0, 2, 60, 20.0, (10.0, 12.0)),
    certainty=0.93,
)
ms = st.integers(-2000, 20000).map(lambda tenths: tenths / 10)
positive = st.integers(0, 5000).map(lambda tenths: tenths / 10)
ledgers = st.builds(
    Ledger,
    st.integers(1, 1000),
    st.dictionaries(st.sampled_from(list(Mark)), ms),
    st.builds(
        lambda choices, encode, rest, more: EngineTimes(
            encode, 0.0, encode + rest, sum(choices) + more, len(choices), 9, encode, tuple(choices)
        ),
        st.lists(positive, max_size=6),
        positive,
        positive,
        positive,
    ),
    st.integers(0, 5),
    st.none() | st.integers(0, 1000).map(lambda p: p / 1000),
    st.sampled_from(["", "nano", "e2b"]),
    st.sampled_from(["", "German"]),
    st.sampled_from(list(Hearing)),
)


def screen() -> Console:
    return Console(width=120, record=True, file=Path("/dev/null").open("w"))


def test_the_engines_work_lies_hidden_in_the_silence() -> None:
    names = [stage.name for stage in TURN.stages()]

    assert names == [
        "silence", "queue", "encode", "prefill", "choice 1", "choice 2", "judge", "policy", "publish", "confirm",
        "answer",
    ]  # fmt: skip
    assert TURN.hidden_ms == pytest.approx(70)
    assert TURN.within_budget


def test_hearing_again_is_a_stage_of_its_own_and_no_part_of_the_first_decision() -> None:
    marks = {Mark.HUSH: 120.0, Mark.DECIDED: 190.0, Mark.END: 700.0, Mark.REHEARD: 2900.0, Mark.POLICY: 2901.0}
    again = Ledger(1, {**marks, Mark.PUBLISHED: 2902.0}, TURN.engine, hearing=Hearing.WITHOUT_NOISE)
    took = {stage.name: (stage.from_ms, stage.to_ms) for stage in again.stages()}

    assert took["rehearing"] == (700.0, 2900.0)
    assert took["judge"][1] == 190.0
    assert took["policy"] == (2900.0, 2901.0)
    assert again.to_json()["hearing"] == "without_noise"
    assert not again.within_budget


def test_work_after_the_end_is_paid_for() -> None:
    late = Ledger(1, {Mark.HUSH: 120.0, Mark.DECIDED: 400.0, Mark.END: 300.0, Mark.PUBLISHED: 401.0}, TURN.engine)

    assert late.hidden_ms == pytest.approx(180)
    assert not late.within_budget
    assert late.stages()[-1].from_ms == 400.0


@given(ledgers)
def test_what_is_written_is_read_again(ledger: Ledger) -> None:
    data = json.loads(json.dumps(ledger.to_json()))

    assert Ledger.from_json(data).to_json()["spent_ms"] == data["spent_ms"]
    again = Ledger.from_json(data)
    assert again.turn == ledger.turn
    assert again.marks == pytest.approx(dict(ledger.marks))
    assert again.engine.choice_ms == pytest.approx(ledger.engine.choice_ms)
    assert again.certainty == ledger.certainty
    assert Ledger.from_json(again.to_json()) == again, "what was rounded once is not rounded again"


@given(ledgers)
def test_no_stage_ends_before_it_begins_and_nothing_hidden_is_longer_than_it(ledger: Ledger) -> None:
    for stage in ledger.stages():
        assert stage.from_ms <= stage.to_ms or stage.name == "silence"
        assert 0 <= stage.hidden_ms <= stage.ms + 1e-6 or stage.name == "silence"


@given(st.lists(ledgers, max_size=8))
def test_every_ledger_can_be_shown(many: list[Ledger]) -> None:
    console = screen()
    for one in many:
        console.print(one_line(one))
        console.print(waterfall(one))
        assert one.line().startswith(f"turn {one.turn}: ")
    console.print(histogram(many))
    sums = totals(many)
    assert sum(count for _, count in sums.bins) == sums.sent <= sums.turns == len(many)


@given(st.lists(ms, min_size=1))
def test_percentiles_are_values_that_occurred(values: list[float]) -> None:
    p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
    assert p50 in values
    assert p95 in values
    assert p50 <= p95
    assert sum(v <= p95 for v in values) >= 0.95 * len(values)


@pytest.mark.parametrize("damage", [{"hush_ms": "soon"}, {"choice_ms": 3}, {"turn": [1]}, {"certainty": True}])
def test_what_is_no_ledger_is_said_to_be_none(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="number"):
        Ledger.from_json({**TURN.to_json(), **damage})


def test_the_file_stays_bounded_and_survives_a_half_line(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.jsonl"
    for start in (0, 50):
        file = LedgerFile(path, 10)  # a restart of the daemon in between
        for number in range(start, start + 50):
            file.append({"turn": number})
        with path.open("a") as torn:
            torn.write('{"turn": 9')
            torn.write("\n")
    turns = [turn["turn"] for turn in LedgerFile(path, 10).read()]
    assert 10 <= len(turns) < 20
    assert turns[-1] == 99
    assert turns == sorted(turns)  # type: ignore[type-var]


def test_after_a_power_cut_the_next_turn_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    file = LedgerFile(path, 5)
    file.append({"turn": 1})
    for turn in (2, 3):  # the second time the daemon goes on: the disk was full for a while
        with path.open("a") as torn:
            torn.write('{"turn": 9, "ma')
        if turn == 2:
            file = LedgerFile(path, 5)
        file.append({"turn": turn})
    assert [turn["turn"] for turn in file.read()] == [1, 2, 3]


def test_nothing_touches_a_disk_unless_asked(tmp_path: Path) -> None:
    for keep in (0, 5):
        config = Config(state_dir=tmp_path, ledger=LedgerConfig(keep))
        accounting = Accounting(ledger_file(config), metrics_port=0)
        accounting.tell({"event": "turn_end", "t_ms": 0, "ledger": TURN.to_json()})
        accounting.tell({"event": "decision", "t_ms": 0, "calls": ["what was said"]})
        accounting.close()
        assert (tmp_path / "ledger.jsonl").exists() == bool(keep)
    assert "said" not in (tmp_path / "ledger.jsonl").read_text()


def test_metrics_are_served_on_this_machine_only() -> None:
    with Metrics(port=0) as metrics:
        metrics.turn(spent_ms=222.0, hidden_ms=70.0, abandoned=1, stages_ms={"encode": 20.0})
        metrics.turn(spent_ms=None, hidden_ms=0.0, abandoned=0, stages_ms={})
        metrics.wakes({"alexa": (1, 2, 0)})
        metrics.wakes({"alexa": (1, 5, 1)})
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        with pytest.raises(ConfigError, match="cannot be opened"):
            Metrics(port=metrics.port)
    assert 'voiced_turns_total{sent="yes"} 1.0' in text
    assert "voiced_speculations_abandoned_total 1.0" in text
    assert 'voiced_wakes_total{outcome="near_miss",word="alexa"} 5.0' in text
    assert 'voiced_turn_seconds_bucket{le="0.25"} 1.0' in text
    assert 'voiced_turn_seconds_bucket{le="0.2"} 0.0' in text


def test_the_command_shows_what_was_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "voiced.toml"
    config.write_text('state_dir = "state"\n[ledger]\nkeep_turns = 10\n')
    accounting = Accounting(ledger_file(load_config(config.read_text(), base=tmp_path)), metrics_port=0)
    accounting.tell({"event": "turn_end", "t_ms": 0, "ledger": TURN.to_json()})

    assert main(["ledger", "--config", str(config)]) == 0
    shown = capsys.readouterr().out
    assert main(["ledger", "--config", str(config), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert "turn 7: 222 of 300 ms" in shown
    assert "choice 2" in shown
    assert "p95 222 ms" in shown
    assert lines[0]["choice_ms"] == [10.0, 12.0]
    assert lines[-1] == {"turns": 1, "sent": 1, "p50_ms": 222.0, "p95_ms": 222.0}


def test_what_may_not_be_read_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service's state folder is its own user's, so nearly everybody meets this."""
    config, kept = tmp_path / "voiced.toml", tmp_path / "ledger.jsonl"
    config.write_text('state_dir = "."\n[ledger]\nkeep_turns = 10\n')
    kept.mkdir()
    assert main(["ledger", "--config", str(config)]) == 64
    assert capsys.readouterr().err == f"voiced: {kept}: Is a directory\n"

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", str(kept))

    monkeypatch.setattr(LedgerFile, "read", refused)
    assert main(["ledger", "--config", str(config), "--json"]) == 64
    assert capsys.readouterr().err == f"voiced: {kept}: Permission denied: try with sudo\n"


def test_who_keeps_none_is_told_how_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger"]) == 78
    assert "keep_turns" in capsys.readouterr().err


def test_keeping_needs_a_folder() -> None:
    with pytest.raises(ConfigError, match="keep_turns: needs state_dir"):
        load_config("[ledger]\nkeep_turns = 3\n")


async def test_turns_are_followed_live_from_the_broker() -> None:
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    seen: asyncio.Queue[str] = asyncio.Queue()
    with Mosquitto() as server:
        config = Config(broker=BrokerConfig("127.0.0.1", server.port))
        following = asyncio.create_task(follow(config, seen.put_nowait))
        async with MqttBroker(host="127.0.0.1", port=server.port, device_id=config.id) as daemon:
            await daemon.wait_connected(30)
            async with asyncio.timeout(30):
                while seen.empty():  # until the follower has subscribed
                    await daemon.publish(f"voiced/{config.id}/ledger", json.dumps(TURN.to_json()))
                    await asyncio.sleep(0.1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    assert Ledger.from_json(json.loads(seen.get_nowait())).turn == 7
