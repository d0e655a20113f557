"""Log-mel features as llama.cpp's gemma4a front end computes them, in batches."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

RATE, WINDOW, HOP, FFT, MELS = 16000, 320, 160, 512, 128


@lru_cache(maxsize=1)
def filters() -> Tensor:
    """HTK mel triangles without area normalization: [257, 128]."""

    def to_mel(f: float) -> float:
        return float(2595 * np.log10(1 + f / 700))

    hz = 700 * (10 ** (np.linspace(to_mel(0), to_mel(RATE / 2), MELS + 2) / 2595) - 1)
    freq = np.linspace(0, RATE / 2, FFT // 2 + 1)
    rows = [
        np.maximum(0, np.minimum((freq - lo) / (mid - lo), (hi - freq) / (hi - mid)))
        for lo, mid, hi in zip(hz, hz[1:], hz[2:], strict=False)
    ]
    return torch.tensor(np.stack(rows).T, dtype=torch.float32)


@lru_cache(maxsize=1)
def window() -> Tensor:
    return torch.hann_window(WINDOW, periodic=True)


def frames(samples: int) -> int:
    """Mel frames of so many samples: 20 ms window, 10 ms hop, 160 zeros in front (semicausal)."""
    return (samples + WINDOW // 2 - (WINDOW + 1)) // HOP + 1


def mel(pcm: Tensor) -> Tensor:
    """PCM [batch, samples] in [-1, 1] -> ln(max(mel magnitude, 1e-3)) [batch, frames, 128]."""
    x = torch.nn.functional.pad(pcm, (WINDOW // 2, 0))
    n = (x.shape[1] - (WINDOW + 1)) // HOP + 1
    spectrum = torch.fft.rfft(x.unfold(1, WINDOW, HOP)[:, :n] * window(), FFT).abs()
    return torch.log((spectrum @ filters()).clamp(min=1e-3))


def tokens(n_frames: Tensor) -> Tensor:
    """Audio tokens of so many mel frames: two convolutions of stride 2."""
    half = (n_frames - 1) // 2 + 1
    return (half - 1) // 2 + 1
