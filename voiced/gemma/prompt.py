"""PURE. The official Gemma 4 turn, tool and audio format, as text with the names of special tokens in it.

Written after the chat template of google/gemma-4-31B-it (tests/gemma/test_prompt.py renders that template and
compares). Thinking is off but for `thinking`. E2B drifts into thinking on audio unless the empty thought block is
written for it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from voiced.messages import SlotValue

T = TypeVar("T")

FENCE = '<|"|>'
USER = "<|turn>user\n"
END_TURN = "<turn|>"
CALL, END_CALL = "<|tool_call>", "<tool_call|>"
AUDIO_START, AUDIO_END = "<|audio>", "<audio|>"
THOUGHT, END_THOUGHT = "<|channel>", "<channel|>"
THINKING_MODEL = "\n<|turn>model\n"
MODEL = f"{THINKING_MODEL}{THOUGHT}thought\n{END_THOUGHT}"


class Dialect(enum.StrEnum):
    """What a model answers with."""

    SENTENCES = "sentences"
    """The words that it hears; no system turn (nano)."""
    CALLS = "calls"
    """Gemma 4's tool calls (E2B)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool: a type of JSON schema, in upper or lower case, and the values it may take."""

    kind: str
    description: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call."""

    name: str
    description: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def _fenced(text: str) -> str:
    return f"{FENCE}{text}{FENCE}"


def _sorted(items: Mapping[str, T]) -> list[tuple[str, T]]:
    """As jinja's dictsort: by key, whatever its case."""
    return sorted(items.items(), key=lambda item: item[0].lower())


def _parameter(name: str, one: Parameter) -> str:
    parts = [f"description:{_fenced(one.description)}"] if one.description else []
    if one.kind.upper() == "STRING" and one.values:
        parts.append(f"enum:[{','.join(map(_fenced, one.values))}]")
    return f"{name}:{{{','.join([*parts, f'type:{_fenced(one.kind.upper())}'])}}}"


def declaration(tool: Tool) -> str:
    """`<|tool>declaration:NAME{...}<tool|>`."""
    parameters = ""
    if tool.parameters:
        parameters = f",parameters:{{properties:{{{','.join(_parameter(k, p) for k, p in _sorted(tool.parameters))}}},"
        if tool.required:
            parameters += f"required:[{','.join(map(_fenced, tool.required))}],"
        parameters += f"type:{_fenced('OBJECT')}}}"
    return f"<|tool>declaration:{tool.name}{{description:{_fenced(tool.description)}{parameters}}}<tool|>"


def call(name: str, arguments: Mapping[str, SlotValue]) -> str:
    """`<|tool_call>call:NAME{...}<tool_call|>` with the arguments in the template's order."""
    inner = ",".join(f"{k}:{_fenced(v) if isinstance(v, str) else v}" for k, v in _sorted(arguments))
    return f"<|tool_call>call:{name}{{{inner}}}<tool_call|>"


def before_user(system: str = "", tools: Sequence[Tool] = ()) -> str:
    """From `<bos>` to the beginning of the user's turn."""
    turn = ""
    if system or tools:
        turn = f"<|turn>system\n{system.strip()}{''.join(map(declaration, tools))}<turn|>\n"
    return f"<bos>{turn}{USER}"


def before_audio(system: str = "", tools: Sequence[Tool] = ()) -> str:
    """All that comes before the audio embeddings: the part that every turn shares."""
    return before_user(system, tools) + AUDIO_START


def after_audio() -> str:
    """All that comes between the last audio embedding and the model's first token."""
    return AUDIO_END + END_TURN + MODEL


def after_text(text: str) -> str:
    """What follows `before_user` where the user typed. Names of special tokens in the text lose their brackets."""
    return plain(text) + END_TURN + MODEL


def thinking(system: str, text: str) -> str:
    """What follows `<bos>` where the user typed and the model may think: a thought between THOUGHT and END_THOUGHT is
    its to write, before its words.
    """
    return f"<|turn>system\n<|think|>\n{system.strip()}<turn|>\n{USER}{plain(text)}{END_TURN}{THINKING_MODEL}"


def plain(text: str) -> str:
    """No special token can be spelled with it."""
    return text.replace("<", " ").replace(">", " ").strip()


def asked_to_answer(how: str) -> str:
    """The model's call of the tool that answers in words, and the tool's response: its words follow."""
    return call("answer", {}) + f"<|tool_response>response:answer{{value:{_fenced(how)}}}<tool_response|>"


def to_next_turn(called: str, answer: str) -> str:
    """All that comes between the sound of a turn that led to a call and the sound of the next turn. `called` is the
    call as the model wrote it, `answer` what came of it, in words.
    """
    written = called.removeprefix(CALL).removesuffix(END_CALL)
    name = written.removeprefix("call:").partition("{")[0]
    response = f"<|tool_response>response:{name}{{value:{_fenced(plain(answer))}}}<tool_response|>"
    return f"{AUDIO_END}{END_TURN}\n<|turn>model\n{CALL}{written}{END_CALL}{response}{USER}{AUDIO_START}"
