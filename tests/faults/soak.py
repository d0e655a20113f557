"""The target table, measured: `tools/soak --budget 30m --json`. One JSON line a row, then what came of all of them.

A row repeats its fault until it has the trials that the table asks for, or its share of the budget is spent; then it
says how many it had. With `--out FILE` every row is kept there, and a soak that was cut short goes on with the rows
that are missing. `--markdown` writes the table of what is kept there, be it a soak's rows or those that
`tools/test --all` measured once; `--into README.md` puts it there, between its marks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from tests.faults import hour, test_broker, test_decoder, test_ear, test_inputs, test_links
from tests.faults.sound import SoundServer, sound_server
from tests.rows import Result, machine, today
from voiced.adapters.store import Store
from voiced.errors import ChannelError
from voiced.ledger import percentile
from voiced.messages import Call, Decision, EarLost, Frame, Verdict
from voiced.workers.channel import decode

_WAIT_S = 60.0
_FIRST = 12
"""Commands of the hour that tell how fast it goes here."""
BEGIN, END = "<!-- rows -->", "<!-- /rows -->"


@dataclass(slots=True)
class Share:
    """How long a row may go on, and how often."""

    until: float
    wanted: int
    done: int = 0

    def more(self) -> bool:
        self.done += 1
        if self.done <= self.wanted and (self.done <= 1 or time.monotonic() < self.until):
            return True
        self.done -= 1
        return False


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    what: str
    target: str
    wanted: int
    measure: Callable[[Share], Awaitable[tuple[dict[str, float], bool]]]


@dataclass(slots=True)
class Times:
    deaf_s: list[float] = field(default_factory=list)
    healed_s: list[float] = field(default_factory=list)
    never: int = 0

    def figure(self) -> tuple[dict[str, float], bool]:
        worst = {"deaf_max_s": max(self.deaf_s, default=0.0), "healed_max_s": max(self.healed_s, default=0.0)}
        halves = {"healed_median_s": statistics.median(self.healed_s) if self.healed_s else 0.0, "never": self.never}
        met = not self.never and worst["deaf_max_s"] <= 3 and worst["healed_max_s"] <= 5
        return {name: round(value, 2) for name, value in (worst | halves).items()}, met


@contextlib.asynccontextmanager
async def _sound() -> AsyncIterator[SoundServer]:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        servers = sound_server(Path(folder), patch)
        try:
            yield next(servers)
        finally:
            for _ in servers:
                pass


async def _ear(share: Share, fault: Callable[[SoundServer], None], mend: Callable[[SoundServer], None]) -> Times:
    times, chance = Times(), random.Random(7)
    async with _sound() as server, test_ear.listening("mic") as ear:
        while share.more():
            await asyncio.sleep(chance.uniform(0.0, 1.0))
            try:
                began = time.monotonic()
                await asyncio.to_thread(fault, server)
                times.deaf_s.append(await ear.after(began, EarLost, _WAIT_S))
                await asyncio.sleep(chance.uniform(0.0, 3.0))
                await asyncio.to_thread(mend, server)
                times.healed_s.append(await ear.after(time.monotonic(), Frame, _WAIT_S, count=10))
            except TimeoutError:
                times.never += 1
    return times


def _plug(server: SoundServer) -> None:
    server.plug("mic")
    server.ctl("set-default-source", "mic")


async def a1(share: Share) -> tuple[dict[str, float], bool]:
    return (await _ear(share, SoundServer.stop, SoundServer.start)).figure()


async def a2(share: Share) -> tuple[dict[str, float], bool]:
    return (await _ear(share, SoundServer.freeze, SoundServer.thaw)).figure()


async def a3(share: Share) -> tuple[dict[str, float], bool]:
    return (await _ear(share, lambda server: server.unplug("mic"), _plug)).figure()


async def a9(share: Share) -> tuple[dict[str, float], bool]:
    """As much of the hour as its share of the budget has room for, at the pace of its first minutes."""
    with tempfile.TemporaryDirectory() as folder:
        first = await hour.heard(Path(folder), _FIRST, backend="onnx")
        room = (share.until - time.monotonic()) * 0.8 * first.audio_s / first.took_s / hour.SLOT_S
        share.done = max(_FIRST, min(share.wanted, int(room)))
        figures = (await hour.heard(Path(folder), share.done, backend="onnx")).figures()
    met = figures["lost"] == figures["double"] == figures["files_more"] == figures["threads_more"] == 0
    met = met and figures.get("memory_mb_an_hour_at_most", math.inf) <= 1
    return figures, met and figures["p95_drift_percent"] <= 10


async def c1(share: Share) -> tuple[dict[str, float], bool]:
    """`test_broker.trial` fails where a command is late, twice, or untruly answered."""
    wrong, trials, chance = 0, 0, random.Random(os.urandom(8))

    async def lane() -> None:
        nonlocal wrong, trials
        while share.more():
            on = chance.random() < 0.5
            call = Call("HassTurnOn" if on else "HassTurnOff", {"name": "standing light"})
            async with test_broker.house([Decision(Verdict.CALLS, (call,), 0.95)]) as one:
                trials += 1
                try:
                    await test_broker.trial(one, chance.choice(test_broker.FAULTS), chance, on=on)
                except AssertionError as error:
                    wrong += 1
                    print(f"soak: {error}", file=sys.stderr)

    await asyncio.gather(*(lane() for _ in range(5)))
    return {"late_or_untrue": wrong}, wrong == 0


async def c4(share: Share) -> tuple[dict[str, float], bool]:
    took: list[float] = []
    async with test_broker.house([]) as one:
        while share.more():
            one.server.kill()
            await asyncio.sleep(random.uniform(0.0, 0.5))
            await asyncio.to_thread(one.server.start)
            began = time.monotonic()
            await one.broker.wait_connected(_WAIT_S)
            took.append(time.monotonic() - began)
    p95 = sorted(took)[int(len(took) * 0.95)] if len(took) > 1 else took[0]
    return {"p95_s": round(p95, 2), "max_s": round(max(took), 2)}, p95 <= 5


_WRITER = """
import itertools, sys
from pathlib import Path
from voiced.adapters.store import Store
store = Store(Path(sys.argv[1]))
for number in itertools.count():
    store.save({"number": number, "again": number, "filling": "x" * 20000})
    print(number, flush=True)
