"""What was heard, on the disk: only where the owner asked for it, never more than allowed, and gone when told so.

WAV files in one folder, a turn each, readable by their owner only. Whatever is too old or too much goes, the oldest
first, before anything new is written, and with every `prune`.
"""

from __future__ import annotations

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
        self.prune(now_s, room_for=len(data))
        path = self.folder / f"{name}.wav"
        path.touch(0o600)
        path.write_bytes(data)
        return path

    def prune(self, now_s: float, *, room_for: int = 0) -> None:
        """Remove what is too old, and what is too much once `room_for` bytes have come. OSError."""
        kept = [(path, path.stat()) for path in self.files()]
        size = sum(status.st_size for _, status in kept) + room_for
        for path, status in kept:
            if size > self._most_bytes or now_s - status.st_mtime > self._keep_s:
                path.unlink()
                size -= status.st_size

    def erase(self) -> int:
        """How many are gone. OSError."""
        files = self.files()
        for path in files:
            path.unlink()
        return len(files)


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
