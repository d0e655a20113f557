"""What is said and how a room carries it: the wake word, words close to it, and what else is heard in a house."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tools.nano.voices import make

RATE_HZ = 16_000
STEP = 1280

Floats = NDArray[np.float32]

GREETINGS = ("hey", "okay", "hello", "hi", "oh", "a", "the", "say", "they", "may")
NAMES = (
    "anna", "alexa", "amber", "ben", "bella", "carla", "chelsea", "david", "emma", "ella", "emily", "frank", "george",
    "hannah", "harvey", "jack", "james", "jarvis", "jenna", "jenny", "jessica", "jimmy", "john", "judy", "kemal",
    "kenneth", "laura", "lemon", "maggie", "mama", "marvin", "mia", "mycroft", "nina", "oscar", "peter", "rhasspy",
    "robin", "sam", "sarah", "siri", "thomas", "tina", "trevor", "victor", "wendy", "computer", "germany", "gym",
    "dilemma", "remember", "tomorrow", "whatever", "there", "you", "buddy", "guys",
)  # fmt: skip


def near(phrase: str, rng: random.Random) -> str:
    """Something that shares words or sounds with the phrase without being it."""
    words = phrase.split()
    kind = rng.random()
    if kind < 0.35:
        return f"{words[0]} {rng.choice(NAMES)}" if len(words) > 1 else rng.choice(NAMES)
    if kind < 0.55:
        return f"{rng.choice(GREETINGS)} {rng.choice(NAMES)}"
    if kind < 0.7 and len(words) > 1:
        return rng.choice([" ".join(words[:-1]), " ".join(words[1:]), " ".join(reversed(words))])
    if kind < 0.85:
        return (
            f"{words[0]} {rng.choice(['can you', 'did you see', 'look at', 'what is', 'turn off'])} {rng.choice(NAMES)}"
        )
    return f"{rng.choice(NAMES)} {rng.choice(['and', 'is', 'said', 'went to', 'likes'])} {rng.choice(NAMES)}"


def clean(phrase: str, said: str) -> bool:
    """Whether a sentence may serve as a negative: it must not contain the phrase."""
    return phrase not in said


@dataclass(frozen=True)
class Said:
    """16 kHz mono in [-1, 1], without silence around; who said it; whether it is the phrase."""

    pcm: Floats
    voice: str
    phrase: bool


def trimmed(pcm: Floats) -> Floats:
    loud = np.flatnonzero(np.abs(pcm) > 0.02 * np.max(np.abs(pcm), initial=1e-6))
    return pcm[loud[0] : loud[-1] + 1] if len(loud) else pcm[:0]


def synthesize(
    phrase: str, *, kinds: list[str], cache: Path, count: int, held_out: bool, seed: int, sames: tuple[str, ...]
) -> Iterator[Said]:
    """`count` times the phrase and `count` times something near it, spread over the voices of `kinds`."""
    rng = random.Random(seed)
    engines = {kind: make(kind, cache) for kind in kinds}
    natural = [kind for kind in kinds if kind in ("kokoro", "piper")]
    for number in range(2 * count):
        is_phrase = number % 2 == 0
        kind = rng.choice(natural) if natural and rng.random() < 0.75 else rng.choice(kinds)
        if held_out and kind == "piper":  # it has one voice, and that one trains
            kind = rng.choice([k for k in kinds if k != "piper"] or kinds)
        text = phrase
        while not is_phrase and (text in (phrase, *sames) or not clean(phrase, text)):
            text = near(phrase, rng)
        text += rng.choice(["", ".", "!", "?", ","]) if kind in ("kokoro", "piper") else ""
        pcm, rate_hz, voice = engines[kind].say(text, rng, held_out)
        pcm = trimmed(np.asarray(soxr.resample(pcm, rate_hz, RATE_HZ), np.float32))
        if 0.2 * RATE_HZ < len(pcm) < 4 * RATE_HZ:
            yield Said(pcm, f"{kind}/{voice}", is_phrase)


def recordings(folders: list[Path], hours: float, seed: int, held_out: bool) -> Iterator[Said]:
    """People's recordings that do not hold the phrase; every eighth file is held out, by a hash of its name."""
    files = sorted(p for f in folders for p in f.rglob("*") if p.suffix in (".wav", ".flac", ".opus", ".ogg", ".mp3"))
    files = [p for p in files if (zlib.crc32(p.name.encode()) % 8 == 0) == held_out]
    random.Random(seed).shuffle(files)
    left = hours * 3600 * RATE_HZ
    for path in files:
        if left <= 0:
            return
        pcm, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        pcm = np.asarray(soxr.resample(pcm[:, 0], rate_hz, RATE_HZ), np.float32)
        left -= len(pcm)
        if len(pcm) > RATE_HZ // 2:
            yield Said(pcm, str(path.name), False)


class House:
    """Carries what is said through a room of decaying reflections, into noise or babble, at some level."""

    def __init__(self, seed: int, babble: list[Floats]) -> None:
        self._rng, self._babble = np.random.default_rng(seed), babble

    def carried(self, said: Said) -> tuple[NDArray[np.int16], int]:
        """s16 samples, a multiple of 80 ms, with 1.3 to 2 s before the words; and the sample where the words end."""
        r = self._rng
        before, after = int(r.uniform(1.3, 2.0) * RATE_HZ), int(r.uniform(0.3, 0.6) * RATE_HZ)
        x = np.concatenate([np.zeros(before, np.float32), said.pcm, np.zeros(after, np.float32)])
        x = np.pad(x, (0, -len(x) % STEP))
        if r.random() < 0.6:
            rt60_s = r.uniform(0.12, 0.6)
            n = int(rt60_s * RATE_HZ)
            tail = r.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
            tail[: int(r.uniform(0.001, 0.008) * RATE_HZ)] = 0
            tail *= 10 ** (-r.uniform(0, 14) / 20) / np.sqrt(np.sum(tail**2) + 1e-9)
            tail[0] = 1
            size = 1 << (len(x) + n).bit_length()
            x = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(tail, size), size)[: len(x)].astype(np.float32)
        speech = np.sqrt(np.mean(x[before : before + len(said.pcm)] ** 2)) + 1e-6
        noise = self._noise(len(x))
        x = x / speech + noise * 10 ** (-r.uniform(2, 35) / 20)
        x = x * 10 ** (r.uniform(-42, -14) / 20) * 32767
        return np.clip(np.rint(x), -32768, 32767).astype(np.int16), before + len(said.pcm)

    def _noise(self, n: int) -> Floats:
        r = self._rng
        if self._babble and r.random() < 0.35:
            x = np.zeros(n)
            for _ in range(int(r.integers(1, 5))):
                voice = self._babble[int(r.integers(len(self._babble)))]
                x += np.roll(np.resize(voice, n), int(r.integers(n))) / (np.std(voice) + 1e-6)
        else:
            freq = np.maximum(np.fft.rfftfreq(n, 1 / RATE_HZ), 40.0)
            x = np.fft.irfft(np.fft.rfft(r.standard_normal(n)) * freq ** r.uniform(-1.2, 0.2), n)
        return (x / (np.std(x) + 1e-9)).astype(np.float32)
