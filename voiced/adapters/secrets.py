"""Passwords and tokens from files, read at every use: they can be changed while voiced runs."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

_log = logging.getLogger(__name__)
_told: set[Path] = set()


def read_secret(file: Path) -> str:
    """Without the white space around it. OSError or UnicodeDecodeError. That everybody can read it is said, once."""
    if file.stat().st_mode & stat.S_IROTH and file not in _told:
        _told.add(file)
        _log.warning("%s can be read by everybody on this machine: see Passwords in systemd/README.md", file)
    return file.read_text("utf-8").strip()
