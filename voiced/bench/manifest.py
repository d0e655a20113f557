"""Recordings with what is expected of them, as `voiced evaluate` and the measurements read them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from voiced.adapters.wavfile import Recording
from voiced.configfile import read_text
from voiced.errors import AudioFileError, ConfigError
from voiced.messages import Call, SlotValue


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
    """Paths of recordings are from the manifest's own folder, and each is opened once. ConfigError with file and line
    for every fault: what can be known before the work shall not end it when most of it is done.
    """
    faults: list[str] = []
    lines: list[Line] = []
    for number, text in enumerate(read_text(path).splitlines(), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            lines.append(
                Line(
                    audio=_recording(path.parent / row["audio"]),
                    wake=bool(row.get("wake")),
                    expect=_calls(row["expect"]),
                    text=str(row.get("text") or ""),
                    tags=_tags(row.get("tags", [])),
                )
            )
        except AudioFileError as error:
            faults.append(f"{path}:{number}: audio: {error}")
        except KeyError as error:
            faults.append(f"{path}:{number}: {error.args[0]}: missing")
        except (ValueError, TypeError, AttributeError) as error:
            faults.append(f"{path}:{number}: not a manifest line: {error}")
    if faults:
        raise ConfigError("\n".join(faults))
    return tuple(lines)


def _recording(path: Path) -> Path:
    with contextlib.closing(Recording(path=path)):
        return path


def _calls(expect: object) -> tuple[Call, ...] | None:
    if expect is None:
        return None
    if not isinstance(expect, list):
        raise TypeError("expect must be a list of calls, or null")
    calls = tuple(Call(one["intent"], dict(one["slots"])) for one in expect)
    if not all(isinstance(call.intent, str) for call in calls):
        raise TypeError("an intent must be text")
    if not all(isinstance(value, SlotValue) for call in calls for value in call.slots.values()):
        raise TypeError("a slot must be text or a number")
    return calls


def _tags(tags: object) -> tuple[str, ...]:
    if not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise TypeError("tags must be a list of texts")
    return tuple(tags)
