"""Which sockets a process holds, as the kernel tells it in /proc: shows the owner that nothing leaves."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_KINDS = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6")
_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Socket:
    pid: int
    process: str
    kind: str
    """tcp, udp, raw, icmp, unix, or what the kernel calls another family."""
    local: str = ""
    """Address and port; of a unix socket its path."""
    remote: str = ""
    address: Address | None = None
    """The other end's; the own one where it listens."""
    listens: bool = False

    @property
    def at_home(self) -> bool:
        """It cannot leave this machine."""
        return self.kind == "unix" or (self.address is not None and self.address.is_loopback)


def processes(root: int) -> tuple[int, ...]:
    """`root` and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return tuple(found)


def daemons() -> tuple[int, ...]:
    """Process ids of every `voiced run` that may be seen: the parents of an ear, an engine or a mouth."""
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            head, tail = (entry / "stat").read_text().rsplit(")", 1)
            if re.search(r"\(voiced-(ear|engine|mouth)$", head):
                found.add(int(tail.split()[1]))
    return tuple(sorted(found))


def sockets_of(pid: int) -> tuple[Socket, ...]:
    """PermissionError where the process is somebody else's."""
    process = Path(f"/proc/{pid}/comm").read_text().strip()
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if (target := os.readlink(link)).startswith("socket:["):  # noqa: PTH115 - it is no path
                inodes.add(target[8:-1])
    found = []
    for kind in _KINDS:
        with contextlib.suppress(FileNotFoundError):
            for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[9] in inodes:
                    inodes.discard(fields[9])
                    found.append(_inet(pid, process, kind.removesuffix("6"), fields[1], fields[2], fields[3]))
    with contextlib.suppress(FileNotFoundError):
        for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]:
            fields = line.split(maxsplit=7)
            if fields[6] in inodes:
                inodes.discard(fields[6])
                found.append(Socket(pid, process, "unix", fields[7] if len(fields) > 7 else ""))
    # What is in no table of the internet's and no unix socket: a netlink or packet socket, say.
    return (*found, *(Socket(pid, process, f"other ({inode})") for inode in sorted(inodes)))


def _inet(pid: int, process: str, kind: str, local: str, remote: str, state: str) -> Socket:
    (own, own_port), (other, other_port) = _address(local), _address(remote)
    listens = (kind == "tcp" and state == _LISTEN) or (kind != "tcp" and other_port == 0)
    return Socket(
        pid, process, kind, f"{own}:{own_port}", "" if listens else f"{other}:{other_port}",
        own if listens else other, listens,
    )  # fmt: skip


def _address(text: str) -> tuple[Address, int]:
    """`0100007F:0751`: each 32-bit word in the machine's own byte order."""
    digits, port = text.split(":")
    words = struct.pack(f"={len(digits) // 8}I", *(int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)))
    found = ipaddress.ip_address(words)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found, int(port, 16)


def addresses_of(host: str) -> frozenset[Address]:
    """What a name in the configuration stands for now; empty where nobody knows it."""
    try:
        return frozenset(ipaddress.ip_address(str(found[4][0])) for found in socket.getaddrinfo(host, None))
    except (OSError, ValueError):  # ValueError: what cannot be a name, as `a..b`
        return frozenset()
