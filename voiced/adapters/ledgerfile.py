"""The last turns' figures in a file of bounded length: a JSON object a line, nothing that was said.

Written only where the owner asks for it. Appended turn by turn; when the file is twice as long as it may be, it is
replaced by its newer half, whole or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO


class LedgerFile:
    """`keep` turns at least, twice as many at most."""

    def __init__(self, path: Path, keep: int) -> None:
        self.path, self._keep = path, keep
        self._lines: int | None = None

    def append(self, turn: Mapping[str, object]) -> None:
        """OSError where the disk is full, or may not be written to."""
        if self._lines is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lines = len(self.read())
        with self.path.open("ab+") as file:
            file.write((_torn(file) + json.dumps(turn) + "\n").encode())
        self._lines += 1
        if self._lines >= 2 * self._keep:
            self._shorten()

    def read(self) -> list[dict[str, object]]:
        """Oldest first. A line that a power cut left half written is passed over. OSError where there is a file that
        may not be read.
        """
        try:
            lines = self.path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        turns = []
        for line in lines:
            try:
                turn = json.loads(line)
            except ValueError:
                continue
            if isinstance(turn, dict):
                turns.append(turn)
        return turns

    def _shorten(self) -> None:
        newer = self.read()[-self._keep :]
        beside = self.path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(turn) + "\n" for turn in newer)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        self._lines = len(newer)


def _torn(file: BinaryIO) -> str:
    """What ends a last line that a power cut or a full disk left half written."""
    if not file.seek(0, os.SEEK_END):
        return ""
    file.seek(-1, os.SEEK_END)
    return "" if file.read(1) == b"\n" else "\n"
