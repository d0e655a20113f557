"""What an ear is told when it is started.

Options: `file`, `realtime`, `silence_ms` (what follows a file), or `device`, `channel`; `wake_words`, `stop_word`,
`wake_backend`, `aggressiveness`, `lost_ms`; `model`, the folder of the one that is to understand it, and
`noise_suppression`, in place of the level that this model wants.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from voiced.errors import ModelFileError, UsageError
from voiced.gemma.models import resolve
from voiced.workers import child


@dataclass(frozen=True, slots=True)
class EarOptions:
    file: str = ""
    realtime: bool = False
    silence_ms: int = 0
    device: str = ""
    channel: int | None = None
    wake_words: tuple[str, ...] = ()
    """Empty: nothing is scored, and the wake models are not even loaded."""
    stop_word: str = ""
    """Scored beside them; empty for none."""
    wake_backend: str = ""
    aggressiveness: int = 2
    lost_ms: int = 1500
    model: str = ""
    noise_suppression: int | None = None
    """None: as the model wants it."""

    @classmethod
    def read(cls, options: child.Options) -> EarOptions:
        if unknown := set(options) - {field.name for field in fields(cls)}:
            raise UsageError(f"the ear knows no option {', '.join(sorted(unknown))}")
        words = options.get("wake_words", ())
        assert isinstance(words, list | tuple)
        return cls(**{**options, "wake_words": tuple(words)})  # type: ignore[arg-type]


def wanted_suppression(folder: Path) -> int:
    """The level of noise suppression that the model in it wants. Where there is no good one, the engine says so: 0."""
    try:
        return resolve(folder).noise_suppression
    except ModelFileError:
        return 0