"""


async def c6(share: Share) -> tuple[dict[str, float], bool]:
    slowest_ms = 0.0
    while share.more():
        took_ms = test_inputs.hostile_states(random.Random(share.done), 10_000)
        slowest_ms = max(slowest_ms, percentile(took_ms, 0.99) or 0.0)
    return {"p99_ms": round(slowest_ms, 3)}, slowest_ms <= 5


async def c7(share: Share) -> tuple[dict[str, float], bool]:
    share.more()
    figures = await test_links.flooded(40, 300, rounds=5)
    met = figures["slower_percent"] <= 20 and figures["memory_mb"] <= 20
    return {name: round(value, 1) for name, value in figures.items()}, met


async def d1(share: Share) -> tuple[dict[str, float], bool]:
    torn = lost = 0
    with tempfile.TemporaryDirectory() as folder:
        while share.more():
            writer = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _WRITER, folder, stdout=asyncio.subprocess.PIPE
            )
            assert writer.stdout is not None
            await writer.stdout.readline()
            await asyncio.sleep(random.uniform(0.0, 0.05))
            writer.kill()
            confirmed = [int(line) for line in (await writer.stdout.read()).split()]
            await writer.wait()
            state = Store(Path(folder)).load()
            torn += state["number"] != state["again"]
            lost += bool(confirmed) and int(str(state["number"])) < confirmed[-1]
    return {"torn": torn, "confirmed_and_lost": lost}, torn == lost == 0


async def e1(share: Share) -> tuple[dict[str, float], bool]:
    opened = 0
    while share.more():
        try:
            test_inputs.decisions_open_nothing(random.Random(share.done), 1000)
        except AssertionError:
            opened += 1
    return {"opened": opened}, opened == 0


async def e4(share: Share) -> tuple[dict[str, float], bool]:
    wrong, slowest_ms = 0, 0.0
    while share.more():
        done = test_decoder.fuzzed(random.Random(share.done), 10_000)
        wrong, slowest_ms = wrong + done.wrong, max(slowest_ms, done.p99_ms)
    return {"wrong": wrong, "p99_ms": round(slowest_ms, 2)}, wrong == 0 and slowest_ms <= 1


async def e9(share: Share) -> tuple[dict[str, float], bool]:
    wrong, chance = 0, random.Random(os.urandom(8))
    while share.more():
        for _ in range(10_000):
            try:
                decode(chance.randbytes(chance.randrange(80)))
            except ChannelError:
                pass
            except Exception:  # noqa: BLE001 - any other is what is counted
                wrong += 1
    return {"other_errors": wrong}, wrong == 0


ROWS = (
    Row("C6", "hostile payloads, ten thousands", "no crash, p99 <= 5 ms, 100,000", 10, c6),
    Row("E9", "frames of garbage, ten thousands", "typed refusals only, 1,000,000", 100, e9),
    Row("E1", "decisions without the code, thousands", "nothing opened, 1,000,000", 1000, e1),
    Row("D1", "killed while it writes its state", "none torn, none lost, 500", 500, d1),
    Row(
        "E4",
        "walks: cut, misspelled, garbage; ten thousands",
        "whole sentences or nothing, p99 <= 1 ms, 1,000,000",
        100,
        e4,
    ),
    Row("C7", "a minute of 1,000 states a second", "no disconnect, command p95 + <= 20 %, memory + <= 20 MB", 1, c7),
    Row(
        "A9",
        "an hour of sound with 225 commands",
        "none lost or double, <= 1 MB an hour (95 %), p95 + <= 10 %",
        225,
        a9,
    ),
    Row("A3", "microphone unplugged and back", "deaf <= 3 s, heard <= 5 s, 30 of 30", 30, a3),
    Row("A2", "sound server hangs", "deaf <= 3 s, heard <= 5 s, 20 of 20", 20, a2),
    Row("A1", "sound server killed: deaf said, heard again", "deaf <= 3 s, heard <= 5 s, 50 of 50", 50, a1),
    Row("C4", "broker restarted", "connected p95 <= 5 s, 200", 200, c4),
    Row("C1", "commands around broken brokers and links", "none late, none untruly answered, 1,000", 1000, c1),
)
"""The quick ones first: what they leave of their share is for those that take long."""


async def soak(rows: Sequence[Row], budget_s: float, tell: Callable[[Result], None]) -> list[Result]:
    results, until = [], time.monotonic() + budget_s
    for index, row in enumerate(rows):
        began = time.monotonic()
        left = max(0.0, until - began)
        share = Share(began + left / (len(rows) - index), row.wanted)
        figure, met = await row.measure(share)
        result = Result(
            row.id, row.what, row.target, share.done, row.wanted, figure, met, round(time.monotonic() - began, 1),
            machine(), today(),
        )  # fmt: skip
        tell(result)
        results.append(result)
    return results


def markdown(results: Sequence[Result]) -> str:
    lines = ["| row | what | target | measured | tests or trials | met |", "|---|---|---|---|---|---|"]
    for one in sorted(results, key=lambda one: (one.row[0], int(one.row[1:]))):
        figure = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in one.figure.items())
        trials = f"{one.trials} of {one.wanted}"
        lines.append(f"| {one.row} | {one.what} | {one.target} | {figure} | {trials} | {'yes' if one.met else 'no'} |")
    runs = sorted({(one.machine, one.date) for one in results})
    return "\n".join([*lines, "", *(f"Measured on {machine}, {date}." for machine, date in runs)])


def placed(page: str, table: str) -> str:
    """The page with this table between its marks. ValueError where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"there is no {BEGIN} ... {END}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def _seconds(text: str) -> float:
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/soak", description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument(
        "--budget", type=_seconds, default=1800.0, metavar="30m", help="time for all rows: 90s, 30m, 2h"
    )
    parser.add_argument("--rows", default="", help="only these, for example A1,C1")
    parser.add_argument("--json", action="store_true", help="JSON lines instead of words")
    parser.add_argument("--out", type=Path, help="keep the rows here, and go on where it was cut short")
    parser.add_argument("--markdown", action="store_true", help="the table of what --out holds")
    parser.add_argument("--into", type=Path, metavar="PAGE", help=f"put the table there, between {BEGIN} and {END}")
    options = parser.parse_args()
    kept: list[Result] = []
    if options.out and options.out.exists():
        kept = [Result(**json.loads(line)) for line in options.out.read_text("utf-8").splitlines()]
    if options.into:
        options.into.write_text(placed(options.into.read_text("utf-8"), markdown(kept)), "utf-8")
        return 0
    if options.markdown:
        print(markdown(kept))
        return 0
    wanted = [one for one in ROWS if not options.rows or one.id in options.rows.split(",")]
    rows = [one for one in wanted if one.id not in {old.row for old in kept}]

    def tell(result: Result) -> None:
        line = json.dumps(asdict(result))
        print(
            line if options.json else f"{result.row}  {result.figure}  {'met' if result.met else 'NOT met'}", flush=True
        )
        if options.out:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = kept + asyncio.run(soak(rows, options.budget, tell))
    met = sum(one.met for one in results)
    print(json.dumps({"rows_run": len(results), "rows_met": met, "rows": len(wanted)}))
    return 0 if met == len(wanted) else 1


if __name__ == "__main__":
    raise SystemExit(main())
