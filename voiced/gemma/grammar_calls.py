"""PURE. The *calls* dialect: the tool calls of a house as an automaton over Gemma 4's tokens.

    <|tool_call>call:LightSet{brightness:50,name:<|"|>Bed Light<|"|>}<tool_call|>

Source of the format: llama.cpp's models/templates/google-gemma-4-31B-it.jinja: arguments sorted case-insensitively,
every string fenced by the single token `<|"|>`. So what stands between two fences, and every number, is tokenized on
its own, as is each stretch of text between them. An open string is any plain tokens up to `OPEN_TOKENS`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence

from voiced.gemma.automaton import Reading, State, TokenAutomaton
from voiced.gemma.grammar import GraphAutomaton, OpenTokens, Tokenizer
from voiced.home.language.build import End, Into, Pieces, minimal
from voiced.home.language.sentences import HomeLike
from voiced.home.language.wordgraph import WordGraph
from voiced.home.tools import Kind, Tool, tools
from voiced.messages import Call, SlotValue

CALL, END_CALL, FENCE = "<|tool_call>", "<tool_call|>", '<|"|>'
OPEN_TOKENS = 24
"""A wildcard's longest stretch: six words of up to four tokens."""
OPEN_TOKEN_COST = 0.2
_NUMBER = re.compile(r"([A-Za-z_]\w*):(-?\d+(?:\.\d+)?)")


def written(number: float) -> str:
    """A number as it stands in a call."""
    return str(int(number)) if number == int(number) else str(number)


def render_call(tool: str, slots: Mapping[str, SlotValue]) -> str:
    """A call of a tool as Gemma 4 writes it, without the closing `<tool_call|>`."""
    arguments = []
    for name in sorted(slots, key=str.lower):
        value = slots[name]
        arguments.append(f"{name}:{FENCE}{value}{FENCE}" if isinstance(value, str) else f"{name}:{written(value)}")
    return f"{CALL}call:{tool}{{{','.join(arguments)}}}"


def parse_call(parts: Sequence[str], intents: Mapping[str, str]) -> Call | None:
    """A call from its text, cut at the fences: outside, inside, outside ... None if it is none of these tools'."""
    head, *rest = parts
    head = head.removeprefix(CALL)
    name, brace, text = head.removeprefix("call:").partition("{")
    if not head.startswith("call:") or not brace or len(parts) % 2 == 0 or name not in intents:
        return None
    slots: dict[str, SlotValue] = {}
    outside = [text, *rest[1::2]]
    for number, part in enumerate(outside):
        for key, value in _NUMBER.findall(part):
            slots[key] = float(value) if "." in value else int(value)
        if number < len(outside) - 1:
            key = part.rsplit(",", 1)[-1].rstrip(":")
            slots[key] = rest[2 * number].strip().casefold()
    return Call(intents[name], slots) if outside[-1].endswith("}") else None


def call_graph(home: HomeLike) -> WordGraph:
    """Its "words" are stretches of a call's text and the special tokens' names; numbers and strings are sub-graphs."""
    pieces = Pieces()
    subs: dict[Kind, Into] = {}
    graphs: dict[str, WordGraph] = {}

    def values(kind: Kind) -> Into:
        if kind in subs:
            return subs[kind]
        if not kind.choices and not kind.numbers:
            into = Into(open_words=OPEN_TOKENS)
        else:
            own = Pieces()
            end = own.end(End(()))
            texts = [written(n) for n in kind.numbers] or kind.choices
            key = f"values {len(graphs)}"
            graphs[key], _ = minimal(own, own.union([own.words([text], end) for text in texts]))
            into = Into(sub=key)
        subs[kind] = into
        return into

    def form(tool: Tool, arguments: Sequence[str]) -> int:
        """The node from which this call with these arguments can be read."""
        then = pieces.end(End(()))
        text = "}"
        for number, name in reversed(list(enumerate(arguments))):
            kind = tool.kinds[name]
            lead = f"{',' if number else f'call:{tool.name}{{'}{name}:"
            if kind.numbers:
                then = pieces.node([(values(kind), pieces.words([text], then))])
            else:
                then = pieces.node([(values(kind), pieces.words([FENCE, text], then))])
                then = pieces.words([FENCE], then)
            text = lead
        if not arguments:
            text = f"call:{tool.name}{{}}"
        return pieces.words([CALL, text], then)

    roots = [form(tool, arguments) for tool in tools(home) for arguments in tool.forms]
    graph, _ = minimal(pieces, pieces.union(roots))
    return WordGraph(graph.start, graph.arcs, graph.finals, graphs)


