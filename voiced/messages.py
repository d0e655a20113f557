"""The values that travel between the rooms: immutable, with their units in their names.

Audio is 16 kHz mono signed 16-bit everywhere inside. Time inside the core is a count of samples since the ear opened
(`*_sample`), so that a replay gives the same events at any speed; milliseconds appear only where people read them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 320
"""20 ms: one vote of the voice activity detector."""
WAKE_FRAMES = 4
"""The wake model scores every 80 ms, which is four frames."""
BYTES_PER_SAMPLE = 2

SlotValue = str | int | float


def samples_to_ms(samples: int) -> float:
    """Milliseconds that `samples` last at 16 kHz."""
    return samples * 1000 / SAMPLE_RATE_HZ


def ms_to_samples(ms: float) -> int:
    """Samples at 16 kHz in `ms` milliseconds, rounded to the nearest."""
    return round(ms * SAMPLE_RATE_HZ / 1000)


# --- sound devices ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InputDevice:
    """What PortAudio knows of one input."""

    index: int
    name: str
    host: str
    channels: int
    rate_hz: int
    default: bool
    monitor: bool = False
    """It listens to a loudspeaker, not to a room."""
    source: str = ""
    """The sound server's own name for it, which stays when it is plugged in again; `index` is then the server's."""


# --- ear -> listener ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of sound with what the ear thinks of it."""

    first_sample: int
    """Index of the first sample since the ear opened. A jump means that sound was lost in between."""
    pcm: bytes
    """640 bytes: 320 samples, 16 kHz, mono, signed 16 bit, native little endian."""
    speech: bool
    """The voice activity detector's vote."""
    wake: Mapping[str, float] | None = None
    """Score in [0, 1] for each wake word, on every fourth frame (None on the others)."""
    stop: float | None = None
    """Likewise that somebody says "stop", where that is listened for."""


@dataclass(frozen=True, slots=True)
class EarLost:
    """No sound arrives any more; the supervisor is trying to open the ear again."""

    reason: str


@dataclass(frozen=True, slots=True)
class EarOpened:
    """Sound is about to arrive; sample counting starts anew at 0."""

    device: str


# --- listener -> assistant ------------------------------------------------------------------------------------------


class EndedBy(enum.StrEnum):
    """Why an utterance is over."""

    SILENCE = "silence"
    CAP = "cap"
    """It reached the longest length that a turn may have."""
    NO_SPEECH = "no_speech"
    """Nobody spoke after the wake word (or in the follow-up window)."""
    LOST = "lost"
    """Sound went missing in the middle of the words: nobody knows what was said."""
    FILE_END = "file_end"


@dataclass(frozen=True, slots=True)
class Woken:
    """The wake word was heard, or a turn was opened without one (`word` is then empty)."""

    turn: int
    at_sample: int
    word: str
    score: float


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The first voiced frame of the turn's words."""

    turn: int
    at_sample: int


@dataclass(frozen=True, slots=True)
class AudioHeard:
    """Sound of the open turn, in order, without gaps; the first one carries the pre-roll."""

    turn: int
    first_sample: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Paused:
    """No voice right now: it may become a hush. Only where `ListenerSettings.ask_ms` wants to know."""

    turn: int
    at_sample: int
    speech_end_sample: int


@dataclass(frozen=True, slots=True)
class WentOn:
    """The pause became no hush."""

    turn: int
    at_sample: int


@dataclass(frozen=True, slots=True)
class Hushed:
    """Speech has been missing for a moment: maybe the end. `speech_end_sample` is t0 if it is."""

    turn: int
    at_sample: int
    speech_end_sample: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was not the end: speech goes on."""

    turn: int
    at_sample: int


@dataclass(frozen=True, slots=True)
class Ended:
    """It was the end. `speech_end_sample` is t0, one past the last sample of the last voiced frame."""

    turn: int
    at_sample: int
    speech_end_sample: int
    by: EndedBy


ListenerEvent = Woken | SpeechStarted | AudioHeard | Paused | WentOn | Hushed | Resumed | Ended


# --- engine -> assistant --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to do, as understood: an intent and its slots (case-folded strings, numbers as numbers)."""

    intent: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {"intent": self.intent, "slots": dict(self.slots)}


