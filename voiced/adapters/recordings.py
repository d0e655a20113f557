"""What was heard, on the disk: only where the owner asked for it, never more than allowed, and gone when told so.

WAV files in one folder, a turn each, readable by their owner only. Whatever is too old or too much goes, the oldest
first, before anything new is written, and with every `prune`. A file that cannot be removed keeps no other one here,
and none out that there is room for.
"""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

from voiced.messages import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ

SUPPRESSED = "the noise of the room was taken out"
"""The comment of files whose sound went through the ear's noise suppression: it need not go through it again."""


class Recordings:
    """At most `most_bytes` of sound that is at most `keep_s` seconds old. `comment` stands in each file."""

    def __init__(self, folder: Path, *, most_bytes: int, keep_s: float, comment: str = "") -> None:
        self.folder, self._most_bytes, self._keep_s, self._comment = folder, most_bytes, keep_s, comment

    def files(self) -> list[Path]:
        """Oldest first."""
        return sorted(self.folder.glob("*.wav"))

    def keep(self, name: str, pcm: bytes, now_s: float) -> Path:
        """`name` sorts by time; `now_s` as the files' times are counted. 16 kHz mono s16. OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = riff(pcm, self._comment)
        too_much, stays = self._pruned(now_s, len(data))
        if too_much and stays:
            raise stays
        path = self.folder / f"{name}.wav"
        path.touch(0o600)
        path.write_bytes(data)
        return path

    def prune(self, now_s: float) -> None:
        """Remove what is too old, and what is too much. OSError where some of it stays."""
        _, stays = self._pruned(now_s, 0)
        if stays:
            raise stays

    def _pruned(self, now_s: float, room_for: int) -> tuple[bool, OSError | None]:
        """Whether it is still too much once `room_for` bytes have come, and why what should have gone stays."""
        kept = []
        for path in self.files():
            with contextlib.suppress(FileNotFoundError):
                kept.append((path, path.lstat()))
        size = sum(status.st_size for _, status in kept) + room_for
        stays: OSError | None = None
        for path, status in kept:
            if size > self._most_bytes or now_s - status.st_mtime > self._keep_s:
                error = _removed(path)
                stays = stays or error
                size -= 0 if error else status.st_size
        return size > self._most_bytes, stays

    def erase(self) -> int:
        """How many are gone. OSError where some stay."""
        files = self.files()
        errors = [error for path in files if (error := _removed(path))]
        if errors:
            raise errors[0]
        return len(files)


def _removed(path: Path) -> OSError | None:
    """Why it stays; None where it is gone, whoever removed it: its owner may erase while we write."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        return error
    return None


def riff(pcm: bytes, comment: str = "") -> bytes:
    """A WAV file of 16 kHz mono s16 with a comment (RIFF's INFO list, ICMT). Here, because the standard library's
    `wave` knows no comments, and libsndfile is nothing that the core of a daemon should have to load.
    """
    text = comment.encode()
    text += bytes(2 - len(text) % 2)  # ends in a zero, and on an even place
    rate = SAMPLE_RATE_HZ * BYTES_PER_SAMPLE
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE_HZ, rate, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE)
    told = _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", text)) if comment else b""
    return _chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", form) + told + _chunk(b"data", pcm))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content
