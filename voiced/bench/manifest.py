"""Recordings with what is expected of them, as `voiced evaluate` and the measurements read them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from voiced.configfile import read_text
from voiced.errors import ConfigError
from voiced.messages import Call


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a manifest."""

    audio: Path
    wake: bool
    """The wake word is in the recording; without it, a turn is open from its start."""
    expect: tuple[Call, ...] | None
    """None where nothing may happen."""
    text: str
    tags: tuple[str, ...]


def read_manifest(path: Path) -> tuple[Line, ...]:
    """Paths of recordings are from the manifest's own folder. ConfigError with file and line for every fault."""
    faults: list[str] = []
    lines: list[Line] = []
    for number, text in enumerate(read_text(path).splitlines(), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            audio = path.parent / row["audio"]
            if "expect" not in row:
                raise KeyError("expect")
            expect = row["expect"]
            calls = None if expect is None else tuple(Call(c["intent"], dict(c["slots"])) for c in expect)
            if not audio.is_file():
                faults.append(f"{path}:{number}: audio: there is no file {row['audio']}")
            lines.append(
                Line(audio, bool(row.get("wake")), calls, str(row.get("text") or ""), tuple(row.get("tags", ())))
            )
        except KeyError as error:
            faults.append(f"{path}:{number}: {error.args[0]}: missing")
        except (ValueError, TypeError, AttributeError) as error:
            faults.append(f"{path}:{number}: not a manifest line: {error}")
    if faults:
        raise ConfigError("\n".join(faults))
    return tuple(lines)
