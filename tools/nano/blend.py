"""A run's weights drawn back towards those it began with: between them lies a model that hears strangers better.

A short run from a finished model learns what is new to it and forgets some of what it knew; on the straight line
between the two both are kept (Wortsman et al., 2022, "Robust fine-tuning of zero-shot models"). For
runs side by side stands their mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch


def blend(begun: Path, ended: Sequence[Path], share: float, out: Path) -> None:
    """Writes the first of `ended` to `out`; of its averaged weights `share` are the mean of all their last ones, the
    rest those of `begun`.

    It is there to be exported: whoever trains on goes on from `ended`.
    """
    kept = torch.load(begun, weights_only=True)["ema"]
    runs = [torch.load(path, weights_only=True) for path in ended]
    last, nets = runs[0], [run["net"] for run in runs]
    own = {name: torch.stack([net[name] for net in nets]).mean(0) for name in nets[0]}
    last["ema"] = {
        name: own[name] if name.startswith("pupil") else torch.lerp(kept[name], own[name], share) for name in own
    }
    torch.save(last, out)
