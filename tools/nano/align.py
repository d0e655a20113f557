"""Where the words of long human clips are, and how their digits were said, by nano's own letters: what is too long for
a command is cut at its pauses, and of all the ways to say "107" the one that was said is written down.

The likeliest way through a lattice of words (Viterbi over connectionist temporal classification). The ear hears no
future, so a letter is written behind its sound: a word that follows a pause is never written before the pause ends.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch

from voiced.home.language.spoken import ONES, number_variants, number_words

from . import corpora, features
from .augment import high_pass, suppressed
from .data import CODE
from .model import PARTS, Nano
from .synth import RATE, trimmed
from .voices import Pcm

PLACE = 640 // PARTS
"""Samples in which a letter is heard."""
PAUSE = 0.16
"""Seconds without voice between two words at which a clip may be cut."""
SHORTEST, LONGEST = 1.5, 8.0
"""Seconds of a piece: what is shorter goes with what follows, what is longer is left out."""
WORST = -1.6
"""Nats per letter below which something else was said than what is written."""

LATE = 2.5 * PARTS
"""Places by which a letter is written behind its sound."""
FADE = 480
"""Samples over which what breaks off fades."""

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Lattice:
    """Words in an order in which each stands behind those that may come before it (-1: the beginning)."""

    words: tuple[str, ...]
    before: tuple[tuple[int, ...], ...]
    last: tuple[int, ...]


@dataclass(frozen=True)
class Word:
    """The places of its first and its last letter."""

    text: str
    first: int
    last: int


@dataclass(frozen=True)
class Piece:
    """Samples of a clip, and what is said in them."""

    start: int
    end: int
    text: str


def ways(digits: str) -> Iterator[tuple[int, int, str]]:
    """From which digit to before which, and how these may be said."""
    for i, digit in enumerate(digits):
        for name in ("zero", "oh") if digit == "0" else (ONES[int(digit)],):
            yield i, i + 1, name
            for often, word in ((2, "double"), (3, "triple")):
                if digits[i : i + often] == digit * often:
                    yield i, i + often, f"{word} {name}"
        if digit != "0" and len(digits[i : i + 2]) == 2:
            yield i, i + 2, number_words(int(digits[i : i + 2]))
    if 2 < len(digits) < 6 and digits[0] != "0":
        for name in number_variants(int(digits)):
            yield 0, len(digits), name


def lattice(text: str) -> Lattice:
    """All ways to say what is written."""
    edges: list[tuple[int, int, str]] = []
    place = 0
    for part in re.findall(r"\d+|[a-z']+", text.lower()):
        if part.isdigit():
            edges += [(place + a, place + b, name) for a, b, name in ways(part)]
            place += len(part)
        else:
            edges += [(place, place + 1, name) for name in (part, *(("number",) if part == "no" else ()))]
            place += 1
    words: list[str] = []
    before: list[tuple[int, ...]] = []
    arrived: dict[int, list[int]] = {0: [-1]}
    for start, end, name in sorted(edges):
        behind = tuple(arrived.get(start, ()))
        for word in name.split():
            words.append(word)
            before.append(behind)
            behind = (len(words) - 1,)
        arrived.setdefault(end, []).extend(behind)
    return Lattice(tuple(words), tuple(before), tuple(arrived.get(place, ())))


def _letters(said: Lattice) -> tuple[list[int], list[tuple[int, ...]], list[int], set[int]]:
    """Letter, letters before (-1: the beginning) and word of each state; the states that may be last. A space belongs
    to the word that it precedes.
    """
    letters: list[int] = []
    before: list[tuple[int, ...]] = []
    word_of: list[int] = []
    final: list[int] = []
    for number, word in enumerate(said.words):
        starts = tuple(final[i] for i in said.before[number] if i >= 0)
        begins = -1 in said.before[number]
        assert not (starts and begins)
        for at, letter in enumerate(word if begins else f" {word}"):
            before.append((len(letters) - 1,) if at else starts or (-1,))
            letters.append(CODE[letter])
            word_of.append(number)
        final.append(len(letters) - 1)
    return letters, before, word_of, {final[i] for i in said.last}


def aligned(log_probs: Floats, said: Lattice) -> tuple[list[Word], float]:
    """The likeliest words with their places, and its nats per letter; -inf where there is no way.

    `log_probs` float32 [places, 1 + letters].
    """
    letters, before, word_of, final = _letters(said)
    n, most = len(letters), max(map(len, before), default=1)
    came = np.full((n, most), n)  # state n: never
    for i, some in enumerate(before):
        came[i, : len(some)] = [n + 1 if b < 0 else b for b in some]  # state n + 1: the beginning
    code = np.array(letters)
    other = np.ones((n, most), bool)
    real = came < n
    other[real] = code[came[real]] != np.repeat(code, most).reshape(n, most)[real]
    on, blank = np.full(n + 2, -np.inf), np.full(n + 2, -np.inf)
    blank[n + 1] = 0.0
    back: list[tuple[Any, Any]] = []
    for row in log_probs:
        moved = np.concatenate([on[:n, None], blank[came], np.where(other, on[came], -np.inf)], 1)
        choice = moved.argmax(1)
        stays = blank[:n] >= on[:n]
        back.append((choice, stays))
        blank[:n] = np.maximum(blank[:n], on[:n]) + row[0]
        on[:n] = moved[np.arange(n), choice] + row[code]
        blank[n + 1] += row[0]
    ends = [(float(max(on[i], blank[i])), i) for i in final]
    best, state = max(ends, default=(-np.inf, -1))
    if best == -np.inf:
        return [], best
    in_blank = bool(blank[state] > on[state])
    places: list[tuple[int, int]] = []
    for token in range(len(log_probs) - 1, -1, -1):
        if state > n:
            break
        choice, stays = back[token]
        if in_blank:
            in_blank = bool(stays[state])
            continue
        places.append((token, state))
        if choice[state]:
            column = int(choice[state]) - 1
            state, in_blank = int(came[state, column % most]), column < most
    spans: dict[int, list[int]] = {}
    for token, at in reversed(places):
        if letters[at] != CODE[" "]:
            spans.setdefault(word_of[at], []).append(token)
    words = [Word(said.words[w], min(tokens), max(tokens)) for w, tokens in spans.items()]
    return words, best / max(1, sum(len(word.text) + 1 for word in words))


def pauses(pcm: Pcm) -> list[tuple[int, int]]:
    """Stretches of at least `PAUSE` seconds, in samples, that are 30 dB quieter than what is loud in the clip."""
    hop = RATE // 100
    levels = np.array([np.sqrt(np.mean(pcm[i : i + 2 * hop] ** 2)) for i in range(0, len(pcm) - 2 * hop, hop)])
    quiet = np.concatenate([[False], levels < np.quantile(levels, 0.9) * 10 ** (-30 / 20), [False]])
    turns = np.flatnonzero(quiet[1:] != quiet[:-1])
    return [(a * hop, b * hop) for a, b in zip(turns[::2], turns[1::2], strict=True) if b - a >= PAUSE * 100]


def cut(pcm: Pcm, words: Sequence[Word]) -> list[Piece]:
    """Pieces between pauses, none longer than `LONGEST`; a pause in which a word is written is none."""
    bounds = [0]
    said = [0]
    for a, b in pauses(pcm):
        number = sum(word.first * PLACE < b for word in words)
        clear = number == 0 or words[number - 1].last * PLACE < b
        if clear and 0 < number < len(words) and number > said[-1] and (a + b) // 2 - bounds[-1] >= SHORTEST * RATE:
            bounds.append((a + b) // 2)
            said.append(number)
    bounds.append(len(pcm))
    said.append(len(words))
    pieces = [
        Piece(a, b, " ".join(word.text for word in words[i:j]))
        for a, b, i, j in zip(bounds, bounds[1:], said, said[1:], strict=False)
    ]
    return [piece for piece in pieces if piece.text and piece.end - piece.start <= LONGEST * RATE]


@torch.no_grad()
def letters_of(net: Nano, pcm: Pcm) -> Floats:
    """Log-probabilities of the letters, [places, 1 + letters]; half a second of silence behind for the last ones."""
    heard = high_pass(suppressed(np.concatenate([pcm, np.zeros(RATE // 2, np.float32)])))
    mel = features.mel(torch.from_numpy(heard)[None])
    _, audio, _ = net.ear(mel, torch.tensor([mel.shape[1]]))
    found: Floats = torch.log_softmax(net.letters(audio).float(), -1)[0].numpy()
    return found


def pieces(net: Nano, pcm: Pcm, text: str) -> Sequence[Piece]:
    """What can be learned from a clip that is long or whose text has digits."""
    words, fit = aligned(letters_of(net, pcm), lattice(text))
    if fit < WORST:
        return ()
    if len(pcm) <= LONGEST * RATE:
        return (Piece(0, len(pcm), " ".join(word.text for word in words)),)
    return cut(pcm, words)


def align(speech: Path, out: Path, checkpoint: Path) -> dict[str, float]:
    """Writes the shard `human-1`: pieces of the clips that `corpora.decode` leaves out. Their number and hours."""
    from rich.progress import track

    from .export import load_checkpoint

    net = load_checkpoint(checkpoint)[0].eval()
    left_out = [(folder, row) for folder, row in corpora.lines_of(speech, False) if not corpora.plain(row)]

    def found() -> Iterator[corpora.Said]:
        for folder, row in track(left_out, "aligning"):
            pcm = corpora.read(folder, row)
            for piece in pieces(net, pcm / (np.abs(pcm).max() + 1e-9) * np.float32(0.7), str(row["text"])):
                yield trimmed(pcm[piece.start : piece.end]), piece.text, str(row.get("speaker")), folder.name

    corpora.store(out, "human-1", found())
    clips = corpora.Shelf(out, "human-1").clips
    return {"clips": len(clips), "hours": round(sum(clip.n for clip in clips) / RATE / 3600, 2)}


def broken_off(checkpoint: Path, manifests: Sequence[Path], out: Path) -> Path:
    """A manifest in `out` of the commands of `manifests` that end behind some word before their last."""
    from .export import load_checkpoint

    net = load_checkpoint(checkpoint)[0].eval()
    rng = random.Random(0)
    rows: list[dict[str, Any]] = []
    out.mkdir(parents=True, exist_ok=True)
    for manifest in manifests:
        for row in map(json.loads, manifest.read_text("utf-8").splitlines()):
            pcm, _ = sf.read(manifest.parent / row["audio"], dtype="float32")
            words, fit = aligned(letters_of(net, pcm), lattice(row["text"]))
            if len(words) < 3 or fit < WORST:
                continue
            kept = rng.randint(1, len(words) - 1)
            between = (words[kept - 1].last + words[kept].first) / 2 - LATE
            cut_at = pcm[: max(0, int(between * PLACE))]
            if len(cut_at) < 0.3 * RATE:
                continue
            fade = np.linspace(1, 0, FADE, dtype=np.float32)
            sf.write(out / f"{len(rows):04d}.flac", np.concatenate([cut_at[:-FADE], cut_at[-FADE:] * fade]), RATE)
            rows.append({**row, "audio": f"{len(rows):04d}.flac", "text": " ".join(w.text for w in words[:kept])})
    path = out / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
