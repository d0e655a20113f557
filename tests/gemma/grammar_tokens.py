"""Tokenizers for the tests of the grammar: no model needed."""

from __future__ import annotations

import re
from collections.abc import Sequence

SPECIALS = ("<pad>", "<eos>", "<bos>", "<turn|>", "<|tool_call>", "<tool_call|>", '<|"|>')
MERGES = (
    "the",
    "ing",
    "on",
    "off",
    "li",
    "ght",
    "tu",
    "rn",
    "er",
    "se",
    "t",
    "ti",
    "mer",
    "in",
    "ou",
    "ar",
    "al",
    "name",
    "call",
)


class FakeTokenizer:
    """Greedy longest match. With `printable` it knows all ASCII (calls), else a-z and apostrophe (sentences)."""

    def __init__(self, printable: bool = False) -> None:
        letters = [chr(c) for c in range(32, 127)] if printable else [" ", *"abcdefghijklmnopqrstuvwxyz'"]
        pieces = [*SPECIALS, *letters, *MERGES, *(f" {piece}" for piece in (*MERGES, *letters[1:9]))]
        self.pieces = list(dict.fromkeys(pieces))
        self.ids = {piece: number for number, piece in enumerate(self.pieces)}
        self.longest = max(len(p) for p in self.pieces)

    @property
    def size(self) -> int:
        return len(self.pieces)

    def tokenize(self, text: str) -> Sequence[int]:
        out = []
        at = 0
        while at < len(text):
            for n in range(self.longest, 0, -1):
                token = self.ids.get(text[at : at + n])
                if token is not None and token >= len(SPECIALS):
                    out.append(token)
                    at += n
                    break
            else:
                raise KeyError(text[at:])
        return out

    def piece(self, token: int) -> bytes:
        return self.pieces[token].encode()

    def special(self, name: str) -> int:
        return self.ids[name]

    def is_special(self, token: int) -> bool:
        return token < len(SPECIALS)

    def text(self, tokens: Sequence[int]) -> str:
        return b"".join(self.piece(t) for t in tokens).decode()

    def words_only(self, tokens: Sequence[int]) -> bool:
        return re.fullmatch(r"[a-z' ]*", self.text(tokens)) is not None
