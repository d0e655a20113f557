""" "Stop" while it speaks or rings: it is silent at once, and nothing else ever comes of it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turn.test_own_voice import Story, off, running
from voiced.messages import Call, Decision, Verdict
from voiced.turn.stopping import StopWord


@given(st.lists(st.tuples(st.none() | st.floats(0, 1), st.booleans()), max_size=60), st.floats(0.05, 0.95))
def test_only_a_rise_while_it_is_listened_for_counts(heard: list[tuple[float | None, bool]], threshold: float) -> None:
    word, lower = StopWord(threshold), False
    for score, listening in heard:
        said = word.said(score, listening=listening)
        assert said == (listening and lower and score is not None and score >= threshold)
        lower = listening and (lower if score is None else score < threshold)


async def until_it_speaks(story: Story, replies: int = 1) -> None:
    async with asyncio.timeout(20):
        while len(story.mouth.said) < replies:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_stop_ends_a_reply_at_once_and_for_good() -> None:
    async with running(Story(off())) as story:
        await story.command()
        await until_it_speaks(story)
        await story.room.hear(20, speech=True)  # our own voice
        await story.room.hear(4, speech=True, stop=0.9)
        await story.until("stopped")
        await story.until("turn_end")
        await story.room.hear(300)

        assert story.mouth.stops == 1
        assert len(story.mouth.said) == 1, "it is not resumed"
        assert len(story.broker.published) == 1, "the command was done"
        assert story.count("wake") == story.count("speech_start") == 1
        assert story.assistant.listener.turn is None


async def test_outside_of_a_reply_it_is_a_word_like_any_other() -> None:
    async with running(Story(off())) as story:
        await story.room.hear(200, speech=True, stop=0.99)
        await story.room.hear(4, speech=True, wake=0.9)
        await story.room.hear(10)
        await story.room.hear(40, speech=True, stop=0.99)
        await story.room.hear(90)
        await until_it_speaks(story)
        story.mouth.ended.set()
        await story.until("turn_end")
        await story.room.hear(20, stop=0.1)
        await story.room.hear(50, speech=True, stop=0.99)

        assert story.count("stopped") == story.mouth.stops == 0
        assert len(story.broker.published) == 1


async def test_a_stop_in_the_command_does_not_stop_its_answer() -> None:
    async with running(Story(off())) as story:
        await story.room.hear(4, speech=True, wake=0.9)
        await story.room.hear(10)
        await story.room.hear(40, speech=True)
        await story.room.hear(90, stop=0.9)
        await until_it_speaks(story)
        await story.room.hear(20, stop=0.9)
        assert story.count("stopped") == 0
        await story.room.hear(2, stop=0.1)
        await story.room.hear(2, stop=0.9)
        await story.until("stopped")


@pytest.mark.parametrize("text", ["The blind is stopped.", "Remember to stop by the shop."])
async def test_what_we_say_with_the_word_in_it_goes_on(text: str) -> None:
    async with running(Story()) as story:
        saying = asyncio.create_task(story.assistant.announce(text))
        await until_it_speaks(story)
        await story.room.hear(20)
        await story.room.hear(20, stop=0.99)
        assert story.count("stopped") == story.mouth.stops == 0
        story.mouth.ended.set()
        await saying


async def test_a_question_that_is_stopped_waits_for_no_answer() -> None:
    unlock = Decision(Verdict.CALLS, (Call("HassUnlock", {"name": "front door"}),), 0.95)
    async with running(Story(unlock)) as story:
        await story.command()
        await until_it_speaks(story)
        await story.room.hear(20)
        await story.room.hear(4, stop=0.9)
        await story.until("stopped")
        await story.until("turn_end")
        await story.room.hear(50, speech=True)

        assert story.count("listening") == 0
        assert not story.assistant.house.asks
        assert story.broker.published == []


async def test_a_timer_that_rings_is_silenced_while_it_rings_and_between_two_rings() -> None:
    timer = Decision(Verdict.CALLS, (Call("HassStartTimer", {"seconds": 1}),), 0.95)
    for between in (False, True):
        async with running(Story(timer)) as story:
            setting = asyncio.create_task(story.assistant.ask("set a timer for one second"))
            await until_it_speaks(story)
            story.mouth.ended.set()
            await setting
            await story.until("timer_over")
            await until_it_speaks(story, 2)
            if between:
                story.mouth.ended.set()
                await story.until("listening")
            await story.room.hear(20)
            await story.room.hear(4, speech=True, stop=0.9)
            await story.until("stopped")
            async with asyncio.timeout(20):
                while story.mouth.stops == 0:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            assert story.assistant.house.rings_now() is None
            assert story.assistant.listener.turn is None
            assert story.count("decision") == 1, "of the timer"
