"""PURE. Text that arrives in pieces, as the sentences that can be spoken already."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?\u2026:;]+[\"')\u201d\u2019]*(?=\s)|[\u3002\uff01\uff1f\uff1b]+|\n+")
_NO_END = re.compile(r"(^|\s)(mr|mrs|ms|dr|st|no|e\.g|i\.e|[a-z])\.$", re.IGNORECASE)
_LONGEST = 240
"""Characters without an end: what is longer is cut at a comma or a space."""
_MARKS = re.compile(r"[*_`#|<>]+")


class Sentences:
    """`feed` pieces, then `rest`; each sentence comes once, in order, without marks that nobody can hear."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> tuple[str, ...]:
        self._text += piece
        found = []
        while (at := self._end()) is not None:
            found.append(self._text[:at])
            self._text = self._text[at:]
        return tuple(said for one in found if (said := _spoken(one)))

    def rest(self) -> tuple[str, ...]:
        """What is left at the end."""
        left, self._text = _spoken(self._text), ""
        return (left,) if left else ()

    def _end(self) -> int | None:
        for match in _END.finditer(self._text):
            if match.end() <= _LONGEST and not _NO_END.search(self._text[: match.end()]):
                return match.end()
        if len(self._text) <= _LONGEST:
            return None
        cuts = [cut for mark in (", ", " ") if (cut := self._text.rfind(mark, 0, _LONGEST)) > 0]
        return cuts[0] + 1 if cuts else _LONGEST


def _spoken(text: str) -> str:
    said = " ".join(_MARKS.sub(" ", text).split())
    return said if any(c.isalnum() for c in said) else ""
