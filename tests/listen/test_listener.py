"""The listener by properties and by stories written as rows of votes."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from voiced.errors import UsageError
from voiced.listen.listener import Listener, State, muted
from voiced.listen.settings import ListenerSettings, WakeWord
from voiced.messages import (
    FRAME_SAMPLES,
    AudioHeard,
    Ended,
    EndedBy,
    Frame,
    Hushed,
    ListenerEvent,
    Resumed,
    SpeechStarted,
    Woken,
)

WORD = "hey_jarvis"


def frame(index: int, speech: bool = False, score: float | None = None, word: str = WORD) -> Frame:
    pcm = index.to_bytes(4, "little") * (FRAME_SAMPLES // 2)
    return Frame(index * FRAME_SAMPLES, pcm, speech, None if score is None else {word: score})


def story(votes: str, *, listener: Listener | None = None, start: int = 0) -> list[ListenerEvent]:
    """`#` voiced, `.` not, `W` voiced with a wake score of 0.9, `w` the same unvoiced."""
    listener = listener or Listener()
    events: list[ListenerEvent] = []
    for index, vote in enumerate(votes, start):
        events += listener.hear(frame(index, vote in "#W", 0.9 if vote in "wW" else 0.1 if index % 4 == 3 else None))
    return events


def kinds(events: list[ListenerEvent]) -> str:
    return " ".join(type(event).__name__ for event in events if not isinstance(event, AudioHeard))


def at(frames: int) -> int:
    return frames * FRAME_SAMPLES


def sound(events: list[ListenerEvent]) -> bytes:
    return b"".join(event.pcm for event in events if isinstance(event, AudioHeard))


def test_wake_pause_command() -> None:
    events = story("....########W####" + "." * 30 + "#" * 40 + "." * 20)
    assert kinds(events) == "Woken SpeechStarted Hushed Ended"
    woken, started, heard = events[0], events[1], events[2]
    assert isinstance(woken, Woken)
    assert (woken.at_sample, woken.word, woken.score) == (at(13), WORD, 0.9)
    assert started == SpeechStarted(1, at(47))
    assert isinstance(heard, AudioHeard)
    assert heard.first_sample == at(47 - 15)  # the pre-roll of 300 ms
    assert heard.pcm == b"".join(frame(index).pcm for index in range(32, 50))
    hushed, ended = (event for event in events if isinstance(event, Hushed | Ended))
    assert hushed == Hushed(1, at(87 + 6), at(87))
    assert ended == Ended(1, at(87 + 15), at(87), EndedBy.SILENCE)


def test_command_in_one_breath_begins_back_ms_before_the_wake() -> None:
    events = story("########W" + "#" * 50 + "." * 20)
    assert kinds(events) == "Woken SpeechStarted Hushed Ended"
    heard = next(event for event in events if isinstance(event, AudioHeard))
    assert heard.first_sample == at(9) - 120 * 16


def test_the_words_own_tail_is_no_command() -> None:
    events = story("########W" + "#" * 12 + "." * 300)
    assert kinds(events) == "Woken Ended"
    assert events[-1] == Ended(1, at(9 + 250), at(9 + 250), EndedBy.NO_SPEECH)


def test_a_short_pause_after_the_word_cuts_its_tail_off() -> None:
    events = story("########W#####...." + "#" * 30 + "." * 20)
    heard = next(event for event in events if isinstance(event, AudioHeard))
    assert heard.first_sample == at(14)


def test_alexa_crosses_early_so_its_tail_is_longer() -> None:
    listener = Listener()
    events: list[ListenerEvent] = []
    for index in range(300):
        events += listener.hear(frame(index, index < 27, 0.9 if index == 8 else None, "alexa"))
    assert kinds(events) == "Woken Ended"


def test_a_click_neither_starts_nor_resumes() -> None:
    assert kinds(story("w" + "." * 20 + "##" + "." * 300)) == "Woken Ended"
    events = story("w....###############" + "." * 8 + "##" + "." * 20)
    assert kinds(events) == "Woken SpeechStarted Hushed Ended"
    assert [event.speech_end_sample for event in events if isinstance(event, Ended)] == [at(20)]


def test_words_after_the_hush_resume() -> None:
    events = story("w....##########" + "." * 8 + "##########" + "." * 20)
    assert kinds(events) == "Woken SpeechStarted Hushed Resumed Hushed Ended"
    assert next(event for event in events if isinstance(event, Resumed)).at_sample == at(15 + 8 + 3)
    assert [event.speech_end_sample for event in events if isinstance(event, Ended)] == [at(33)]


def test_a_voiced_frame_at_the_very_end_is_waited_for() -> None:
    events = story("w....##########" + "." * 14 + "##########" + "." * 20)
    assert kinds(events) == "Woken SpeechStarted Hushed Resumed Hushed Ended"


@pytest.mark.parametrize(("end_ms", "frames"), [(220, 11), (300, 15), (1500, 75), (10, 7)])
def test_the_end_can_be_set_for_one_hush(end_ms: int, frames: int) -> None:
    listener = Listener()
    story("w....##########......", listener=listener)
    assert listener.state is State.HUSH
    assert not listener.set_end(7, end_ms)
    assert listener.set_end(1, end_ms)
    ended = [event for event in story("." * 90, listener=listener, start=21) if isinstance(event, Ended)]
    assert ended == [Ended(1, at(15 + frames), at(15), EndedBy.SILENCE)]


def test_resuming_forgets_the_end_that_was_set() -> None:
    listener = Listener()
    story("w....##########......", listener=listener)
    listener.set_end(1, 1500)
    ended = [event for event in story("######" + "." * 90, listener=listener, start=21) if isinstance(event, Ended)]
    assert ended == [Ended(1, at(27 + 15), at(27), EndedBy.SILENCE)]
    assert not listener.set_end(1, 220)


def test_cap() -> None:
    events = story("w...." + "#" * 800)
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert ended.by is EndedBy.CAP
    assert len(sound(events)) // 2 == 15 * 16_000


def test_a_file_opens_at_its_first_sample() -> None:
    listener = Listener()
    assert listener.open_turn() == (Woken(1, 0, "", 0.0),)
    events = story("##########", listener=listener)
    assert kinds(events) == "SpeechStarted"
    assert sound(events) == b"".join(frame(index).pcm for index in range(10))
    assert listener.file_end() == (Ended(1, at(10), at(10), EndedBy.FILE_END),)
    assert listener.file_end() == ()


def test_follow_up_that_nobody_uses() -> None:
    listener = Listener()
    listener.open_turn(window_ms=1000)
    assert story("." * 60, listener=listener) == [Ended(1, at(50), at(50), EndedBy.NO_SPEECH)]
    assert listener.state is State.IDLE


def test_a_thump_before_the_words_does_not_end_the_turn() -> None:
    listener = Listener()
    listener.open_turn()
    events = story("....####" + "." * 25 + "#" * 30 + "." * 20, listener=listener)
    assert kinds(events) == "SpeechStarted Hushed Resumed Hushed Ended"
    listener.open_turn()
    ended = story("....####" + "." * 60, listener=listener, start=83)[-1]
    assert ended == Ended(2, at(83 + 8 + 50), at(83 + 8), EndedBy.SILENCE)


def test_the_wake_word_in_a_follow_up_starts_anew() -> None:
    listener = Listener()
    listener.open_turn()
    events = story("....########W###......" + "#" * 20 + "." * 20, listener=listener)
    assert kinds(events) == "SpeechStarted Ended Woken SpeechStarted Hushed Ended"
    assert [event.turn for event in events if isinstance(event, Woken)] == [2]


def test_one_long_score_wakes_once() -> None:
    listener = Listener(ListenerSettings(no_speech_ms=200, max_gap_ms=60))
    scores = [0.9] * 60 + [0.1] + [0.9] * 30
    events = [event for index, score in enumerate(scores) for event in listener.hear(frame(4 * index, score=score))]
    assert [event.at_sample for event in events if isinstance(event, Woken)] == [at(1), at(4 * 61 + 1)]


def test_thresholds_are_per_word() -> None:
    listener = Listener(ListenerSettings(words={WORD: WakeWord(threshold=0.95)}))
    assert kinds(story("w" + "." * 80, listener=listener)) == ""


def test_lost_sound_is_filled_or_ends_the_turn() -> None:
    listener = Listener()
    listener.open_turn()
    story("##########", listener=listener)
    filled = story("#", listener=listener, start=14)
    assert sound(filled) == bytes(4 * 640) + frame(14).pcm
    assert story("#", listener=listener, start=25) == [Ended(1, at(15), at(15), EndedBy.LOST)]


def test_sound_lost_before_the_words_only_takes_its_time() -> None:
    listener = Listener()
    events = story("....########W####....", listener=listener)
    events += story(".." + "#" * 20 + "." * 20, listener=listener, start=60)
    assert kinds(events) == "Woken SpeechStarted Hushed Ended"
    heard = next(event for event in events if isinstance(event, AudioHeard))
    assert heard.first_sample == at(60)  # nothing of what was before the gap
    assert story("....########W####....", listener=listener, start=102)
    assert kinds(story(".", listener=listener, start=500)) == "Ended"  # the wait is over, lost sound or not


def test_time_that_runs_backwards_is_a_new_ear() -> None:
    listener = Listener()
    listener.open_turn()
    story("##########", listener=listener)
    assert story(".", listener=listener) == [Ended(1, at(10), at(10), EndedBy.LOST)]
    assert listener.now == FRAME_SAMPLES


def test_close_says_nothing() -> None:
    listener = Listener()
    listener.open_turn()
    story("##########", listener=listener)
    listener.close()
    assert listener.turn is None
    assert story("." * 50, listener=listener, start=10) == []


def test_muted_frames_are_time_without_sound() -> None:
    assert muted(frame(3, True, 0.9)) == Frame(at(3), bytes(640), False, None)


@pytest.mark.parametrize(
    "wrong",
    [{"hush_ms": 400}, {"cap_ms": 31_000}, {"start_votes": 6}, {"pre_roll_ms": -1}, {"words": {"x": WakeWord(0.0)}}],
)
def test_settings_that_contradict(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ListenerSettings(**wrong)  # type: ignore[arg-type]


# --- properties -----------------------------------------------------------------------------------------------------

runs = st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40)
actions = st.dictionaries(
    st.integers(0, 600), st.sampled_from(["open", "close", "short", "long", "gap", "jump"]), max_size=8
)
NEXT = {
    Woken: (SpeechStarted, Ended),
    SpeechStarted: (Hushed, Ended),
    Hushed: (Resumed, Ended),
    Resumed: (Hushed, Ended),
    Ended: (),
}


@settings(deadline=None, max_examples=150)
@given(runs, st.sets(st.integers(0, 600), max_size=6), actions)
def test_laws(votes: list[tuple[bool, int]], wakes: set[int], todo: dict[int, str]) -> None:
    def play() -> tuple[list[ListenerEvent], set[int]]:
        listener, events, closed, index = Listener(), list[ListenerEvent](), set[int](), 0
        for speech, length in votes:
            for _ in range(length):
                match todo.get(index):
                    case "open":
                        events.extend(listener.open_turn())
                    case "close":
                        closed |= {listener.turn} - {None}  # type: ignore[arg-type]
                        listener.close()
                    case "short" | "long" as end:
                        listener.set_end(listener.turn or 0, 220 if end == "short" else 1500)
                    case "gap":
                        index += 3
                    case "jump":
                        index += 30
                events.extend(listener.hear(frame(index, speech, 0.9 if index in wakes else 0.0)))
                index += 1
        events.extend(listener.file_end())
        return events, closed

    events, closed = play()
    assert (events, closed) == play()  # the same sound gives the same events, every time
    by_turn: dict[int, list[ListenerEvent]] = {}
    for event in events:
        by_turn.setdefault(event.turn, []).append(event)
    assert [event.turn for event in events] == sorted(event.turn for event in events)  # one turn after the other
    for turn, own in by_turn.items():
        steps = [event for event in own if not isinstance(event, AudioHeard)]
        assert isinstance(steps[0], Woken)
        for step, following in itertools.pairwise(steps):
            assert isinstance(following, NEXT[type(step)])
        assert isinstance(steps[-1], Ended) or turn in closed
        heard = [event for event in own if isinstance(event, AudioHeard)]
        for one, two in itertools.pairwise(heard):
            assert one.first_sample + len(one.pcm) // 2 == two.first_sample
        for one in heard:
            for offset in range(0, len(one.pcm), 2):
                here = one.first_sample + offset // 2
                index, within = divmod(here, FRAME_SAMPLES)
                if one.pcm[offset : offset + 2] != b"\0\0":  # zeros are what a gap is filled with
                    assert one.pcm[offset : offset + 2] == frame(index).pcm[2 * within : 2 * within + 2]
        if isinstance(steps[-1], Ended) and heard:
            last = heard[-1].first_sample + len(heard[-1].pcm) // 2
            assert steps[-1].at_sample == last or steps[-1].by is not EndedBy.SILENCE
            assert heard[0].first_sample <= steps[-1].speech_end_sample <= last
            assert last - heard[0].first_sample <= 15 * 16_000 + FRAME_SAMPLES


def test_a_turn_that_broke_off_goes_on_and_its_sound_in_between_is_left_out() -> None:
    listener = Listener(ListenerSettings(pre_roll_ms=100))
    first = story("." * 10 + "w..." + "#" * 40 + "." * 20, listener=listener)
    assert kinds(first) == "Woken SpeechStarted Hushed Ended"
    assert listener.reopen(1, window_ms=2000)
    rest = story("." * 50 + "#" * 20 + "." * 20, listener=listener, start=74)
    assert kinds(rest) == "SpeechStarted Hushed Ended"
    assert {event.turn for event in first + rest} == {1}
    heard = [event for event in rest if isinstance(event, AudioHeard)]
    assert heard[0].first_sample == at(74 + 50 - 5)


def test_a_turn_goes_on_with_what_was_said_before_it_was_opened_again() -> None:
    listener = Listener()
    first = story("." * 10 + "w..." + "#" * 40 + "." * 20 + "#" * 6, listener=listener)
    ended = next(event for event in first if isinstance(event, Ended))
    assert listener.reopen(1, window_ms=2000)
    rest = story("#" * 20 + "." * 20, listener=listener, start=80)
    assert next(event for event in rest if isinstance(event, AudioHeard)).first_sample >= ended.at_sample
    assert sound(first) + sound(rest) == sound(first + rest)


def test_only_the_last_turn_can_go_on_and_only_so_long() -> None:
    listener = Listener(ListenerSettings(cap_ms=1000))
    assert not listener.reopen(1, window_ms=2000)
    story("w..." + "#" * 15 + "." * 20, listener=listener)
    assert not listener.reopen(2, window_ms=2000)
    assert listener.reopen(1, window_ms=500)
    assert not listener.reopen(1, window_ms=500), "it is open already"
    nothing = story("." * 40, listener=listener, start=39)
    assert [e.by for e in nothing if isinstance(e, Ended)] == [EndedBy.NO_SPEECH]
    assert listener.reopen(1, window_ms=500)
    story("#" * 60, listener=listener, start=79)
    assert not listener.reopen(1, window_ms=500), "its sound is as long as it may be"
    listener = Listener()
    story("w..." + "#" * 15 + "." * 20, listener=listener)
    listener.number_turn()
    assert not listener.reopen(1, window_ms=2000), "something newer was asked"
