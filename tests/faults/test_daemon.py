"""Rows D2, D3, D4, D9, D10, D11, D12 and E11 of the target table: the whole daemon while its parts are taken away.

Ear, engine and mouth follow a script where the row is not about sound, model or voice; they are processes all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.daemon import Daemon, House, house_at
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto, find_mosquitto
from voiced.config import MODELS
from voiced.errors import BrokerError

try:
    find_mosquitto()
except BrokerError as error:
    pytest.skip(str(error), allow_module_level=True)

ALL = ("ear", "engine", "mouth")
CLOSE = [("demo/garage/door/set", "CLOSE")]
LACKS = {"ear": "no sound", "engine": "no model", "mouth": "no voice"}
Record = Callable[[str, object], None]


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@contextlib.asynccontextmanager
async def scripted(folder: Path, broker: Mosquitto, *, fault: str = "") -> AsyncIterator[tuple[Daemon, House]]:
    async with house_at(broker.port) as house, Daemon(folder, broker.port, scripted=ALL, fault=fault) as one:
        await one.ready()
        yield one, house


@pytest.mark.row("D2", "D10")
async def test_d2_parts_that_hang_or_die_are_said_and_replaced(tmp_path: Path, record_property: Record) -> None:
    """Ear, engine and mouth killed and stopped, and the broker frozen; the watchdog is fed all the while."""

    async def goes(part: str) -> None:
        with _own(tmp_path, part) as (folder, broker):
            async with scripted(folder, broker) as (one, _):
                began = time.monotonic()
                if part == "broker":
                    broker.freeze()
                    record_property("broker_said_s", await one.until(lambda: "no broker" in one.status))
                    broker.thaw()
                    await one.ready()
                else:
                    for number in (signal.SIGKILL, signal.SIGSTOP):
                        before = one.child(part)
                        os.kill(before, number)
                        if number == signal.SIGSTOP:  # what is back within a beat need not be said
                            record_property(f"{part}_said_s", await one.until(lambda: LACKS[part] in one.status))
                        await one.until(functools.partial(one.replaced, part, before))
                        await one.ready()
                record_property(f"{part}_back_s", time.monotonic() - began)
                at = time.monotonic()
                await one.until(lambda: one.pings_since(at) >= 2)
                gaps = [later - earlier for (earlier, _), (later, _) in pairwise(_pings(one, began))]
                record_property("longest_between_pings_s", max(gaps))
                minutes = (time.monotonic() - began) / 60
                assert len(one.log) < 20 * (minutes + 2), "a storm of faults is no storm of lines"

    await asyncio.gather(*map(goes, (*ALL, "broker")))


@contextlib.contextmanager
def _own(folder: Path, name: str) -> Iterator[tuple[Path, Mosquitto]]:
    """A folder and a broker of one's own, for what runs beside others."""
    (own := folder / name.replace(" ", "-")).mkdir()
    with Mosquitto() as broker:
        yield own, broker


def _pings(one: Daemon, since: float) -> list[tuple[float, str]]:
    return [(at, line) for at, line in one.told_systemd if at > since and line == "WATCHDOG=1"]


@pytest.mark.row("D2")
async def test_d2_a_core_that_hangs_pings_no_more(tmp_path: Path, record_property: Record) -> None:
    """Stopped; in a call that does not return; in one that holds the interpreter; waiting for what never comes."""

    async def hangs(fault: str) -> float:
        with _own(tmp_path, fault) as (folder, broker):
            async with scripted(folder, broker, fault=fault) as (one, _):
                at = time.monotonic()
                await one.until(lambda: one.pings_since(at) >= 1)
                if fault == "stop":
                    one.process.send_signal(signal.SIGSTOP)
                    hung = time.monotonic()
                else:
                    hung = await one.goes_wrong()
                await asyncio.sleep(15)
                return max((at - hung for at, _ in _pings(one, hung)), default=0.0)

    ended_s = max(await asyncio.gather(*map(hangs, ("stop", "loop", "gil", "lock"))))
    record_property("pings_end_s", ended_s)
    assert ended_s < 10