def text_tokens(tokenizer: Tokenizer) -> OpenTokens:
    """Any plain token, never a line break."""
    excluded = set()
    for token in range(tokenizer.size):
        text = b"" if tokenizer.is_special(token) else tokenizer.piece(token)
        if not text or b"\n" in text or b"\r" in text:
            excluded.add(token)
    return OpenTokens(None, frozenset(), frozenset(), frozenset(excluded), OPEN_TOKEN_COST)


def compile_calls(home: HomeLike, tokenizer: Tokenizer) -> GraphAutomaton:
    """The tool calls of a house over E2B's tokens, from `<|tool_call>` up to the closing `<tool_call|>`.

    Readings carry one call each; the intents `not_for_me` and `incomplete` (home/tools.py) are verdicts, not calls.
    """
    special = {name: tokenizer.special(name) for name in (CALL, FENCE)}
    fence = special[FENCE]
    intents = {tool.name: tool.intent for tool in tools(home)}

    def spell(word: str, _first: bool) -> tuple[int, ...]:
        if word in special:
            return (special[word],)
        return tuple(tokenizer.tokenize(word))

    def read(tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        parts: list[bytes] = [b""]
        for token in tokens:
            if token == fence:
                parts.append(b"")
            else:
                parts[-1] += tokenizer.piece(token)
        texts = [part.decode("utf-8", "replace") for part in parts]
        call = parse_call(texts, intents)
        return () if call is None else (Reading((call,), FENCE.join(texts)),)

    return GraphAutomaton(call_graph(home), spell, text_tokens(tokenizer), tokenizer.special(END_CALL), read)


def spelling(home: HomeLike, tokenizer: Tokenizer, automaton: TokenAutomaton) -> Callable[[Call], tuple[int, ...]]:
    """How a call that somebody else understood is spelled in this automaton's tokens, whatever its case.

    As much of it as is allowed: a call of no tool of this house, or with an open string, only up to there.
    """
    names: dict[str, list[str]] = {}
    for tool in tools(home):
        names.setdefault(tool.intent, []).append(tool.name)
    piece = functools.cache(lambda token: _folded(tokenizer.piece(token)))

    def spelled(call: Call) -> tuple[int, ...]:
        texts = [_folded(render_call(name, call.slots).encode()) for name in names.get(call.intent, ())]
        return max((_longest(automaton, piece, text) for text in texts), key=len, default=())

    return spelled


def _folded(text: bytes) -> bytes:
    try:
        return text.decode().casefold().encode()
    except UnicodeDecodeError:
        return text


def _longest(automaton: TokenAutomaton, piece: Callable[[int], bytes], text: bytes) -> tuple[int, ...]:
    """The allowed path that spells the longest beginning of `text`."""
    best: tuple[int, tuple[int, ...]] = (0, ())
    waiting: list[tuple[State, int, tuple[int, ...]]] = [(automaton.start, 0, ())]
    while waiting:
        state, at, path = waiting.pop()
        best = max(best, (at, path), key=lambda one: one[0])
        onward = [
            (step.state, at + len(piece(token)), (*path, token))
            for token, step in automaton.choice(state).steps.items()
            if piece(token) and text.startswith(piece(token), at)
        ]
        waiting += sorted(onward, key=lambda one: one[1])  # the longest piece first
    return best[1]
