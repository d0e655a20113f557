"""Whisper base's encoder as a teacher: what it makes of any speech, words known or not. Used in training only.

Beside each shard NAME.raw lies NAME.whisper: a row of 512 float16 per 40 ms of each clip, in the order of NAME.jsonl;
its own 20 ms positions are averaged in pairs. Clips are packed into its windows of 30 s with silence between.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from voiced.adapters.whisper import joined

from .synth import RATE

WIDTH = 512
ROW = RATE // 25
"""Samples a row stands for: an audio token's."""
WINDOW_ROWS, GAP_ROWS = 750, 8

Rows = np.ndarray[Any, np.dtype[np.float32]]
NOTHING: Rows = np.zeros((0, WIDTH), np.float32)


def rows(samples: int) -> int:
    return -(-samples // ROW)


def told(raw: Path) -> np.ndarray[Any, np.dtype[np.float16]]:
    """The rows beside a shard, mapped into memory: [rows, 512]."""
    path = raw.with_suffix(".whisper")
    if not path.exists() or path.stat().st_size < 2 * WIDTH:
        return np.zeros((0, WIDTH), np.float16)
    whole = np.memmap(path, dtype=np.float16, mode="r")
    return whole[: len(whole) // WIDTH * WIDTH].reshape(-1, WIDTH)


def scale(told: list[np.ndarray[Any, np.dtype[np.float16]]]) -> tuple[Rows, Rows]:
    """Mean and spread of each of the 512, from every hundredth row."""
    some = np.concatenate([x[::100] for x in told]).astype(np.float32) if told else NOTHING
    return (
        (some.mean(0), some.std(0) + 1e-3) if len(some) else (np.zeros(WIDTH, np.float32), np.ones(WIDTH, np.float32))
    )


def teach(folder: Path, cache: Path, names: str = "*", threads: int = 1) -> None:
    """Writes the rows of every shard in `folder` that they lack; a shard that grew or was interrupted goes on.

    `cache`: where Whisper's joined weights are kept.
    """
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(joined(cache)), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
    )
    with Progress() as progress:
        for index in sorted(folder.glob(f"{names}.jsonl")):
            clips = [(r["start"], r["n"]) for r in map(json.loads, index.read_text(encoding="utf-8").splitlines())]
            told = index.with_suffix(".whisper")
            there = told.stat().st_size // (2 * WIDTH) if told.exists() else 0
            done = whole = 0
            while done < len(clips) and whole + rows(clips[done][1]) <= there:
                whole += rows(clips[done][1])
                done += 1
            sound = np.memmap(index.with_suffix(".raw"), dtype=np.int16, mode="r")
            task = progress.add_task(index.stem, total=len(clips), completed=done)
            with told.open("ab") as out:
                out.truncate(whole * 2 * WIDTH)
                while done < len(clips):
                    window, held = np.zeros(WINDOW_ROWS * ROW, np.float32), []
                    at = GAP_ROWS
                    while done < len(clips) and at + rows(clips[done][1]) <= WINDOW_ROWS - GAP_ROWS:
                        start, n = clips[done]
                        window[at * ROW : at * ROW + n] = sound[start : start + n].astype(np.float32) / 32768
                        held.append((at, rows(n)))
                        at += rows(n) + GAP_ROWS
                        done += 1
                    encoded = np.asarray(model.encode(model.feature_extractor(window)[:, : 4 * WINDOW_ROWS]))
                    averaged = encoded.astype(np.float32)[0].reshape(WINDOW_ROWS, 2, WIDTH).mean(1).astype(np.float16)
                    for first, count in held:
                        out.write(averaged[first : first + count].tobytes())
                    out.flush()
                    progress.update(task, completed=done)
