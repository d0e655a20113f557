"""The GGUF pair that ships becomes a run that training goes on from: `export` backwards.

Weights come back as the file holds them (matrices in half precision), the vocabulary too. What was only in the
checkpoint begins anew: momenta, and the head that guesses the teacher's rows.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader
from torch import Tensor

from . import vocabulary
from .data import LETTERS
from .export import audio_names, text_names
from .model import PARTS, Nano, Shape
from .train import Trainer


def tensors(path: Path) -> dict[str, Tensor]:
    """All of a file's tensors by name, float32."""
    return {
        t.name: torch.from_numpy(np.array(t.data, dtype=np.float32).reshape(tuple(reversed(t.shape.tolist()))))
        for t in GGUFReader(path).tensors
    }


def read_vocabulary(text: Path) -> Any:
    """The tokenizer of the model in `text`."""
    fields = GGUFReader(text).fields
    pieces: list[str] = fields["tokenizer.ggml.tokens"].contents()
    merges: list[str] = fields["tokenizer.ggml.merges"].contents()
    return vocabulary.build({p: i for i, p in enumerate(pieces)}, [(a, b) for a, b in (m.split(" ") for m in merges)])


def shape(model: Path) -> Shape:
    """Ears have grown (`grow.py`); everything else is as it ever was."""
    return replace(
        Shape(), ear_layers=GGUFReader(model / "nano-mmproj.gguf").fields["clip.audio.block_count"].contents()
    )


@torch.no_grad()
def read_weights(model: Path, net: Nano) -> None:
    """Fills `net` from the pair in the folder `model`. ValueError where a shape is another."""
    for names, file in ((text_names(net), "nano-text.gguf"), (audio_names(net), "nano-mmproj.gguf")):
        found = tensors(model / file)
        for name, stored in names.items():
            value = stored.back(found[name])
            if name.startswith("letters.") and len(value) != len(stored.parameter):  # of a model with fewer places
                value = torch.cat([value[: len(stored.parameter) // PARTS]] * PARTS)
            if value.shape != stored.parameter.shape:
                raise ValueError(f"{file}: {name} is {tuple(value.shape)}, not {tuple(stored.parameter.shape)}")
            stored.parameter.copy_(value)


def restore(model: Path, cache: Path, run: Path, seed: int) -> dict[str, float]:
    """Writes `cache`/tokenizer.json, unless it is there, and `run`/last.pt. What was heard before is told."""
    described = tomllib.loads((model / "nano.toml").read_text("utf-8"))
    cache.mkdir(parents=True, exist_ok=True)
    tokenizer = read_vocabulary(model / "nano-text.gguf")
    path = cache / "tokenizer.json"
    if not path.exists():
        tokenizer.save(str(path))
    elif vocabulary.load(path).get_vocab() != tokenizer.get_vocab():
        raise ValueError(f"{path}: another vocabulary than that of {model}")
    trainer = Trainer(cache, run, shape(model), seed)
    assert trainer.net.ctc.out_features == PARTS * (len(LETTERS) + 1)
    read_weights(model, trainer.net)
    before = {key: float(described["training"][key]) for key in ("steps", "hours", "minutes")}
    trainer.begin_behind(before)
    return before
