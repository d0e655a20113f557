"""What of this machine's processor matters to llama.cpp's kernels."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def has_amx(cpuinfo: str | None = None) -> bool:
    """Whether this CPU has AMX tiles: there, llama.cpp crashes in ggml_backend_amx_mul_mat on Q4_0."""
    if cpuinfo is None:
        try:
            cpuinfo = Path("/proc/cpuinfo").read_text()
        except OSError:
            return False
    return re.search(r"\bamx_tile\b", cpuinfo) is not None


def usable_cpus() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def filling(rows: int, machine: str = platform.machine()) -> int:
    """How many rows, thrown away again, make a batch cheaper.

    Kernels over repacked weights read them once for each four rows, and once more for each row that is left over.
    Where reading is what costs (ARM) two left over are filled up, elsewhere three (3 rows 185 ms, 4 rows 152 ms on
    E2B's shape, AVX-512, one thread; 2 rows 129 ms).
    """
    left = -rows % 4
    return left if rows > 1 and left and rows % 4 >= (2 if machine in {"aarch64", "arm64"} else 3) else 0
