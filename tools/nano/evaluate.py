"""Greedy decoding without any grammar: letter and word errors on a manifest of recordings, to follow training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch

from voiced.home.language.spoken import edits

from . import teacher, vocabulary
from .augment import Turn, high_pass, suppressed
from .data import collate, lesson
from .export import load_checkpoint
from .model import Nano
from .sentences import spoken


@torch.no_grad()
def transcribe(
    net: Nano, tokenizer: Any, clips: list[np.ndarray[Any, np.dtype[np.float32]]], most: int = 40
) -> list[str]:
    """Turns of PCM -> what the model writes, without constraint."""
    batch = collate(tokenizer, [lesson(Turn(c, 0, 1.0), None, teacher.NOTHING) for c in clips])
    before = torch.tensor(tokenizer.encode(vocabulary.BEFORE).ids)
    _, audio, n = net.ear(batch.mel, batch.frames)
    end, ids = (
        tokenizer.token_to_id(vocabulary.END),
        torch.tensor([tokenizer.encode(vocabulary.AFTER).ids] * len(clips)),
    )
    start, done = ids.shape[1], torch.zeros(len(clips), dtype=torch.bool)
    for _ in range(most):
        new = net.text(before, audio, n, ids)[:, -1].argmax(-1)
        done |= new == end
        if bool(done.all()):
            break
        ids = torch.cat([ids, new[:, None]], 1)
    rows = [r[: r.index(end)] if end in r else r for r in ids[:, start:].tolist()]
    return ["".join(tokenizer.id_to_token(i) for i in r).replace(vocabulary.SPACE, " ") for r in rows]


def evaluate(checkpoint: Path, tokenizer_file: Path, manifest: Path, limit: int = 400) -> dict[str, float]:
    """Letter and word error rates, exact transcripts over the lines that have a text (0.3 s of silence appended)."""
    net, _ = load_checkpoint(checkpoint)
    tokenizer = vocabulary.load(tokenizer_file)
    rows = [r for r in map(json.loads, manifest.open(encoding="utf-8")) if r.get("text")][:limit]
    letters, wrong_letters, words, wrong_words, exact = 0, 0, 0, 0, 0
    for at in range(0, len(rows), 16):
        part = rows[at : at + 16]
        clips = []
        for row in part:
            pcm, _rate = sf.read(manifest.parent / row["audio"], dtype="float32")
            clips.append(high_pass(suppressed(np.concatenate([pcm, np.zeros(4800, np.float32)]))))
        for row, got in zip(part, transcribe(net, tokenizer, clips), strict=True):
            want = spoken(row["text"])
            letters, wrong_letters = letters + len(want), wrong_letters + edits(got, want)
            words, wrong_words = words + len(want.split()), wrong_words + edits(got.split(), want.split())
            exact += got == want
    return {
        "n": len(rows),
        "cer": round(wrong_letters / letters, 4),
        "wer": round(wrong_words / words, 4),
        "exact": round(exact / len(rows), 4),
    }
