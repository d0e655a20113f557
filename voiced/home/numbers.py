"""PURE. Numbers as payloads say them."""

from __future__ import annotations

MOST = 1e15
"""What is beyond measures nothing in a house, and overflows where it is reckoned with."""


def finite(value: object) -> float | None:
    """A number, or a text that is one; None for anything else: booleans, and what is beyond MOST."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if -MOST <= number <= MOST else None  # not-a-number is neither
