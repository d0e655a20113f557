"""Clips and the files they lie in: human corpora decoded once into shards, mapped into memory; rooms."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr

from . import teacher
from .sentences import spoken
from .synth import RATE, trimmed
from .voices import Pcm

LONGEST = 11.0
"""Seconds: longer human clips are cut (`align.py`), for nothing like them is ever a command."""


@dataclass(frozen=True)
class Clip:
    """A piece of a shard: `start` and `n` in samples; `kind`: corpus or engine; `row`: the teacher's first."""

    shard: int
    start: int
    n: int
    text: str
    voice: str
    kind: str
    row: int = 0


def set_aside(speaker: str) -> bool:
    """One speaker in sixteen is kept out of training, by a hash of the name."""
    return zlib.crc32(speaker.encode()) % 16 == 0


def plain(row: dict[str, Any]) -> bool:
    """Whether a line of a manifest can be learned from as it is: short, and without digits, which may be said in many
    ways (`align.py` finds out where and how).
    """
    text = str(row.get("text") or "")
    return not any(c.isdigit() for c in text) and bool(spoken(text)) and row["seconds"] <= LONGEST + 2


def read(folder: Path, row: dict[str, Any]) -> Pcm:
    """The sound of a line of a manifest, at `RATE`, without offset and silent ends."""
    pcm, rate = sf.read(folder / row["audio"], dtype="float32")
    pcm = pcm if pcm.ndim == 1 else pcm[:, 0]
    pcm = pcm if rate == RATE else soxr.resample(pcm, rate, RATE).astype(np.float32)
    return trimmed(pcm - pcm.mean())


Said = tuple[Pcm, str, str, str]
"""Sound, words, speaker, corpus."""


def store(out: Path, name: str, clips: Iterable[Said]) -> None:
    """Writes the shard `name`, unless it is there. What is longer than `LONGEST` or hardly a sound is left out."""
    index, at, lines = out / f"{name}.jsonl", 0, []
    if index.exists():
        return
    with (out / f"{name}.raw").open("wb") as raw:
        for pcm, words, speaker, kind in clips:
            if 0.15 * RATE < len(pcm) < LONGEST * RATE:
                raw.write((pcm / np.abs(pcm).max() * 0.7 * 32767).astype(np.int16).tobytes())
                lines.append(
                    json.dumps({"start": at, "n": len(pcm), "text": words, "voice": f"{kind}/{speaker}", "kind": kind})
                )
                at += len(pcm)
    index.write_text("\n".join(lines) + "\n", encoding="utf-8")


def lines_of(speech: Path, foreign: bool) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folder and line of all manifests: those of which nobody here knows the words, or the others."""
    for manifest in sorted(speech.glob("*/manifest.jsonl")):
        if (manifest.parent.name == "read_cv_all") == foreign:
            for line in manifest.read_text("utf-8").splitlines():
                yield manifest.parent, json.loads(line)


def decode(speech: Path, out: Path) -> None:
    """Decodes the corpora in `speech` into `human-0` (English, with words) and `foreign-0` (babble for noise)."""
    out.mkdir(parents=True, exist_ok=True)
    store(
        out,
        "human-0",
        (
            (read(folder, row), spoken(str(row["text"])), str(row.get("speaker")), folder.name)
            for folder, row in lines_of(speech, False)
            if plain(row)
        ),
    )
    foreign = ((read(folder, row), "", str(row.get("speaker")), folder.name) for folder, row in lines_of(speech, True))
    store(out, "foreign-0", foreign)


class Shelf:
    """All shards of a folder, mapped into memory."""

    def __init__(self, folder: Path, names: str = "*") -> None:
        self.maps: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self.told: list[np.ndarray[Any, np.dtype[np.float16]]] = []
        self.clips: list[Clip] = []
        for index in sorted(folder.glob(f"{names}.jsonl")):
            raw = index.with_suffix(".raw")
            if not raw.exists() or not raw.stat().st_size:
                continue
            data = np.memmap(raw, dtype=np.int16, mode="r")
            row = 0
            for line in index.read_text(encoding="utf-8").splitlines():
                r = json.loads(line)
                if r["start"] + r["n"] <= len(data):
                    self.clips.append(Clip(len(self.maps), r["start"], r["n"], r["text"], r["voice"], r["kind"], row))
                row += teacher.rows(r["n"])
            self.maps.append(data)
            self.told.append(teacher.told(raw))

    def pcm(self, clip: Clip) -> Pcm:
        """The clip's samples in [-1, 1]."""
        pcm: Pcm = self.maps[clip.shard][clip.start : clip.start + clip.n].astype(np.float32)
        pcm /= 32768
        return pcm

    def taught(self, clip: Clip) -> teacher.Rows:
        """What the teacher makes of the clip, a row per 40 ms; none where it was not asked."""
        whole: teacher.Rows = self.told[clip.shard][clip.row : clip.row + teacher.rows(clip.n)].astype(np.float32)
        return whole if len(whole) == teacher.rows(clip.n) else whole[:0]


def rooms(path: Path, count: int = 320, seed: int = 0, length: int = 8000) -> None:
    """Impulse responses by the image method: [count, length] float32, the direct sound at sample 0 and of height 1."""
    if path.exists():
        return
    import pyroomacoustics as pra

    rng = np.random.default_rng(seed)
    out = np.zeros((count, length), np.float32)
    for i in range(count):
        size = rng.uniform([2.2, 2.2, 2.2], [8.5, 7.0, 3.4])
        rt60 = float(rng.uniform(0.15, 0.75))
        try:
            absorption, order = pra.inverse_sabine(rt60, size)
        except ValueError:
            absorption, order = 0.35, 10
        room = pra.ShoeBox(
            size,
            fs=RATE,
            materials=pra.Material(float(min(0.95, absorption))),
            max_order=min(int(order), 14),
            air_absorption=True,
        )
        mic = rng.uniform([0.3, 0.3, 0.5], size - [0.3, 0.3, 0.6])
        for _ in range(20):
            source = rng.uniform([0.4, 0.4, 1.0], size - [0.4, 0.4, 0.3])
            if 0.25 < np.linalg.norm(source - mic) < 4.5:
                break
        room.add_source(source)
        room.add_microphone(mic)
        room.compute_rir()
        h = np.asarray(room.rir[0][0])
        first = int(np.argmax(np.abs(h) > 0.5 * np.abs(h).max()))
        h = h[max(0, first - 8) :][:length]
        tail = np.arange(len(h)) / RATE  # the image order ends early: a noise tail carries the decay on
        knee = int(0.06 * RATE)
        level = float(np.sqrt(np.mean(h[knee // 2 : knee] ** 2))) if len(h) > knee else 0.0
        if level:
            h = h.copy()
            late = rng.standard_normal(len(h)) * level * 10 ** (-3 * (tail - 0.045) / rt60)
            h[knee:] = h[knee:] * 0.7 + late[knee:] * 0.5
        out[i, : len(h)] = h / np.abs(h).max()
    np.save(path, out)
