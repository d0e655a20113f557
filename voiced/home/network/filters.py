"""PURE. What templates may ask of a value: the filters, tests and functions of Home Assistant's that are known.

Values are what JSON has, and UNDEFINED. Whatever a filter is not made for raises SilentError: nothing is guessed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from voiced.home.numbers import MOST

MAX_TEXT_CHARS = 4096
"""Of any text while a template is evaluated."""


class SilentError(Exception):
    """The template has nothing to say about this message."""


class Undefined:
    """What a path leads to that is not there."""

    def __bool__(self) -> bool:
        return False


UNDEFINED = Undefined()


def as_text(value: object) -> str:
    if value is None or isinstance(value, str | int | float):
        return str(value)
    raise SilentError


def bounded(text: str) -> str:
    if len(text) > MAX_TEXT_CHARS:
        raise SilentError
    return text


def plain_number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MOST <= value <= MOST:
        raise SilentError  # not-a-number, too
    return value


TESTS: Mapping[str, Callable[[object], bool]] = {
    "defined": lambda value: value is not UNDEFINED,
    "undefined": lambda value: value is UNDEFINED,
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "number": lambda value: isinstance(value, int | float),
    "string": lambda value: isinstance(value, str),
}


def _as_number(value: object, default: Sequence[object]) -> int | float:
    """Strict, as Home Assistant's filters are: what is no number needs a default."""
    try:
        if isinstance(value, str | int | float) and math.isfinite(float(value)):
            return plain_number(value if isinstance(value, int) and not isinstance(value, bool) else float(value))
    except ValueError:
        pass
    if default:
        return plain_number(default[0])
    raise SilentError


def _rounded(value: object, more: Sequence[object]) -> object:
    digits: object = more[0] if more else 0
    way = more[1] if len(more) > 1 else "common"
    if not isinstance(digits, int) or not 0 <= digits <= 10 or len(more) > 2 or way not in _WAYS:
        raise SilentError
    rounded = _WAYS[str(way)](float(_as_number(value, ())), digits)
    return rounded if digits else int(rounded)


_WAYS: Mapping[str, Callable[[float, int], float]] = {
    "common": round,
    "floor": lambda value, digits: math.floor(value * 10**digits) / 10**digits,
    "ceil": lambda value, digits: math.ceil(value * 10**digits) / 10**digits,
}


def _extreme(of: Callable[[Iterable[int | float]], int | float]) -> Callable[[object, Sequence[object]], object]:
    def found(value: object, _: Sequence[object]) -> object:
        if not isinstance(value, list) or not value or len(value) > MAX_TEXT_CHARS:
            raise SilentError
        return of([plain_number(one) for one in value])

    return found


def _replaced(value: object, more: Sequence[object]) -> object:
    match more:
        case [str(old), str(new)] if old:
            return bounded(as_text(value).replace(old, new))
    raise SilentError


def _joined(value: object, more: Sequence[object]) -> str:
    if not isinstance(value, list) or len(value) > MAX_TEXT_CHARS:
        raise SilentError
    return bounded(as_text(more[0] if more else "").join(map(as_text, value)))


def _chosen(value: object, more: Sequence[object]) -> object:
    """Home Assistant's iif: what is true, what is false, what is none."""
    if value is None and len(more) > 2:
        return more[2]
    chosen = (*more[:2], *(True, False)[len(more) :])
    return chosen[0] if value else chosen[1]


_SWITCHED: Mapping[str, bool] = {
    "1": True, "true": True, "yes": True, "on": True, "enable": True,
    "0": False, "false": False, "no": False, "off": False, "disable": False,
}  # fmt: skip


def _as_switch(value: object, default: Sequence[object]) -> object:
    if isinstance(value, bool):
        return value
    said = _SWITCHED.get(value.lower()) if isinstance(value, str) else value != 0 if isinstance(value, int) else None
    if said is None and not default:
        raise SilentError
    return default[0] if said is None else said


FILTERS: Mapping[str, Callable[[object, Sequence[object]], object]] = {
    "int": lambda value, more: int(_as_number(value, more)),
    "float": lambda value, more: float(_as_number(value, more)),
    "round": _rounded,
    "abs": lambda value, _: abs(plain_number(value)),
    "min": _extreme(min),
    "max": _extreme(max),
    "lower": lambda value, _: as_text(value).lower(),
    "upper": lambda value, _: as_text(value).upper(),
    "title": lambda value, _: as_text(value).title(),
    "trim": lambda value, _: as_text(value).strip(),
    "string": lambda value, _: as_text(value),
    "replace": _replaced,
    "default": lambda value, more: (more[0] if more else "") if value is UNDEFINED else value,
    "d": lambda value, more: (more[0] if more else "") if value is UNDEFINED else value,
    "is_defined": lambda value, _: value,
    "join": _joined,
    "iif": _chosen,
    "bool": _as_switch,
    "multiply": lambda value, more: plain_number(float(_as_number(value, ())) * plain_number(more[0])),
    "add": lambda value, more: plain_number(float(_as_number(value, ())) + plain_number(more[0])),
    "tojson": lambda value, _: bounded(json.dumps(value)),
    "to_json": lambda value, _: bounded(json.dumps(value)),
}
"""Home Assistant's, which are stricter than Jinja's. Where `is_defined` is not, a message says nothing: so does any
filter here, but for `default`."""


FUNCTIONS = frozenset(["int", "float", "iif", "bool"])
"""Of them, those that may be called, too: `int(value)` is `value | int`."""


def filtered(name: str, value: object, arguments: Sequence[object]) -> object:
    if value is UNDEFINED and name not in ("default", "d"):
        raise SilentError
    try:
        return FILTERS[name](value, arguments)
    except (TypeError, ValueError, OverflowError, RecursionError, IndexError):
        raise SilentError from None
