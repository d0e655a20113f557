"""When a turn begins, pauses, resumes and ends. Pure: frames in, events out, time is a count of samples.

How it works
------------
    IDLE       nobody is talking to us. A wake score that crosses its threshold opens a turn (Woken).
    WOKEN      waiting for the command. The wake word may still be sounding: voiced frames in one run with it are its
               tail if the run stops within `tail_ms`, and a command in one breath if it goes on ("hey jarvis turn on
               the light"), whose sound then begins `back_ms` before the wake. After a gap, speech is the command.
    FOLLOW_UP  waiting likewise, in a turn that was opened without a wake word (a question's answer, a file).
    SPEAKING   words. Each voiced frame moves t0, the end of speech, behind itself.
               `ask_ms` without a voiced frame (Paused; only where it is set): who is slow may begin to decide. A voiced
               frame before the hush (WentOn): in vain.
    HUSH       `hush_ms` without a voiced frame (Hushed): maybe the end, so others may decide speculatively. A blip
               of noise changes nothing; `resume_votes` voiced frames make it speech again (Resumed). Silence since t0
               of `end_ms`, or of what `set_end` said, is the end (Ended); a frame that is voiced right then is waited
               for, as it may be the first of a resumption. What was voiced for less than `short_speech_ms` is hardly a
               word (microphones thump when they are switched on): it waits `short_end_ms` for words.
    ENDED      the turn is over; the wake word does not count until the refractory time is over.

A turn's sound (AudioHeard) is contiguous. While the turn waits, it is held back, so that seconds of silence cost the
engine nothing; the first AudioHeard comes with SpeechStarted and carries the pre-roll, which never reaches back
into the wake word's voiced frames or before the opening. From then on there is one for each frame until Ended.

When a wake word counts is `waking.py`'s to say. One in a turn that is still waiting, or that was opened without one,
starts anew: people repeat themselves.

A turn that has ended may be opened again (`reopen`): its words broke off, and the speaker is likely to go on. It waits
as a turn that was opened without a wake word; the silence in between is not part of its sound.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from voiced.listen.settings import ListenerSettings
from voiced.listen.wakecount import WakeCount
from voiced.listen.waking import Waking
from voiced.messages import (
    BYTES_PER_SAMPLE,
    FRAME_SAMPLES,
    AudioHeard,
    Ended,
    EndedBy,
    Frame,
    Hushed,
    ListenerEvent,
    Paused,
    Resumed,
    SpeechStarted,
    WentOn,
    Woken,
    ms_to_samples,
)

_TAIL_GAP_FRAMES = 2
"""So many unvoiced frames part the wake word from what follows."""


class State(enum.Enum):
    IDLE = "idle"
    WOKEN = "woken"
    FOLLOW_UP = "follow_up"
    SPEAKING = "speaking"
    HUSH = "hush"
    ENDED = "ended"


class Sign(enum.Enum):
    WAKE = "the wake word"
    OPEN = "asked to open a turn"
    SPEECH = "enough voiced frames"
    SILENCE = "hush_ms without a voiced frame"
    OVER = "a turn's end, whatever the reason"
    REARMED = "the refractory time is over"


_TABLE: dict[tuple[State, Sign], State] = {
    (State.IDLE, Sign.WAKE): State.WOKEN,
    (State.IDLE, Sign.OPEN): State.FOLLOW_UP,
    (State.WOKEN, Sign.SPEECH): State.SPEAKING,
    (State.WOKEN, Sign.OVER): State.ENDED,
    (State.FOLLOW_UP, Sign.SPEECH): State.SPEAKING,
    (State.FOLLOW_UP, Sign.OVER): State.ENDED,
    (State.SPEAKING, Sign.SILENCE): State.HUSH,
    (State.SPEAKING, Sign.OVER): State.ENDED,
    (State.HUSH, Sign.SPEECH): State.SPEAKING,
    (State.HUSH, Sign.OVER): State.ENDED,
    (State.ENDED, Sign.WAKE): State.WOKEN,  # a repeated wake word ends one turn and opens the next in one frame
    (State.ENDED, Sign.OPEN): State.FOLLOW_UP,
    (State.ENDED, Sign.REARMED): State.IDLE,
}
_WAITING = (State.WOKEN, State.FOLLOW_UP)
_TALKING = (State.SPEAKING, State.HUSH)


@dataclass(slots=True)
class _Turn:
    number: int
    word: str
    """Empty where it was opened without one."""
    opened_at: int
    wait_until: int
    audio_from: int
    """No sound before this one belongs to the turn."""
    word_sounding: bool
    """The wake word's run of voiced frames has not ended."""
    end_samples: int = 0
    """What `set_end` asked for in this hush; 0 where nobody asked."""
    sent: int = 0
    speech_end: int = 0
    paused: bool = False
    ended_at: int = 0
    voiced: int = 0
    """Voiced frames of its words."""


