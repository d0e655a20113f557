"""Sandboxes that a child process puts itself into, before anything untrusted is read. They cannot be undone.

`offline` is for every child: there are no sockets but unix sockets, so that whatever a library would like to tell the
world stays here. `confine` is for the one that parses model files: it keeps what it has open and reaches nothing else.

    privileges   none are ever gained again (no_new_privs); not dumpable, no core files
    network      no socket can be made, of any family, and no program started (seccomp); no TCP even so (Landlock)
    files        what is given is readable, the cache writable, and nothing else is there (Landlock)

systemd puts the whole service into its own sandbox first; these are narrower, for a child needs less than the daemon.
Sources: seccomp(2), landlock(7), include/uapi/linux/{seccomp,filter,landlock,audit}.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_PR_GET_SECCOMP, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 21, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ = 1 << 2 | 1 << 3  # read a file, list a directory
_EXECUTE = 1 << 0  # also asked for when code is mapped, as loading a library does
_ALL_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_ON_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
_TCP = 0b11

# Forbidden: (x86_64, aarch64)
_FORBIDDEN = {
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "mount": (165, 40),
    "umount2": (166, 39), "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "kexec_load": (246, 104),
    "init_module": (175, 105), "finit_module": (313, 273), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "open_by_handle_at": (304, 265), "keyctl": (250, 219),
}  # fmt: skip
_AUDIT_ARCH = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _GIVE = 0x20, 0x15, 0x35, 0x06
_REFUSE, _ALLOW = 0x00050000 | errno.EPERM, 0x7FFF0000


@dataclass(frozen=True, slots=True)
class Confined:
    """What took effect, in words; `missing` is what this kernel cannot do."""

    by: tuple[str, ...]
    missing: tuple[str, ...]


def _interpreter() -> tuple[Path, ...]:
    """What Python, its packages and the system's libraries are read from while they work."""
    ours = Path(__file__).resolve().parents[2]
    places = {sys.prefix, sys.base_prefix, str(ours), *(path for path in sys.path if path)}
    system = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system", "/proc/cpuinfo",
              "/proc/meminfo", "/proc/self", "/dev/null", "/dev/urandom")  # fmt: skip
    return tuple(Path(one) for one in (*sorted(places), *system))


def offline() -> bool:
    """No socket of this process will ever be other than a unix socket. False where this machine cannot do that."""
    if not _filters():
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)
    column, arch = _AUDIT_ARCH[platform.machine()]
    _filter(libc, [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, 6, arch),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 4, 0, _X32_BIT),
        (_EQUAL, 0, 2, _FORBIDDEN["socket"][column]),
        (_LOAD, 0, 0, 16),  # the lower half of the first argument, little endian: the family
        (_EQUAL, 0, 1, socket.AF_UNIX),
        (_GIVE, 0, 0, _ALLOW),
        (_GIVE, 0, 0, _REFUSE),
    ])  # fmt: skip
    return True


def confine(*, files: Sequence[Path], cache: Path | None = None) -> Confined:
    """Of all files leave what Python itself needs and `files` to read, and `cache` (made if it can be) to write.
    OSError where the kernel refuses what it claims to know.
    """
    if cache:
        with contextlib.suppress(OSError):  # a disk that takes nothing: nothing is cached then
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    readable, writable = (*_interpreter(), *(one.resolve() for one in files)), (cache,) if cache else ()
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(libc, _PR_SET_DUMPABLE, 0)
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)
    by, missing = ["no new privileges", "no core files"], list[str]()
    abi = libc.syscall(_LANDLOCK_CREATE, None, 0, _VERSION_FLAG)
    if abi > 0:
        _landlock(libc, abi, readable, writable)
        by.append(f"Landlock {abi}")
    else:
        missing.append("Landlock")
    if _filters():
        _seccomp(libc)
        by.append("seccomp")
    else:
        missing.append(f"seccomp on {platform.machine()}")
    return Confined(tuple(by), tuple(missing))


def _landlock(libc: ctypes.CDLL, abi: int, readable: Sequence[Path], writable: Sequence[Path]) -> None:
    every = _ALL_FILE_RIGHTS[max(known for known in _ALL_FILE_RIGHTS if known <= abi)]
    rights = struct.pack("QQ", every, _TCP) if abi >= 4 else struct.pack("Q", every)
    ruleset = _checked(libc.syscall(_LANDLOCK_CREATE, rights, len(rights), 0), "landlock")
    try:
        for path, allowed in [*((p, _READ | _EXECUTE) for p in readable), *((p, every) for p in writable)]:
            if not path.exists():
                continue
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", allowed if path.is_dir() else allowed & every & _ON_FILES, parent)
                _checked(libc.syscall(_LANDLOCK_ADD, ruleset, _PATH_BENEATH, rule, 0), f"landlock {path}")
            finally:
                os.close(parent)
        _checked(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock")
    finally:
        os.close(ruleset)


def _filters() -> bool:
    """Whether calls can be filtered: a processor whose calls we know by number, a kernel built with CONFIG_SECCOMP."""
    known = platform.machine() in _AUDIT_ARCH and struct.calcsize("P") == 8
    return known and ctypes.CDLL(None).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def _seccomp(libc: ctypes.CDLL) -> None:
    """The forbidden calls, and calls of another architecture, fail with EPERM."""
    column, arch = _AUDIT_ARCH[platform.machine()]
    numbers = [pair[column] for pair in _FORBIDDEN.values()]
    rest = len(numbers)
    _filter(libc, [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, rest + 3, arch),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, rest + 1, 0, _X32_BIT),
        *((_EQUAL, rest - index, 0, number) for index, number in enumerate(numbers)),
        (_GIVE, 0, 0, _ALLOW),
        (_GIVE, 0, 0, _REFUSE),
    ])  # fmt: skip


def _filter(libc: ctypes.CDLL, program: Sequence[tuple[int, int, int, int]]) -> None:
    """A classic BPF program: (code, jump if true, jump if false, value) a line."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    _prctl(libc, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(header))


def _prctl(libc: ctypes.CDLL, option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(one) for one in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(libc.prctl(option, *padded), f"prctl {option}")


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return int(result)
