"""How every child process begins and ends. Used as

    if __name__ == "__main__":
        child.run("voiced-ear", main)

The core starts it as `python -m voiced.workers.ear --fd N --options JSON`; N is its end of the socketpair. The core's
death closes the other end, which a thread of its own notices, so that no child outlives the core even while its own
work hangs in C. No child has a network: see adapters/sandbox.py.

A child leaves without tearing the interpreter down: a thread that is in C then (a voice that renders, a microphone that
reads) would be unwound through frames that forbid it, and the process would end in `terminate called`.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from voiced.adapters import sandbox
from voiced.errors import ChannelError, VoicedError
from voiced.workers import protocol
from voiced.workers.channel import SyncChannel

EX_TEMPFAIL = 75
"""What a child returns that could not work now and may be started again."""
EX_SOFTWARE = 70

Options = Mapping[str, object]


class Link:
    """The child's end: messages from the core wait in order, but for a Ping, which overtakes: its answer says that the
    child works, not that it is done. `send` may be called from any thread.
    """

    def __init__(self, channel: SyncChannel) -> None:
        self._channel = channel
        self._sending = threading.Lock()
        self._inbox: queue.PriorityQueue[tuple[bool, int, protocol.Message]] = queue.PriorityQueue()
        self._at_once: Callable[[protocol.Message], bool] = lambda _: False

    def bound(self, size_bytes: int) -> None:
        """Let the kernel hold back no more than about this for a core that does not read."""
        self._channel.bound(size_bytes)

    def at_once(self, handle: Callable[[protocol.Message], bool]) -> None:
        """`handle` sees every message first, in the thread that reads; what it takes (True) does not wait in order."""
        self._at_once = handle

    def listen(self) -> None:
        """Read until the core is gone, and then leave at once: nobody is left to work for."""
        with contextlib.suppress(ChannelError, OSError):
            for number in itertools.count():
                if (message := self._channel.receive()) is None:
                    break
                if not self._at_once(message):
                    self._inbox.put((not isinstance(message, protocol.Ping), number, message))
        os._exit(0)

    def send(self, *messages: protocol.Message) -> None:
        """ChannelError when the core is gone."""
        with self._sending:
            self._channel.send(*messages)

    def receive(self, timeout_s: float | None = None) -> protocol.Message | None:
        """The next message; None when none comes in time. `timeout_s` None waits for good, 0 does not wait."""
        try:
            *_, message = self._inbox.get(timeout=timeout_s) if timeout_s != 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None
        return message


def run(title: str, work: Callable[[Link, Options], None], *, oom_score_adj: int | None = None) -> NoReturn:
    """A child's whole life. `work` ends when it receives Close, or raises."""
    status = _live(title, work, oom_score_adj)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _live(title: str, work: Callable[[Link, Options], None], oom_score_adj: int | None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog=title, description="A child process of voiced; the core starts it.")
    parser.add_argument("--fd", type=int, required=True, help="socket to the core")
    parser.add_argument("--options", default="{}", help="JSON object")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the core stops its children in order
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(title[:15], "ascii")
        if oom_score_adj is not None:
            Path("/proc/self/oom_score_adj").write_text(str(oom_score_adj), "ascii")
    shut_in = sandbox.offline()
    link = Link(SyncChannel(socket.socket(fileno=arguments.fd)))
    threading.Thread(target=link.listen, name="core", daemon=True).start()
    if not shut_in:
        with contextlib.suppress(ChannelError):
            link.send(protocol.Warned("less shut in than it could be: it could reach the network (no seccomp here)"))
    try:
        work(link, json.loads(arguments.options))
    except ChannelError:
        return 0
    except VoicedError as error:
        _report(link, error)
        return EX_TEMPFAIL
    except Exception as error:  # noqa: BLE001 - a fault of ours: said before dying, the supervisor starts the next one
        traceback.print_exc(file=sys.stderr)
        _report(link, VoicedError(f"{title} failed: {type(error).__name__}: {error}"))
        return EX_SOFTWARE
    return 0


def _report(link: Link, error: VoicedError) -> None:
    with contextlib.suppress(ChannelError):
        link.send(protocol.Trouble.of(error))
