"""A house for one tokenizer: the grammars of what may be said in it, and what the system turn says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voiced.errors import InferenceError, VoicedError
from voiced.gemma import prompt
from voiced.gemma.automaton import TokenAutomaton
from voiced.gemma.decide import Walker, WalkSettings
from voiced.gemma.grammar import compile_sentences
from voiced.gemma.grammar_calls import compile_calls, spelling
from voiced.gemma.llama import TextModel
from voiced.gemma.prompt import Dialect, Parameter, Tool
from voiced.gemma.propose import Spellings
from voiced.home.interpreter import spoken_graph
from voiced.home.language.sentences import code_graph, stop_graph, word_graph
from voiced.home.language.wordgraph import WordGraph
from voiced.home.model import Home
from voiced.home.tools import declared, house_lines
from voiced.messages import Call
from voiced.ports import Expect

WARM_STATES = 2000
"""Choices worked out when a house is loaded (about 0.3 s); the others when they are first met."""
SYSTEM = "You are the ears of a house. Answer what is said with one tool call."
WHICH = (
    "You interpret between {0} and {1}. Say in one word which of them was spoken: {0} or {1}; neither, if it was "
    "neither; stop, if you are told to stop interpreting, or never mind."
)


Spelled = Callable[[Call], tuple[int, ...]]
"""A call in this model's tokens, from the automaton's start; of one that is no call of this house, its beginning."""


def nothing_spelled(_: Call) -> tuple[int, ...]:
    """Where calls are not what the model writes."""
    return ()


@dataclass(frozen=True, slots=True)
class Compiled:
    command: TokenAutomaton
    others: Mapping[Expect, TokenAutomaton]
    """For turns that hear a code, or "stop", and nothing else: the same in every house."""
    system: str = ""
    tools: tuple[Tool, ...] = ()
    words: WordGraph | None = None
    """For typed words; None where the model reads them itself."""
    spelled: Spelled = nothing_spelled
    asks: Mapping[Expect, str] = field(default_factory=dict)
    """What the model is asked in such a turn, behind what was said, before it writes what its grammar allows."""


Correct = Callable[[WordGraph], WordGraph]
Compile = Callable[[Mapping[str, Any], str, TextModel, Dialect, Correct], Compiled]


def compile_home(
    home: Mapping[str, Any],
    area: str,
    tokenizer: TextModel,
    dialect: Dialect,
    corrected: Correct = lambda words: words,
    languages: tuple[str, ...] = (),
) -> Compiled:
    """The grammars of a house (`Home.to_dict()`), its words with what `corrected` gives back to its names. `languages`
    are the interpreter's two, where there is one.
    """
    house = Home.from_dict(home)
    end = tokenizer.special(prompt.END_TURN)
    small = {Expect.CODE: code_graph(), Expect.STOP: stop_graph()}
    others = {expect: compile_sentences(graph, tokenizer, end) for expect, graph in small.items()}
    if dialect is Dialect.SENTENCES:  # they carry what was said; policy adds the room
        words = word_graph(house)
        return Compiled(compile_sentences(corrected(words), tokenizer, end), others, words=words)
    here = next((f" You are in {a.name}." for a in house.areas if a.id == area), "")
    system = "\n".join([f"{SYSTEM}{here}", *house_lines(house)]) + "\n"
    tools = tuple(
        Tool(
            tool.name,
            tool.description,
            {
                name: Parameter("number" if k.numbers else "string", k.description, k.choices if k.listed else ())
                for name, k in tool.kinds.items()
            },
        )
        for tool in declared(house)
    )
    command = compile_calls(house, tokenizer)
    asks: dict[Expect, str] = {}
    if languages:
        others[Expect.INTERPRET] = compile_sentences(spoken_graph(languages), tokenizer, end)
        asks[Expect.INTERPRET] = prompt.asked_to_answer(WHICH.format(*languages))
    return Compiled(command, others, system, tools, spelled=spelling(house, tokenizer, command), asks=asks)


@dataclass(frozen=True, slots=True)
class Planned:
    """A house made ready for a model, but for the memory of its prompt."""

    walkers: dict[Expect, Walker]
    prefix: tuple[int, ...]
    """The prompt's tokens up to the sound."""
    words: WordGraph | None = None
    spelled: Spelled = nothing_spelled
    asks: Mapping[Expect, tuple[int, ...]] = field(default_factory=dict)
    """What the model is asked before it chooses, where the turn is for more than what the house understands."""
    spellings: Spellings | None = None
    """What commands are proposed from, where the model's ear hears letters."""
    small: Planned | None = None
    """The same house for a small model that hears beside this one (engine_drafted.py)."""


def planned(
    compiled: Callable[[TextModel, Dialect, Correct], Compiled],
    model: TextModel,
    dialect: Dialect,
    corrected: Correct,
    settings: WalkSettings,
    alphabet: str = "",
) -> Planned:
    """InferenceError if the house does not compile. `alphabet`: the letters that the model's ear hears."""
    try:
        made = compiled(model, dialect, corrected)
        before = prompt.before_audio(made.system, made.tools)
        automata = {Expect.COMMAND: made.command, **made.others}
        walkers = {expect: Walker(automaton, settings) for expect, automaton in automata.items()}
        for walker in walkers.values():
            walker.warm(WARM_STATES)
        spellings = Spellings(made.words, alphabet) if made.words and alphabet else None
        if spellings:
            spellings.warm(WARM_STATES)
        asks = {expect: model.tokenize(text, special=True) for expect, text in made.asks.items()}
        prefix = model.tokenize(before, special=True)
        return Planned(walkers, prefix, made.words, made.spelled, asks, spellings=spellings)
    except VoicedError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InferenceError(f"the house does not compile: {type(error).__name__}: {error}") from error
