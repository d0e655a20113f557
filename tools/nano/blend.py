"""A run's weights drawn back towards those it began with: between them lies a model that hears strangers better.

A short run from a finished model learns what is new to it and forgets some of what it knew; on the straight line
between the two both are kept (Wortsman et al., 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from pathlib import Path

import torch


def blend(begun: Path, ended: Path, share: float, out: Path) -> None:
    """Writes `ended` to `out`; of its averaged weights `share` are its last ones, the rest those of `begun`.

    It is there to be exported: whoever trains on goes on from `ended`.
    """
    first, last = (torch.load(path, weights_only=True) for path in (begun, ended))
    kept, own = first["ema"], last["net"]
    last["ema"] = {
        name: own[name] if name.startswith("pupil") else torch.lerp(kept[name], own[name], share) for name in own
    }
    torch.save(last, out)
