"""PURE. The contract between the grammar (which tokens may come next) and the walk over it (which one does)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

from voiced.messages import Call

State = Hashable


@dataclass(frozen=True, slots=True)
class Step:
    """Where one token leads."""

    state: State
    cost: float = 0.0
    """Nats subtracted from the path's log-likelihood: priors and wildcard penalties."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may come next at a state."""

    steps: Mapping[int, Step]
    """By token id, never the end's. A single entry and `not final`: forced, the model need not be asked."""
    final: bool
    """The sentence or call may end here (the end-of-turn token is then a choice too)."""
    open_step: Step | None = None
    """Any other token except `open_excluded` is allowed too and leads here: an open stretch."""
    open_excluded: frozenset[int] = frozenset()
    final_cost: float = 0.0
    """Nats subtracted for ending here, where `final`."""

    def after(self, token: int) -> Step | None:
        """Where `token` leads; None where it is not allowed."""
        step = self.steps.get(token)
        if step is None and self.open_step is not None and token not in self.open_excluded:
            return self.open_step
        return step


@dataclass(frozen=True, slots=True)
class Reading:
    """What one complete token path means."""

    calls: tuple[Call, ...]
    sentence: str
    open_tokens: int = 0
    """Of the path's tokens those in wildcards, which nothing but the sound chose."""
    open_cost: float = 0.0
    """What the grammar takes for these wildcards, in nats."""


class TokenAutomaton(Protocol):
    """Compiled for one tokenizer and one house."""

    @property
    def start(self) -> State: ...

    @property
    def end_token(self) -> int:
        """The token that closes the model's turn (`<turn|>`, or `<tool_call|>` for calls)."""
        ...

    def choice(self, state: State) -> Choice:
        """Cheap on the second call: choices are cached."""
        ...

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        """All meanings of a complete path, preferred first; empty if the path is not complete."""
        ...