@pytest.mark.row("D2", "D6")
async def test_d2_a_disk_that_does_not_answer_is_said_and_commands_work(tmp_path: Path, mosquitto: Mosquitto) -> None:
    async with scripted(tmp_path, mosquitto, fault="fsync") as (one, house):
        await one.goes_wrong()
        await house.ask("set a timer for five minutes")
        await one.until(lambda: "nothing is kept" in one.status)
        await house.ask("close the garage door")
        await house.sees(lambda m: m.payload == b"CLOSE")


@pytest.mark.row("D3")
async def test_d3_an_engine_that_crashes_aborts_or_hangs_is_replaced(tmp_path: Path, record_property: Record) -> None:
    async def goes(fault: str) -> None:
        with _own(tmp_path, fault) as (folder, broker):
            async with scripted(folder, broker) as (one, house):
                before, at = one.child("engine"), time.monotonic()
                await house.ask(f"please {fault}")
                await one.happens("request_refused", request="ask")
                await one.until(lambda: one.replaced("engine", before))
                await one.ready()
                record_property(f"{fault}_back_s", time.monotonic() - at)
                await house.ask("close the garage door")
                await one.happens("confirmed")
                assert house.commands() == CLOSE

    await asyncio.gather(*map(goes, ("crash", "abort", "hang")))


@pytest.mark.row("D3")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hangs"])
async def test_d3_a_part_that_goes_in_mid_turn_sends_nothing_and_the_next_turn_works(
    number: signal.Signals, tmp_path: Path, record_property: Record
) -> None:
    """The ear, the engine and the mouth, each in a house of its own."""

    async def goes(part: str) -> None:
        with _own(tmp_path, part) as (folder, broker):
            async with scripted(folder, broker) as (one, house):
                before = one.child(part)
                one.at("speech_start", lambda: os.kill(before, number))
                one.speak()
                await one.happens("speech_start")
                at = time.monotonic()
                if part == "mouth":  # the house does what was said; only nobody can say so
                    if number == signal.SIGSTOP:
                        await one.happens("not_said")
                    await one.happens("turn_end")
                    assert house.commands() == CLOSE
                else:
                    await one.happens("failed")
                    record_property(f"{part}_told_s", time.monotonic() - at)
                    await one.happens("turn_end")
                    assert house.commands() == []
                    assert "not_said" not in one.kinds(), "the apology was spoken"
                await one.until(lambda: one.replaced(part, before))
                await one.ready()
                house.seen.clear()
                one.forget()
                one.speak()
                await one.happens("first_sound")
                assert house.commands() == CLOSE

    await asyncio.gather(*map(goes, ALL))


@pytest.mark.row("E11")
async def test_e11_mute_leaves_no_handle_and_survives_a_crash(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, record_property: Record
) -> None:
    def daemon() -> Daemon:
        return Daemon(tmp_path, mosquitto.port, device="mic", scripted=("engine", "mouth"))

    async with house_at(mosquitto.port) as house:
        async with daemon() as one:
            await one.ready()
            assert server.recorded() == {"mic"}
            ear, at = one.child("ear"), time.monotonic()
            await house.link.publish("voiced/t/mute", "on")
            await one.until(lambda: not Path(f"/proc/{ear}").exists())
            record_property("no_handle_ms", (time.monotonic() - at) * 1000)
            assert server.recorded() == set()
            await one.until(lambda: house.state.get("muted") is True)
            one.process.kill()
            await one.process.wait()
        async with daemon() as one:
            await one.until(lambda: one.status == "muted")
            assert "READY=1" in one.notified
            assert server.recorded() == set()
            await house.link.publish("voiced/t/listen", "")
            await one.happens("request_refused", request="listen")
            assert server.recorded() == set()
            await house.link.publish("voiced/t/mute", "off")
            await one.ready()
            assert server.recorded() == {"mic"}


