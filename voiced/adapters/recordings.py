"""What was heard, on the disk: only where the owner asked for it, never more than allowed, and gone when told so.

WAV files in one folder, a turn each, readable by their owner only. Whatever is too old or too much goes, the oldest
first, before anything new is written, and with every `prune`.
"""

from __future__ import annotations

import wave
from pathlib import Path

from voiced.messages import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ


class Recordings:
    """At most `most_bytes` of sound that is at most `keep_s` seconds old."""

    def __init__(self, folder: Path, *, most_bytes: int, keep_s: float) -> None:
        self.folder, self._most_bytes, self._keep_s = folder, most_bytes, keep_s

    def files(self) -> list[Path]:
        """Oldest first."""
        return sorted(self.folder.glob("*.wav"))

    def keep(self, name: str, pcm: bytes, now_s: float) -> Path:
        """`name` sorts by time; `now_s` as the files' times are counted. 16 kHz mono s16. OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.prune(now_s, room_for=len(pcm) + 44)
        path = self.folder / f"{name}.wav"
        path.touch(0o600)
        with path.open("wb") as file, wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(BYTES_PER_SAMPLE)
            sound.setframerate(SAMPLE_RATE_HZ)
            sound.writeframes(pcm)
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
