"""PURE. TOML tables read with care: typed getters, unknown keys with 'did you mean', all faults of a file at once.

    root = Table.parse(text, "home.toml")
    name = root.string("name")
    root.done()                  # what was not asked for is unknown
    root.raise_faults()          # one ConfigError with a line for each fault

A getter that finds a fault notes it and returns a value of the right type, so that reading goes on to the next fault.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from voiced.errors import ConfigError


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?`, or nothing where nothing is near."""
    by_fold = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wrong.casefold(), list(by_fold), n=1, cutoff=0.6)
    return f", did you mean '{by_fold[near[0]]}'?" if near else ""


@dataclass(slots=True)
class Faults:
    """The faults of one file, in the order in which they were found."""

    file: str
    lines: list[str] = field(default_factory=list)

    def add(self, path: str, text: str) -> None:
        line = f"{self.file}: {path}: {text}" if path else f"{self.file}: {text}"
        if line not in self.lines:
            self.lines.append(line)

    def raise_all(self) -> None:
        if self.lines:
            raise ConfigError("\n".join(self.lines))


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "an integer", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)


class Table:
    """One table of a file. `path` is where it stands, as a person would write it: `entities[3].mqtt`."""

    __slots__ = ("_asked", "_values", "faults", "path")

    def __init__(self, values: Mapping[str, object], faults: Faults, path: str = "") -> None:
        self._values = values
        self._asked: dict[str, None] = {}
        self.faults = faults
        self.path = path

    @classmethod
    def parse(cls, text: str, file: str) -> Table:
        """The root table of `text`. Raises ConfigError where it is no TOML."""
        try:
            return cls(tomllib.loads(text), Faults(file))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(f"{file}: not valid TOML: {str(error) or type(error).__name__}") from error

    def at(self, key: str) -> str:
        """The full path of `key`."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, text: str) -> None:
        self.faults.add(self.at(key) if key else self.path, text)

    def has(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def _take(self, key: str) -> object | None:
        self._asked[key] = None
        return self._values.get(key)

    def _missing(self, key: str, default: object) -> None:
        if default is None:
            near = did_you_mean(key, (k for k in self._values if k not in self._asked))
            self.fault(key, f"missing{near.replace('did you mean', 'is it').replace('?', ' misspelt?')}")

    def _wrong(self, key: str, wanted: str, value: object) -> None:
        self.fault(key, f"must be {wanted}, not {_kind(value)}")

    def string(self, key: str, default: str | None = None, *, choices: Sequence[str] = ()) -> str:
        """Text; without a default the key must be there."""
        value = self._take(key)
        if value is None:
            self._missing(key, default)
        elif not isinstance(value, str):
            self._wrong(key, "text", value)
        elif choices and value not in choices:
            near = did_you_mean(value, choices) or f", choose from {', '.join(choices)}"
            self.fault(key, f"unknown value '{value}'{near}")
        else:
            return value
        return default or ""

    def boolean(self, key: str, default: bool | None = None) -> bool:
        value = self._take(key)
        if value is None:
            self._missing(key, default)
        elif not isinstance(value, bool):
            self._wrong(key, "true or false", value)
        else:
            return value
        return bool(default)

    def number(
        self, key: str, default: float | None = None, *, low: float = float("-inf"), high: float = float("inf")
    ) -> float:
        """A number within [low, high]."""
        value = self._take(key)
        if value is None:
            self._missing(key, default)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(key, "a number", value)
        elif not low <= value <= high:  # also not-a-number
            self.fault(key, f"must be {_between(low, high)}, is {value}")
        else:
            return float(value)
        return float(default or 0.0)

    def integer(
        self, key: str, default: int | None = None, *, low: float = float("-inf"), high: float = float("inf")
    ) -> int:
        value = self._take(key)
        if value is None:
            self._missing(key, default)
        elif isinstance(value, bool) or not isinstance(value, int):
            self._wrong(key, "an integer", value)
        elif not low <= value <= high:
            self.fault(key, f"must be {_between(low, high)}, is {value}")
        else:
            return value
        return default or 0

    def strings(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(key)
        if value is None:
            self._missing(key, default)
            return tuple(default or ())
        if not isinstance(value, list):
            self._wrong(key, "a list of texts", value)
            return tuple(default or ())
        for i, item in enumerate(value):
            if not isinstance(item, str):
                self.fault(f"{key}[{i}]", f"must be text, not {_kind(item)}")
        return tuple(item for item in value if isinstance(item, str))

    def table(self, key: str) -> Table:
        """A sub-table; empty where the key is missing."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            self._wrong(key, "a table", value)
        return Table(value if isinstance(value, dict) else {}, self.faults, self.at(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables of `[[key]]`, in order; none where the key is missing."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fault(key, f"must be written [[{self.at(key)}]], a table each; it is {_kind(value)}")
            return ()
        found = []
        for i, item in enumerate(value):
            path = f"{key}[{i}]"
            if isinstance(item, dict):
                found.append(Table(item, self.faults, self.at(path)))
            else:
                self._wrong(path, "a table", item)
        return tuple(found)

    def done(self) -> None:
        """Every key that no getter asked for is a fault."""
        for key in self._values:
            if key not in self._asked:
                known = list(self._asked)
                near = did_you_mean(key, known)
                if not near and len(known) <= 12:
                    near = f"; known here: {', '.join(known)}" if known else "; nothing is known here"
                self.fault(key, f"unknown key{near}")

    def raise_faults(self) -> None:
        """One ConfigError with all that was found, or nothing."""
        self.faults.raise_all()


def _between(low: float, high: float) -> str:
    if high == float("inf"):
        return f"at least {low:g}"
    return f"at most {high:g}" if low == float("-inf") else f"between {low:g} and {high:g}"
