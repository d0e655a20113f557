"""PURE. What is not for this house, as far as its words tell: a question about the world, or another language.

Words come from the keyboard, or from what the model would have written if no grammar had held it. Whoever asks, gets an
answer; a television gets none: it seldom begins with "who was".
"""

from __future__ import annotations

import enum
import re
import unicodedata

from voiced.messages import Decision, Verdict


class Foreign(enum.StrEnum):
    QUESTION = "question"
    LANGUAGE = "language"
    OTHER = ""


_ASKS = re.compile(
    r"(who|what|what's|whats|when|where|why|how|which|whose|who's)\b(\s+\S+){2}"
    r"|(tell me|do you know|do you|are you|can you tell me|translate|sing|how do you say|explain)\b\s+\S+"
)
_LONG_WORDS = 5
"""What breaks off before that may have become a question to the house."""
_MOST_FOREIGN = 0.4
"""Share of words that no English sentence has, from which on it is another language."""
_SAID_ELSEWHERE = """
ich du er wir ihr das der die den dem ein eine einen ist sind und oder nicht bitte mach schalte licht auf zu im wie was
warum wann wo heute morgen aus an je tu il elle nous vous le la les un une des du est et ou pas plait allume eteins
lumiere dans quelle quel heure el los las uno una es y no por favor enciende apaga luz en que como cuando donde hora lo
gli che di per accendi spegni luce nella sono ora ik jij wij het een niet aan uit alsjeblieft zet doe hoe laat liga
desliga na sala voce esta isik ac kapat lutfen swiatlo wlacz prosze
"""
_SAID_IN_ENGLISH = "a an on in no as is was he so me do die at it will or who hi the of to and for"
_ONLY_THEIRS = frozenset(_SAID_ELSEWHERE.split()) - frozenset(_SAID_IN_ENGLISH.split())


def foreign(decision: Decision) -> Foreign:
    """Of a decision that leads to nothing; OTHER where the words tell nothing."""
    free = decision.evidence.free if decision.evidence else None
    words = free.text if free else decision.sentence
    broke_off = decision.verdict is Verdict.INCOMPLETE and len(words.split()) < _LONG_WORDS
    if decision.verdict not in (Verdict.NOT_FOR_ME, Verdict.INCOMPLETE) or broke_off:
        return Foreign.OTHER
    return of_words(words)


def of_words(text: str) -> Foreign:
    plain = " ".join(text.casefold().split())
    letters = [c for c in plain if c.isalpha()]
    latin = [c for c in letters if "LATIN" in unicodedata.name(c, "")]
    if letters and len(latin) * 2 < len(letters):
        return Foreign.LANGUAGE
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    words = re.findall(r"[a-z']+", bare)
    if len(words) >= 3 and sum(w in _ONLY_THEIRS for w in words) >= _MOST_FOREIGN * len(words):
        return Foreign.LANGUAGE
    return Foreign.QUESTION if _ASKS.match(plain) else Foreign.OTHER
