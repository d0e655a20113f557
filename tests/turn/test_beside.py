"""What runs beside something else: nothing of it dies without a word."""

from __future__ import annotations

import asyncio

import pytest

from voiced.errors import AudioFileError
from voiced.turn.beside import alongside


async def forever() -> None:
    await asyncio.Event().wait()


async def failing() -> None:
    await asyncio.sleep(0)
    raise KeyError("ours")


async def test_a_job_that_fails_ends_the_block_with_its_own_error() -> None:
    with pytest.raises(KeyError, match="ours"):
        async with alongside({"one": forever(), "other": failing()}):
            await forever()


async def test_one_that_joined_later_does_so_too() -> None:
    with pytest.raises(KeyError, match="ours"):
        async with alongside({"one": forever()}) as group:
            group.create_task(failing())
            await forever()


async def test_the_blocks_own_error_comes_out_as_it_is_and_its_end_ends_the_jobs() -> None:
    with pytest.raises(AudioFileError):
        async with alongside({"one": forever()}):
            raise AudioFileError("no recording")
    async with asyncio.timeout(1), alongside({"one": forever()}):
        pass


async def test_who_cancels_the_block_cancels_the_jobs() -> None:
    over = asyncio.Event()

    async def job() -> None:
        try:
            await forever()
        finally:
            over.set()

    async def block() -> None:
        async with alongside({"one": job()}):
            await forever()

    task = asyncio.create_task(block())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task], timeout=1)
    assert task.cancelled()
    assert over.is_set()
