"""What can be said in this house, as a graph of words whose paths carry the calls that they mean.

A recursive transition network: an arc spells one word, or enters a named sub-graph (a list of names, numbers ...),
or is an open stretch (a wildcard). Marks along a path, in order, make the calls. `gemma/grammar.py` turns it into an
automaton over a model's tokens.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from voiced.messages import SlotValue


class MarkKind(enum.StrEnum):
    CALL = "call"
    """A call is complete: `name` is its intent, the SLOT and CAPTURE marks since the last CALL are its slots. It
    comes at the end, so that sentences which begin alike share their beginning whatever they mean."""
    SLOT = "slot"
    """The coming call's slot `name` has `value`."""
    CAPTURE = "capture"
    """The words of the open stretch on this arc are the coming call's slot `name`."""


@dataclass(frozen=True, slots=True)
class Mark:
    kind: MarkKind
    name: str
    value: SlotValue | None = None


@dataclass(frozen=True, slots=True)
class Arc:
    """One step. Exactly one of `word`, `sub` and `open_words` is set; none is a step without words."""

    target: int
    word: str = ""
    """One spoken word: a-z and apostrophe."""
    sub: str = ""
    """Name of the sub-graph to walk through before reaching `target`."""
    open_words: int = 0
    """A wildcard of one to this many words."""
    marks: tuple[Mark, ...] = ()
    cost: float = 0.0
    """Nats subtracted from the path's log-likelihood."""
    by_token: tuple[float, ...] = ()
    """More of them, for each of the tokens in which a model spells the word behind another one."""


@dataclass(frozen=True, slots=True)
class WordGraph:
    """Nodes are indices into `arcs`. Only the outermost graph has a cycle: another command after "and"."""

    start: int
    arcs: tuple[tuple[Arc, ...], ...]
    finals: frozenset[int]
    subs: Mapping[str, WordGraph] = field(default_factory=dict)
    """Sub-graphs by name; they may enter each other but never themselves."""
    of_names: bool = False
    """Whether it spells names that the owner chose."""
