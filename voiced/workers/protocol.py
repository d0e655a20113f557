"""What the core and its children say to each other. Frozen values; `channel.py` puts them on the wire.

A child says `Ready` once, answers every `Ping` with a `Pong` from the loop that does its work, and reports trouble
with `Trouble`. `request` numbers pair an answer with its question.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voiced.errors import VoicedError
from voiced.messages import Decision, EarLost, EarOpened, EngineTimes, Frame, InputDevice


@dataclass(frozen=True, slots=True)
class Ready:
    """The child can work now."""

    what: str
    """Model, device or voice, in words."""
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ping:
    request: int


@dataclass(frozen=True, slots=True)
class Pong:
    request: int
    progress: int = 0
    """Counts up with the work done: frames heard, tokens, samples played."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed; `request` is the one it answers, or 0."""

    code: str
    """Class name of a VoicedError."""
    text: str
    request: int = 0

    @classmethod
    def of(cls, error: VoicedError, request: int = 0) -> Trouble:
        """What `pending.error_of` makes an error of again."""
        return cls(type(error).__name__, " ".join(str(error).split()), request)


@dataclass(frozen=True, slots=True)
class Warned:
    """Something is not as it should be, and work goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Leave, please."""


# --- engine ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadHome:
    request: int
    home: dict[str, object]
    """`Home.to_dict()`."""
    area: str = ""
    """The device's own area id; empty for none."""


@dataclass(frozen=True, slots=True)
class BeginTurn:
    turn: int
    expect: str


@dataclass(frozen=True, slots=True)
class FeedAudio:
    turn: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Decide:
    request: int
    turn: int


@dataclass(frozen=True, slots=True)
class HearAgain:
    """The turn, which nobody goes on with, and of which nothing certain was understood."""

    request: int
    turn: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """The answer to `request`, a Decide, is not wanted any more: speech goes on. It is answered with Trouble, soon."""

    request: int


@dataclass(frozen=True, slots=True)
class AskText:
    request: int
    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class EndTurn:
    turn: int


@dataclass(frozen=True, slots=True)
class Talk:
    """Answer the turn that ended last, or typed `text`, in words: Text as they come, then Done or Trouble."""

    request: int
    turn: int
    text: str = ""
    into: str = ""
    """No answer: the same again in this language."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    request: int
    text: str


@dataclass(frozen=True, slots=True)
class StopTalking:
    """What is left of an answer is of no interest; harmless where there is none."""


@dataclass(frozen=True, slots=True)
class Remember:
    """What came of a turn that has ended."""

    turn: int
    answer: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Decided:
    request: int
    turn: int
    decision: Decision
    times: EngineTimes


# --- mouth ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    request: int
    text: str
    loudness: float = 1.0
    """Share of the full volume, in (0, 1]."""
    from_ms: float = 0.0
    """What was said of it before."""
    voice: str = ""
    """Path of a voice other than its own."""


@dataclass(frozen=True, slots=True)
class PlayChime:
    request: int
    chime: str
    loudness: float = 1.0


@dataclass(frozen=True, slots=True)
class Prepare:
    request: int
    texts: tuple[str, ...]
    voice: str = ""


@dataclass(frozen=True, slots=True)
class StopPlaying:
    request: int


@dataclass(frozen=True, slots=True)
class Playing:
    """Our own sound, for the ear, which is to take it out of what it hears."""

    at_s: float
    """On the monotonic clock: when its first sample was handed over, at the pace of the sound from then on."""
    pcm: bytes
    """16 kHz mono s16."""


@dataclass(frozen=True, slots=True)
class Silenced:
    """What was to be played from here on was not."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Sounding:
    """The first sample of `request` was handed to the sound device."""

    request: int
    first_sound_ms: float


@dataclass(frozen=True, slots=True)
class Done:
    """`request` was carried out."""

    request: int
    first_sound_ms: float = 0.0
    duration_ms: float = 0.0
    cached: bool = False
    interrupted: bool = False


# --- sound devices --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SoundDevices:
    """All that there are."""

    inputs: tuple[InputDevice, ...]
    outputs: tuple[tuple[int, str], ...]
    """Index and name."""


Message = (
    Ready | Ping | Pong | Trouble | Warned | Close | Frame | EarOpened | EarLost
    | LoadHome | BeginTurn | FeedAudio | Decide | HearAgain | Abandon | AskText | EndTurn | Remember
    | Talk | Text | StopTalking | Decided
    | Say | PlayChime | Prepare | StopPlaying | Playing | Silenced | Sounding | Done
    | SoundDevices
)  # fmt: skip
