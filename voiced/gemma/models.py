"""Which model files there are, and that a file is what it says: hashed before any parser opens it.

A model is a folder with one description (`nano.toml`, `replica.toml`), or a pair of `models/manifest.toml`:

    dialect = "sentences"            # or "calls"
    [sha256]                         # the text model first, by name; the projector has "mmproj" in its name
    "nano-text.gguf" = "..."
    "nano-mmproj.gguf" = "..."
    tail_silence_ms = 0              # optional, before the tables
    noise_suppression = 0            # optional, before the tables: WebRTC's level, 1 to 4
    name_prior = 0.0                 # optional, before the tables
    talks = false                    # optional, before the tables; only with dialect "calls"
    [calibration]                    # optional, see calibration.py
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voiced.errors import ModelFileError
from voiced.gemma.calibration import Calibration
from voiced.gemma.prompt import Dialect

_HEX = re.compile(r"[0-9a-f]{64}")
_verified: dict[tuple[str, int, int], str] = {}
"""sha256 by (path, size, mtime): once per process is enough, a daemon's restart reads the file again."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A published file, as the manifest lists it."""

    file: str
    source: str
    """Repository on the model hub."""
    licence: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelPair:
    """The two files of one model, and what they must be."""

    name: str
    text: Path
    audio: Path
    dialect: Dialect
    text_sha256: str
    audio_sha256: str
    calibration: Calibration = field(default_factory=Calibration)
    tail_silence_ms: int = 0
    """Made-up silence that is heard after the sound, whenever a decision is asked for."""
    noise_suppression: int = 0
    """WebRTC's level, 1 to 4, for a model that learned from sound so treated; 0: the sound as it is."""
    talks: bool = False
    """Whether its free words mean something: it may be asked what is no command."""
    name_prior: float = 0.0
    """The share of what the model expects of names, unheard, that is taken back (names.py); 0 takes nothing."""

    def verify(self) -> None:
        """ModelFileError if a file is missing or is another one."""
        verify(self.text, self.text_sha256)
        verify(self.audio, self.audio_sha256)


def sha256_of(path: Path) -> str:
    """ModelFileError if it cannot be read."""
    try:
        stat = path.stat()
        key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        if key not in _verified:
            with path.open("rb") as file:
                _verified[key] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: {os.strerror(error.errno or 0)}") from error
    return _verified[key]


def verify(path: Path, sha256: str) -> None:
    """ModelFileError unless the file's content has this hash."""
    found = sha256_of(path)
    if found != sha256.lower():
        raise ModelFileError(
            f"{path} is not the file that was meant: sha256 {found[:12]}..., expected {sha256[:12]}..."
        )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelFileError(f"{path}: {os.strerror(error.errno or 0)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path}: {error}") from error


def _hash(path: Path, name: str, value: object) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value.lower()):
        raise ModelFileError(f"{path}: {name}: not a sha256: {value!r}")
    return value.lower()


def _dialect(path: Path, data: Mapping[str, Any]) -> Dialect:
    try:
        return Dialect(data.get("dialect", ""))
    except ValueError as error:
        raise ModelFileError(f"{path}: dialect is {data.get('dialect')!r}, not one of {', '.join(Dialect)}") from error


def _whole(path: Path, data: Mapping[str, Any], name: str, most: int) -> int:
    value = data.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ModelFileError(f"{path}: {name} is {value!r}, not a number from 0 to {most}")
    return value


def _name_prior(path: Path, data: Mapping[str, Any]) -> float:
    value = data.get("name_prior", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ModelFileError(f"{path}: name_prior is {value!r}, not a number from 0 to 1")
    return float(value)


def _talks(path: Path, data: Mapping[str, Any]) -> bool:
    value = data.get("talks", False)
    if not isinstance(value, bool) or (value and data.get("dialect") != Dialect.CALLS):
        raise ModelFileError(f"{path}: talks is {value!r}, not true or false, or this dialect has no words for it")
    return value


def from_folder(folder: Path) -> ModelPair:
    """The model whose description lies in this folder. ModelFileError if there is none, or several, or a faulty one."""
    own = folder / f"{folder.name}.toml"
    described = [own] if own.is_file() else sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if len(described) != 1:
        raise ModelFileError(f"{folder}: {'no model' if not described else 'several models'} described here (*.toml)")
    path = described[0]
    data = _toml(path)
    hashes = data.get("sha256")
    if not isinstance(hashes, dict):
        raise ModelFileError(f"{path}: the table [sha256] is missing")
    audio = [n for n in hashes if "mmproj" in n]
    text = [n for n in hashes if "mmproj" not in n and n.endswith(".gguf")]
    if len(audio) != 1 or len(text) != 1 or any(Path(n).name != n for n in (*audio, *text)):
        raise ModelFileError(f"{path}: [sha256] must name one text model and one projector (mmproj) beside it")
    calibration = data.get("calibration", {})
    return ModelPair(
        path.stem,
        folder / text[0],
        folder / audio[0],
        _dialect(path, data),
        _hash(path, text[0], hashes[text[0]]),
        _hash(path, audio[0], hashes[audio[0]]),
        Calibration.of(calibration if isinstance(calibration, dict) else {"calibration": calibration}),
        _whole(path, data, "tail_silence_ms", 1000),
        _whole(path, data, "noise_suppression", 4),
        name_prior=_name_prior(path, data),
        talks=_talks(path, data),
    )


def manifest(path: Path) -> tuple[ModelFile, ...]:
    """All published files that a manifest lists. ModelFileError on a faulty one."""
    out = []
    for number, item in enumerate(_toml(path).get("file", []), 1):
        try:
            one = ModelFile(item["file"], item["source"], item["licence"], int(item["bytes"]), item["sha256"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"{path}: file number {number}: {error!r} is missing or wrong") from error
        _hash(path, one.file, one.sha256)
        out.append(one)
    return tuple(out)


def pairs(path: Path) -> tuple[str, ...]:
    """Names of the models that a manifest describes."""
    return tuple(str(item.get("name")) for item in _toml(path).get("pair", []))


def from_manifest(path: Path, name: str, folder: Path) -> ModelPair:
    """The pair `name` of a manifest, its files in `folder` (which need not be there yet)."""
    files = {f.file: f for f in manifest(path)}
    for item in _toml(path).get("pair", []):
        if item.get("name") == name:
            try:
                text, audio = files[item["text"]], files[item["audio"]]
            except KeyError as error:
                raise ModelFileError(f"{path}: pair {name}: {error} is not listed") from error
            return ModelPair(
                name, folder / text.file, folder / audio.file, _dialect(path, item), text.sha256, audio.sha256,
                talks=_talks(path, item),
            )  # fmt: skip
    raise ModelFileError(f"{path}: no pair is called {name!r}")


MANIFEST = Path(__file__).resolve().parent.parent.parent / "models" / "manifest.toml"


def resolve(folder: Path) -> ModelPair:
    """The model in this folder: described there, or a pair of the manifest whose text model lies there."""
    if not list(folder.glob("*.toml")) and MANIFEST.is_file():
        for item in _toml(MANIFEST).get("pair", []):
            if (folder / str(item.get("text"))).is_file():
                return from_manifest(MANIFEST, str(item.get("name")), folder)
    return from_folder(folder)
