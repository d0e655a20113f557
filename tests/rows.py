"""The target table: what is promised, and what a run of the tests measured of it.

A test that belongs to a row is marked `@pytest.mark.row("A1")` and tells its figures with `record_property`. With
`pytest --rows FILE` each row that ran becomes one JSON line there, in the form of tools/soak, which makes the table.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROWS = {
    "A1": ("sound server killed", "deaf <= 3 s, heard <= 5 s"),
    "A2": ("sound server hangs", "deaf <= 3 s, heard <= 5 s"),
    "A3": ("microphone unplugged, suspended, moved", "deaf <= 3 s, heard <= 5 s, 0 frames of another source"),
    "A4": ("gaps in the sound", ">= 99 % of 200 found"),
    "A5": ("nobody takes the sound for 10 s", "bounded, old sound dropped"),
    "A6": ("devices of any rate and channels", "the tone at its pitch"),
    "A7": ("our own voice: wake words, yes, code, commands", "0 actions, 0 confirmations"),
    "A8": ("60 odd sounds", "0 wakes, ultrasound <= -60 dB"),
    "C1": ("50 commands around broken brokers and links", "0 late, 0 untruly answered"),
    "C3": ("dead link", "noticed <= 3.5 s in flight, <= 15 s idle, will <= 15 s"),
    "C4": ("broker restarted 10 times", "connected again, <= 2 lines an outage"),
    "C5": ("retained and repeated messages on control topics", "0 extra actions of 2,000"),
    "C6": ("5,000 hostile payloads", "0 crashes, p99 <= 5 ms"),
    "C7": ("commands spoken into 1,000 states a second", "0 disconnects, command p95 + <= 20 %, memory + <= 20 MB"),
    "C8": ("TLS, passwords, rights: 12 cases", "the right words, never plain text, no password in a log"),
    "C9": ("shipped ACL", "30 forbidden topics denied"),
    "D1": ("killed while it writes its state, 30 times", "0 torn, 0 lost"),
    "D2": ("10 kinds of hang", "replaced or said; pings stop where nobody can heal"),
    "D3": ("engine crashes, aborts, hangs", "daemon lives, said aloud, back"),
    "D4": ("wrong configuration; parts missing at the start", "78 and one line; stays up and says so"),
    "D5": ("1,000 power cuts while the state is written", "the old state or the new"),
    "D6": ("disk full, read-only, failing", "commands still work, <= 1 warning, recovers"),
    "D7": ("memory of all but the engine, by wake backend", "<= 150 MB with pyopen; the engine ends first"),
    "D8": ("clocks set, DST, 1970", "timers +-0.5 s of monotonic, 0 negative"),
    "D9": ("SIGTERM in any state", "leaves <= 3 s with 0, says offline"),
    "D10": ("idle and in storms", "<= 20 lines a minute"),
    "D11": ("idle", "0 bytes written"),
    "D12": ("100 triggers at once; 100 timers on one second", "1 session, idle <= 2 s after its words; each told once"),
    "E1": ("12,000 decisions without the code", "0 opened"),
    "E2": ("one-time code", "8 s, one try, bound, spoken only; 3 wrong: 15 min, over restarts"),
    "E3": ("200 instructions in names, states, payloads", "0 actions on what nobody named, 0 opened"),
    "E4": ("20,000 walks: cut, misspelled, garbage", "whole sentences or nothing, p99 <= 1 ms"),
    "E5": ("500 mutated model files", "500 refused before any parser"),
    "E6": ("downloads killed, cut, wrong, full disk", "the right file or none"),
    "E7": ("a turn without a network", "0 connects elsewhere, 0 names asked"),
    "E8": ("sandbox of the unit, and of the engine in it", "systemd's exposure <= 1.5, <= 0.7"),
    "E9": ("100,000 fuzzed frames", "typed refusals only"),
    "E10": ("sound on disk", "0 bytes, no core dumps"),
    "E11": ("mute", "no capture handle <= 500 ms, over restarts"),
    "F1": ("600 malformed configurations", "file, key and a hint"),
    "F2": ("320 malformed recordings", "0 crashes"),
    "F4": ("lines and branches of policy, dispatch and decoder", "0 without a test"),
}  # fmt: skip

LIMITS: dict[str, dict[str, float]] = {
    "A1": {"deaf_s": 3, "healed_s": 5},
    "A2": {"deaf_s": 3, "healed_s": 5},
    "A3": {"deaf_s": 3, "healed_s": 5},
    "A7": {"wakes": 0, "actions": 0, "confirmations": 0, "stopped_themselves": 5},
    "C3": {"in_flight_s": 3.5, "idle_s": 15, "will_s": 15},
    "C5": {"extra_actions": 0},
    "C6": {"p99_ms": 5},
    "C7": {"slower_percent": 20, "memory_mb": 20},
    "D2": {"ear_said_s": 10, "engine_said_s": 10, "mouth_said_s": 10, "broker_said_s": 10, "pings_end_s": 10},
    "D3": {"crash_back_s": 5, "abort_back_s": 5, "hang_back_s": 15},
    "D6": {"warnings": 1},
    "D7": {"pyopen_mb": 150},
    "D8": {"off_s": 0.5},
    "D9": dict.fromkeys(
        ("starting_s", "listening_s", "words_s", "no_ear_s", "no_engine_s", "no_broker_s", "muted_s", "speaking_s",
         "loading_s"), 3
    ),
    "D10": {"lines_a_minute": 20, "lines_in_20_s": 7},
    "D11": {"bytes_written_in_20_s": 0},
    "D12": {"idle_again_s": 2},
    "E3": {"wrong": 0},
    "E4": {"wrong": 0, "p99_ms": 1},
    "E8": {"daemon": 1.5, "engine": 0.7},
    "E11": {"no_handle_ms": 500},
    "F4": {"deciding_missed": 0, "decoder_missed": 0},
}  # fmt: skip
"""What the target says of a figure; whether it is met is the table's question."""

