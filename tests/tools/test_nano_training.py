"""Parts of the recipe against plain definitions of what they compute. They need PyTorch, which only training needs."""

from __future__ import annotations

import numpy as np
import pytest

from voiced.gemma import features as engine

torch = pytest.importorskip("torch", reason="PyTorch is installed only where nano is trained")

from tools.nano import features, model, train  # noqa: E402


def test_the_log_mel_is_the_engines() -> None:
    rng = np.random.default_rng(0)
    sound = (rng.standard_normal(16000) * np.repeat([0.2, 1e-5, 0.0, 0.01], 4000)).astype(np.float32)
    ours = features.mel(torch.from_numpy(sound)[None])[0].numpy()
    theirs = engine.log_mel(np.concatenate([np.zeros(160, np.float32), sound]))[: len(ours)]
    assert np.abs(ours - theirs).max() < 1e-3


def test_skewed_positions_are_those_gathered_by_distance() -> None:
    by_distance = torch.randn(2, 3, 30, 13)
    distance = torch.arange(30)[:, None] - torch.arange(30)[None]
    seen = (distance >= 0) & (distance < 12)
    index = (12 - distance.clamp(0, 12)).expand(2, 3, 30, 30)
    assert torch.equal(model.skewed(by_distance)[..., seen], by_distance.gather(-1, index)[..., seen])


def test_muon_moves_every_direction_alike() -> None:
    weight = torch.nn.Parameter(torch.zeros(64, 128))
    weight.grad = torch.randn(64, 128) @ torch.diag(torch.logspace(0, -1.5, 128))
    train.Muon([weight], decay=0).step(1.0)
    stretch = torch.linalg.svdvals(weight.detach()) / (0.2 * 128**0.5)
    assert float(stretch.min()) > 0.3
    assert float(stretch.max()) < 1.7


def test_the_encoder_never_looks_ahead() -> None:
    ear = model.Ear(model.Shape(width=64, ear_layers=2, ear_heads=2, conv=(8, 8))).eval()
    mel = torch.randn(1, 160, features.MELS)
    longer = torch.cat([mel, torch.randn(1, 80, features.MELS)], 1)
    with torch.no_grad():
        short, _, (n,) = ear(mel, torch.tensor([160]))
        long, _, _ = ear(longer, torch.tensor([240]))
    assert torch.allclose(short[0, : n - 1], long[0, : n - 1], atol=1e-5)
