"""A decision whose length does not depend on what a model of random weights would like to say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from voiced.bench.common import COMMAND_CALL
from voiced.errors import InferenceError
from voiced.gemma.automaton import Choice, Reading, State, TokenAutomaton
from voiced.gemma.decide import WalkSettings
from voiced.gemma.llama import TextModel
from voiced.gemma.prompt import Dialect
from voiced.workers.engine_house import Compiled, Correct, compile_home

CHOICES = 3
_LONGEST = 40
_OTHERS_PAY = 1000.0
"""Nats: more than a model of random weights can make up for."""
TWO_WAYS = WalkSettings(beam=2, free=False, score_forced=False, run=64, width=math.inf)
"""The walk of a large model, but the second best way stays in the beam however far behind it is."""


@dataclass(frozen=True, slots=True)
class Steered:
    """`inner` with a price on every token that leaves the path."""

    inner: TokenAutomaton
    path: Mapping[State, int]

    @property
    def start(self) -> State:
        return self.inner.start

    @property
    def end_token(self) -> int:
        return self.inner.end_token

    def choice(self, state: State) -> Choice:
        choice = self.inner.choice(state)
        wanted = self.path.get(state)
        if wanted is None:
            return choice
        steps = {
            token: step if token == wanted else replace(step, cost=step.cost + _OTHERS_PAY)
            for token, step in choice.steps.items()
        }
        return replace(choice, steps=steps)

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        return self.inner.readings(tokens)


def spoken_path(made: Compiled) -> tuple[int, ...]:
    """What the measured recording says, where that takes so many choices. InferenceError where it does not."""
    tokens = made.spelled(COMMAND_CALL)
    state, choices = made.command.start, 0
    for token in tokens:
        choice = made.command.choice(state)
        choices += len(choice.steps) + choice.final > 1
        state = choice.steps[token].state
    if choices != CHOICES or not made.command.choice(state).final:
        raise InferenceError(f"the measured call takes {choices} choices, not {CHOICES}")
    return tokens


def longest_path(made: Compiled) -> tuple[int, ...]:
    """The longest call that takes exactly so many choices. InferenceError where the house has none."""
    best: tuple[int, ...] = ()
    waiting: list[tuple[State, tuple[int, ...], int]] = [(made.command.start, (), 0)]
    while waiting:
        state, path, taken = waiting.pop()
        choice = made.command.choice(state)
        now = taken + (len(choice.steps) + choice.final > 1)
        if choice.final and now == CHOICES:
            best = max(best, path, key=lambda one: (len(one), list(one)))
        if now <= CHOICES and len(path) < _LONGEST and choice.open_step is None:
            waiting += [(step.state, (*path, token), now) for token, step in choice.steps.items()]
    if not best:
        raise InferenceError(f"this house has no call of {CHOICES} choices")
    return best


def compile_steered(
    home: Mapping[str, Any], area: str, tokenizer: TextModel, dialect: Dialect, corrected: Correct, *,
    path: Callable[[Compiled], tuple[int, ...]] = spoken_path,
) -> Compiled:  # fmt: skip
    """`compile_home`; calls are steered to one of three choices, a model that speaks sentences hears for itself."""
    made = compile_home(home, area, tokenizer, dialect, corrected)
    if dialect is not Dialect.CALLS:
        return made
    wanted: dict[State, int] = {}
    state = made.command.start
    for token in path(made):
        wanted[state] = token
        state = made.command.choice(state).steps[token].state
    return replace(made, command=Steered(made.command, wanted))
