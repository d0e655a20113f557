from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gemma.tiny import sound
from voiced.gemma.audio import MAX_SAMPLES, POLE, TOKEN_SAMPLES, AudioStream, HighPass, Reencoder

F32 = npt.NDArray[np.float32]


class Sums:
    """An encoder whose token n is the sum of all samples up to its end, once a sample more is there, as the real one
    counts its frames.
    """

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, heard: F32) -> F32:
        n = max(1, -(-(len(heard) - 1) // TOKEN_SAMPLES))
        self.encoded += n
        sums = np.cumsum(heard.astype(np.float64))
        ends = np.minimum(np.arange(1, n + 1) * TOKEN_SAMPLES, len(heard) - 1) - 1
        return np.stack([sums[ends], np.arange(n)], 1).astype(np.float32)

    def close(self) -> None:
        pass


def stream(encoder: Sums | None = None, step: int = 4, silence_ms: int = 0) -> AudioStream:
    return AudioStream(Reencoder(encoder or Sums(), step), silence_ms)


def whole(pcm: bytes, silence_ms: int = 0) -> F32:
    one = stream(silence_ms=silence_ms)
    return np.concatenate([*one.feed(pcm), one.tail()])


@given(st.lists(st.integers(0, 5000), max_size=20), st.integers(1, 90000))
def test_chopping_changes_no_bit(cuts: list[int], length: int) -> None:
    pcm = sound(2.9)[: length // 2 * 2]
    one, got, at = stream(), [], 0
    for cut in cuts:
        got += one.feed(pcm[at : at + cut])
        one.tail()
        at += cut
    got += one.feed(pcm[at:])
    assert np.array_equal(np.concatenate([*got, one.tail()]), whole(pcm))
    assert one.samples == length // 2


def test_final_embeddings_are_those_of_the_whole_clip() -> None:
    pcm = sound(6.3, seed=3)
    high = HighPass()
    x = np.frombuffer(pcm, np.int16)
    heard = np.concatenate([high.block(x[i : i + 640]) for i in range(0, len(x), 640)])
    assert np.array_equal(whole(pcm), Sums().encode(heard))


def test_a_step_is_final_once_a_sample_more_is_heard() -> None:
    pcm, step = sound(0.5, seed=2), 4 * TOKEN_SAMPLES * 2
    one = stream()
    assert one.feed(pcm[: step + 1]) == []
    assert len(one.tail()) == 4
    (rows,) = one.feed(pcm[step + 1 : step + 2])
    assert len(rows) == one.final == 4


@pytest.mark.parametrize("samples", [0, 100, 5000, 7680, 20000])
def test_made_up_silence_is_heard_as_silence_would_be(samples: int) -> None:
    pcm = sound(1.3, seed=4)[: 2 * samples]
    assert np.array_equal(whole(pcm, silence_ms=300), whole(pcm + bytes(2 * 4800)))


def test_long_speech_stays_affordable_without_a_memory() -> None:
    encoder = Sums()
    ends = np.cumsum([len(rows) for rows in stream(encoder, 12).feed(sound(15))])
    assert ends[0] == 12
    assert all(ends % 12 == 0)
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
    assert len(stream().tail()) == 1
    one = stream()
    one.feed(bytes(100))
    assert len(one.tail()) == 1


def test_sound_beyond_the_encoders_limit_is_dropped() -> None:
    one = stream(step=12)
    rows = sum(map(len, one.feed(bytes(2 * MAX_SAMPLES + 200_000))))
    assert rows + len(one.tail()) == MAX_SAMPLES // TOKEN_SAMPLES
    assert one.feed(bytes(50_000)) == []
    assert one.samples == MAX_SAMPLES


@pytest.mark.parametrize("step", [0, -4, 6])
def test_a_step_is_a_multiple_of_four(step: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        Reencoder(Sums(), step)