SHARED = 6.0
"""A test passes what takes so many times the target's time: machines are shared. Beyond that something is broken."""


def passes(row: str, name: str) -> float:
    """The most that a test lets a figure be."""
    most = LIMITS.get(row, {}).get(name, math.inf)
    return most * SHARED if name.endswith(("_s", "_ms")) else most


@dataclass(slots=True)
class Account:
    """What the tests of one row came to."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    figure: dict[str, float] = field(default_factory=dict)

    def add(self, outcome: str, seconds: float, figures: Iterable[tuple[str, object]]) -> None:
        self.seconds += seconds
        self.passed += outcome == "passed"
        self.failed += outcome == "failed"
        self.skipped += outcome == "skipped"
        for name, value in figures:
            if isinstance(value, int | float):
                self.figure[name] = max(round(float(value), 3), self.figure.get(name, 0.0))


@dataclass(frozen=True, slots=True)
class Result:
    row: str
    what: str
    target: str
    trials: int
    wanted: int
    figure: dict[str, float]
    met: bool
    seconds: float = 0.0
    machine: str = ""
    date: str = ""


def results(accounts: dict[str, Account]) -> list[Result]:
    done = []
    for row in (row for row in ROWS if row in accounts):
        one, (what, target) = accounts[row], ROWS[row]
        total = one.passed + one.failed + one.skipped
        done.append(
            Result(row, what, target, one.passed, total, one.figure, one.passed == total and _within(row, one.figure),
                   round(one.seconds, 1), machine(), today())
        )  # fmt: skip
    return done


def _within(row: str, figure: dict[str, float]) -> bool:
    return all(figure.get(name, 0.0) <= most for name, most in LIMITS.get(row, {}).items())


def write(path: Path, accounts: dict[str, Account]) -> None:
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in results(accounts)), "utf-8")


def machine() -> str:
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith(("model name", "Model"))]  # fmt: skip
    return f"{os.cpu_count()} x {names[0] if names else platform.processor() or platform.machine()}"


def today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()
