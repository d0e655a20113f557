"""What goes over the wire comes back equal; garbage becomes ChannelError and nothing worse."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from voiced.errors import ChannelError
from voiced.messages import Alternative, Call, Decision, EarOpened, EngineTimes, Frame, Verdict
from voiced.workers import protocol
from voiced.workers.channel import AsyncChannel, SyncChannel, decode, encode

values = st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
calls = st.builds(Call, st.text(), st.dictionaries(st.text(), values))
several = st.lists(calls, max_size=3).map(tuple)
others = st.lists(st.builds(Alternative, several, st.text(), st.floats(0, 1)), max_size=2).map(tuple)
decisions = st.builds(Decision, st.sampled_from(Verdict), several, st.floats(0, 1), st.text(), others, st.text())
numbers = st.integers(0, 2**31)
scores = st.none() | st.dictionaries(st.text(), st.floats(0, 1))
messages: st.SearchStrategy[protocol.Message] = st.one_of(
    st.builds(protocol.Decided, numbers, numbers, decisions, st.builds(EngineTimes, st.floats(0, 1e6))),
    st.builds(Frame, numbers, st.binary(max_size=700), st.booleans(), scores),
    st.builds(protocol.Prepare, numbers, st.lists(st.text()).map(tuple)),
    st.builds(protocol.Trouble, st.text(), st.text(), numbers),
    st.builds(protocol.Warned, st.text()),
    st.just(protocol.Close()),
)


@given(messages)
def test_round_trip(message: protocol.Message) -> None:
    assert decode(encode(message)[4:]) == message


@given(st.binary(max_size=200))
def test_garbage(body: bytes) -> None:
    try:
        message = decode(body)
    except ChannelError:
        return
    assert type(message).__module__.startswith("voiced.")


@pytest.mark.parametrize(
    "body", [b"", b"\x92\xa3foo\x90", b"\x92\xa4Pong\x91\x01", b"\x92\xa5Frame\xc0", b"\x92\xa5Close"]
)
def test_no_messages(body: bytes) -> None:
    with pytest.raises(ChannelError):
        decode(body)


async def test_both_ends() -> None:
    ours, theirs = socket.socketpair()
    core, child = await AsyncChannel.over(ours), SyncChannel(theirs)
    got: list[protocol.Message | None] = []
    reader = threading.Thread(target=lambda: got.extend(iter(child.receive, None)))
    reader.start()
    sent: list[protocol.Message] = [protocol.FeedAudio(n, bytes(1000 * n)) for n in range(200)]
    for message in sent:
        await core.send(message)
    child.send(EarOpened("x"))
    assert await core.receive() == EarOpened("x")
    core.close()
    await asyncio.to_thread(reader.join)
    assert got == sent
    child.close()


async def test_a_child_that_is_gone() -> None:
    ours, theirs = socket.socketpair()
    core = await AsyncChannel.over(ours)
    theirs.close()
    assert await core.receive() is None

    async def insist() -> None:
        for _ in range(10):
            await core.send(protocol.Close())
            await asyncio.sleep(0.01)

    with pytest.raises(ChannelError):
        await insist()
    core.close()


@pytest.mark.parametrize("text", ["\ud800", 2**64, object()])
async def test_what_no_message_can_hold(text: Any) -> None:
    ours, theirs = socket.socketpair()
    core = await AsyncChannel.over(ours)
    with pytest.raises(ChannelError, match="cannot be told"):
        await core.send(protocol.Say(1, text))
    await core.send(protocol.Say(1, "hello"))
    assert decode(theirs.recv(100)[4:]) == protocol.Say(1, "hello")
    core.close()
    theirs.close()


@pytest.mark.parametrize("content", [struct.pack(">I", 2**31), struct.pack(">I", 5) + b"abcde"])
async def test_an_absurd_length_and_no_message(content: bytes) -> None:
    ours, theirs = socket.socketpair()
    core = await AsyncChannel.over(ours)
    theirs.sendall(content)
    with pytest.raises(ChannelError):
        await core.receive()
    core.close()
    theirs.close()
