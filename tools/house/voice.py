"""The turns of the script as recordings: wake word and sentence in one breath, then the digits where they are said."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import soundfile

from tools.fixtures.__main__ import RATE_HZ, THRESHOLD, recording, say, turn_said, wake_score
from tools.fixtures.turns import DIGITS, TAKES
from tools.house.script import Turn

TRIES = 6
_PIPER = tuple(take for take in TAKES if take.program == "piper")


def speak(turn: Turn, number: int, folder: Path) -> Path:
    """The recording of a turn, made unless it is there. The voice's manner changes from turn to turn."""
    take = _PIPER[number % len(_PIPER)]
    name = hashlib.sha256(f"{turn.text}|{turn.answered}|{take.name}".encode()).hexdigest()[:16]
    path = folder / f"{name}.flac"
    if path.exists():
        return path
    rng = np.random.default_rng(number)
    for attempt in range(TRIES):  # as the fixtures do: a take in which the wake word is not heard is none
        pcm, _ = recording(turn_said(take, turn.text, number * 25 + attempt), rng, before_s=0.6, after_s=1.6)
        if wake_score(pcm) >= THRESHOLD:
            break
    if turn.answered:
        gap = np.zeros(round(0.06 * RATE_HZ), np.int16)
        first, second = (say(take, DIGITS[int(d)], number) for d in turn.answered)
        digits, _ = recording(np.concatenate([first, gap, second]), rng, before_s=0.4, after_s=1.6)
        pcm = np.concatenate([pcm, digits])
    elif turn.code:
        pcm = np.concatenate([pcm, np.zeros(9 * RATE_HZ, np.int16)])
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.flac")
    soundfile.write(part, pcm, RATE_HZ)
    part.rename(path)
    return path
