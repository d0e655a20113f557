"""The text model's keys and values: a pristine prefix, a turn's audio behind it, and forks to decide on.

    sequence 0      prefix, then the open turn's final audio embeddings
    sequence 1      a fork of it: provisional audio, closing tokens; made for one decision and forgotten
    sequences 2..   the walk's hypotheses, sharing the fork's cells
    the last one    another prefix, computed ahead while this one is still in use

Sequence 0 is only ever cut back to its prefix or appended to, so a decision leaves no trace: llama.cpp hands freed
cells out again from the lowest one, and the next audio lands where it would have landed. The prefix is computed once,
kept on disk (keyed by its tokens and the model's hash) and restored at the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiced.errors import InferenceError
from voiced.gemma.llama import Context

F32 = npt.NDArray[np.float32]
TURN, FORK, FIRST_SLOT = 0, 1, 2
_STEP = 32
"""Tokens of a prefix that are computed ahead in one go: what a turn that begins meanwhile has to wait for."""
_ROOM = 400
"""Positions that a turn needs behind the prefix: 10 s of sound and what is said of it."""

log = logging.getLogger(__name__)


class PrefixStore:
    """Saved prefixes, a file each: sha256 of the state (32 bytes), the state. A damaged file is a missing one."""

    def __init__(self, folder: Path | None, model_key: str, most: int = 4) -> None:
        """`folder` None keeps nothing. `model_key` names the model file's content. The newest `most` stay."""
        self._folder, self._key, self._most = folder, model_key, most

    def path(self, tokens: Sequence[int]) -> Path | None:
        if self._folder is None:
            return None
        name = hashlib.sha256(f"1|{self._key}|{','.join(map(str, tokens))}".encode()).hexdigest()[:40]
        return self._folder / f"prefix-{name}.kv"

    def has(self, tokens: Sequence[int]) -> bool:
        path = self.path(tokens)
        return path is not None and path.exists()

    def load(self, tokens: Sequence[int]) -> bytes | None:
        path = self.path(tokens)
        if path is None:
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        return data[32:] if hashlib.sha256(data[32:]).digest() == data[:32] else None

    def save(self, tokens: Sequence[int], state: bytes) -> None:
        """Whole or not at all. A full or read-only disk costs the next start a little time, nothing else."""
        path = self.path(tokens)
        if path is None:
            return
        part = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix="prefix-", suffix=".part", delete=False) as file:
                part = file.name
                file.write(hashlib.sha256(state).digest() + state)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(path)
            kept = sorted(path.parent.glob("prefix-*.kv"), key=lambda p: p.stat().st_mtime, reverse=True)
            for old in kept[self._most :]:
                old.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the prompt's state is not kept: %s", error)
            with contextlib.suppress(OSError):
                Path(part).unlink(missing_ok=True)