@pytest.mark.row("D4")
async def test_d4_without_microphone_loudspeaker_model_and_broker_it_stays_and_says_so(
    tmp_path: Path, server: SoundServer
) -> None:
    """All of them by their names; a model that is put in its place later is taken."""
    model = tmp_path / "model"
    broker = Mosquitto()
    async with Daemon(
        tmp_path, broker.port, device="no such thing", speaker="no such thing", more=f'[model]\npath = "{model}"'
    ) as one:
        await one.until(lambda: "READY=1" in one.notified)
        for said in ("no sound: there is no microphone called 'no such thing'", f"no model: {model}", "no voice",
                     "no broker"):  # fmt: skip
            await one.until(lambda: said in one.status)  # noqa: B023
        at = time.monotonic()
        await one.until(lambda: one.pings_since(at) >= 3)
        shutil.copytree(MODELS / "nano", model)
        (model / "nano.toml").rename(model / "model.toml")
        await one.until(lambda: "no model" not in one.status)
        with broker:
            await one.until(lambda: "no broker" not in one.status)
        assert "Traceback" not in "\n".join(one.log)


@pytest.mark.row("D4")
@pytest.mark.parametrize(
    ("text", "key"), [("[microphone]\ndevise = 1\n", "microphone.devise"), ("[turn]\nend_ms = -3\n", "turn.end_ms"),
                      ("= 3", "voiced.toml"), ('home = "nowhere.toml"\n', "nowhere.toml")],
)  # fmt: skip
def test_d4_a_wrong_configuration_is_one_line_and_status_78(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "voiced", "run", "--config", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert key in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.row("D9")
async def test_d9_sigterm_at_any_moment(tmp_path: Path, record_property: Record) -> None:
    async def leaves(moment: str) -> None:
        with _own(tmp_path, moment) as (folder, broker):
            async with house_at(broker.port) as house, Daemon(folder, broker.port, scripted=ALL) as one:
                await one.until(lambda: one.status if moment == "starting" else one.status == "listening")
                match moment:
                    case "words":
                        one.speak()
                        await one.happens("speech_start")
                    case "no ear" | "no engine":
                        os.kill(one.child(moment.split()[1]), signal.SIGSTOP)
                    case "no broker":
                        broker.freeze()
                    case "muted":
                        await house.link.publish("voiced/t/mute", "on")
                        await one.until(lambda: one.status == "muted")
                record_property(f"{moment.replace(' ', '_')}_s", await one.ends(signal.SIGTERM))
                broker.thaw()
                assert one.process.returncode == 0, one.log[-5:]
                assert "terminate" not in "\n".join(one.log)
                if moment != "no broker":
                    await one_says_offline(house)

    for moments in (("starting", "listening", "words", "muted"), ("no ear", "no engine", "no broker")):
        await asyncio.gather(*map(leaves, moments))


async def one_says_offline(house: House) -> None:
    async with asyncio.timeout(60):
        while house.state.get("state") != "offline":  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.row("D9")
async def test_d9_sigterm_while_real_parts_load_listen_and_speak(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, record_property: Record
) -> None:
    """The voice renders in a native thread, the microphone is read in another: none of them is torn."""
    async with house_at(mosquitto.port) as house:
        async with Daemon(tmp_path, mosquitto.port, device="mic") as one:
            await one.ready()
            await house.link.publish("voiced/t/say", "One. Two is a longer sentence, and it takes a while. Three.")
            await one.happens("announce")
            record_property("speaking_s", await one.ends(signal.SIGTERM))
            assert one.process.returncode == 0
        async with Daemon(tmp_path, mosquitto.port, device="mic") as one:
            await one.until(lambda: one.status)
            record_property("loading_s", await one.ends(signal.SIGTERM))
            assert one.process.returncode == 0
            said = "\n".join(one.log)
            assert "terminate" not in said
            assert "Traceback" not in said


@pytest.mark.row("D10", "D11", "E10")
async def test_d10_d11_e10_idle_it_writes_nothing_and_tells_nothing(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, record_property: Record
) -> None:
    """After a loud command through live sound, too: nothing heard is in any file, and no core would be dumped."""
    async with house_at(mosquitto.port) as house, Daemon(tmp_path, mosquitto.port, device="mic") as one:
        await one.ready()
        await house.ask("close the garage door")
        await one.happens("turn_end")
        await asyncio.sleep(3)
        pids = [one.process.pid, *map(one.child, ALL)]
        before, lines = [_written(pid) for pid in pids], len(one.log)
        await asyncio.sleep(20)
        written = sum(_written(pid) for pid in pids) - sum(before)
        record_property("bytes_written_in_20_s", written)
        assert written == 0
        record_property("lines_in_20_s", len(one.log) - lines)
        assert len(one.log) - lines <= 7, "at most twenty lines a minute"
        for pid in pids:
            limit = next(line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line)
            assert limit.split()[4:6] == ["0", "0"]
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    path = handle.resolve()
                    writes = int((handle.parent.parent / "fdinfo" / handle.name).read_text().split()[3], 8) & 0o3
                    own = path.is_relative_to(tmp_path) and path.name in ("log", "notify", "native")
                    assert not (path.is_file() and writes and not own), f"{path} is open for writing"
        kept = {path.name for path in (tmp_path / "state").rglob("*") if path.is_file()}
        assert {name.split("-")[0] for name in kept} <= {"state.json", "prefix"}
        assert "garage" not in "\n".join(one.log), "what was said is in no log"


def _written(pid: int) -> int:
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])


