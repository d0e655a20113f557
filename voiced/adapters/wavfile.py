"""Recordings: WAV, FLAC and what else libsndfile reads, as 20 ms frames' worth of 16 kHz mono s16."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voiced.adapters.resample import Resampler, to_pcm
from voiced.errors import AudioFileError
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ, ms_to_samples

_READ = 1 << 15
_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_MAX_CHANNELS = 32
_RATES_HZ = range(4_000, 400_000)
MAX_SECONDS = 4 * 3600


class Recording:
    """One file, opened and checked. AudioFileError, in one line, for whatever is wrong with it.

    `channel` counts from 0; None takes the mean of all. Headers are not believed: the file is read until it ends.
    """

    def __init__(self, *, path: Path, channel: int | None = None) -> None:
        self.path = path
        self._channel = channel
        try:
            with path.open("rb") as file:
                if file.seek(0, io.SEEK_END) == 0:
                    raise AudioFileError(f"{path} is empty")
            self._file = soundfile.SoundFile(path)
        except AudioFileError:
            raise
        except OSError as error:
            raise AudioFileError(f"{path} cannot be opened: {error.strerror or error}") from error
        except (RuntimeError, TypeError, ValueError, MemoryError) as error:
            raise AudioFileError(f"{path} is no recording: {_one_line(error)}") from error
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.comment = str(self._file.comment)
        try:
            if self.rate_hz not in _RATES_HZ:
                raise AudioFileError(f"{path} claims a sample rate of {self.rate_hz} Hz")
            if not 1 <= self.channels <= _MAX_CHANNELS:
                raise AudioFileError(f"{path} claims {self.channels} channels")
            if channel is not None and not 0 <= channel < self.channels:
                raise AudioFileError(f"{path} has {self.channels} channels: there is no channel {channel}")
        except AudioFileError:
            self.close()
            raise

    def frames(self, *, silence_ms: int = 0) -> Iterator[bytes]:
        """The file's sound in 640-byte frames, as fast as they are asked for; the last one is filled with silence, and
        `silence_ms` more follow. AudioFileError where the sound cannot be decoded, or never ends.
        """
        pcm, seconds_left = b"", float(MAX_SECONDS)
        resampler = Resampler(rate_hz=self.rate_hz)
        while True:
            block = self._read()
            seconds_left -= len(block) / self.rate_hz
            if seconds_left < 0:
                raise AudioFileError(f"{self.path} is longer than {MAX_SECONDS // 3600} hours")
            pcm += to_pcm(resampler.push(block, last=not len(block)))
            if not len(block):
                break
            whole = len(pcm) // _FRAME_BYTES * _FRAME_BYTES
            yield from (pcm[at : at + _FRAME_BYTES] for at in range(0, whole, _FRAME_BYTES))
            pcm = pcm[whole:]
        pcm += bytes(ms_to_samples(silence_ms) * BYTES_PER_SAMPLE)
        pcm += bytes(-len(pcm) % _FRAME_BYTES)
        yield from (pcm[at : at + _FRAME_BYTES] for at in range(0, len(pcm), _FRAME_BYTES))

    def close(self) -> None:
        self._file.close()

    def _read(self) -> NDArray[np.float32]:
        try:
            block = self._file.read(_READ, dtype="float32", always_2d=True)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise AudioFileError(f"{self.path} cannot be decoded: {_one_line(error)}") from error
        # Before the mean of the channels, or one broken channel would silence the others.
        block = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
        picked = block.mean(axis=1) if self._channel is None else block[:, self._channel]
        limited: NDArray[np.float32] = np.clip(picked, -4.0, 4.0).astype(np.float32)
        return limited


def _one_line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "error_string", error)).split())


def write_wav(path: Path, pcm: bytes) -> None:
    """16 kHz mono s16 `pcm` as a WAV file. AudioFileError where it cannot be written."""
    try:
        soundfile.write(path, np.frombuffer(pcm, np.int16), SAMPLE_RATE_HZ, subtype="PCM_16")
    except (OSError, RuntimeError) as error:
        raise AudioFileError(f"{path} cannot be written: {_one_line(error)}") from error
