"""A TCP link of our own between daemon and broker, that can be cut, stalled, reset or slowed down."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import struct
from typing import Self


class Link(enum.Enum):
    GOOD = "good"
    STALLED = "stalled"
    """Nothing passes, nothing is refused; what was under way is delivered when the link is good again."""
    SLOW = "slow"
    """200 bytes a second."""


class Proxy:
    """`async with Proxy(port) as proxy: ... proxy.port`."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream = upstream_port
        self.port = 0
        self.link = Link.GOOD
        self._good = asyncio.Event()
        self._good.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def become(self, link: Link) -> None:
        self.link = link
        if link is Link.STALLED:
            self._good.clear()
        else:
            self._good.set()

    def reset(self) -> None:
        """Every connection ends with RST."""
        for writer in tuple(self._writers):
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, up_writer}
        pumps = [asyncio.create_task(self._pump(reader, up_writer)), asyncio.create_task(self._pump(up_reader, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the proxy closes: asyncio would report it as a failed handler
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for one in (writer, up_writer):
                self._writers.discard(one)
                one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                pieces = [data[at : at + 20] for at in range(0, len(data), 20)] if self.link is Link.SLOW else [data]
                for piece in pieces:
                    await self._good.wait()
                    if self.link is Link.SLOW:
                        await asyncio.sleep(len(piece) / 200)
                    writer.write(piece)
                    await writer.drain()
