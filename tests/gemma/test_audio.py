from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gemma.tiny import sound
from voiced.gemma.audio import MAX_SAMPLES, POLE, TOKEN_SAMPLES, AudioStream, HighPass, plan

F32 = npt.NDArray[np.float32]


class Sums:
    """An encoder whose token n is the sum of all samples up to its end, and a peek 30 ms ahead, as the real one has."""

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, heard: F32) -> F32:
        n = -(-len(heard) // TOKEN_SAMPLES)
        self.encoded += n
        sums = np.cumsum(heard.astype(np.float64))
        ends = np.minimum(np.arange(1, n + 1) * TOKEN_SAMPLES + 480, len(heard)) - 1
        return np.stack([sums[ends], np.arange(n)], 1).astype(np.float32)


def whole(pcm: bytes) -> F32:
    stream = AudioStream(Sums(), 4)
    return np.concatenate([*stream.feed(pcm), stream.tail()])


@given(st.lists(st.integers(0, 5000), max_size=20), st.integers(1, 90000))
def test_chopping_changes_no_bit(cuts: list[int], length: int) -> None:
    pcm = sound(2.9)[: length // 2 * 2]
    stream, got, at = AudioStream(Sums(), 4), [], 0
    for cut in cuts:
        got += stream.feed(pcm[at : at + cut])
        stream.tail()
        at += cut
    got += stream.feed(pcm[at:])
    assert np.array_equal(np.concatenate([*got, stream.tail()]), whole(pcm))
    assert stream.samples == length // 2


def test_final_embeddings_are_those_of_the_whole_clip() -> None:
    pcm = sound(6.3, seed=3)
    high = HighPass()
    x = np.frombuffer(pcm, np.int16)
    heard = np.concatenate([high.block(x[i : i + 640]) for i in range(0, len(x), 640)])
    assert np.array_equal(whole(pcm), Sums().encode(heard))


def test_steps_are_multiples_and_long_speech_stays_affordable() -> None:
    ends = plan(12)
    assert ends[0] == 12
    assert all(e % 12 == 0 for e in ends)
    assert ends == sorted(set(ends))
    encoder = Sums()
    AudioStream(encoder, 12).feed(sound(15))
    assert encoder.encoded < 4 * 375, "encoding 15 s in steps costs less than four times encoding it once"


def test_the_filter_is_the_recursion_and_removes_dc() -> None:
    x = (np.random.default_rng(0).standard_normal(3000) * 2000 + 9000).astype(np.int16)
    high = HighPass()
    got = np.concatenate([high.block(x[i : i + 640]) for i in range(0, 3000, 640)])
    want, before, y = [], 0.0, 0.0
    for value in x / 32768:
        y = value - before + POLE * y
        before = value
        want.append(y)
    assert np.allclose(got, want, atol=1e-6)
    assert abs(got[1500:].mean()) < 0.01


def test_silence_and_nothing_at_all_have_a_tail() -> None:
    assert len(AudioStream(Sums(), 4).tail()) == 1
    stream = AudioStream(Sums(), 4)
    stream.feed(bytes(100))
    assert len(stream.tail()) == 1


def test_sound_beyond_the_encoders_limit_is_dropped() -> None:
    stream = AudioStream(Sums(), 12)
    rows = sum(map(len, stream.feed(bytes(2 * MAX_SAMPLES + 200_000))))
    assert rows + len(stream.tail()) == MAX_SAMPLES // TOKEN_SAMPLES


@pytest.mark.parametrize("step", [0, -4, 6])
def test_a_step_is_a_multiple_of_four(step: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        AudioStream(Sums(), step)
