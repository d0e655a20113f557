"""The stock way to a decision, to compare with: nothing before the end of speech, all layers for every token, the
decision token by token.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voiced.gemma import prompt
from voiced.gemma.llama import AudioEncoder, Context, TextModel
from voiced.gemma.models import ModelPair

_TURN = 0


class Stock:
    """Shares the weights of `model`, has a memory and an encoder of its own."""

    def __init__(self, pair: ModelPair, model: TextModel, prefix: Sequence[int], threads: int) -> None:
        self._model, self._prefix = model, tuple(prefix)
        self._encoder = AudioEncoder(pair.audio, model, threads)
        self._context = Context(model, len(prefix) + 600, 1, threads, short=False)

    def close(self) -> None:
        self._context.close()
        self._encoder.close()

    def read_prefix(self) -> None:
        """The system turn, from nothing: what a stock handler does for every request."""
        self._context.remove(_TURN)
        self._context.prefill(self._prefix, 0, _TURN)

    def hear(self, pcm: bytes, decision: Sequence[int]) -> None:
        """The whole sound, then the decision's tokens; the prefix stays."""
        sound = np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768)
        self._context.remove(_TURN, len(self._prefix))
        rows = self._encoder.encode(sound)
        self._context.embeddings(rows, self._context.length(_TURN), _TURN)
        self._answer(self._model.tokenize(prompt.after_audio(), special=True), decision)

    def read(self, text: str, decision: Sequence[int]) -> None:
        """Typed words instead of sound, then the decision's tokens."""
        self._context.remove(_TURN, len(self._prefix) - 1)  # without the token that opens the sound
        self._answer(self._model.tokenize(prompt.after_text(text), special=True), decision)

    def _answer(self, closing: Sequence[int], decision: Sequence[int]) -> None:
        at, n = self._context.length(_TURN), len(closing)
        self._context.decode(closing, range(at, at + n), [_TURN] * n, [False] * (n - 1) + [True])
        for token in decision:
            self.token(token)

    def token(self, token: int) -> None:
        """One token through the whole model, its logits read."""
        np.argmax(self._context.decode([token], [self._context.length(_TURN)], [_TURN], [True]))
