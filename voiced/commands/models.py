"""`voiced models list | pull | verify | prepare`."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from voiced.config import models_cache
from voiced.errors import ModelFileError
from voiced.gemma.models import MANIFEST, ModelFile, from_manifest, manifest, pairs

_ROOM = 50_000_000
"""Bytes that stay free on the disk."""


@dataclass(frozen=True, slots=True)
class State:
    """A file of a pair, as it lies on the disk."""

    what: ModelFile
    path: Path

    @property
    def there(self) -> bool:
        """Whole by its size; `verify` says whether it is the right one."""
        return self.path.is_file() and self.path.stat().st_size == self.what.bytes

    def to_json(self) -> dict[str, object]:
        one = self.what
        state = "there" if self.there else "another size" if self.path.is_file() else "missing"
        return {
            "file": one.file, "source": one.source, "licence": one.licence, "bytes": one.bytes, "sha256": one.sha256,
            "path": str(self.path), "state": state,
        }  # fmt: skip


def default_folder(name: str) -> Path:
    """Where the files of a pair are kept unless `--folder` says otherwise."""
    return models_cache() / name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    sub = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in (
        ("list", "the published models that are known, and what of them is on this disk"),
        ("pull", "fetch a model's files; what broke off goes on where it stopped"),
        ("verify", "read all files and compare their sha256"),
        ("prepare", "write the audio half of the projector in a format that this machine is fast with"),
    ):
        one = sub.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument(
            "--manifest", type=Path, default=MANIFEST, help="a list of files in place of the one that ships"
        )
        one.add_argument("--json", action="store_true", help="one JSON object")
        if name != "list":
            one.add_argument("name", nargs="?", default="e2b", help="the pair of files (default: e2b)")
            one.add_argument("--folder", type=Path, help="where the files are (default: the models' cache)")
        if name == "prepare":
            one.add_argument("--format", choices=("f16", "q8_0"), help="default: by this machine's processor")


def run(options: argparse.Namespace) -> int:
    work = {"list": _list, "pull": _pull, "verify": _verify, "prepare": _prepare}[options.action]
    return work(options)


def _states(options: argparse.Namespace, name: str) -> tuple[Path, tuple[State, ...]]:
    folder = getattr(options, "folder", None) or default_folder(name)
    pair = from_manifest(options.manifest, name, folder)
    wanted = {pair.text.name: pair.text, pair.audio.name: pair.audio}
    files = (one for one in manifest(options.manifest) if one.file in wanted)
    return folder, tuple(State(one, wanted[one.file]) for one in files)


def _list(options: argparse.Namespace) -> int:
    rows = [(name, *_states(options, name)) for name in pairs(options.manifest)]
    if options.json:
        found = [
            {"name": name, "folder": str(folder), "files": [s.to_json() for s in states],
             "prepared": (folder / f"{name}.toml").is_file()}
            for name, folder, states in rows
        ]  # fmt: skip
        print(json.dumps({"models": found}))
        return 0
    for name, folder, states in rows:
        print(f"{name}   {folder}{'   prepared' if (folder / f'{name}.toml').is_file() else ''}")
        for one in states:
            row = one.to_json()
            print(f"  {row['state']:12s} {one.what.bytes / 1e6:7.0f} MB  {one.what.file}  ({one.what.licence})")
    return 0


def _pull(options: argparse.Namespace) -> int:
    folder, states = _states(options, options.name)
    console = Console(stderr=True)
    missing = [s for s in states if not s.there]
    if missing:
        from voiced.adapters import hub

        _make(folder)
        parts = (hub.partial(s.what.file, folder) for s in missing)
        _ask_for_room(folder, sum(s.what.bytes for s in missing) - sum(p.stat().st_size for p in parts if p.is_file()))
        for one in missing:
            if not options.json:
                console.print(f"{one.what.file} from {one.what.source}, licence: {one.what.licence}")
            hub.fetch(one.what.source, one.what.file, folder, quiet=options.json)
    for one, good in _hashed(states, console):
        if not good:
            one.path.unlink(missing_ok=True)
            raise ModelFileError(f"{one.what.file}: what came is not what was published (sha256), it was removed")
    if options.json:
        print(json.dumps({"folder": str(folder), "files": [s.to_json() for s in states]}))
    else:
        place = f" --folder {folder}" if options.folder else ""
        print(f"{folder}: {options.name} is complete. Faster: voiced models prepare {options.name}{place}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    folder, states = _states(options, options.name)
    result = {one.what.file: "right" if good else "wrong" for one, good in _hashed(states, Console(stderr=True))}
    result |= {s.what.file: "missing" for s in states if not s.path.is_file()}
    if options.json:
        print(json.dumps({"folder": str(folder), "files": result}))
    else:
        for file, state in result.items():
            print(f"{state:8s} {file}")
    return 0 if set(result.values()) == {"right"} else 1


def _prepare(options: argparse.Namespace) -> int:
    from voiced.gemma.projector import Format, audio_only, best_format

    folder, states = _states(options, options.name)
    if missing := [one.what.file for one in states if not one.there]:
        raise ModelFileError(
            f"{folder}: missing or not whole: {', '.join(missing)}; voiced models pull {options.name} fetches them"
        )
    pair = from_manifest(options.manifest, options.name, folder)
    console = Console(stderr=True)
    with console.status("reading the files") if console.is_terminal else contextlib.nullcontext():
        pair.verify()
    wanted = Format(options.format) if options.format else best_format()
    target = folder / f"{pair.audio.stem}-audio-{wanted}.gguf"
    with _bar(console) as bar:
        task = bar.add_task(target.name, total=None)
        audio_only(pair.audio, target, wanted, lambda done, total: bar.update(task, completed=done, total=total))
    lines = [
        f"# written by `voiced models prepare` from {pair.audio.name} (sha256 {pair.audio_sha256})",
        f'dialect = "{pair.dialect}"',
        *(["talks = true"] if pair.talks else []),
        "[sha256]",
        f'"{pair.text.name}" = "{pair.text_sha256}"',
        f'"{target.name}" = "{_sha256(target)}"',
    ]
    description = folder / f"{options.name}.toml"
    part = description.with_suffix(".part")
    part.write_text("\n".join(lines) + "\n", "utf-8")
    part.replace(description)
    result = {"folder": str(folder), "projector": target.name, "bytes": target.stat().st_size, "format": str(wanted)}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{target}: {target.stat().st_size / 1e6:.0f} MB instead of {pair.audio.stat().st_size / 1e6:.0f} MB.")
        print(f'Now set in voiced.toml:\n[model]\npath = "{folder}"')
    return 0


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelFileError(f"{folder}: {os.strerror(error.errno or 0)}") from error


def _ask_for_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _ROOM:
        raise ModelFileError(
            f"{folder}: {(needed + _ROOM) / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free; "
            "name a larger disk with --folder"
        )


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def _hashed(states: Sequence[State], console: Console) -> Iterator[tuple[State, bool]]:
    """Each file that is there, and whether its content is the published one."""
    with _bar(console) as bar:
        for one in states:
            if one.path.is_file():
                task = bar.add_task(one.what.file, total=one.path.stat().st_size)
                yield one, _sha256(one.path, bar, task) == one.what.sha256.lower()


def _sha256(path: Path, bar: Progress | None = None, task: TaskID | None = None) -> str:
    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
                if bar is not None and task is not None:
                    bar.advance(task, len(block))
    except OSError as error:
        raise ModelFileError(f"{path}: {os.strerror(error.errno or 0)}") from error
    return digest.hexdigest()
