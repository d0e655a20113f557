"""What sounds near a wake word without being it: words by their phonemes (espeak-ng), and the phrase's own pieces."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voiced.home.language.spoken import edits

GREETINGS = ("hey", "okay", "hello", "hi", "oh", "a", "the", "say", "they", "may", "hay", "our", "my", "dear")
NAMES = (
    "alexa", "amber", "bella", "carla", "chelsea", "computer", "ella", "emily", "emma", "gabby", "gemini",
    "german", "germany", "ginger", "gym", "hannah", "harvey", "helena", "jack", "james", "jane", "jasmine",
    "jarvis", "jay", "jean", "jeff", "jemima", "jen", "jenna", "jenny", "jessica", "jewel", "jim", "jimmy",
    "john", "judy", "kemal", "kendra", "kenneth", "laura", "lemma", "lemon", "maggie", "mama", "marvin", "max",
    "mia", "mycroft", "nina", "oscar", "pamela", "peter", "robin", "sam", "sarah", "siri", "sophia", "thomas",
    "tina", "trevor", "victor", "wendy", "dilemma", "remember", "tomorrow", "whatever", "member", "memo",
    "gamma", "drama", "llama", "comma", "stamina", "enigma", "charisma",
)  # fmt: skip
BETWEEN = ("can you", "did you see", "look at", "what is", "turn off", "this is", "how about", "no", "let me", "i am")
_NEAREST = 48


@dataclass(frozen=True, slots=True)
class Near:
    """Draws phrases that are like `phrase` and are not it. `alike`: single words, the likest first."""

    phrase: str
    alike: Sequence[str]
    given: Sequence[str]
    """Phrases that the owner named."""
    sames: Sequence[str]

    def __call__(self, rng: random.Random) -> str:
        while True:
            text = self._draw(rng)
            if not any(same in text for same in (self.phrase, *self.sames)):
                return text

    def _draw(self, rng: random.Random) -> str:
        first, *rest = self.phrase.split()
        kind = rng.random()
        word = rng.choice(self.alike) if rng.random() < 0.75 else rng.choice(NAMES)
        if self.given and kind < 0.25:
            return rng.choice(self.given)
        if kind < 0.55:
            return f"{first} {word}" if rest else word
        if kind < 0.65:
            return f"{rng.choice(GREETINGS)} {rng.choice([word, ' '.join(rest) or word])}"
        if kind < 0.75 and rest:
            return rng.choice([first, " ".join(rest), f"{' '.join(rest)} {first}", f"{first} {first}"])
        if kind < 0.9:
            return f"{first} {rng.choice(BETWEEN)} {word}"
        return f"{word} {rng.choice(['and', 'is', 'said', 'went to', 'likes'])} {rng.choice(NAMES)}"


def alike(phrase: str, words: Iterable[str]) -> tuple[str, ...]:
    """Those of `words` (and of `NAMES`) that sound likest to the phrase's last word, the likest first."""
    last = phrase.split()[-1]
    pool = sorted({*words, *NAMES} - {last})
    target, *sounds = phonemes([last, *pool])
    by_distance = sorted(
        (edits(sound, target) / max(len(sound), len(target)), word)
        for sound, word in zip(sounds, pool, strict=True)
        if sound != target
    )
    return tuple(word for _, word in by_distance[:_NEAREST])


def phonemes(words: Sequence[str]) -> list[str]:
    """IPA without stress, as espeak-ng says each word alone in American English."""
    told = subprocess.run(
        ["espeak-ng", "-v", "en-us", "--ipa", "-q"],
        input="\n\n".join(words),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = ["".join(c for c in line if c not in " ˈˌː") for line in told.split("\n") if line.strip()]
    if len(lines) != len(words):
        raise ValueError(f"espeak-ng spoke {len(lines)} of {len(words)} words")
    return lines
