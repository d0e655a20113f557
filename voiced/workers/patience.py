"""How long a child may take for what, and whose time it is that counts.

             owes a Pong for   what it does between two looks at its inbox, at the longest
    ear      3 s               scores 80 ms of sound: some ms
    engine   7 s               32 tokens of a prompt, or a decision: a second or two for E2B on a Raspberry Pi 5
    mouth    7 s               loads its voice anew: a second or two there

With a Ping a second, and a core that says what it lacks every second, a hang is said within nine seconds; the target
table allows ten (row D2).

Only the child's own time counts. A computer that was suspended, frames that we ourselves do not take, and a processor
that others use are not its fault. But as an endless loop on a busy machine waits for its processor, too, four times as
long by the clock is enough in any case.

An engine that computes the prompt of a house in one go need not answer meanwhile, but it must work: one that neither
runs nor waits for a processor for as long as it may owe a Pong hangs, too.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

_BY_THE_CLOCK = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds."""

    start_s: float = 60.0
    """The first time; twice as long after each start that was not ready in time, for a machine may be slow."""
    start_most_s: float = 900.0
    ping_s: float = 1.0
    pong_s: float = 7.0
    close_s: float = 1.2
    kill_s: float = 1.0
    backoff_first_s: float = 0.5
    backoff_most_s: float = 30.0
    steady_s: float = 60.0
    """A child that lived so long begins again with the first backoff."""


EAR = Patience(pong_s=3.0, backoff_first_s=0.1, backoff_most_s=1.0)
ENGINE = Patience(start_s=180.0)
MOUTH = Patience()


class ProcessorTime:
    """The kernel's account of a process's main thread, which is the one that answers. Opened at its birth: what shuts
    itself in is hidden from us later (ProtectProc=invisible).

    `/proc/PID/schedstat`: ns on a processor, ns ready to run without one, times it was given one
    (Documentation/scheduler/sched-stats.rst).
    """

    def __init__(self, pid: int) -> None:
        self._account: int | None = None
        with contextlib.suppress(OSError):  # a kernel that does not count it: CONFIG_SCHED_INFO
            self._account = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def so_far_s(self) -> tuple[float, float] | None:
        """Spent on a processor, and waiting for one. None where nobody counts it."""
        if self._account is not None:
            with contextlib.suppress(OSError, IndexError, ValueError):  # it has died
                ran, waited = os.pread(self._account, 100, 0).split()[:2]
                return int(ran) / 1e9, int(waited) / 1e9
        return None

    def close(self) -> None:
        if self._account is not None:
            os.close(self._account)


class Owing:
    """A Pong that somebody owes since now."""

    def __init__(self, time: ProcessorTime, patience: Patience) -> None:
        self._time, self._patience = time, patience
        self._own_s = self._passed_s = 0.0
        self._waited_s: float | None = None

    def passed(self, elapsed_s: float) -> bool:
        """So much more of it is over; True where that was too long."""
        before_s, (_, self._waited_s) = self._waited_s, self._time.so_far_s() or (0.0, 0.0)
        lent_s = 0.0 if before_s is None else max(0.0, self._waited_s - before_s)
        elapsed_s = min(elapsed_s, self._patience.ping_s)  # a suspended computer: a look was never meant to last longer
        self._own_s += max(0.0, elapsed_s - lent_s)
        self._passed_s += elapsed_s
        return self._own_s > self._patience.pong_s or self._passed_s > _BY_THE_CLOCK * self._patience.pong_s


class Working:
    """A child that owes no Pong since now, as long as it does something."""

    def __init__(self, time: ProcessorTime, patience: Patience) -> None:
        self._time, self._patience = time, patience
        self._idle_s = 0.0
        self._so_far_s: tuple[float, float] | None = None

    def passed(self, elapsed_s: float) -> bool:
        """So much more of it is over; True where it has done nothing for too long."""
        before_s, self._so_far_s = self._so_far_s, self._time.so_far_s()
        idle = self._so_far_s is not None and self._so_far_s == before_s
        self._idle_s = self._idle_s + min(elapsed_s, self._patience.ping_s) if idle else 0.0
        return self._idle_s > self._patience.pong_s
