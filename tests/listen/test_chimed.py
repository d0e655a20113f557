"""Our own chime is no speech, and speech over it is."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import soundfile

from tests.listen.test_echo import RECORDINGS, Sound, echo_of, level_db, pcm
from voiced.adapters import chimes
from voiced.adapters.vad import WebRtcVad
from voiced.listen.chimed import is_chime
from voiced.listen.level import LevelGate
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ
from voiced.ports import Chime

NAMES = sorted(path.stem for path in RECORDINGS.glob("*-kitchen-lights-on.flac"))


@functools.cache
def chimed(loss_db: float) -> Sound:
    """The chime in a room, between two seconds of its noise."""
    dry = chimes.chime(Chime.WOKEN, SAMPLE_RATE_HZ) / 32768
    sound = np.random.default_rng(3).standard_normal(2 * SAMPLE_RATE_HZ) * 0.0003
    wet = echo_of(dry) * 10 ** (-loss_db / 20)
    sound[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + len(wet)] += wet
    return sound


def votes(sound: Sound, *, heeding: bool) -> int:
    vad, gate, count = WebRtcVad(aggressiveness=2), LevelGate(), 0
    for at in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        frame = pcm(sound[at : at + FRAME_SAMPLES])
        voiced, loud = vad.is_speech(frame), gate.is_loud(frame)
        count += voiced and loud and not (heeding and is_chime(frame))
    return count


@pytest.mark.parametrize("loss_db", [0, 6, 12, 20])
def test_the_chime_is_taken_for_speech_and_told_from_it(loss_db: float) -> None:
    assert votes(chimed(loss_db), heeding=False) >= 12, "or all this were needless"
    assert votes(chimed(loss_db), heeding=True) <= 1, "less than speech begins with"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_what_people_say_is_taken_for_the_chime(name: str) -> None:
    words, _ = soundfile.read(RECORDINGS / f"{name}.flac")
    before = votes(words, heeding=False)
    assert votes(words, heeding=True) > 0.97 * before


@pytest.mark.parametrize("name", NAMES)
def test_words_over_the_chime_count(name: str) -> None:
    words, _ = soundfile.read(RECORDINGS / f"{name}.flac")
    loud = np.flatnonzero(np.abs(words) > 0.05)[0]
    over = np.array(words[loud : loud + 6400])
    chime = chimed(6)[: SAMPLE_RATE_HZ + 6400]
    over *= 10 ** ((level_db(chime[-6400:-3200]) - level_db(over)) / 20)
    over = np.concatenate([chimed(200)[:SAMPLE_RATE_HZ], over])
    assert votes(over + chime, heeding=True) >= 0.5 * votes(over, heeding=False)
