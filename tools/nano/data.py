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

from . import features, teacher, vocabulary
from .augment import Room, Turn, noise_bank
from .corpora import Clip, Shelf, set_aside
from .voices import Pcm

LETTERS = "abcdefghijklmnopqrstuvwxyz '"
CODE = {c: i + 1 for i, c in enumerate(LETTERS)}

Positions = np.ndarray[Any, np.dtype[np.int64]]

# Share of each kind among the clips drawn. People and the most natural voices first; the robots keep a small share.
# Nobody wrote down read_cv_all: its speakers of 58 languages are heard for what the teacher makes of them alone.
SHARES = {
    "kokoro": 0.22, "piper": 0.05, "flite": 0.03, "festival": 0.02, "espeak": 0.03, "read_ocean": 0.10, "num_an4": 0.05,
    "read_libri": 0.06, "read_lj": 0.03, "read_cv_en": 0.015, "kw_gsc": 0.09, "num_accents": 0.03,
    "open_kokoro": 0.18, "open_piper": 0.10, "open_flite": 0.05, "read_cv_all": 0.08,
}  # fmt: skip

MANY = {"synth": 800, "human": 200, "foreign": 200}
"""Clips below which a kind is drawn less than its share: a few heard again and again teach nothing. Of one synthetic
voice's more are wanted than of people, each of whom is another."""

# How often rooms, noise, speed and masks are laid over a clip, against what augment.py calls full: in the little speech
# that is heard, clear speech must dominate.
STRENGTH = 0.8

HURRIED = 0.6
"""Share of people's clips whose tempo is changed."""
LETTERS_A_SECOND = (9.0, 22.0)
MOST_HURRIED = 1.8


@dataclass(frozen=True)
class Lesson:
    """A turn to learn from: its sound, its words (None: nobody wrote them down), and the teacher's rows.

    `rows` [k, 512]; `at` [k]: the audio token that each is the target of. Both may be empty.
    """

    pcm: Pcm
    text: str | None
    rows: teacher.Rows
    at: Positions


@dataclass
class Batch:
    """mel [b, frames, 128]; frames [b]; CTC letters, joined, and counts [b]; ids in and out [b, k] (-100: no loss).

    `written` [b]: the words are known. `rows` [m, 512], the teacher's, for audio tokens `at` [m] of all [b * t].
    """

    mel: Tensor
    frames: Tensor
    letters: Tensor
    n_letters: Tensor
    written: Tensor
    ids: Tensor
    labels: Tensor
    rows: Tensor
    at: Tensor
    seconds: float


def tempo(clip: Clip, name: str, rng: random.Random) -> float:
    """How many times as fast a clip is to be said. People of the corpora read with care, 7 letters a second in the
    middle of them; commands are said with 12 to 22. Synthetic voices hurry as they are.
    """
    if name == "synth" or rng.random() > HURRIED:
        return 1.0
    if not clip.text:
        return rng.uniform(0.9, 1.5)
    return min(max(rng.uniform(*LETTERS_A_SECOND) * clip.n / features.RATE / len(clip.text), 0.85), MOST_HURRIED)


def targets(tokenizer: Any, texts: list[str | None]) -> tuple[Tensor, Tensor]:
    """Decoder input after the audio and the labels: the fixed prompt carries no loss, nor what nobody wrote down."""
    after = tokenizer.encode(vocabulary.AFTER).ids
    end = tokenizer.token_to_id(vocabulary.END)
    rows = [(tokenizer.encode(t).ids if t else []) + [end] for t in texts]
    k = len(after) + max(map(len, rows)) - 1
    ids, labels = torch.zeros(len(rows), k, dtype=torch.long), torch.full((len(rows), k), -100)
    for i, row in enumerate(rows):
        whole = [*after, *row]
        ids[i, : len(whole) - 1] = torch.tensor(whole[:-1])
        if texts[i] is not None:
            labels[i, len(after) - 1 : len(whole) - 1] = torch.tensor(row)
    return ids, labels


def collate(tokenizer: Any, lessons: list[Lesson]) -> Batch:
    longest = max(len(x.pcm) for x in lessons)
    pcm = np.zeros((len(lessons), longest), np.float32)
    for i, x in enumerate(lessons):
        pcm[i, : len(x.pcm)] = x.pcm
    texts = [x.text for x in lessons]
    known = [t for t in texts if t is not None]
    frames = torch.tensor([features.frames(len(x.pcm)) for x in lessons])
    mel = features.mel(torch.from_numpy(pcm))
    wide = int(features.tokens(torch.tensor(mel.shape[1])))
    ids, labels = targets(tokenizer, texts)
    return Batch(
        mel=mel,
        frames=frames,
        letters=torch.tensor([CODE[c] for t in known for c in t], dtype=torch.long),
        n_letters=torch.tensor([len(t) for t in known], dtype=torch.long),
        written=torch.tensor([t is not None for t in texts]),
        ids=ids,
        labels=labels,
        rows=torch.from_numpy(np.concatenate([x.rows for x in lessons])),
        at=torch.from_numpy(np.concatenate([x.at + i * wide for i, x in enumerate(lessons)])),
        seconds=sum(len(x.pcm) for x in lessons) / features.RATE,
    )


