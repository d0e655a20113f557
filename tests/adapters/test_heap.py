"""What is freed goes back to the kernel. In a process of its own: it holds for the rest of a process's life."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import ctypes
from pathlib import Path
from voiced.adapters.heap import return_large_blocks
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def mb():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss_Anon:"))) / 1024

libc.free(libc.malloc(30 << 20))  # from this glibc learns to keep blocks of that size
before = mb()
blocks = [libc.malloc(5 << 20) for _ in range(8)]
for block in blocks:
    ctypes.memset(block, 1, 5 << 20)
last = libc.malloc(64)  # lies behind them
for block in blocks:
    libc.free(block)
print(mb() - before)
"""


def kept_mb(first: str) -> float:
    code = _CODE.format(first=first)
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def test_large_blocks_go_back_to_the_kernel_where_glibc_would_keep_them() -> None:
    assert kept_mb("return_large_blocks()") < 2
    assert kept_mb("") > 20, "glibc does not keep them by itself any more: this module can go"
