"""PURE. Colours: their names, and the ways in which lamps write them.

A space is the letters of its parts, as in Home Assistant's topics: rgb (0 to 255 each), hs (degrees, percent), xy (CIE
1931), rgbw and rgbww (with white). Lamps that write x and y, or hue and saturation, mean the brightest rgb of it: how
bright they are is another matter.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence

from voiced.home.numbers import finite

Rgb = tuple[int, int, int]

COLOURS: Mapping[str, Rgb] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "red": (255, 0, 0), "orange": (255, 165, 0), "yellow": (255, 255, 0),
    "green": (0, 255, 0), "blue": (0, 0, 255), "purple": (128, 0, 128), "brown": (165, 42, 42), "pink": (255, 192, 203),
    "turquoise": (64, 224, 208), "violet": (238, 130, 238), "cyan": (0, 255, 255), "magenta": (255, 0, 255),
    "gold": (255, 215, 0), "lime": (0, 255, 0),
}  # fmt: skip
"""CSS's, but green and lime are what people mean by them in front of a lamp, which CSS's dark green is not."""
BLACK: Rgb = (0, 0, 0)
TOLERANCE = 24
"""Lamps answer with the nearest colour that they can make, for each of r, g, b."""

SPACES: Mapping[str, tuple[str, ...]] = {
    "rgb": ("red", "green", "blue"), "hs": ("hue", "sat"), "xy": ("x", "y"), "rgbw": ("red", "green", "blue", "white"),
    "rgbww": ("red", "green", "blue", "cold_white", "warm_white"),
}  # fmt: skip
"""space -> its parts, as Home Assistant's templates call them; the first is preferred where a lamp has several."""
_TO_XYZ = ((0.664511, 0.154324, 0.162028), (0.283881, 0.668433, 0.047685), (0.000088, 0.072310, 0.986039))
_TO_RGB = ((1.656492, -0.354851, -0.255038), (-0.707196, 1.655397, 0.036152), (0.051713, -0.121364, 1.011530))
"""The wide-gamut conversion that lamps and bridges use."""


def in_space(colour: Rgb, space: str) -> tuple[float, ...]:
    """The parts of a colour, in the order of SPACES."""
    match space:
        case "hs":
            hue, saturation, _ = colorsys.rgb_to_hsv(*colour)
            return int(hue * 360 + 0.5), int(saturation * 100 + 0.5)
        case "xy":
            return _to_xy(colour)
    return (*colour, *[0] * (len(SPACES[space]) - 3))


def rgb(value: object) -> Rgb | None:
    """A colour as lamps tell it: an object of parts, or red, green and blue with commas between; None where none."""
    if isinstance(value, str):
        value = from_text("rgb", value)
    if not isinstance(value, dict):
        return None
    if "r" not in value:
        return _of_chromaticity(value)
    return _bounded([finite(value.get(part)) for part in "rgb"])


def from_text(space: str, text: str) -> dict[str, object]:
    """What "240,100" says in its space, by the parts' letters; empty where it has other parts than that."""
    parts = text.split(",")
    return dict(zip(space, parts, strict=True)) if len(parts) == len(space) else {}


def same(wanted: Rgb | None, said: Rgb | None) -> bool:
    """But for how bright it is: a lamp that tells x and y, or dims by itself, shows purple as a bright magenta."""
    if not wanted or not said:
        return False
    most, brightest = max(*wanted, 1), max(*said, 1)
    return all(abs(a * 255 / most - b * 255 / brightest) <= TOLERANCE for a, b in zip(wanted, said, strict=True))


def _bounded(parts: Sequence[float | None]) -> Rgb | None:
    if any(part is None for part in parts):
        return None
    r, g, b = (round(min(255.0, max(0.0, part or 0.0))) for part in parts)
    return r, g, b


def _of_chromaticity(value: Mapping[str, object]) -> Rgb | None:
    hue, saturation, x, y = (finite(value.get(key)) for key in ("h", "s", "x", "y"))
    if hue is None:
        hue, saturation = (finite(value.get(key)) for key in ("hue", "saturation"))
    if x is not None and y is not None and 0 <= x <= 1 and 0 < y <= 1:
        return _of_xy(x, y)
    if hue is None or saturation is None:
        return None
    r, g, b = colorsys.hsv_to_rgb(hue % 360 / 360, min(1.0, max(0.0, saturation / 100)), 1.0)
    return round(r * 255), round(g * 255), round(b * 255)


def _of_xy(x: float, y: float) -> Rgb:
    linear = _times(_TO_RGB, (x / y, 1.0, (1 - x - y) / y))
    most = max(*linear, 1e-6)
    r, g, b = (round(255 * max(0.0, part / most) ** (1 / 2.4)) for part in linear)
    return r, g, b


def _to_xy(colour: Rgb) -> tuple[float, float]:
    x, y, z = _times(_TO_XYZ, [_linear(part / 255) for part in colour])
    total = x + y + z
    return (round(x / total, 3), round(y / total, 3)) if total else (0.323, 0.329)


def _linear(part: float) -> float:
    return float(((part + 0.055) / 1.055) ** 2.4) if part > 0.04045 else part / 12.92


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
