"""Interpreting in a room, sound at its own pace: who may cut it short, and what rings."""

from __future__ import annotations

from tests.turn.test_interpreting import ASKED, BOTH, ENGLISH, ENOUGH, GERMAN, GREETING, OVER
from tests.turn.test_own_voice import Story, off, running
from tests.turn.test_ringing import Bedroom, heard, living
from voiced.messages import Decision
from voiced.ports import Expect
from voiced.turn.interpreting import Mode
from voiced.turn.timeline import TurnSettings

WORDS = ("Guten Abend. ", "Wie geht es? ", "Auf Wiedersehen.")


def story(*decisions: Decision) -> Story:
    one = Story(ASKED, *decisions, settings=TurnSettings(stop_word="stop"))
    one.assistant.house.interpreter, one.engine.words = BOTH, WORDS
    return one


async def utterance(one: Story) -> None:
    """Without the wake word, and the silence that it takes."""
    await one.room.hear(40, speech=True)
    await one.room.hear(60)


async def begin(one: Story) -> None:
    """Until the greeting has been said, and the room does not ring of it."""
    await one.command()
    await one.until("reply")
    one.mouth.ended.set()
    await one.until("listening")
    await one.room.hear(20)


async def test_the_wake_word_cuts_a_translation_short_and_what_follows_is_interpreted_too() -> None:
    async with running(story(ENGLISH, off(), GERMAN)) as one:
        await begin(one)
        await utterance(one)
        await one.until("translated")
        assert one.mouth.said == [GREETING, WORDS[0].strip()]
        await one.room.hear(20, speech=True)  # our own voice
        assert one.count("speech_start") == 2
        await one.command()
        await one.until("interrupted")
        await one.until("listening", 2)
        assert one.mouth.said[2:] == [], "the rest of it"
        await one.room.hear(20)
        await utterance(one)
        await one.until("translated", 2)
        assert one.engine.translated == [(2, "German", ""), (4, "English", "")]
        assert one.broker.published == []


async def test_who_says_something_newer_to_the_greeting_has_the_house() -> None:
    async with running(story(off())) as one:
        await one.command()
        await one.until("reply")
        await one.command()
        await one.until("command")
        assert one.assistant._interpreting.mode is Mode.OFF
        assert one.engine.expected == [Expect.COMMAND, Expect.COMMAND]
        assert one.count("interpreting") == 0


async def test_stop_over_a_translation_is_the_end() -> None:
    async with running(story(ENGLISH)) as one:
        await begin(one)
        await utterance(one)
        await one.until("translated")
        await one.room.hear(10)
        await one.room.hear(1, stop=0.99)
        await one.until("interpreting_ended")
        await one.until("turn_end", 2)
        assert one.assistant.listener.turn is None
        assert one.mouth.said == [GREETING, WORDS[0].strip()]


async def test_what_rings_ends_it_and_is_stopped_by_voice() -> None:
    it = Bedroom(heard("StartInterpreting"), heard("StopRinging"))
    it.house.interpreter, it.engine.words = BOTH, WORDS
    async with living(it):
        it.house.judge(heard("HassStartTimer", minutes=5))
        await it.somebody_says(wake=True)
        await it.until("interpreting")
        assert it.engine.expected[-1:] == [Expect.INTERPRET]
        it.passes(minutes=5)
        await it.until("interpreting_ended")
        await it.rung(1)
        await it.until("listening", 2)
        assert it.engine.expected[-1:] == [Expect.STOP]
        await it.room.hear(15)
        await it.somebody_says(wake=False)
        await it.until("decision", 2)
        await it.until("reply", 2)
        assert it.house.rings_now() is None
        assert it.broker.published == []


async def test_told_to_stop_it_says_so_and_the_house_is_back() -> None:
    async with running(story(ENOUGH, off())) as one:
        await begin(one)
        await utterance(one)
        await one.until("reply", 2)
        assert one.mouth.said[-1] == OVER
        one.mouth.ended.set()
        await one.until("turn_end", 2)
        await one.room.hear(60)
        assert one.assistant.listener.turn is None
        await one.command()
        await one.until("command")
