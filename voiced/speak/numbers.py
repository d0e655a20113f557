"""PURE. Numbers, durations, times and dates as English speaks them, in words: a voice may not know what 22.5 is."""

from __future__ import annotations

import math
import re

from voiced.home.language.spoken import ONES, number_words

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_ORDINALS = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
_MOST = 1e6


def number(value: float, places: int = 1) -> str:
    """22.5 -> twenty two point five; rounded to `places`. Beyond a million only "a lot"."""
    if not math.isfinite(value) or abs(value) >= _MOST:
        return "a lot"
    rounded = round(value, places)
    return number_words(int(rounded) if rounded == int(rounded) else rounded)


def digits(code: str) -> str:
    """A code as it is said: 47 is four seven."""
    return " ".join(ONES[int(c)] for c in code if c in "0123456789")


def counted(n: int, what: str) -> str:
    """One minute, two minutes."""
    return f"{number_words(n)} {what}{'' if n == 1 else 's'}"


def joined(parts: list[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def measured(value: float, unit: str, places: int = 1) -> str:
    """A number and its unit, which is given for several: one degree, two kilometers per hour."""
    if abs(round(value, places)) == 1:
        head, per, rest = unit.partition(" per ")
        unit = head.removesuffix("s") + per + rest
    return f"{number(value, places)} {unit}"


def duration(seconds: float) -> str:
    """Three hours and ten minutes, without seconds beyond an hour; at least one second."""
    whole = max(1, math.ceil(seconds)) if math.isfinite(seconds) else 1
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    parts = [counted(n, what) for n, what in ((hours, "hour"), (minutes, "minute")) if n]
    if secs and not hours:
        parts.append(counted(secs, "second"))
    return joined(parts)


def lasting(length: str) -> str:
    """A duration before a thing: three minutes, but a three minute timer."""
    return re.sub(r"\b(hour|minute|second)s\b", r"\1", length)


def ordinal(n: int) -> str:
    """24 -> twenty fourth."""
    if n in _ORDINALS:
        return _ORDINALS[n]
    if n > 20 and n % 10:
        return f"{number_words(n - n % 10)} {ordinal(n % 10)}"
    words = number_words(n)
    return f"{words[:-1]}ieth" if words.endswith("y") else f"{words}th"


def clock(hour: int, minute: int, twelve: bool = True) -> str:
    """9:10 -> nine ten a m; on the hour: nine o'clock. By twenty four hours 21:05 is twenty one oh five."""
    if not twelve:
        tail = "o'clock" if minute == 0 else f"{'oh ' if minute < 10 else ''}{number_words(minute)}"
        return f"{number_words(hour)} {tail}"
    half = "a m" if hour < 12 else "p m"
    said = number_words(hour % 12 or 12)
    if minute == 0:
        return "noon" if hour == 12 else "midnight" if hour == 0 else f"{said} o'clock"
    return f"{said} {'oh ' if minute < 10 else ''}{number_words(minute)} {half}"


def time_of_day(hour: int, minute: int, twelve: bool = True) -> str:
    """As `clock`, and on the hour, too, with its half of the day: seven a m."""
    if twelve and minute == 0 and hour % 12:
        return f"{number_words(hour % 12)} {'a m' if hour < 12 else 'p m'}"
    return clock(hour, minute, twelve)


def year(n: int) -> str:
    """2026 -> twenty twenty six."""
    first, last = divmod(n, 100)
    if n < 1000 or n >= 10_000 or (first % 10 == 0 and last < 10):
        return number_words(n)
    return f"{number_words(first)} {'hundred' if last == 0 else ('oh ' if last < 10 else '') + number_words(last)}"


def date(weekday: int, day: int, month: int, year_: int) -> str:
    """Tuesday, November twenty fourth, twenty twenty six."""
    return f"{WEEKDAYS[weekday]}, {MONTHS[month - 1]} {ordinal(day)}, {year(year_)}"
