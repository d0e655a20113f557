"""PURE. The interpreter: which two languages, how it is asked for, and which of the two was spoken.

While it interprets, nothing that is heard can become a command: such a turn's grammar (`spoken_graph`) knows nothing
but the names of the two languages, that it was neither, and that it is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voiced.home.language.wordgraph import Arc, Mark, MarkKind, WordGraph
from voiced.home.replies import Reply
from voiced.messages import Call, Decision
from voiced.tables import Table

START = "StartInterpreting"
"""The call that asks for it: slots `language` and `other`, where they were named."""
SPOKEN = "LanguageSpoken"
"""The call of `spoken_graph`: slot `language`, one of the two, or NEITHER, or STOP."""
NEITHER, STOP = "neither", "stop"

LANGUAGES = (
    "Arabic", "Catalan", "Chinese", "Czech", "Danish", "Dutch", "English", "Finnish", "French", "Georgian", "German",
    "Greek", "Hindi", "Hungarian", "Icelandic", "Indonesian", "Italian", "Japanese", "Korean", "Latvian", "Nepali",
    "Norwegian", "Persian", "Polish", "Portuguese", "Romanian", "Russian", "Serbian", "Slovak", "Slovenian", "Spanish",
    "Swahili", "Swedish", "Turkish", "Ukrainian", "Vietnamese", "Welsh",
)  # fmt: skip
"""What may be configured and asked for: each a single word, so that naming it is one decision."""

LISTS: dict[str, dict[str, Any]] = {"in_language": {"values": list(LANGUAGES)}}
RULES = {
    "in_be": "(be|act as) (my|our|the|an) interpreter",
    "in_do": "(interpret|translate|start (interpreting|translating))",
    "in_us": "[for (me|us)]",
    "in_both": "between {in_language:language} and {in_language:other}",
}
TABLE = """
== StartInterpreting
<in_be>
<in_be> (for|to|into|from|in) {in_language:language}
<in_be> <in_both>
start interpreting
(interpret|translate) for (me|us)
<in_do> <in_us> (for|to|into|from|in) {in_language:language}
<in_do> <in_us> <in_both>
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """As configured; without languages there is none."""

    languages: tuple[str, ...] = ()
    """Two of LANGUAGES."""
    voice: str = ""
    """Path of the Piper voice that speaks the second one. The first is spoken by the assistant's own."""
    silence_s: int = 30
    """Nobody says anything for so long: it is enough."""

    @classmethod
    def read(cls, table: Table, voice: str) -> Interpreter:
        """From `[interpreter]`, which is told its faults; empty, there is no interpreter. `voice` is its path."""
        if not list(table):
            return NO_INTERPRETER
        languages = table.strings("languages")
        if len(languages) != 2 or len({*languages} & {*LANGUAGES}) != 2:
            table.fault("languages", f"must be two of {', '.join(LANGUAGES)}")
        if not voice:
            table.fault("voice", "must be the .onnx of a Piper voice that speaks the second language")
        return cls(languages, voice, table.integer("silence_s", cls().silence_s, low=5, high=300))

    def asked(self, call: Call, *, talks: bool) -> Reply:
        """What is said to who asks for it: `interpreting` where it begins. `talks`: some model here can translate."""
        if not talks:
            return Reply("interpreter_mute")
        if not self.languages:
            return Reply("interpreter_off")
        known = {language.casefold() for language in self.languages}
        wanted = {str(call.slots[slot]).casefold() for slot in ("language", "other") if slot in call.slots}
        return Reply("interpreting" if wanted <= known else "interpreter_other", {"languages": list(self.languages)})

    def heard(self, decision: Decision) -> str:
        """The language that was spoken, as configured, or NEITHER, or STOP."""
        said = {str(call.slots.get("language", "")) for call in decision.calls if call.intent == SPOKEN}
        return next((one for one in (*self.languages, STOP) if said == {one.casefold()}), NEITHER)

    def other(self, language: str) -> str:
        """That of the one who listens."""
        return self.languages[1 - self.languages.index(language)]

    def voice_of(self, language: str) -> str:
        """As `Mouth.say` takes it."""
        return self.voice if language == self.languages[1] else ""


NO_INTERPRETER = Interpreter()


def spoken_graph(languages: tuple[str, ...]) -> WordGraph:
    """One word: which of these was spoken."""
    words = (*languages, NEITHER, STOP)
    arcs = tuple(Arc(1, word=word, marks=(Mark(MarkKind.SLOT, "language", word.casefold()),)) for word in words)
    return WordGraph(0, (arcs, (Arc(2, marks=(Mark(MarkKind.CALL, SPOKEN),)),), ()), frozenset([2]))
