"""Free text, a token at a time: an answer to what is no command, or the same in another language, for a model that can
talk. It never acts: no special token is ever drawn, so no call can be written.

Drawn as the model card of Gemma 4 says (temperature 1.0, of the 64 likeliest those that hold 0.95). What is said goes
on in the fork of the turn's memory and leaves no trace there.

What was typed it may think about first, if so configured. Of the thought nothing leaves this process: it is neither
shown nor spoken, nor written anywhere.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np

from voiced.arrays import F32
from voiced.errors import InferenceError, VoicedError
from voiced.gemma import prompt
from voiced.gemma.decide import FORK
from voiced.gemma.llama import Context
from voiced.workers import protocol
from voiced.workers.engine import EngineCore

TEMPERATURE, TOP_P, TOP_K = 1.0, 0.95, 64
MOST_TOKENS = 200
MOST_THOUGHT = 512
"""Tokens of a thought; then it is ended, and the answer has to come."""
MOST_S = 60.0
"""For the answer, and for the thought."""
HOW = "in the language of the question, in at most three short sentences that will be spoken aloud."
TELL = f"Answer now, {HOW}"
TELL_THINKING = f"You are a voice assistant. Answer {HOW}"
TELL_AGAIN = "Say what was said in {}, as who said it would say it, and nothing else: it will be spoken aloud."


@dataclass(frozen=True, slots=True)
class TalkSettings:
    most_tokens: int = MOST_TOKENS
    most_s: float = MOST_S
    seed: int | None = None
    """None draws otherwise every time."""
    think: bool = False
    """About what was typed; speech is answered at once."""
    most_thought: int = MOST_THOUGHT


def drawn(logits: F32, allowed: Callable[[int], bool], rng: np.random.Generator) -> int:
    """A token of float32 [vocabulary]. InferenceError where none of the likeliest is allowed."""
    top = np.argpartition(logits, -TOP_K)[-TOP_K:] if len(logits) > TOP_K else np.arange(len(logits))
    top = np.array([t for t in top[np.argsort(-logits[top])] if allowed(int(t))], np.int64)
    if not len(top) or not np.isfinite(logits[top]).all():
        raise InferenceError("the model has nothing to say")
    weights = np.exp((logits[top] - logits[top[0]]).astype(np.float64) / TEMPERATURE)
    share = np.cumsum(weights / weights.sum())
    kept = int(np.searchsorted(share, TOP_P)) + 1
    return int(rng.choice(top[:kept], p=weights[:kept] / weights[:kept].sum()))


class _Pen:
    """Draws tokens and reads them back, behind what is in the fork."""

    def __init__(self, core: EngineCore, logits: F32, context: Context, rng: np.random.Generator) -> None:
        self._core, self._logits, self._context, self._rng = core, logits, context, rng
        self._at = context.length(FORK)

    def draw(self, special: int) -> int:
        """No special token but this one."""
        model = self._core.model
        return drawn(self._logits, lambda token: token == special or not model.is_special(token), self._rng)

    def read(self, token: int) -> None:
        self._core.progress += 1
        self._logits = self._context.decode([token], [self._at], [FORK], [True])[0]
        self._at += 1


def words(
    core: EngineCore, turn: int, text: str = "", settings: TalkSettings | None = None, into: str = ""
) -> Generator[str]:
    """Pieces of the answer to the turn that ended last, or to what was typed; empty ones while it is thought about.
    With `into` no answer but the same in that language. InferenceError where the model cannot talk, or knows nothing
    of the turn.
    """
    settings = settings or TalkSettings()
    model, end = core.model, core.model.special(prompt.END_TURN)
    rng, spelled = np.random.default_rng(settings.seed), codecs.getincrementaldecoder("utf-8")("replace")
    thinks = settings.think and bool(text) and not into
    tell = TELL_AGAIN.format(into) if into else TELL
    then = prompt.thinking(TELL_THINKING, text) if thinks else prompt.asked_to_answer(tell)
    with core.answering(turn, text, then, alone=thinks) as (logits, context):
        pen = _Pen(core, logits, context, rng)
        if thinks:
            yield from _thought(core, pen, settings)
        begun = time.monotonic()
        for _ in range(settings.most_tokens):
            token = pen.draw(end)
            if token == end or time.monotonic() - begun > settings.most_s:
                break
            if piece := spelled.decode(model.piece(token)):
                yield piece
            pen.read(token)
    if rest := spelled.decode(b"", final=True):
        yield rest


def _thought(core: EngineCore, pen: _Pen, settings: TalkSettings) -> Iterator[str]:
    """Only that it goes on. The model may do without one."""
    begin, end = core.model.special(prompt.THOUGHT), core.model.special(prompt.END_THOUGHT)
    if pen.draw(begin) != begin:
        return
    pen.read(begin)
    begun = time.monotonic()
    for _ in range(settings.most_thought):
        token = pen.draw(end)
        if token == end or time.monotonic() - begun > settings.most_s:
            break
        yield ""
        pen.read(token)
    pen.read(end)


class Talk:
    """An answer under way: a piece at each `step`."""

    def __init__(self, core: EngineCore, message: protocol.Talk, settings: TalkSettings | None = None) -> None:
        self._request = message.request
        self._words = words(core, message.turn, message.text, settings, message.into)

    def step(self) -> tuple[protocol.Message, bool]:
        """What is to be told, and whether that was the last."""
        try:
            return protocol.Text(self._request, next(self._words)), False
        except StopIteration:
            return protocol.Done(self._request), True
        except VoicedError as error:
            return protocol.Trouble.of(error, self._request), True

    def stopped(self) -> protocol.Message:
        """Somebody wants something else."""
        self._words.close()
        return protocol.Done(self._request, interrupted=True)
