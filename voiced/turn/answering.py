"""What is said, and whether: replies, announcements, apologies, with the owner's quiet hours."""

from __future__ import annotations

from voiced.home.house import House
from voiced.home.judgement import Judgement, Kind, Told
from voiced.ledger import Mark
from voiced.ports import Chime, Expect, Played
from voiced.turn.speaking import Speaking
from voiced.turn.timeline import OpenTurn, Timeline


class Answering:
    def __init__(self, house: House, speaking: Speaking, timeline: Timeline) -> None:
        self._house, self._speaking, self._timeline = house, speaking, timeline

    async def answer(self, turn: OpenTurn, judgement: Judgement, text: str, begun: float) -> None:
        """`text` aloud, or a chime where that says enough. What was heard while something rang, without a wake word,
        and was no "stop", was not said to us. Who cut us short and said nothing to us lets us go on.
        """
        if judgement.kind is not Kind.IGNORE:
            self._speaking.forget_rest()
        if judgement.kind is Kind.ACT and self._house.mute_replies:
            self._timeline.tell("reply", turn=turn.number, text=text, quiet=True)
            await self._speaking.chime(Chime.DONE)
        elif text:
            await self._say(turn, judgement.told(text), begun)
            if judgement.kind is Kind.TALK or turn.expect is Expect.INTERPRET:
                self._house.heard_saying(text)
        elif judgement.kind is Kind.IGNORE and turn.expect is not Expect.STOP and not await self._speaking.resume():
            await self._speaking.chime(Chime.NOT_UNDERSTOOD)

    async def _say(self, turn: OpenTurn, told: Told, begun: float) -> None:
        self._timeline.tell("reply", turn=turn.number, **told)
        asked = self._timeline.ms_after(turn.speech_end, begun)
        if played := await self._speaking.say(told["text"]):
            turn.ledger = turn.ledger.at(Mark.FIRST_SOUND, asked + played.first_sound_ms)
            after_ms = round(played.first_sound_ms, 1)
            self._timeline.tell("first_sound", turn=turn.number, after_ms=after_ms, cached=played.cached)

    async def announce(self, text: str) -> Played | None:
        """None where nobody heard it, or the owner sleeps."""
        self._timeline.tell("announce", text=text)
        if self._house.quiet:
            self._timeline.tell("not_said", reason="quiet hours")
        played = None if self._house.quiet else await self._speaking.say(text)
        if played:
            self._house.heard_saying(text)
        self._timeline.tell("announced", heard=played is not None)
        return played

    async def apologize(self, turn: int, text: str) -> None:
        if await self._speaking.say(text):
            self._house.heard_saying(text)
        self._timeline.tell("turn_end", turn=turn)
