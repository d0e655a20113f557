"""One child process, with the core's end of the channel to it. When it is started, and how long it may live, is
supervisor.py's to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Mapping
from typing import Self

from voiced.errors import ChannelError
from voiced.workers import protocol
from voiced.workers.channel import AsyncChannel
from voiced.workers.patience import Patience, ProcessorTime


class ChildProcess:
    """Made by `start`; `bury` it in any case."""

    def __init__(self, process: asyncio.subprocess.Process, channel: AsyncChannel) -> None:
        self._process, self.channel = process, channel
        self.time = ProcessorTime(process.pid)

    @classmethod
    async def start(cls, module: str, options: Mapping[str, object]) -> Self:
        """`python -m MODULE`, at the other end of a channel. OSError where the system does not allow it."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", module),
                    *("--fd", str(theirs.fileno()), "--options", json.dumps(options)),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    process_group=0,  # a terminal's ctrl-C is for the core, which stops its children in order
                )
            return cls(process, await AsyncChannel.over(ours))
        except BaseException:  # a child whose channel is closed leaves by itself
            ours.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        return f"killed by signal {-code}" if code is not None and code < 0 else f"exit status {code}"

    async def gone(self, timeout_s: float | None = None) -> bool:
        """Whether it ended in time."""
        try:
            await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, now; harmless again."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def leave(self, patience: Patience) -> None:
        """Close, then SIGTERM, then SIGKILL, each after its time."""
        with contextlib.suppress(ChannelError, TimeoutError):
            await asyncio.wait_for(self.channel.send(protocol.Close()), patience.close_s)
        if not await self.gone(patience.close_s):
            self._signal(signal.SIGTERM)
            if not await self.gone(patience.kill_s):
                self.kill()

    async def bury(self) -> None:
        """It is gone, and what was kept for it, when this returns."""
        self.kill()
        await self._process.wait()
        self.time.close()
        self.channel.close()
