"""A decision whose length does not depend on what a model of random weights would like to say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from voiced.errors import InferenceError
from voiced.gemma.automaton import Choice, Reading, State, TokenAutomaton
from voiced.gemma.decide import WalkSettings
from voiced.gemma.llama import TextModel
from voiced.gemma.prompt import Dialect
from voiced.workers.engine import Compiled, compile_home

CALL = '<|tool_call>call:HassStopMoving{name:<|"|>Garage Door<|"|>}'
"""Three choices in the demo's home: not one of the other tools, this tool, this cover."""
_OTHERS_PAY = 1000.0
"""Nats: more than a model of random weights can make up for."""
TWO_ROWS = WalkSettings(beam=2, free=False, score_forced=False, run=64, width=math.inf)
"""The walk of a large model, but the second best way stays in the beam however far behind: its dearest case."""


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


def path_of(automaton: TokenAutomaton, text: str, tokenizer: TextModel) -> dict[State, int]:
    """The tokens that spell `text`, by the state in which each is chosen. InferenceError where the house forbids it."""
    path: dict[State, int] = {}
    state, left = automaton.start, text.encode()
    while left:
        steps = automaton.choice(state).steps
        fitting = [token for token in steps if left.startswith(tokenizer.piece(token))]
        if not fitting:
            raise InferenceError(f"this house has no call {text}")
        token = max(fitting, key=lambda one: len(tokenizer.piece(one)))
        path[state] = token
        state, left = steps[token].state, left[len(tokenizer.piece(token)) :]
    return path


def compile_steered(home: Mapping[str, Any], area: str, tokenizer: TextModel, dialect: Dialect) -> Compiled:
    """`compile_home`, in the calls dialect steered towards `CALL`; a model that speaks sentences hears for itself."""
    made = compile_home(home, area, tokenizer, dialect)
    if dialect is not Dialect.CALLS:
        return made
    return replace(made, command=Steered(made.command, path_of(made.command, CALL, tokenizer)))