@pytest.mark.row("D12")
async def test_d12_a_hundred_triggers_at_once_are_one_session(
    tmp_path: Path, mosquitto: Mosquitto, record_property: Record
) -> None:
    async with scripted(tmp_path, mosquitto) as (one, house):
        one.speak()
        for number in range(100):
            await house.link.publish("voiced/t/listen" if number % 2 else "voiced/t/ask", "close the garage door")
        for _ in range(40):
            await one.happens("request_refused")
        at = time.monotonic()
        await one.until(lambda: house.state.get("state") == "idle")
        await one.until(lambda: "turn_end" in one.kinds())
        record_property("idle_again_s", time.monotonic() - at)
        opened = [h for h in one.happened if h["event"] in ("wake", "listening")]
        turns = {h["turn"] for h in one.happened if "turn" in h}
        assert len(opened) <= 2
        assert len(house.commands()) <= len(turns)
        one.forget()
        one.speak()
        await one.happens("first_sound")


@pytest.mark.row("D6")
async def test_d6_a_full_disk_stops_no_command_and_is_forgiven(
    tmp_path: Path, mosquitto: Mosquitto, record_property: Record
) -> None:
    """Every write ends in ENOSPC (what is written beside the state goes to /dev/full), then there is room again."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "state.json.new").symlink_to("/dev/full")
    async with scripted(tmp_path, mosquitto) as (one, house):
        for minutes in ("five", "six", "seven"):
            await house.ask(f"set a timer for {minutes} minutes")
            await one.happens("turn_end")
        await one.until(lambda: "nothing is kept" in one.status)
        assert any("nothing is kept" in str(lack) for lack in _list(house.state.get("lacks")))
        await house.ask("close the garage door")
        await one.happens("confirmed")
        warnings = [line for line in one.log if "cannot be written" in line and "ERROR" in line]
        record_property("warnings", len(warnings))
        assert len(warnings) == 1
        (state / "state.json.new").unlink()
        record_property("recovered_s", await one.until(lambda: "nothing is kept" not in one.status))
        timers = json.loads((state / "state.json").read_text("utf-8"))["state"]["house"]["timers"]
        assert len(timers["timers"]) == 3


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


@pytest.mark.row("D6")
async def test_d6_a_disk_that_is_read_only_or_fails_stops_no_command(tmp_path: Path, mosquitto: Mosquitto) -> None:
    state = tmp_path / "state"
    state.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=64k", "none", str(state)], check=False).returncode:  # noqa: ASYNC221
        pytest.skip("nothing may be mounted here")
    try:
        async with scripted(tmp_path, mosquitto) as (one, house):
            await house.ask("set a timer for five minutes")
            await one.until(lambda: "nothing is kept" in one.status)
            assert "Read-only" in one.status
            await house.ask("close the garage door")
            await one.happens("confirmed")
            subprocess.run(["mount", "-o", "remount,rw", str(state)], check=True)  # noqa: ASYNC221
            await one.until(lambda: "nothing is kept" not in one.status)
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)  # noqa: ASYNC221
