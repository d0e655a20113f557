"""Rows D2 and D6 of the target table: disks that are full, read-only, failing, or do not answer stop no command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.daemon import Daemon, House
from tests.faults.houses import scripted
from voiced.adapters.mosquitto import Mosquitto


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A disk of 64 kB in memory."""
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size=64k,{options}", "none", str(folder)], check=False
    ).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.asynccontextmanager
async def failing(one: Daemon, error: str) -> AsyncIterator[None]:
    """fsync returns this error to the core, by strace."""
    inject = ["-f", "-qq", "-e", "trace=fsync", "-e", f"inject=fsync:error={error}", "-o", "/dev/null"]
    tracer = await asyncio.create_subprocess_exec(
        "strace", *inject, "-p", str(one.process.pid), stderr=asyncio.subprocess.PIPE
    )

    def traced() -> bool:
        status = Path(f"/proc/{one.process.pid}/status").read_text("utf-8")
        return f"TracerPid:\t{tracer.pid}\n" in status

    try:
        while not traced():
            if tracer.returncode is not None:
                assert tracer.stderr is not None
                pytest.skip(f"strace may not trace here: {(await tracer.stderr.read()).decode().strip()}")
            await asyncio.sleep(0.05)
        yield
    finally:
        if tracer.returncode is None:
            tracer.send_signal(signal.SIGINT)
            await tracer.wait()


async def commands_work(one: Daemon, house: House) -> None:
    one.forget()
    await house.ask("close the garage door")
    await one.happens("confirmed")


def warnings(one: Daemon) -> int:
    return sum("cannot be written" in line and "ERROR" in line for line in one.log)


def kept_timers(folder: Path) -> int:
    state = json.loads((folder / "state" / "state.json").read_text("utf-8"))["state"]
    return len(state["house"]["timers"]["timers"])


@pytest.mark.row("D2", "D6")
async def test_d2_a_disk_that_does_not_answer_is_said_and_commands_work(tmp_path: Path, mosquitto: Mosquitto) -> None:
    async with scripted(tmp_path, mosquitto, fault="fsync") as (one, house):
        await one.goes_wrong()
        await house.ask("set a timer for five minutes")
        await one.until(lambda: "nothing is kept" in one.status)
        await commands_work(one, house)


@pytest.mark.row("D6")
async def test_d6_where_every_write_fails_no_command_does_and_it_is_forgiven(
    tmp_path: Path, mosquitto: Mosquitto, figure: Figure
) -> None:
    """What is written beside the state goes to /dev/full, and once there is room again, to the disk by itself."""
    (state := tmp_path / "state").mkdir()
    (state / "state.json.new").symlink_to("/dev/full")
    async with scripted(tmp_path, mosquitto) as (one, house):
        for minutes in ("five", "six", "seven"):
            await house.ask(f"set a timer for {minutes} minutes")
            await one.happens("turn_end")
        await one.until(lambda: "nothing is kept" in one.status)
        await one.until(lambda: "nothing is kept" in str(house.state.get("lacks")))
        await commands_work(one, house)
        figure("warnings", warnings(one))
        (state / "state.json.new").unlink()
        figure("recovered_s", await one.until(lambda: "nothing is kept" not in one.status))
        assert kept_timers(tmp_path) == 3


@pytest.mark.row("D6")
@pytest.mark.parametrize("trouble", ["full", "read-only", "failing"])
async def test_d6_a_disk_stops_no_command_and_what_was_not_kept_is_kept_with_the_next_change(
    tmp_path: Path, mosquitto: Mosquitto, figure: Figure, trouble: str
) -> None:
    """A real one without room, one that is read-only, and one whose fsync fails with EIO."""
    state, words = tmp_path / "state", {"full": "No space", "read-only": "Read-only", "failing": "Input/output error"}
    async with contextlib.AsyncExitStack() as stack:
        if trouble == "failing" and not shutil.which("strace"):
            pytest.skip("strace is not installed")
        if trouble != "failing":
            stack.enter_context(mounted(state, "ro" if trouble == "read-only" else "rw"))
        if trouble == "full":
            with contextlib.suppress(OSError):
                (state / "filling").write_bytes(bytes(1 << 20))
        one, house = await stack.enter_async_context(scripted(tmp_path, mosquitto))
        async with failing(one, "EIO") if trouble == "failing" else contextlib.nullcontext():
            await house.ask("set a timer for five minutes")
            await one.until(lambda: "nothing is kept" in one.status)
            assert words[trouble] in one.status
            await commands_work(one, house)
            figure("warnings", warnings(one))
        if trouble == "full":
            (state / "filling").unlink()
        elif trouble == "read-only":
            subprocess.run(["mount", "-o", "remount,rw", str(state)], check=True)  # noqa: ASYNC221
        await house.ask("set a timer for six minutes")
        await one.until(lambda: "nothing is kept" not in one.status)
        assert kept_timers(tmp_path) == 2