class Listener:
    """One ear's turns. Feed every frame in order to `hear`; what comes back is what happened, in order."""

    def __init__(self, settings: ListenerSettings | None = None) -> None:
        self.settings = settings = settings or ListenerSettings()
        self._state = State.IDLE
        self._turn: _Turn | None = None
        self._ended: _Turn | None = None
        """The turn that ended last."""
        self._turns = 0
        self._now = 0
        """One past the last sample heard."""
        self._waking = Waking()
        self._votes: deque[tuple[int, bool]] = deque(maxlen=settings.start_window)
        self._again: deque[bool] = deque(maxlen=settings.resume_window)
        held_ms = settings.pre_roll_ms + settings.longest_word_ms() + 200
        self._held: deque[Frame] = deque(maxlen=ms_to_samples(held_ms) // FRAME_SAMPLES + 1)
        self._unvoiced = 0
        """Frames since the last voiced one."""

    @property
    def state(self) -> State:
        return self._state

    @property
    def turn(self) -> int | None:
        """Number of the open turn."""
        return self._turn.number if self._turn else None

    @property
    def now(self) -> int:
        """Samples heard since the ear opened."""
        return self._now

    @property
    def wakes(self) -> Mapping[str, WakeCount]:
        """By word, since this listener was made; another object whenever it has changed."""
        return self._waking.counts

    # --- what is heard ----------------------------------------------------------------------------------------------

    def hear(self, frame: Frame) -> tuple[ListenerEvent, ...]:
        """What this frame makes happen. A gap before it is filled; a long one ends the turn where words were sounding.
        Time that runs backwards means that the ear was opened anew.
        """
        events: list[ListenerEvent] = []
        if frame.first_sample < self._now:
            events += self.restart()
        gap = frame.first_sample - self._now
        if gap > ms_to_samples(self.settings.max_gap_ms):
            self._held.clear()
            self._votes.clear()
            if self._turn and self._state in _TALKING:
                events += self._end(EndedBy.LOST)
            elif self._turn:
                self._turn.audio_from, self._turn.word_sounding = frame.first_sample, False
        else:
            while gap > 0:
                size = min(gap, FRAME_SAMPLES)
                self._step(Frame(self._now, bytes(size * BYTES_PER_SAMPLE), speech=False), events)
                gap -= size
        self._now = frame.first_sample
        self._step(frame, events)
        return tuple(events)

    def restart(self) -> tuple[ListenerEvent, ...]:
        """The ear was lost or opened anew: an open turn ends, and counting starts at 0."""
        by = EndedBy.LOST if self._state in _TALKING else EndedBy.NO_SPEECH
        events = self._end(by) if self._turn else ()
        self._state = State.IDLE
        self._now = 0
        self._ended = None
        self._waking.restart()
        self._held.clear()
        self._votes.clear()
        return events

    def file_end(self) -> tuple[ListenerEvent, ...]:
        """Nothing follows. An open turn ends with what was said."""
        if self._turn is None:
            return ()
        return self._end(EndedBy.FILE_END if self._state in _TALKING else EndedBy.NO_SPEECH)

    # --- what the assistant asks ------------------------------------------------------------------------------------

    def open_turn(self, *, window_ms: int | None = None) -> tuple[ListenerEvent, ...]:
        """Open a turn without a wake word, at the next sample; speech must start within `window_ms` (follow_up_ms).
        A turn that is open ends.
        """
        events = self._end(EndedBy.NO_SPEECH) if self._turn else ()
        self._votes.clear()
        wait = self.settings.follow_up_ms if window_ms is None else window_ms
        self._go(Sign.OPEN)
        return (*events, self._open("", 0.0, wait_ms=wait, audio_from=self._now, word_sounding=False))

    def reopen(self, turn: int, *, window_ms: int) -> bool:
        """Let the turn that ended last go on, if speech starts within `window_ms`; it ends with NO_SPEECH if not.
        False where another turn has begun since, or its sound is as long as it may be.
        """
        last = self._ended
        if self._turn or last is None or not last.number == turn == self._turns:
            return False
        if last.sent >= ms_to_samples(self.settings.cap_ms):
            return False
        self._go(Sign.OPEN)
        self._turn, self._ended = last, None
        last.word, last.word_sounding, last.end_samples = "", False, 0
        last.wait_until = self._now + ms_to_samples(window_ms)
        last.audio_from = last.ended_at
        return True

    def number_turn(self) -> int:
        """A turn's number for words that were not heard: no turn of the ear will have it."""
        self._turns += 1
        return self._turns

    def set_end(self, turn: int, end_ms: int) -> bool:
        """How long this hush must last (from t0) to be the end: shorter where what was said is complete and certain,
        longer where it is not. Counts until speech resumes; False where `turn` is not in a hush any more.
        """
        if self._turn is None or self._turn.number != turn or self._state is not State.HUSH:
            return False
        self._turn.end_samples = max(ms_to_samples(end_ms), ms_to_samples(self.settings.hush_ms))
        return True

    def hurry(self, turn: int) -> None:
        """Its wake word cut our own voice short: its words begin within `interrupt_ms` from now, or nobody called."""
        if self._turn and self._turn.number == turn:
            wait = ms_to_samples(self.settings.interrupt_ms)
            self._turn.wait_until = min(self._turn.wait_until, self._now + wait)

    def close(self) -> None:
        """Drop the open turn without a word: whoever calls this knows why."""
        if self._turn:
            self._turn = None
            self._go(Sign.OVER)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _step(self, frame: Frame, events: list[ListenerEvent]) -> None:
        end = self._now = frame.first_sample + len(frame.pcm) // BYTES_PER_SAMPLE
        self._unvoiced = 0 if frame.speech else self._unvoiced + 1
        self._held.append(frame)
        self._votes.append((frame.first_sample, frame.speech))
        if self._state is State.ENDED and self._waking.rested(self.settings, end):
            self._go(Sign.REARMED)
        may_wake = self._turn is None or self._state in _WAITING or not self._turn.word
        if woken := self._waking.heard(frame.wake or {}, self.settings, end, may=may_wake):
            self._wake(*woken, events)
        elif self._turn and self._state in _WAITING:
            self._wait(self._turn, frame, events)
        elif self._turn:
            events.append(self._audio(self._turn, frame.first_sample, frame.pcm))
            self._talk(self._turn, frame, end, events)

    def _wake(self, word: str, score: float, events: list[ListenerEvent]) -> None:
        if self._turn:
            events += self._end(EndedBy.NO_SPEECH)
        sounding = self._unvoiced < _TAIL_GAP_FRAMES
        back = ms_to_samples(self.settings.word(word).back_ms)
        begin = self._now - back if sounding else self._now - self._unvoiced * FRAME_SAMPLES
        self._go(Sign.WAKE)
        self._votes.clear()
        events.append(
            self._open(
                word, score, wait_ms=self.settings.no_speech_ms, audio_from=max(0, begin), word_sounding=sounding
            )
        )

    def _open(self, word: str, score: float, *, wait_ms: int, audio_from: int, word_sounding: bool) -> Woken:
        self._turns += 1
        wait_until = self._now + ms_to_samples(wait_ms)
        self._turn = _Turn(self._turns, word, self._now, wait_until, audio_from, word_sounding)
        return Woken(self._turns, self._now, word, score)

    def _wait(self, turn: _Turn, frame: Frame, events: list[ListenerEvent]) -> None:
        if turn.word_sounding:
            if self._unvoiced >= _TAIL_GAP_FRAMES:
                turn.word_sounding = False
                turn.audio_from = max(turn.audio_from, self._now - self._unvoiced * FRAME_SAMPLES)
                self._votes.clear()
            elif frame.speech and self._now - turn.opened_at >= ms_to_samples(self.settings.word(turn.word).tail_ms):
                turn.word_sounding = False
                self._start(turn, turn.audio_from, turn.audio_from, events)
        elif frame.speech and sum(voiced for _, voiced in self._votes) >= self.settings.start_votes:
            first = next(at for at, voiced in self._votes if voiced)
            begin = max(turn.audio_from, first - ms_to_samples(self.settings.pre_roll_ms))
            self._start(turn, first, begin, events)
        elif not frame.speech and self._now >= turn.wait_until:
            events += self._end(EndedBy.NO_SPEECH)

    def _start(self, turn: _Turn, first: int, begin: int, events: list[ListenerEvent]) -> None:
        self._go(Sign.SPEECH)
        events.append(SpeechStarted(turn.number, first))
        begin = max(begin, self._held[0].first_sample)
        pcm = b"".join(
            frame.pcm[max(0, begin - frame.first_sample) * BYTES_PER_SAMPLE :]
            for frame in self._held
            if frame.first_sample + len(frame.pcm) // BYTES_PER_SAMPLE > begin
        )
        turn.speech_end = self._now - self._unvoiced * FRAME_SAMPLES
        turn.voiced = sum(frame.speech for frame in self._held if frame.first_sample >= begin)
        events.append(self._audio(turn, begin, pcm))

    def _audio(self, turn: _Turn, first_sample: int, pcm: bytes) -> AudioHeard:
        turn.sent += len(pcm) // BYTES_PER_SAMPLE
        return AudioHeard(turn.number, first_sample, pcm)

    def _talk(self, turn: _Turn, frame: Frame, end: int, events: list[ListenerEvent]) -> None:
        settings = self.settings
        turn.voiced += frame.speech
        if self._state is State.HUSH:
            self._again.append(frame.speech)
            if frame.speech and sum(self._again) >= settings.resume_votes:
                self._go(Sign.SPEECH)
                turn.end_samples = 0
                turn.speech_end = end
                events.append(Resumed(turn.number, end))
        elif frame.speech:
            turn.speech_end = end
            if turn.paused:
                turn.paused = False
                events.append(WentOn(turn.number, end))
        elif end - turn.speech_end >= ms_to_samples(settings.hush_ms):
            self._go(Sign.SILENCE)
            self._again.clear()
            turn.paused = False
            events.append(Hushed(turn.number, end, turn.speech_end))
        elif settings.ask_ms and not turn.paused and end - turn.speech_end >= ms_to_samples(settings.ask_ms):
            turn.paused = True
            events.append(Paused(turn.number, end, turn.speech_end))
        if turn.sent >= ms_to_samples(settings.cap_ms):
            events += self._end(EndedBy.CAP)
        elif self._state is State.HUSH and not frame.speech and end - turn.speech_end >= self._enough(turn):
            events += self._end(EndedBy.SILENCE)

    def _enough(self, turn: _Turn) -> int:
        """Samples of silence that end the turn: whoever understood the words knows better than their length."""
        short = turn.voiced * FRAME_SAMPLES < ms_to_samples(self.settings.short_speech_ms)
        usual = max(self.settings.end_ms, self.settings.short_end_ms) if short else self.settings.end_ms
        return turn.end_samples or ms_to_samples(usual)

    def _end(self, by: EndedBy) -> tuple[ListenerEvent, ...]:
        turn = self._turn
        assert turn is not None
        self._turn, self._ended = None, turn
        turn.ended_at = self._now
        self._go(Sign.OVER)
        return (Ended(turn.number, self._now, turn.speech_end or self._now, by),)

    def _go(self, sign: Sign) -> None:
        self._state = _TABLE[self._state, sign]


def muted(frame: Frame) -> Frame:
    """The same time without its sound: what the ear hears while our own mouth speaks."""
    return replace(frame, pcm=bytes(len(frame.pcm)), speech=False, wake=None)
