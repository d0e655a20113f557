"""A run whose ear has more layers, and hears at first very nearly what it heard: new layers are copies of those they
follow that say little (Chen et al., 2016, "Net2Net"; ResNets whose last gain is zero begin alike).

A layer ends in a norm. Norming twice is norming once where the first gain is one, so the gain moves to the copy.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import torch

from .data import LETTERS
from .export import load_checkpoint
from .model import EarLayer, Nano
from .train import Trainer

WHISPER = 0.1
"""How loud a copy's branches are beside the original's: at zero its matrices would learn nothing at first."""


@torch.no_grad()
def whispering(layer: EarLayer) -> EarLayer:
    """A copy that changes little, to stand behind `layer`, whose last gain it takes over."""
    new = copy.deepcopy(layer)
    for gain in (new.f1.n2.w, new.n2.w, new.cv.b.weight, new.f2.n2.w):
        gain.mul_(WHISPER)
    layer.n3.w.fill_(1.0)
    return new


@torch.no_grad()
def grown(net: Nano, layers: int) -> Nano:
    """`net` with `layers` in its ear: the last of its layers but one, and those before it, get one behind them each.
    ValueError where there are not so many.
    """
    old = net.s.ear_layers
    if not old < layers < 2 * old:
        raise ValueError(f"an ear of {old} layers grows to {old + 1} to {2 * old - 1}, not {layers}")
    larger = Nano(replace(net.s, ear_layers=layers), len(LETTERS))
    behind = set(range(old - 1 - (layers - old), old - 1))
    stack: list[EarLayer] = []
    for i, layer in enumerate(net.ear.layers):
        assert isinstance(layer, EarLayer)
        stack.append(copy.deepcopy(layer))
        if i in behind:
            stack.append(whispering(stack[-1]))
    net = copy.deepcopy(net)
    net.ear.layers = torch.nn.ModuleList(stack)
    larger.load_state_dict(net.state_dict())
    return larger


def grow(checkpoint: Path, layers: int, cache: Path, run: Path, seed: int) -> None:
    """Writes `run`/last.pt: the averaged weights of `checkpoint`, grown; momenta begin anew."""
    net, training = load_checkpoint(checkpoint)
    larger = grown(net, layers)
    trainer = Trainer(cache, run, larger.s, seed)
    trainer.net.load_state_dict(larger.state_dict())
    trainer.begin_behind(training)