def lesson(turn: Turn, text: str | None, rows: teacher.Rows) -> Lesson:
    """The teacher's rows of the dry words, where they lie in the turn.

    A token's target is two tokens old: the ear hears no future, the teacher heard all.
    """
    tokens = np.arange(int(features.tokens(torch.tensor(features.frames(len(turn.pcm))))))
    place = ((tokens - 2) * teacher.ROW - turn.begins) * turn.factor / teacher.ROW
    at = tokens[(place >= 0) & (place <= len(rows) - 1)]
    place = place[at]
    low = place.astype(int)
    share = (place - low)[:, None].astype(np.float32)
    between = rows[low] * (1 - share) + rows[np.minimum(low + 1, len(rows) - 1)] * share
    heard = np.isfinite(between[:, 0])
    return Lesson(turn.pcm, text, between[heard], at[heard])


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
        foreign, wakes = Shelf(self.cache / "human", "foreign-*"), Shelf(self.cache / "wake")
        shelves = {
            "synth": Shelf(self.cache / "synth"),
            "human": Shelf(self.cache / "human", "human-*"),
            "foreign": foreign,
        }
        room = Room(
            nrng, np.load(self.cache / "rooms.npy"), noise_bank(nrng, foreign), [wakes.pcm(c) for c in wakes.clips]
        )
        mean, spread = teacher.scale([*shelves["human"].told, *foreign.told])
        by_kind: dict[str, list[tuple[str, Clip]]] = {}
        for name, shelf in shelves.items():
            for clip in shelf.clips:
                fits = bool(clip.text) and len(clip.text) < clip.n / features.RATE * 26
                learnable = len(shelf.taught(clip)) > 0 if name == "foreign" else fits
                if learnable and (name == "synth" or not set_aside(clip.voice)):
                    by_kind.setdefault(clip.kind, []).append((name, clip))
        kinds = [k for k in SHARES if k in by_kind]
        weights = [SHARES[k] * min(1.0, len(by_kind[k]) / MANY[by_kind[k][0][0]]) for k in kinds]
        decks: dict[str, list[tuple[str, Clip]]] = {k: [] for k in kinds}

        def draw(kind: str) -> tuple[str, Clip]:
            if not decks[kind]:
                decks[kind] = rng.sample(by_kind[kind], len(by_kind[kind]))
            return decks[kind].pop()

        same: dict[str, list[tuple[str, Clip]]] = {}
        for item in (one for some in by_kind.values() for one in some):
            same.setdefault(item[1].voice, []).append(item)

        def words(kind: str) -> tuple[Pcm, str | None, teacher.Rows, Pcm, float]:
            """A clip, another of its speaker, and its tempo; single words of one speaker are often joined to two or
            three ("four seven").
            """
            name, clip = draw(kind)
            shelf = shelves[name]
            x, text, rows = shelf.pcm(clip), clip.text, (shelf.taught(clip) - mean) / spread
            if kind == "kw_gsc" and rng.random() < 0.6:
                for _ in range(rng.choice([1, 1, 2, 3])):
                    mates = same[clip.voice]
                    _, other = rng.choice(mates) if len(mates) > 1 else draw(kind)
                    gap = rng.randint(0, 5)
                    x = np.pad(x, (0, -len(x) % teacher.ROW + gap * teacher.ROW))
                    x = np.concatenate([x, shelf.pcm(other)])
                    told = (shelf.taught(other) - mean) / spread
                    if len(rows) and len(told):
                        rows = np.concatenate([rows, np.full((gap, teacher.WIDTH), np.nan, np.float32), told])
                    text = f"{text} {other.text}"
            beside, mate = rng.choice(same[clip.voice])
            hurry = tempo(clip, name, rng)
            return x, None if name == "foreign" else text, rows, shelves[beside].pcm(mate), hurry

        while True:
            strength = STRENGTH * min(1.0, step / self.ramp)
            pool = []
            for x, text, rows, mate, hurry in map(words, rng.choices(kinds, weights, k=320)):
                pool.append(lesson(room.hear(x, strength, True, mate, hurry), text, rows))
            for _ in range(4):  # nobody speaks: nothing is written down
                hum = 1e-7 * nrng.standard_normal(1).astype(np.float32)
                silence = np.zeros(rng.randint(4000, 24000), np.float32) + hum
                pool.append(lesson(room.hear(silence, strength, True, mate), "", teacher.NOTHING))
            pool.sort(key=lambda x: len(x.pcm) + rng.random() * 6000)
            groups: list[list[Lesson]] = [[]]
            for one in pool:
                if groups[-1] and (len(groups[-1]) + 1) * len(one.pcm) > self.seconds * features.RATE:
                    groups.append([])
                groups[-1].append(one)
            rng.shuffle(groups)
            for group in (g for g in groups if len(g) > 1):  # a batch of one would be compiled anew
                batch = collate(tokenizer, group)
                if rng.random() < 0.75 * strength:
                    masked(batch.mel, batch.frames, rng)
                step += 1
                yield batch
