"""Log-mel features as Gemma 4's audio encoder was trained with, computed as llama.cpp computes them.

16 kHz sound, a frame of 320 samples (periodic Hann, zero-padded to 512) every 160 samples, 160 zeros before the first;
magnitudes through 128 HTK triangles, ln(max(sum, 0.001)). A frame counts once the sample after it has been heard.

In float32 and in llama.cpp's own order, butterfly by butterfly: on machines whose compiler fuses no multiply-add
(x86-64) the result is the same to the last bit. That is no pedantry. The encoder rounds activations to 8 bits, so that
a difference of 1e-7 here becomes one of 1e-2 in its output (measured on nano's Q8_0).

Source: log_mel_spectrogram and mtmd_audio_preprocessor_gemma4a in llama.cpp 0c1e57098, tools/mtmd/mtmd-audio.cpp.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from voiced.arrays import F32
from voiced.gemma.ggml import c_floats

RATE_HZ, WINDOW, HOP, FFT, MELS = 16000, 320, 160, 512, 128
FLOOR = float(np.float32(0.001))
_BINS = FFT // 2 + 1


def frames(samples: int) -> int:
    """Frames of a sound of so many samples."""
    return max(0, (samples - 1) // HOP)


def log_mel(sound: F32) -> F32:
    """float32 [160 + 160 n], 160 samples before the first frame's centre on -> float32 [n, 128]."""
    count = len(sound) // HOP - 1
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP][:count]
    magnitudes = _magnitudes(windows * _HANN)
    terms = magnitudes[:, _TRIANGLE_BINS] * _TRIANGLES  # [frames, mels, groups, 4]
    fours = ((terms[..., 0] + terms[..., 1]) + terms[..., 2]) + terms[..., 3]
    sums = np.zeros(fours.shape[:2], np.float64)
    for group in range(fours.shape[2]):
        sums += fours[..., group]
    return np.log(np.maximum(sums, FLOOR)).astype(np.float32)


def _magnitudes(windows: F32) -> F32:
    """float32 [frames, 320] -> [frames, 257]. Cooley-Tukey, all frames at once along the last axis."""
    count = len(windows)
    real = np.zeros((FFT, count), np.float32)
    real[:WINDOW] = windows.T
    real = real[_BIT_REVERSED]
    imag = np.zeros_like(real)
    for cos, sin in _TWIDDLES:
        shape = (-1, 2, len(cos), count)
        even, odd = real.reshape(shape).swapaxes(0, 1)
        even_i, odd_i = imag.reshape(shape).swapaxes(0, 1)
        cc, ss, cs, sc = cos * odd, sin * odd_i, cos * odd_i, sin * odd
        real = np.stack([even + cc - ss, even - cc + ss], 1).reshape(FFT, count)
        imag = np.stack([even_i + cs + sc, even_i - cs - sc], 1).reshape(FFT, count)
    real, imag = real[:_BINS], imag[:_BINS]
    out: F32 = np.sqrt(real * real + imag * imag).T
    return out


def _hann() -> F32:
    turn = np.float32(2) * np.float32(math.pi)
    angles = turn * np.arange(WINDOW, dtype=np.float32) / np.float32(WINDOW)
    return np.float32(0.5) - np.float32(0.5) * c_floats("cosf", angles.astype(np.float32))


def _twiddles() -> list[tuple[F32, F32]]:
    """(cos, -sin) [half, 1] for butterflies of 2, 4, ... 512 points."""
    angles = (2 * math.pi * np.arange(FFT) / FFT).astype(np.float32)
    cos, sin = c_floats("cosf", angles), c_floats("sinf", angles)
    halves = [1 << level for level in range(FFT.bit_length() - 1)]
    return [(cos[: FFT // 2 : FFT // 2 // h, None], -sin[: FFT // 2 : FFT // 2 // h, None]) for h in halves]


def _bit_reversed() -> npt.NDArray[np.intp]:
    bits = FFT.bit_length() - 1
    return np.array([int(f"{i:0{bits}b}"[::-1], 2) for i in range(FFT)], np.intp)


def _triangles() -> tuple[npt.NDArray[np.intp], F32]:
    """The mel filters where they are not zero, in fours of bins as llama.cpp adds them: both [128, n, 4]."""
    top = 2595.0 * math.log10(1.0 + RATE_HZ / 2 / 700.0)
    hz = [700.0 * (math.pow(10.0, top * (i / (MELS + 1)) / 2595.0) - 1.0) for i in range(MELS + 2)]
    bin_hz = np.arange(_BINS) * (RATE_HZ / FFT)
    full = np.zeros((MELS, _BINS + 3), np.float32)
    for row, left, centre, right in zip(full, hz, hz[1:], hz[2:], strict=False):
        rising = (bin_hz >= left) & (bin_hz <= centre)
        falling = (bin_hz > centre) & (bin_hz <= right)
        row[:_BINS][rising] = ((bin_hz - left) / max(1e-30, centre - left))[rising]
        row[:_BINS][falling] = ((right - bin_hz) / max(1e-30, right - centre))[falling]
    fours = full.reshape(MELS, -1, 4)
    used = (fours != 0).any(2)
    first = used.argmax(1)
    width = int((used.shape[1] - used[:, ::-1].argmax(1) - first)[used.any(1)].max())
    first = np.minimum(first, fours.shape[1] - width)
    groups = first[:, None] + np.arange(width)
    bins = np.minimum(groups[..., None] * 4 + np.arange(4), _BINS - 1)
    return bins, np.take_along_axis(fours, groups[..., None], 1)


_HANN = _hann()
_TWIDDLES = _twiddles()
_BIT_REVERSED = _bit_reversed()
_TRIANGLE_BINS, _TRIANGLES = _triangles()
