"""PURE. How text sounds: names, numbers and typed sentences as the lower-case words a-z and apostrophe that are spoken.

The word graph, the model's training text and `voiced ask` share this module, so that "22.5 degrees" and "TV" are the
same words everywhere. Numbers are spoken the American way ("one hundred twenty"); the graph also allows "and".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Sequence
from itertools import product

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth", "6th": "sixth"}
SPELLED = frozenset(("tv", "ac", "pc", "led", "dvd", "hvac", "usb", "wc", "dj", "cd", "am", "pm"))
"""Abbreviations that are spelled although nobody may have written them in capitals."""

_SYMBOLS = {
    "\u2019": "'", "\u2018": "'", "`": "'", "%": " percent ", "\u00b0": " degrees ", "&": " and ", "+": " plus ",
    "\u00bd": " half ", "\u2044": "/", "@": " at ",
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_DIGIT_COMMA = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NOT_SPOKEN = re.compile(r"[^a-z' ]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def without(articles: Sequence[str], name: str) -> str:
    """The name without the one of these words that it begins with; never empty of a name that is not."""
    first, _, rest = name.partition(" ")
    return rest if rest and first.casefold() in articles else name


def number_words(number: float) -> str:
    """A number as it is spoken: 22.5 -> "twenty two point five". Below a million."""
    if number < 0:
        return "minus " + number_words(-number)
    if number != int(number):
        whole, part = f"{number:.4f}".rstrip("0").split(".")
        return number_words(int(whole)) + " point " + " ".join(ONES[int(digit)] for digit in part)
    n = int(number)
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (" " + ONES[n % 10] if n % 10 else "")
    if n < 1000:
        return ONES[n // 100] + " hundred" + (" " + number_words(n % 100) if n % 100 else "")
    return number_words(n // 1000) + " thousand" + (" " + number_words(n % 1000) if n % 1000 else "")


def number_variants(number: float) -> tuple[str, ...]:
    """All the ways in which people say this number, the plain one first."""
    plain = number_words(number)
    ways = [plain]
    n = int(abs(number))
    sign = "minus " if number < 0 else ""
    if abs(number) - n == 0.5:
        ways.append(f"{sign}{number_words(n)} and a half")
    elif number == int(number) and n >= 100:
        if n % 100 and n < 1000:
            ways.append(f"{sign}{ONES[n // 100]} hundred and {number_words(n % 100)}")
        if n > 1000 and n % 1000 and n % 100 == 0 and n < 10_000:
            ways.append(f"{sign}{number_words(n // 100)} hundred")
        ways += [f"{sign}a {way.removeprefix(sign).removeprefix('one ')}" for way in ways if "one " in way[:10]]
    return tuple(dict.fromkeys(ways))


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    tail = "o'clock" if minute == 0 else f"oh {ONES[minute]}" if minute < 10 else number_words(minute)
    return f" {number_words(hour)} {tail} "


def spoken(text: str) -> str:
    """Any text as the words that are spoken; what cannot be spoken is dropped. Idempotent."""
    text = "".join(_SYMBOLS.get(char, char) for char in text)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"\b1/2\b", " half ", text)
    text = _CLOCK.sub(_clock, _DIGIT_COMMA.sub("", text))
    text = re.sub(r"\b[1-6](?:st|nd|rd|th)\b", lambda m: ORDINALS.get(m[0], m[0]), text)
    text = re.sub(r"(?<![\d\w.])-(?=\d)", " minus ", text)
    text = _NUMBER.sub(lambda m: f" {number_words(float(m[0]))} ", text)
    return " ".join(_clean(word) for word in _NOT_SPOKEN.sub(" ", text).split() if _clean(word))


def _clean(word: str) -> str:
    """Quotes around a word go, an apostrophe inside stays."""
    return word.strip("'")


def spoken_digits(text: str) -> str:
    """Typed digits one by one, as a code is spoken: "47" -> "four seven"."""
    return spoken(re.sub(r"\d", lambda m: f" {ONES[int(m[0])]} ", text))


def _token_ways(token: str) -> tuple[str, ...]:
    """The ways to say one written token of a name."""
    letters = token.replace(".", "").replace("-", "")
    ways = [spoken(token)]
    if letters.isalpha() and letters.isascii():
        upper = letters.isupper() and 2 <= len(letters) <= 5
        if upper or letters.lower() in SPELLED:
            ways = [letters.lower(), " ".join(letters.lower())]
        elif "." not in token and _CAMEL.search(token):
            ways.append(spoken(_CAMEL.sub(" ", token)))
    elif letters.isdigit() and len(letters) > 1:
        ways += [spoken_digits(token), spoken_digits(token).replace("zero", "oh")]
    return tuple(dict.fromkeys(way for way in ways if way))


def name_variants(name: str, most: int = 8) -> tuple[tuple[str, ...], ...]:
    """The ways to say a name, as words, the plain one first: "TV 2" -> tv two, t v two. A leading "the" may go."""
    tokens = name.replace("/", " ").replace("_", " ").split()
    ways: list[tuple[str, ...]] = []
    choices = [ways_of for token in tokens if (ways_of := _token_ways(token))]
    for picked in product(*choices):
        words = tuple(" ".join(picked).split())
        if words and words not in ways:
            ways.append(words)
        if len(ways) >= most:
            break
    ways += [words[1:] for words in ways if words[0] == "the" and len(words) > 1]
    return tuple(dict.fromkeys(ways))


def edits(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966).

    A column of the table is two numbers, whose bits say where it grows and falls by one (Hyyrö 2003).
    """
    where: dict[Hashable, int] = {}
    for i, x in enumerate(a):
        where[x] = where.get(x, 0) | 1 << i
    every = (1 << len(a)) - 1
    grows, falls, distance = every, 0, len(a)
    for y in b:
        same = where.get(y, 0)
        diagonal = (((same & grows) + grows) ^ grows) | same | falls
        up, down = falls | ~(diagonal | grows) & every, diagonal & grows
        distance += (up >> len(a) - 1 & 1) - (down >> len(a) - 1 & 1) if a else 1
        up, down = up << 1 | 1, down << 1
        grows, falls = (down | ~(diagonal | up)) & every, up & diagonal & every
    return distance
