"""PURE. The spoken one-time code: two random digits that must be said back before something risky happens.

One try, a few seconds, bound by the house to the commands that it was asked for. The digits come from outside
(`secrets`), and time is the ear's sample count. A television cannot know them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from voiced.messages import SAMPLE_RATE_HZ

CODE_DIGITS = 2
CODE_SECONDS = 8


MOST_FAILURES = 3
LOCKED_S = 15 * 60


class CodeCheck(enum.StrEnum):
    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    """Too late."""


@dataclass(frozen=True, slots=True)
class PendingCode:
    """A question that waits for its digits."""

    digits: str
    issued_sample: int
    """When the question had been spoken."""

    def check(self, heard: str, now_sample: int) -> CodeCheck:
        """The one try: whoever asks forgets the code, whatever comes of it."""
        if not 0 <= now_sample - self.issued_sample <= CODE_SECONDS * SAMPLE_RATE_HZ:
            return CodeCheck.EXPIRED
        return CodeCheck.ACCEPTED if is_code(self.digits) and heard == self.digits else CodeCheck.WRONG


def is_code(digits: str) -> bool:
    return len(digits) == CODE_DIGITS and digits.isascii() and digits.isdigit()


@dataclass(frozen=True, slots=True)
class Lockout:
    """Wrong codes in a row, and what comes of them: after three, no code is asked for during 15 minutes.

    Times are those of the wall's clock, for it must outlast a restart. Where that clock turns out to have been set
    back, nothing lasts longer than 15 minutes from then on.
    """

    failures: int = 0
    locked_until_s: float = 0.0

    def locked_s(self, now_s: float) -> float:
        """Seconds that it still lasts; 0 where nothing is locked."""
        return min(float(LOCKED_S), max(0.0, self.locked_until_s - now_s))

    def failed(self, now_s: float) -> Lockout:
        if self.failures + 1 < MOST_FAILURES:
            return replace(self, failures=self.failures + 1)
        return Lockout(0, now_s + LOCKED_S)

    def to_dict(self) -> dict[str, float]:
        return {"failures": self.failures, "locked_until_s": self.locked_until_s}

    @classmethod
    def from_dict(cls, data: object, now_s: float) -> Lockout:
        """ValueError on what `to_dict` never gave."""
        if not isinstance(data, dict):
            raise ValueError("no lock-out")
        failures, until = data.get("failures"), data.get("locked_until_s")
        if not isinstance(failures, int) or not 0 <= failures < MOST_FAILURES or not isinstance(until, int | float):
            raise ValueError(f"no lock-out: {data!r}")
        return cls(failures, min(float(until), now_s + LOCKED_S))
