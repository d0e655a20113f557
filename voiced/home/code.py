"""PURE. The spoken one-time code: two random digits that must be said back before something risky happens.

One try, a few seconds, bound to the commands that it was asked for. The digits come from outside (`secrets`), and time
is the ear's sample count. A television cannot know them.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from voiced.messages import SAMPLE_RATE_HZ, Command

CODE_DIGITS = 2
CODE_SECONDS = 8


class CodeCheck(enum.StrEnum):
    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    """Too late, or already tried."""


@dataclass(frozen=True, slots=True)
class PendingCode:
    """A question that waits for its digits."""

    digits: str
    commands: tuple[Command, ...]
    """What happens when they are said, and nothing else."""
    issued_sample: int
    """When the question had been spoken."""
    tried: bool = False

    def issued(self, at_sample: int) -> PendingCode:
        """The same, with the time counted from when the question had been spoken."""
        return replace(self, issued_sample=at_sample)

    def check(self, heard: str, now_sample: int) -> tuple[CodeCheck, PendingCode]:
        """The verdict, and the code after this try: keep the second, it cannot be used again."""
        spent = replace(self, tried=True)
        age = now_sample - self.issued_sample
        if self.tried or not 0 <= age <= CODE_SECONDS * SAMPLE_RATE_HZ:
            return CodeCheck.EXPIRED, spent
        valid = len(self.digits) == CODE_DIGITS and self.digits.isascii() and self.digits.isdigit()
        return (CodeCheck.ACCEPTED if valid and heard == self.digits else CodeCheck.WRONG), spent


def is_code(digits: str | Sequence[str]) -> bool:
    text = "".join(digits)
    return len(text) == CODE_DIGITS and text.isascii() and text.isdigit()
