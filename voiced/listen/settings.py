"""What the listener may be told. Every figure has its unit in its name, and its reason beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voiced.errors import UsageError


@dataclass(frozen=True, slots=True)
class WakeWord:
    """When a score counts as the wake word, and where in the sound the word then ends.

    Measured on eight Kokoro voices, both phases of the 80 ms grid: the score of the "hey ..." models crosses 0.5
    between 110 ms before and 150 ms after the word's last sound, "alexa" 50 to 280 ms before it.
    """

    threshold: float = 0.5
    back_ms: int = 120
    """A command spoken in one breath begins at most this long before the score crosses the threshold."""
    tail_ms: int = 260
    """Speech that stops within this time after the crossing was the word's own end."""


WAKE_WORDS: Mapping[str, WakeWord] = {"alexa": WakeWord(back_ms=0, tail_ms=400)}
"""Where a word's model is known to behave differently from `WakeWord()`."""


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """See `listener.py` for what each of them decides. UsageError where they contradict each other."""

    words: Mapping[str, WakeWord] = field(default_factory=lambda: dict(WAKE_WORDS))
    """Words that are missing here count with `WakeWord()`."""
    refractory_ms: int = 1000
    """After a wake, no other for so long; and never before the word's score was below its threshold once."""
    pre_roll_ms: int = 300
    """Sound before the first voiced frame that belongs to the turn: soft beginnings (f, s, h) get no votes."""
    start_votes: int = 3
    start_window: int = 5
    """Speech starts at a voiced frame with so many voiced ones among the last so many: a click has one or two."""
    ask_ms: int = 0
    """Silence after which a slow engine is asked already (Paused); 0 for none. Before the hush, every voiced frame is
    speech that goes on (WentOn)."""
    hush_ms: int = 120
    resume_votes: int = 3
    resume_window: int = 4
    """Speech goes on after a hush on the same rule."""
    end_ms: int = 300
    """Silence that ends the utterance, unless `Listener.set_end` says otherwise for this hush."""
    short_speech_ms: int = 280
    short_end_ms: int = 1000
    """After so little speech, silence must last at least so long, unless `set_end` says otherwise: it was a thump of
    the microphone (up to 260 ms of it begin many of the 62 recorded commands), or a word alone."""
    no_speech_ms: int = 5000
    """After the wake word: whoever hears the chime may still be thinking."""
    interrupt_ms: int = 2000
    """After a wake word that cut our own voice short. Whoever does so has their words ready; silence means that nobody
    called, and what we said goes on."""
    follow_up_ms: int = 8000
    """Where a turn was opened without a wake word: as long as an answer to a question may take."""
    cap_ms: int = 15_000
    """Longest sound of a turn. The audio encoder's own limit is 30 s."""
    max_gap_ms: int = 100
    """Lost sound up to here is filled with silence. What is longer, in the middle of the words, ends the turn, for
    nobody knows what was said; before them it only takes its time."""

    def __post_init__(self) -> None:
        if not 0 < self.hush_ms <= self.end_ms < self.cap_ms <= 30_000:
            raise UsageError("hush_ms, end_ms and cap_ms must grow in this order, and cap_ms stay within 30000")
        if not 0 <= self.ask_ms <= self.hush_ms:
            raise UsageError("ask_ms cannot be longer than hush_ms")
        if not 0 < self.start_votes <= self.start_window or not 0 < self.resume_votes <= self.resume_window:
            raise UsageError("start_votes and resume_votes must be positive and within their windows")
        waits = self.no_speech_ms, self.interrupt_ms, self.follow_up_ms
        if min(self.refractory_ms, self.pre_roll_ms, self.max_gap_ms, *waits) < 0:
            raise UsageError("a time cannot be negative")
        for word, rule in self.words.items():
            if not 0 < rule.threshold <= 1 or rule.back_ms < 0 or rule.tail_ms < 0:
                raise UsageError(f"wake word {word!r}: threshold lies in (0, 1], times are not negative")

    def word(self, word: str) -> WakeWord:
        return self.words.get(word, _ANY_WORD)

    def longest_word_ms(self) -> int:
        """Sound around a wake word that may turn out to belong to the turn."""
        return max(rule.back_ms + rule.tail_ms for rule in (_ANY_WORD, *self.words.values()))


_ANY_WORD = WakeWord()
