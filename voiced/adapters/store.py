"""What must survive a restart, in one small file: versioned JSON, replaced as a whole or not at all.

A new state is written beside the old one, brought to the disk (fsync), put in its place (rename), and the folder is
brought to the disk, too. So a power cut at any byte leaves the old state or the new one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from voiced.errors import StateError

VERSION = 1
MAX_BYTES = 1 << 20


class Store:
    """`<name>.json` in `directory`, readable by its owner only. Nothing is written before the first `save`."""

    def __init__(self, directory: Path, name: str = "state", *, most_bytes: int = MAX_BYTES) -> None:
        self._directory, self._most_bytes = directory, most_bytes
        self.path = directory / f"{name}.json"
        self._beside = directory / f"{name}.json.new"

    def load(self) -> dict[str, object]:
        """What was saved last; empty where nothing was. StateError where it cannot be read, or is none of ours: such a
        file is set aside.
        """
        try:
            with self.path.open("rb") as file:
                text = file.read(self._most_bytes + 1)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise StateError(f"{self.path}: cannot be read: {error.strerror}") from error
        try:
            document = json.loads(text)
            if len(text) > self._most_bytes or not isinstance(document, dict):
                raise ValueError("it is no state of voiced")
            if document.get("version") != VERSION:
                raise ValueError(f"its version is {document.get('version')!r}, not {VERSION}")
            state = document["state"]
            if not isinstance(state, dict):
                raise ValueError("it is no state of voiced")
        except (ValueError, KeyError, RecursionError) as error:
            raise StateError(f"{self.path}: {error}{self._set_aside()}") from error
        return state

    def save(self, state: Mapping[str, object]) -> None:
        """On the disk when this returns. StateError where it cannot be; the old state is then still there."""
        data = json.dumps({"version": VERSION, "state": state}, ensure_ascii=False).encode()
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                while data:
                    data = data[os.write(file, data) :]
                os.fsync(file)
            finally:
                os.close(file)
            self._beside.replace(self.path)
            folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StateError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _set_aside(self) -> str:
        aside = self.path.with_suffix(".damaged")
        try:
            self.path.replace(aside)
        except OSError:
            return ""
        return f"; it is kept as {aside.name}"
