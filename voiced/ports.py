"""What the core asks of the world, one Protocol each. `app.py` decides who answers; tests pass the shipped fakes.

Every method returns or raises a `VoicedError`; none hangs for good.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from voiced.messages import BrokerMessage, Decision, EarLost, EarOpened, EngineTimes, Frame


class Expect(enum.StrEnum):
    """What a turn is opened for: it chooses the automaton."""

    COMMAND = "command"
    CODE = "code"
    """Two spoken digits, nothing else."""
    STOP = "stop"
    """What silences a ring, nothing else: heard without a wake word."""
    INTERPRET = "interpret"
    """Which of two languages is spoken, nothing else: no command can be heard in it."""


class Chime(enum.StrEnum):
    WOKEN = "woken"
    DONE = "done"
    NOT_UNDERSTOOD = "not_understood"
    ERROR = "error"
    RING = "ring"


@dataclass(frozen=True, slots=True)
class Light:
    """How a lamp blinks; never off where `off_s` is 0, never on where `on_s` is."""

    on_s: float
    off_s: float


@dataclass(frozen=True, slots=True)
class Played:
    """What came out of the loudspeaker."""

    first_sound_ms: float
    """From the request to the first sample handed to the sound device."""
    duration_ms: float
    cached: bool
    """True where the PCM was already rendered."""
    interrupted: bool = False


class Ear(Protocol):
    def frames(self) -> AsyncIterator[Frame | EarOpened | EarLost]:
        """Sound as it arrives. Ends only when a file ends or the ear is closed."""
        ...


class Engine(Protocol):
    """One open turn at a time. Beginning a turn ends the one before."""

    @property
    def ready(self) -> bool: ...

    @property
    def slow(self) -> bool:
        """Whether a decision takes long enough to be begun before the hush."""
        ...

    @property
    def talks(self) -> bool:
        """Whether it has words of its own: for `talk` and `translate`, and for turns that INTERPRET."""
        ...

    async def begin(self, turn: int, expect: Expect) -> None: ...

    async def feed(self, turn: int, pcm: bytes) -> None:
        """Sound in any chopping, 16 kHz mono s16."""
        ...

    async def decide(self, turn: int) -> tuple[Decision, EngineTimes]:
        """Decide on what was fed so far, without closing the turn: feed() may go on afterwards as if never asked.
        Whoever cancels the waiting abandons the decision: what it still would have cost is saved.
        """
        ...

    async def again(self, turn: int) -> tuple[Decision, EngineTimes] | None:
        """What is certain of a turn once it was heard again, for which its decision was not; None where nothing is.
        Nobody can go on with the turn.
        """
        ...

    async def ask(self, turn: int, text: str) -> tuple[Decision, EngineTimes]:
        """The decision for typed words, under the same automaton."""
        ...

    async def end(self, turn: int) -> None:
        """Forget the turn."""
        ...

    def talk(self, turn: int, text: str = "") -> AsyncGenerator[str]:
        """Pieces of an answer in words to the turn that ended last, or to typed `text`; closing it stops the model.
        InferenceError where the model cannot talk.
        """
        ...

    def translate(self, turn: int, into: str, text: str = "") -> AsyncGenerator[str]:
        """As `talk`, but what was said or typed is said again in the language `into`."""
        ...

    async def remember(self, turn: int, answer: str) -> None:
        """What came of the turn that ended last, in words: where the engine keeps a dialogue, the next ones know."""
        ...


class Mouth(Protocol):
    async def say(self, text: str, *, loudness: float = 1.0, from_ms: float = 0.0, voice: str = "") -> Played:
        """Speak, at a share in (0, 1] of the full volume, what comes after the first `from_ms`. Returns when the last
        sample was played or the speech was stopped. `voice` is the path of another voice than its own.
        """
        ...

    async def chime(self, chime: Chime, *, loudness: float = 1.0) -> Played: ...

    async def prepare(self, texts: tuple[str, ...], *, voice: str = "") -> None:
        """Load what speaking needs, render the texts ahead and keep them in memory."""
        ...

    async def stop(self) -> None: ...


class Lamp(Protocol):
    def show(self, light: Light) -> None: ...

    def close(self) -> None: ...


class Broker(Protocol):
    @property
    def connected(self) -> bool: ...

    @property
    def trouble(self) -> str:
        """What is missing for reaching the house, in words; empty where nothing is."""
        ...

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """QoS 0. Raises BrokerError while disconnected; nothing is ever queued."""
        ...

    async def subscribe(self, topic: str) -> None:
        """Remembered, and repeated at every connection."""
        ...

    async def unsubscribe(self, topic: str) -> None:
        """Forgotten: nothing of it arrives any more, from the next connection on at the latest."""
        ...

    def messages(self) -> AsyncIterator[BrokerMessage]: ...
