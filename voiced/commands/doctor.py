"""`voiced doctor`: shows that nothing leaves the house, by the kernel's own account of the running daemon."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from voiced.adapters.sockets import Address, Socket, addresses_of, daemons, processes, sockets_of
from voiced.configfile import read_config
from voiced.errors import UsageError

NOT_OFFLINE = 1
BROKER, HERE, ELSEWHERE = "the broker", "this machine", "ELSEWHERE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="voiced.toml, which names the broker")
    parser.add_argument("--pid", type=int, help="the daemon's process id; without it, all that run here")
    parser.add_argument("--watch", type=float, default=0.0, metavar="SECONDS", help="look again for so long")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    """0: every socket stays on this machine or goes to the broker. 1: one does not. 64: nothing to look at."""
    config = read_config(options.config)
    broker = addresses_of(config.broker.host)
    roots = (options.pid,) if options.pid else tuple(pid for pid in daemons() if pid != os.getpid())
    if not roots:
        raise UsageError("no voiced is running here (or it is another user's: try with sudo)")
    if options.pid and not Path(f"/proc/{options.pid}").exists():
        raise UsageError(f"there is no process {options.pid}")
    seen: dict[Socket, None] = {}
    until = time.monotonic() + options.watch
    while True:
        for root in roots:
            for pid in processes(root):
                try:
                    seen.update(dict.fromkeys(sockets_of(pid)))
                except PermissionError as error:
                    raise UsageError(f"process {pid} is another user's: try with sudo") from error
                except (FileNotFoundError, ProcessLookupError):
                    continue  # it ended meanwhile
        if time.monotonic() >= until:
            break
        time.sleep(0.2)
    places = {one: place(one, broker, config.broker.port) for one in seen}
    outside = [one for one in seen if places[one] == ELSEWHERE]
    if options.json:
        print(json.dumps({"offline": not outside, "sockets": [_plain(one, where) for one, where in places.items()]}))
    else:
        _show(places)
        verdict = f"{len(outside)} of them may leave the house" if outside else "nothing leaves the house"
        print(f"{len(seen)} sockets: {verdict}.")
    return NOT_OFFLINE if outside else 0


def place(one: Socket, broker: frozenset[Address], port: int) -> str:
    """Where this socket's other end is."""
    to_port = one.remote.rsplit(":", 1)[-1]
    if one.kind == "tcp" and not one.listens and one.address in broker and to_port == str(port):
        return BROKER
    return HERE if one.at_home else ELSEWHERE


def _plain(one: Socket, where: str) -> dict[str, object]:
    return {
        "process": one.process, "pid": one.pid, "kind": one.kind, "local": one.local, "remote": one.remote,
        "listens": one.listens, "place": where,
    }  # fmt: skip


def _show(places: Mapping[Socket, str]) -> None:
    processes = dict.fromkeys((one.process, one.pid) for one in places)
    for process, pid in processes:
        print(f"{process} (process {pid})")
        own = [one for one in places if one.pid == pid]
        if local := sum(one.kind == "unix" for one in own):
            print(f"    {local} to processes of this machine")
        for one in own:
            if one.kind != "unix":
                way = f"listens on {one.local}" if one.listens else f"to {one.remote or '?'}"
                print(f"    {one.kind} {way}: {places[one]}")