class Verdict(enum.StrEnum):
    """What the engine makes of an utterance."""

    CALLS = "calls"
    """It is a command or question of this house."""
    NOT_FOR_ME = "not_for_me"
    """Speech, but nothing this house understands, or no speech at all."""
    INCOMPLETE = "incomplete"
    """The beginning of a command: the speaker is likely to go on."""
    QUESTION = "question"
    """Said to the assistant, and no matter of the house: to be answered in words, if the model has any."""
    LANGUAGE = "language"
    """A language that the assistant does not know."""
    DIGITS = "digits"
    """The spoken one-time code, in `digits`; only where the turn was opened to hear one."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the same sound."""

    calls: tuple[Call, ...]
    sentence: str
    certainty: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A sequence of tokens as the model scored it."""

    text: str
    nats: float
    """Sum of the tokens' log-probabilities, less what the grammar charges."""
    behind: float = 0.0
    """Nats by which the letters that the ear hears by itself are likelier than these; 0 where it hears none."""


class Rule(enum.StrEnum):
    """By which rule an utterance got its verdict, and what `Evidence.measured` and `limit` are."""

    BEST = "best"
    """The best sentence of the house. Its certainty; less than `limit` and it were not for this house."""
    NOTHING = "nothing"
    """Nothing was said. Probability of that; certain enough from `limit` on."""
    UNSURE = "unsure"
    """Not for this house: as BEST, but less than `limit`."""
    NO_PATH = "no_path"
    """No sentence of the house came to an end."""
    CUT_OFF = "cut_off"
    """It stops in mid-sentence. Nats by which that is better than the best whole sentence (20 for all beyond)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a decision was judged by. Holds what was heard: shown on request only, as `Decision.sentence`."""

    rule: Rule
    measured: float = 0.0
    limit: float = 0.0
    paths: tuple[Scored, ...] = ()
    """Sentences of the house, best first."""
    cut_off: Scored | None = None
    """The best one that the model would end where it may not end."""
    free: Scored | None = None
    """What the model would say if no grammar held it."""


class Hearing(enum.StrEnum):
    """In which form words were heard that were understood (workers/engine_again.py)."""

    AS_SAID = "as_said"
    WITHOUT_NOISE = "without_noise"
    OTHER_PACES = "other_paces"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the engine understood."""

    verdict: Verdict
    calls: tuple[Call, ...] = ()
    certainty: float = 0.0
    """Probability in [0, 1] that `calls` is what was meant, as far as the model can tell."""
    sentence: str = ""
    """The allowed sentence (or tool call) behind the decision. Not a transcript. Shown at DEBUG and on request only."""
    alternatives: tuple[Alternative, ...] = ()
    digits: str = ""
    evidence: Evidence | None = field(default=None, compare=False)
    by: str = field(default="", compare=False)
    """The model that decided."""
    hearing: Hearing = field(default=Hearing.AS_SAID, compare=False)

    @property
    def unsure(self) -> bool:
        """Whether words were heard, and nothing that they may mean was certain enough."""
        why = self.evidence.rule if self.evidence else None
        return self.verdict is Verdict.NOT_FOR_ME and why in (Rule.UNSURE, Rule.NO_PATH)


@dataclass(frozen=True, slots=True)
class EngineTimes:
    """What a decision cost, in milliseconds of the engine's wall clock."""

    encode_ms: float = 0.0
    """Audio encoder, whole turn."""
    prefill_ms: float = 0.0
    """Audio and closing tokens through the text model, whole turn."""
    tail_ms: float = 0.0
    """The part of the two above that came after the request to decide."""
    decide_ms: float = 0.0
    """Walking the automaton."""
    choices: int = 0
    """Model passes in which more than one token was allowed."""
    audio_tokens: int = 0
    tail_encode_ms: float = 0.0
    """The encoder's part of `tail_ms`."""
    choice_ms: tuple[float, ...] = ()
    """What each step of the walk took, the model's pass behind it included."""
    draft_ms: float = 0.0
    """Asking a small model what is likely, before all that."""


# --- policy -> assistant --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    """One MQTT message that makes one entity (or an owner's own sentence) do something."""

    entity: str
    """Entity id, or the own intent's name."""
    verb: str
    """turn_on, turn_off, open, close, set, lock, unlock, run, publish ..."""
    topic: str
    payload: str
    state_topic: str = ""
    """Where the entity confirms; empty where it cannot."""
    expected_state: Mapping[str, object] = field(default_factory=dict)
    """What the state topic must say for the command to count as confirmed: see home/states.py."""
    or_position_topic: str = ""
    """Where it shows that it moves, as well: a cover that goes the right way has understood."""
    or_expected_position: Mapping[str, object] = field(default_factory=dict)


# --- house <-> broker -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BrokerMessage:
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool = False
