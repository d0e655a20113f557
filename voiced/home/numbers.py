"""PURE. Numbers as payloads say them."""

from __future__ import annotations

import math


def finite(value: object) -> float | None:
    """A number, or a text that is one; None for anything else, infinities and booleans among it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
