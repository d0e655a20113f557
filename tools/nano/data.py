"""Endless length-bucketed batches of augmented turns, made by one worker beside the training process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from . import features, vocabulary
from .augment import Room, noise_bank
from .corpora import Clip, Shelf, set_aside
from .voices import Pcm

LETTERS = "abcdefghijklmnopqrstuvwxyz '"
CODE = {c: i + 1 for i, c in enumerate(LETTERS)}

# Share of each kind among the clips drawn. People and the most natural voices first; the robots keep a small share.
SHARES = {
    "kokoro": 0.22, "piper": 0.05, "flite": 0.03, "festival": 0.02, "espeak": 0.03, "read_ocean": 0.10, "num_an4": 0.05,
    "read_libri": 0.03, "read_lj": 0.03, "read_cv_en": 0.015, "kw_gsc": 0.09, "num_accents": 0.005,
    "open_kokoro": 0.18, "open_piper": 0.10, "open_flite": 0.05,
}  # fmt: skip

# How often rooms, noise, speed and masks are laid over a clip, against what augment.py calls full: in the little speech
# that is heard, clear speech must dominate.
STRENGTH = 0.7


@dataclass
class Batch:
    """mel [b, frames, 128]; frames [b]; CTC letters, joined, and counts [b]; ids in and out [b, k] (-100: no loss)."""

    mel: Tensor
    frames: Tensor
    letters: Tensor
    n_letters: Tensor
    ids: Tensor
    labels: Tensor
    seconds: float
    texts: list[str]


def targets(tokenizer: Any, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Decoder input after the audio and the labels: the fixed prompt carries no loss."""
    after = tokenizer.encode(vocabulary.AFTER).ids
    end = tokenizer.token_to_id(vocabulary.END)
    rows = [(tokenizer.encode(t).ids if t else []) + [end] for t in texts]
    k = len(after) + max(map(len, rows)) - 1
    ids, labels = torch.zeros(len(rows), k, dtype=torch.long), torch.full((len(rows), k), -100)
    for i, row in enumerate(rows):
        whole = [*after, *row]
        ids[i, : len(whole) - 1] = torch.tensor(whole[:-1])
        labels[i, len(after) - 1 : len(whole) - 1] = torch.tensor(row)
    return ids, labels


def collate(tokenizer: Any, turns: list[tuple[Pcm, str]]) -> Batch:
    """Turns of PCM and words -> a batch."""
    longest = max(len(x) for x, _ in turns)
    pcm = np.zeros((len(turns), longest), np.float32)
    for i, (x, _) in enumerate(turns):
        pcm[i, : len(x)] = x
    texts = [t for _, t in turns]
    frames = torch.tensor([features.frames(len(x)) for x, _ in turns])
    mel = features.mel(torch.from_numpy(pcm))
    ids, labels = targets(tokenizer, texts)
    letters = torch.tensor([CODE[c] for t in texts for c in t], dtype=torch.long)
    n_letters = torch.tensor([len(t) for t in texts])
    return Batch(mel, frames, letters, n_letters, ids, labels, sum(len(x) for x, _ in turns) / features.RATE, texts)


def masked(mel: Tensor, frames: Tensor, rng: random.Random) -> None:
    """SpecAugment in place: per clip up to two bands and two spans are set to the clip's mean."""
    for i, n in enumerate(frames.tolist()):
        mean = float(mel[i, :n].mean())
        for _ in range(2):
            f, t = rng.randint(0, 20), rng.randint(0, min(14, n // 6))
            a, b = rng.randint(0, features.MELS - f), rng.randint(0, n - t)
            mel[i, :, a : a + f] = mean
            mel[i, b : b + t] = mean


class Turns(IterableDataset[Batch]):
    """Batches of `seconds` of padded audio each; the same seed and first step make the same ones."""

    def __init__(self, cache: Path, seed: int, seconds: float, begun: int, ramp: int = 1200) -> None:
        """`begun`: steps trained before. Over the first `ramp` of them rooms, noise and masks grow."""
        self.cache, self.seed, self.seconds, self.begun, self.ramp = cache, seed, seconds, begun, ramp

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        step = self.begun
        rng, nrng = random.Random(self.seed + step), np.random.default_rng(self.seed + step)
        tokenizer = vocabulary.load(self.cache / "tokenizer.json")
        shelves = {"synth": Shelf(self.cache / "synth"), "human": Shelf(self.cache / "human", "human-*")}
        foreign, wakes = Shelf(self.cache / "human", "foreign-*"), Shelf(self.cache / "wake")
        room = Room(
            nrng, np.load(self.cache / "rooms.npy"), noise_bank(nrng, foreign), [wakes.pcm(c) for c in wakes.clips]
        )
        by_kind: dict[str, list[tuple[str, Clip]]] = {}
        for name, shelf in shelves.items():
            for clip in shelf.clips:
                fits = len(clip.text) < clip.n / features.RATE * 22 and clip.text
                if fits and not (name == "human" and set_aside(clip.voice)):
                    by_kind.setdefault(clip.kind, []).append((name, clip))
        kinds = [k for k in SHARES if k in by_kind]
        weights = [SHARES[k] for k in kinds]
        decks: dict[str, list[tuple[str, Clip]]] = {k: [] for k in kinds}

        def draw(kind: str) -> tuple[str, Clip]:
            if not decks[kind]:
                decks[kind] = rng.sample(by_kind[kind], len(by_kind[kind]))
            return decks[kind].pop()

        same: dict[str, list[tuple[str, Clip]]] = {}
        for item in by_kind.get("kw_gsc", []):
            same.setdefault(item[1].voice, []).append(item)

        def words(kind: str) -> tuple[Pcm, str]:
            """A clip; single words of one speaker are often joined to two or three ("four seven")."""
            name, clip = draw(kind)
            x, text = shelves[name].pcm(clip), clip.text
            if kind == "kw_gsc" and rng.random() < 0.6:
                for _ in range(rng.choice([1, 1, 2, 3])):
                    mates = same[clip.voice]
                    other_name, other = rng.choice(mates) if len(mates) > 1 else draw(kind)
                    y = shelves[other_name].pcm(other)
                    x = np.concatenate([x, np.zeros(int(rng.uniform(0, 0.2) * features.RATE), np.float32), y])
                    text = f"{text} {other.text}"
            return x, text

        while True:
            strength = STRENGTH * min(1.0, step / self.ramp)
            pool = [
                (room.hear(x, strength, True), t) for x, t in (words(k) for k in rng.choices(kinds, weights, k=320))
            ]
            for _ in range(4):  # nobody speaks: nothing is written down
                hum = 1e-7 * nrng.standard_normal(1).astype(np.float32)
                silence = np.zeros(rng.randint(4000, 24000), np.float32) + hum
                pool.append((room.hear(silence, strength, True), ""))
            pool.sort(key=lambda p: len(p[0]) + rng.random() * 6000)
            groups: list[list[tuple[Pcm, str]]] = [[]]
            for turn in pool:
                if groups[-1] and (len(groups[-1]) + 1) * len(turn[0]) > self.seconds * features.RATE:
                    groups.append([])
                groups[-1].append(turn)
            rng.shuffle(groups)
            for group in (g for g in groups if len(g) > 1):  # a batch of one would be compiled anew
                batch = collate(tokenizer, group)
                if rng.random() < 0.75 * strength:
                    masked(batch.mel, batch.frames, rng)
                step += 1
                yield batch
