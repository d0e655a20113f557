"""Length-prefixed MessagePack over a socketpair: one frozen dataclass a message.

On the wire: 4 bytes length (big endian), then `[class name, [fields in order]]`. Nested dataclasses and enums are
rebuilt from the field annotations, so only classes reachable from `protocol.Message` can ever be made.
"""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import functools
import socket
import struct
import types
import typing
from collections.abc import Callable, Mapping

import msgpack

from voiced.errors import ChannelError
from voiced.workers import protocol

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_HEADER = struct.Struct(">I")
_AS_THEY_ARE = frozenset({bytes, str, int, float, bool, type(None)})
_KINDS: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(protocol.Message)}


def encode(message: protocol.Message) -> bytes:
    """The bytes of one message, header included."""
    body = typing.cast(bytes, msgpack.packb([type(message).__name__, _pack(message)], use_bin_type=True))
    return _HEADER.pack(len(body)) + body


def decode(body: bytes) -> protocol.Message:
    """The message in `body` (without header). ChannelError if it is none."""
    try:
        name, fields = msgpack.unpackb(body, raw=False, strict_map_key=False)
        return typing.cast(protocol.Message, _made(_KINDS[name], fields))
    except ChannelError:
        raise
    except Exception as error:  # msgpack raises what it likes on garbage
        raise ChannelError(f"not a message: {error!r}") from error


def _pack(value: object) -> object:
    if type(value) in _AS_THEY_ARE:
        return value
    if dataclasses.is_dataclass(value):
        return [_pack(getattr(value, name)) for name in _fields(typing.cast(type, type(value)))[0]]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _pack(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_pack(item) for item in value]
    return value


Rebuild = Callable[[object], object]


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, ...], tuple[tuple[int, Rebuild], ...]]:
    """Their names, and which of them are not what came, but made of it, and how: read from the annotations once, for
    sound passes here all day.
    """
    hints, names = typing.get_type_hints(kind), tuple(field.name for field in dataclasses.fields(kind))
    made = [_rebuild(hints[name]) for name in names]
    return names, tuple((at, one) for at, one in enumerate(made) if one is not _as_it_is)


def _as_it_is(value: object) -> object:
    return value


@functools.cache
def _rebuild(hint: object) -> Rebuild:
    """What makes a value of this annotation from what MessagePack gave."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return functools.partial(_made, hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [arg for arg in args if arg is not type(None)]
        if len(kinds) > 1 or (inner := _rebuild(kinds[0])) is _as_it_is:
            return _as_it_is
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _rebuild(args[0])
        return lambda value: tuple(map(item, value)) if isinstance(value, list) else value
    return _as_it_is


def _made(kind: type, value: object) -> object:
    names, made = _fields(kind)
    if not isinstance(value, list) or len(value) != len(names):
        raise ChannelError(f"{kind.__name__} has {len(names)} fields")
    for at, rebuild in made:
        value[at] = rebuild(value[at])
    return kind(*value)


class SyncChannel:
    """The child's end: blocking. One reader thread, one writer at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")

    def send(self, *messages: protocol.Message) -> None:
        """In one piece. ChannelError when the core is gone."""
        try:
            self._sock.sendall(b"".join(map(encode, messages)))
        except OSError as error:
            raise ChannelError(f"the core is gone: {error}") from error

    def receive(self) -> protocol.Message | None:
        """The next message; None at the end of the stream."""
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        (size,) = _HEADER.unpack(header)
        if size > MAX_MESSAGE_BYTES:
            raise ChannelError(f"a message of {size} bytes")
        body = self._file.read(size)
        return decode(body) if len(body) == size else None

    def bound(self, size_bytes: int) -> None:
        """Let the kernel hold back no more than about `size_bytes` of what the other end does not read."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)

    def close(self) -> None:
        self._file.close()
        self._sock.close()


class AsyncChannel:
    """The core's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def over(cls, sock: socket.socket) -> AsyncChannel:
        """A channel over one end of a socketpair; takes the socket over."""
        return cls(*await asyncio.open_connection(sock=sock))

    async def send(self, message: protocol.Message) -> None:
        """ChannelError when the child is gone, or for what no message can hold: half a character (a lone surrogate), a
        number of more than 64 bits.
        """
        try:
            told = encode(message)
        except (TypeError, ValueError, OverflowError) as error:
            raise ChannelError(f"this cannot be told to a child: {error}") from error
        try:
            self._writer.write(told)
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise ChannelError(f"the child is gone: {error}") from error

    async def receive(self) -> protocol.Message | None:
        """The next message; None when the child has closed its end."""
        try:
            (size,) = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
            if size > MAX_MESSAGE_BYTES:
                raise ChannelError(f"a message of {size} bytes")
            return decode(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def close(self) -> None:
        self._writer.close()