class TurnMemory:
    """What the text model remembers during a turn. One turn at a time."""

    def __init__(self, context: Context, store: PrefixStore) -> None:
        self._ctx, self._store = context, store
        self._ahead = context.sequences - 1
        self.prefix: tuple[int, ...] = ()
        self.prefill_ms = 0.0
        self.prefilled = 0
        """Positions computed since the beginning; restored ones do not count."""

    def prepare(self, tokens: Sequence[int]) -> bool:
        """Hold this prefix; everything else is forgotten. True if it came from disk."""
        wanted = tuple(tokens)
        if len(wanted) + _ROOM > self._ctx.cells:
            raise InferenceError(f"the house is too large for the model: its description takes {len(wanted)} tokens")
        self._ctx.remove(TURN)
        self.prefix = wanted
        state = self._store.load(wanted)
        if state is not None:
            try:
                self._ctx.restore(TURN, state)
                if self._ctx.length(TURN) == len(wanted):
                    return True
            except InferenceError as error:  # another build of llama.cpp wrote it
                log.warning("the kept state of the prompt is not used: %s", error)
            self._ctx.remove(TURN)
        self._ctx.prefill(wanted, 0, TURN)
        self.prefilled += len(wanted)
        self._store.save(wanted, self._ctx.save(TURN))
        return False

    def preparing(self, tokens: Sequence[int]) -> Iterator[None]:
        """As `prepare`, in steps with turns between them on the prefix that is still held; `adopt` ends it.

        Where there is no room for both, nothing is done ahead.
        """
        wanted = tuple(tokens)
        self._ctx.remove(self._ahead)
        if len(self.prefix) + len(wanted) + 2 * _ROOM > self._ctx.cells or self._store.has(wanted):
            return
        for at in range(0, len(wanted), _STEP):
            self._ctx.prefill(wanted[at : at + _STEP], at, self._ahead)
            self.prefilled += len(wanted[at : at + _STEP])
            yield
        self._store.save(wanted, self._ctx.save(self._ahead))

    def adopt(self, tokens: Sequence[int]) -> None:
        """Hold the prefix that was prepared in steps. No turn may be open."""
        wanted = tuple(tokens)
        if self._ctx.length(self._ahead) != len(wanted):
            self._ctx.remove(self._ahead)
            self.prepare(wanted)
            return
        self._ctx.remove(TURN)
        self._ctx.copy(self._ahead, TURN)
        self._ctx.remove(self._ahead)
        self.prefix = wanted

    def begin(self) -> None:
        """A new turn: only the prefix is left."""
        self.forget_fork()
        self._ctx.remove(TURN, len(self.prefix))
        self.prefill_ms = 0.0

    def append(self, rows: F32) -> None:
        """Final audio embeddings [n, width], for good."""
        begun = time.perf_counter()
        self._embed(rows, TURN)
        self.prefill_ms += (time.perf_counter() - begun) * 1000

    def fork(self, rows: F32, closing: Sequence[int]) -> F32:
        """Provisional embeddings [n, width], then closing tokens. Returns the last logits, float32 [vocabulary]."""
        begun = time.perf_counter()
        self._ctx.remove(FORK)
        self._ctx.copy(TURN, FORK)
        self._embed(rows, FORK)
        logits = self._close(closing)
        self.prefill_ms += (time.perf_counter() - begun) * 1000
        return logits

    def fork_text(self, keep: int, tokens: Sequence[int]) -> F32:
        """The first `keep` positions of the prefix, then `tokens`, on a fork. Logits of the last token."""
        begun = time.perf_counter()
        self._ctx.remove(FORK)
        self._ctx.copy(TURN, FORK, keep)
        if keep + len(tokens) + 128 > self._ctx.cells:
            raise InferenceError(f"a text of {len(tokens)} tokens is too long")
        logits = self._close(tokens)
        self.prefill_ms += (time.perf_counter() - begun) * 1000
        return logits

    def _embed(self, rows: F32, seq: int) -> None:
        for at in range(0, len(rows), self._ctx.batch):
            part = rows[at : at + self._ctx.batch]
            self._ctx.embeddings(part, self._ctx.length(seq), seq)
            self.prefilled += len(part)

    def _close(self, tokens: Sequence[int]) -> F32:
        self._ctx.prefill(tokens[:-1], self._ctx.length(FORK), FORK)
        at = self._ctx.length(FORK)
        self.prefilled += len(tokens)
        row: F32 = self._ctx.decode(tokens[-1:], [at], [FORK], [True])[0]
        return row

    def forget_fork(self) -> None:
        """Nothing of the fork or of the walk over it is left."""
        for seq in range(FORK, self._ahead):
            self._ctx.remove(seq)


class Slots:
    """The walk's hypotheses as sequences over the fork: `split` and `drop` move no data, `extend` runs the model."""

    def __init__(self, context: Context) -> None:
        self._ctx = context
        self._free = list(range(context.sequences - 2, FIRST_SLOT - 1, -1))
        self._length: dict[int, int] = {FORK: context.length(FORK)}

    def split(self, source: int) -> int:
        """A new sequence that begins as `source`."""
        slot = self._free.pop()
        self._ctx.copy(source, slot)
        self._length[slot] = self._length[source]
        return slot

    def drop(self, slot: int) -> None:
        self._ctx.remove(slot)
        self._free.append(slot)

    def extend(self, parts: Sequence[tuple[int, Sequence[int]]], every: bool) -> F32:
        """Append tokens to sequences. Logits [rows, vocabulary] of every token, or each part's last.

        Tokens whose logits nobody wants go first, in a run of their own that ends in the lower half of the model:
        a third of what they would cost beside the others.
        """
        if not every:
            self._run([(slot, more[:-1]) for slot, more in parts], wanted=False)
            parts = [(slot, more[-1:]) for slot, more in parts]
        return self._run(parts, wanted=True)

    def _run(self, parts: Sequence[tuple[int, Sequence[int]]], wanted: bool) -> F32:
        tokens: list[int] = []
        positions: list[int] = []
        seqs: list[int] = []
        for slot, more in parts:
            at = self._length[slot]
            tokens += more
            positions += range(at, at + len(more))
            seqs += [slot] * len(more)
            self._length[slot] = at + len(more)
        return self._ctx.decode(tokens, positions, seqs, [wanted] * len(tokens))
