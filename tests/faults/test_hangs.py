"""Rows D2 and D3 of the target table: parts of the daemon, and the daemon itself, hang, crash and die.

Ear, engine and mouth follow a script; they are processes all the same.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.daemon import Daemon
from tests.faults.houses import ALL, CLOSE, own, scripted

LACKS = {"ear": "no sound", "engine": "no model", "mouth": "no voice"}


@pytest.mark.row("D2", "D10")
async def test_d2_parts_that_hang_or_die_are_said_and_replaced(tmp_path: Path, figure: Figure) -> None:
    """Ear, engine and mouth killed and stopped, and the broker frozen; the watchdog is fed all the while."""

    async def goes(part: str) -> None:
        with own(tmp_path, part) as (folder, broker):
            async with scripted(folder, broker) as (one, _):
                began = time.monotonic()
                if part == "broker":
                    broker.freeze()
                    figure("broker_said_s", await one.until(lambda: "no broker" in one.status), "D2")
                    broker.thaw()
                    await one.ready()
                else:
                    for starts, number in ((2, signal.SIGKILL), (3, signal.SIGSTOP)):
                        before = one.child(part)
                        os.kill(before, number)
                        if number == signal.SIGSTOP:
                            noticed = functools.partial(_noticed, one, part, before)
                            figure(f"{part}_said_s", await one.until(noticed), "D2")
                        # one that is stopped while it starts has the time that a start may take
                        await one.until(functools.partial(_started, one, part, starts))
                        await one.ready()
                figure(f"{part}_back_s", time.monotonic() - began, "D2")
                at = time.monotonic()
                await one.until(lambda: one.pings_since(at) >= 2)
                gaps = [later - earlier for (earlier, _), (later, _) in pairwise(pings(one, began))]
                figure("longest_between_pings_s", max(gaps), "D2")
                minutes = (time.monotonic() - began) / 60
                figure("lines_a_minute", len(one.log) / (minutes + 2), "D10")

    await asyncio.gather(*map(goes, (*ALL, "broker")))


def _noticed(one: Daemon, part: str, before: int) -> bool:
    """Said, or replaced: what is back within a beat of the status need not be said."""
    return LACKS[part] in one.status or one.replaced(part, before)


def _started(one: Daemon, part: str, times: int) -> bool:
    return sum(f"the {part} is ready" in line for line in one.log) >= times


def pings(one: Daemon, since: float) -> list[tuple[float, str]]:
    return [(at, line) for at, line in one.told_systemd if at > since and line == "WATCHDOG=1"]


@pytest.mark.row("D2")
async def test_d2_a_core_that_hangs_pings_no_more(tmp_path: Path, figure: Figure) -> None:
    """Stopped; in a call that does not return; in one that holds the interpreter; waiting for what never comes."""

    async def hangs(fault: str) -> float:
        with own(tmp_path, fault) as (folder, broker):
            async with scripted(folder, broker, fault=fault) as (one, _):
                at = time.monotonic()
                await one.until(lambda: one.pings_since(at) >= 1)
                if fault == "stop":
                    one.process.send_signal(signal.SIGSTOP)
                    hung = time.monotonic()
                else:
                    hung = await one.goes_wrong()
                await asyncio.sleep(15)
                return max((at - hung for at, _ in pings(one, hung)), default=0.0)

    ended_s = max(await asyncio.gather(*map(hangs, ("stop", "loop", "gil", "lock"))))
    figure("pings_end_s", ended_s)
    assert ended_s < 10, "no slowness lets a program that hangs ping"


@pytest.mark.row("D3")
async def test_d3_an_engine_that_crashes_aborts_or_hangs_is_replaced(tmp_path: Path, figure: Figure) -> None:
    async def goes(fault: str) -> None:
        with own(tmp_path, fault) as (folder, broker):
            async with scripted(folder, broker) as (one, house):
                before, at = one.child("engine"), time.monotonic()
                await house.ask(f"please {fault}")
                await one.happens("request_refused", request="ask")
                await one.until(lambda: one.replaced("engine", before))
                await one.ready()
                figure(f"{fault}_back_s", time.monotonic() - at)
                await one.obeys(house)
                assert house.commands() == CLOSE

    await asyncio.gather(*map(goes, ("crash", "abort", "hang")))


@pytest.mark.row("D3")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hangs"])
async def test_d3_a_part_that_goes_in_mid_turn_sends_nothing_and_the_next_turn_works(
    number: signal.Signals, tmp_path: Path, figure: Figure
) -> None:
    """The ear, the engine and the mouth, each in a house of its own."""

    async def goes(part: str) -> None:
        with own(tmp_path, part) as (folder, broker):
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
                    figure(f"{part}_told_s", time.monotonic() - at)
                    await one.happens("turn_end")
                    assert house.commands() == []
                    assert "not_said" not in one.kinds(), "the apology was spoken"
                await one.until(lambda: one.replaced(part, before))
                await one.ready()
                house.seen.clear()
                await one.speaks("confirmed")
                assert house.commands() == CLOSE

    await asyncio.gather(*map(goes, ALL))
