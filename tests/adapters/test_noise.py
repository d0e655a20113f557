import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.adapters.noise import BLOCK_BYTES, DELAY_SAMPLES, NoiseSuppressor
from voiced.errors import UsageError

RATE_HZ = 16000


def noise(seconds: float, seed: int = 0) -> bytes:
    sound = np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ)) * 1500
    return sound.astype(np.int16).tobytes()


def power_db(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(float)
    return float(10 * np.log10(np.mean(samples**2) + 1e-9))


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_what_goes_on_steadily_gets_quieter_within_two_seconds(level: int) -> None:
    sound = noise(4)
    left = NoiseSuppressor(level)(sound)
    second_half = len(sound) // 2
    assert power_db(sound[second_half:]) - power_db(left[second_half:]) > 5


def test_a_higher_level_takes_more() -> None:
    left = [power_db(NoiseSuppressor(level)(noise(4))[-RATE_HZ:]) for level in (1, 2, 3)]
    assert left == sorted(left, reverse=True)
    assert left[0] - left[-1] > 3


def test_a_voice_stands_out_more_than_before() -> None:
    """A buzz with formants that comes and goes five times a second, as syllables do, in a room that hums on."""
    time = np.arange(5 * RATE_HZ) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / (1 + abs(120 * k - 600) / 200) for k in range(1, 30))
    speaks = np.roll((time % 0.2 < 0.1) & (time > 2), DELAY_SAMPLES)
    sound = np.frombuffer(noise(5), np.int16) * 0.5 + 3000 * buzz * np.roll(speaks, -DELAY_SAMPLES)
    before = sound.astype(np.int16)
    after = np.frombuffer(NoiseSuppressor(2)(before.tobytes()), np.int16)

    def above_db(pcm: np.ndarray, on: np.ndarray) -> float:
        late = time > 3
        return power_db(pcm[on & late].tobytes()) - power_db(pcm[~on & late].tobytes())

    assert above_db(after, speaks) - above_db(before, np.roll(speaks, -DELAY_SAMPLES)) > 3


def test_sound_leaves_as_late_as_is_said() -> None:
    click = np.zeros(RATE_HZ, np.int16)
    click[8000] = 20000
    left = np.frombuffer(NoiseSuppressor(1)(click.tobytes()), np.int16)
    assert int(np.abs(left.astype(int)).argmax()) == 8000 + DELAY_SAMPLES


@given(st.lists(st.integers(0, 8), max_size=12), st.sampled_from([1, 2, 3, 4]))
def test_pieces_give_what_the_whole_gives(pieces: list[int], level: int) -> None:
    sound = noise(1)
    whole, chopped, at, out = NoiseSuppressor(level), NoiseSuppressor(level), 0, b""
    for blocks in pieces:
        out += chopped(sound[at : at + blocks * BLOCK_BYTES])
        at += blocks * BLOCK_BYTES
    out += chopped(sound[at:])
    assert out == whole(sound)


@pytest.mark.parametrize("size", [1, 318, 322, 500])
def test_only_whole_blocks_are_taken(size: int) -> None:
    with pytest.raises(ValueError, match="10 ms"):
        NoiseSuppressor(2)(bytes(size))


@pytest.mark.parametrize("level", [0, 5, -1])
def test_there_are_four_levels(level: int) -> None:
    with pytest.raises(UsageError, match="1, 2, 3 or 4"):
        NoiseSuppressor(level)
