"""Timers and alarms ring until somebody stops them, by night, too: sound at its own pace, clocks set by the test."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator

from tests.turn.test_own_voice import Room
from voiced.adapters.fakes import MemoryBroker, MemoryMouth, ScriptedEngine
from voiced.assistant import Assistant
from voiced.config import DEMO_HOME
from voiced.home.clock.quiet import QuietHours, Replies
from voiced.home.clock.rings import TALK
from voiced.home.house import House
from voiced.home.judgement import Kind
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.simulated import simulate
from voiced.listen.listener import Listener
from voiced.listen.settings import ListenerSettings, WakeWord
from voiced.messages import Call, Decision, Evidence, Rule, Scored, Verdict
from voiced.ports import Chime, Expect
from voiced.turn.timeline import Happening

HOME = load_home(DEMO_HOME.read_text("utf-8"))
NIGHT = QuietHours(dt.time(22, 0), dt.time(6, 0))


def heard(intent: str, /, certainty: float = 0.95, **slots: str | int) -> Decision:
    return Decision(Verdict.CALLS, (Call(intent, slots),), certainty)


class Bedroom:
    def __init__(self, *decisions: Decision, quiet: QuietHours | None = None, home: Home = HOME) -> None:
        self.room, self.mouth, self.engine = Room(), MemoryMouth(), ScriptedEngine(decisions)
        self.broker = MemoryBroker(answer=simulate(home))
        self.told: list[Happening] = []
        self.wall, self.up_s = dt.datetime(2026, 11, 24, 21, 0, tzinfo=dt.UTC), 5000.0
        self.house = House(
            home, random_digits=lambda: "47", now_s=lambda: self.up_s, today=lambda: self.wall, quiet=quiet
        )
        self.assistant = Assistant(
            ear=self.room, engine=self.engine, mouth=self.mouth, broker=self.broker,
            listener=Listener(ListenerSettings(words={"hey_jarvis": WakeWord()})),
            house=self.house, tell=self.told.append, paced=True,
        )  # fmt: skip

    def passes(self, **time: float) -> None:
        by = dt.timedelta(**time)
        self.wall, self.up_s = self.wall + by, self.up_s + by.total_seconds()

    def count(self, event: str) -> int:
        return sum(happening["event"] == event for happening in self.told)

    async def until(self, event: str, count: int = 1) -> None:
        async with asyncio.timeout(30):
            while self.count(event) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def rung(self, times: int) -> None:
        """Until it has rung so often; a room that goes on hearing lets the pauses pass."""
        async with asyncio.timeout(30):
            while self.mouth.chimes.count(Chime.RING) < times:
                await self.room.hear(20)

    async def somebody_says(self, *, wake: bool) -> None:
        if wake:
            await self.room.hear(4, speech=True, wake=0.9)
            await self.room.hear(10)
        await self.room.hear(25, speech=True)
        await self.room.hear(90)


@contextlib.asynccontextmanager
async def living(room: Bedroom) -> AsyncIterator[Bedroom]:
    job = asyncio.create_task(room.assistant.run())
    try:
        await room.room.hear(50)
        yield room
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


async def test_an_alarm_rings_until_somebody_says_stop_without_a_wake_word() -> None:
    async with living(Bedroom(Decision(Verdict.NOT_FOR_ME, certainty=0.9), heard("StopRinging"))) as it:
        await it.assistant.ask("")  # nothing that is understood: the first of the script
        it.house.judge(heard("AlarmSet", hour=7, wake="yes"))
        it.passes(hours=10)
        await it.until("alarm")
        await it.rung(2)
        assert it.mouth.said[:2] == ["It is seven a m.", "It is seven a m."]
        assert it.house.judge(heard("RepeatThat")).say == "It is seven a m."
        await it.until("listening", 2)
        assert it.engine.expected[-1] is Expect.STOP

        await it.somebody_says(wake=False)
        await it.until("decision", 2)
        rings = it.mouth.chimes.count(Chime.RING)
        await it.room.hear(400)
        assert it.house.rings_now() is None
        assert it.mouth.chimes.count(Chime.RING) == rings
        assert it.broker.published == []


async def test_the_wake_word_and_stop_silence_a_timer_and_what_a_television_says_does_not() -> None:
    television = Decision(Verdict.NOT_FOR_ME, certainty=0.9, sentence="who was the first president of france")
    it = Bedroom(television, heard("HassNevermind"))
    async with living(it):
        it.house.judge(heard("HassStartTimer", minutes=5, name="tea"))
        it.passes(minutes=5)
        await it.until("timer_over")
        await it.until("listening")
        await it.somebody_says(wake=False)
        await it.until("ignored")
        assert it.house.rings_now() is not None
        assert Chime.NOT_UNDERSTOOD not in it.mouth.chimes

        await it.rung(2)
        await it.until("listening", 2)
        await it.room.hear(15)  # until the room does not ring of our own voice
        await it.somebody_says(wake=True)
        await it.until("wake")
        await it.until("decision", 2)
        await it.until("turn_end", 2)
        assert it.house.rings_now() is None
        assert "Okay." in it.mouth.said


async def test_snoozed_it_rings_again_and_cancel_over_mqtt_is_silence() -> None:
    async with living(Bedroom(heard("AlarmSnooze", minutes=5))) as it:
        it.house.judge(heard("AlarmSet", hour=23))
        it.passes(hours=2)
        await it.until("alarm")
        await it.until("listening")
        await it.somebody_says(wake=False)
        await it.until("reply")
        assert it.mouth.said[-1] == "I ring again in five minutes."
        assert it.house.rings_now() is None

        it.passes(minutes=5)
        await it.until("alarm", 2)
        await it.assistant.cancel()
        assert it.house.rings_now() is None


async def test_at_night_alarms_ring_aloud_replies_are_soft_and_nothing_is_announced() -> None:
    off = heard("HassTurnOff", name="standing light")
    async with living(Bedroom(off, off, quiet=NIGHT)) as it:
        await it.assistant.announce("Dinner is ready.")
        it.passes(hours=2)
        await it.assistant.announce("The dryer is done.")
        await it.assistant.ask("")
        assert it.mouth.said == ["Dinner is ready.", "Standing light is off."]
        assert it.mouth.loudness == [1.0, 0.3]
        assert next(h for h in it.told if h["event"] == "not_said")["reason"] == "quiet hours"

        it.house.judge(heard("AlarmSet", hour=5, half="am"))
        it.passes(hours=6)
        await it.rung(1)
        await it.until("listening")
        assert it.mouth.loudness[-1] == 1.0


async def test_who_wants_no_words_at_night_gets_a_chime_and_answers_all_the_same() -> None:
    off, time = heard("HassTurnOff", name="standing light"), heard("HassGetCurrentTime")
    night = QuietHours(dt.time(20, 0), dt.time(6, 0), Replies.NONE, 20)
    async with living(Bedroom(off, time, quiet=night)) as it:
        await it.assistant.ask("")
        assert (it.mouth.said, it.mouth.chimes) == ([], [Chime.DONE])
        await it.assistant.ask("")
        assert it.mouth.said == ["It is nine o'clock."]
        assert it.mouth.loudness == [0.2]


def test_quiet_hours_on_one_day_and_over_midnight() -> None:
    nap = QuietHours(dt.time(13, 0), dt.time(15, 0))
    assert [nap.at(dt.time(h)) for h in (12, 13, 14, 15)] == [False, True, True, False]
    assert [NIGHT.at(dt.time(h)) for h in (21, 22, 0, 5, 6)] == [False, True, True, True, False]


def test_louder_means_the_player_that_plays_else_our_own_voice() -> None:
    it = Bedroom()
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step="up")).say == "This is as loud as I can."
    assert it.house.judge(heard("HassSetVolume", volume_level=1)).say == "My volume is at ten percent."
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step="down")).say == "This is as quiet as I can."
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step=15)).say == "My volume is at twenty five percent."
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step=-10)).say == "My volume is at fifteen percent."
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step=-30)).say == "My volume is at ten percent."
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step=-5)).say == "This is as quiet as I can."
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step=0)).say == "My volume is at ten percent."
    radio = load_home(
        '[[entities]]\nid = "media_player.radio"\nname = "Radio"\n'
        'mqtt = { command_topic = "radio/set", state_topic = "radio" }\n'
    )
    it = Bedroom(home=radio)
    louder = heard("HassSetVolumeRelative", volume_step="up")
    assert [c.payload for c in it.house.judge(louder).commands] == ["VOLUME_UP"]
    it.house.heard_state("radio", b"OFF")
    assert it.house.judge(louder).commands == ()


def test_louder_and_pause_mean_the_only_player_of_several_that_can_be_heard() -> None:
    several = load_home(
        "".join(
            f'[[entities]]\nid = "media_player.{name}"\nname = "{name}"\n'
            f'mqtt = {{ command_topic = "{name}/set", state_topic = "{name}" }}\n'
            for name in ("tv", "radio", "speaker")
        )
    )
    it = Bedroom(home=several)
    assert it.house.judge(heard("HassMediaPause")).say == "Which one: the tv, the radio or the speaker?"
    for name, state in (("tv", b"playing"), ("radio", b"OFF"), ("speaker", b"idle")):
        it.house.heard_state(name, state)
    for intent, payload in (("HassMediaPause", "PAUSE"), ("HassMediaNext", "NEXT"), ("HassMediaPlayerMute", "MUTE")):
        assert [(c.topic, c.payload) for c in it.house.judge(heard(intent)).commands] == [("tv/set", payload)]
    louder = it.house.judge(heard("HassSetVolumeRelative", volume_step="up"))
    assert [(c.topic, c.payload) for c in louder.commands] == [("tv/set", "VOLUME_UP")]
    it.house.heard_state("tv", b"OFF")
    assert it.house.judge(heard("HassMediaPause")).say == "Which one: the tv, the radio or the speaker?"
    assert it.house.judge(heard("HassSetVolumeRelative", volume_step=-10)).say == "My volume is at ninety percent."


def test_a_stop_in_other_words_is_one_and_what_is_not_about_the_ring_is_none() -> None:
    it = Bedroom()
    it.house.judge(heard("HassStartTimer", minutes=1))
    it.passes(minutes=1)
    it.house.rings()

    def heard_as(text: str) -> Decision:
        return Decision(Verdict.NOT_FOR_ME, certainty=0.7, evidence=Evidence(Rule.UNSURE, free=Scored(text, -1.7)))

    for other in ("the bus will stop here", "stop by the shop on your way"):
        assert it.house.judge_stop(heard_as(other)).kind is Kind.IGNORE
    inside = Decision(
        Verdict.CALLS, (Call("StopRinging"),), 0.8, "timer stop",
        evidence=Evidence(Rule.BEST, 0.8, free=Scored("uh timer is off", -1.7)),
    )  # fmt: skip
    assert it.house.judge_stop(inside).kind is Kind.IGNORE
    assert it.house.judge_stop(heard(TALK)).kind is Kind.IGNORE
    assert it.house.rings_now() is not None
    assert it.house.judge_stop(heard_as("stop the awning")).say == "Okay."
    assert it.house.rings_now() is None


def test_nothing_rings_and_somebody_says_stop_all_the_same() -> None:
    it = Bedroom()
    assert it.house.judge(heard("AlarmSnooze")).say == "Nothing is ringing."
    assert it.house.judge(heard("HassNevermind")).say == "Okay."
    it.house.judge(heard("HassStartTimer", minutes=1, name="egg"))
    it.house.judge(heard("HassStartTimer", minutes=9, name="tea"))
    it.passes(minutes=1)
    it.house.rings()
    assert it.house.judge(heard("HassCancelTimer", name="tea")).say == "Tea timer cancelled."
    assert it.house.rings_now() is not None
    assert it.house.judge(heard("StopRinging", certainty=0.2)).reason == "uncertain"
    assert it.house.judge(heard("HassCancelTimer")).say == "Okay."
    assert it.house.rings_now() is None
