"""Rows D10, D11, D12, E10 and E11 of the target table: the daemon idle, muted, and asked by everybody at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.daemon import Daemon, house_at
from tests.faults.houses import ALL, scripted
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto


@pytest.mark.row("E11")
async def test_e11_mute_leaves_no_handle_and_survives_a_crash(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, figure: Figure
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
            figure("no_handle_ms", (time.monotonic() - at) * 1000)
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
            one.process.send_signal(signal.SIGUSR1)  # the button of who has none
            await one.until(lambda: one.status == "muted")
            assert server.recorded() == set()


@pytest.mark.row("D10", "D11", "E10")
async def test_d10_d11_e10_idle_it_writes_nothing_and_tells_nothing(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, figure: Figure
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
        figure("bytes_written_in_20_s", written, "D11")
        assert written == 0
        figure("lines_in_20_s", len(one.log) - lines, "D10")
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
    tmp_path: Path, mosquitto: Mosquitto, figure: Figure
) -> None:
    async with scripted(tmp_path, mosquitto) as (one, house):
        one.speak()
        for number in range(100):
            await house.link.publish("voiced/t/listen" if number % 2 else "voiced/t/ask", "close the garage door")

        def turns() -> set[object]:
            return {h["turn"] for h in one.happened if "turn" in h}

        # What was spoken may fall into the turn that a trigger has opened: then it opens none of its own.
        await one.until(lambda: one.kinds().count("request_refused") + len(turns()) >= 100)
        await one.happens("speech_start")
        ended = await one.happens("speech_end")  # as long as somebody speaks, nobody is idle
        at = time.monotonic()
        await one.until(lambda: house.state.get("state") == "idle")
        await one.happens("turn_end")
        figure("idle_again_s", time.monotonic() - at + (float(str(ended["t_ms"])) - float(str(ended["t0_ms"]))) / 1000)
        opened = 0
        for kind in one.kinds():
            opened += (kind in ("wake", "listening")) - (kind == "speech_end")
            assert opened <= 1, "never two at once"
        assert len(house.commands()) <= len(turns())
        await one.speaks("first_sound")
