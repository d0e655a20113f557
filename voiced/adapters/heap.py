"""The C library's memory."""

from __future__ import annotations

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3


def return_large_blocks(at_least_bytes: int = 1 << 20) -> None:
    """Blocks of this size and more go back to the kernel when they are freed, for the rest of this process's life.

    By itself glibc learns from the first large block that is freed to keep such ones: what loading a model took for a
    moment stays. Other C libraries return them anyway.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, at_least_bytes)


def return_free_blocks() -> None:
    """What was freed goes back to the kernel, also what is too small or lies too deep for it to go by itself."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
