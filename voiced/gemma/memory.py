"""The text model's keys and values: a pristine prefix, a turn's audio behind it, and forks to decide on.

    sequence 0      prefix, then the open turn's final audio embeddings
    sequence 1      a fork of it: provisional audio, closing tokens; made for one decision and forgotten
    sequence 2      the fork and what the walk is expected to choose (a `Draft`)
    sequences 3..   the walk's hypotheses, sharing the cells of both
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from voiced.arrays import F32
from voiced.errors import InferenceError
from voiced.gemma.decide import FORK, Draft
from voiced.gemma.llama import Context

TURN, DRAFT, FIRST_SLOT = 0, 2, 3
_STEP = 32
"""Tokens of a prefix that are computed ahead in one go: what a turn that begins meanwhile has to wait for."""
_ROOM = 400
"""Positions that a turn needs behind the prefix: 10 s of sound and what is said of it."""

log = logging.getLogger(__name__)

Tokens = tuple[int, ...]
NO_DRAFT = Draft()
NOTHING_READ: Mapping[Tokens, F32] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a decision begins."""

    logits: F32
    """After the closing tokens, float32 [vocabulary]."""
    read: Mapping[Tokens, F32]
    """The same after each beginning of the draft that was asked about."""


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
        self.base = 0
        """Positions that every turn begins with: the prefix, and the dialogue so far."""
        self.prefill_ms = 0.0
        self.prefilled = 0
        """Positions computed since the beginning; restored ones do not count."""

    def prepare(self, tokens: Sequence[int]) -> bool:
        """Hold this prefix; everything else is forgotten. True if it came from disk."""
        wanted = tuple(tokens)
        if len(wanted) + _ROOM > self._ctx.cells:
            raise InferenceError(f"the house is too large for the model: its description takes {len(wanted)} tokens")
        self._ctx.remove(TURN)
        self.prefix, self.base = wanted, len(wanted)
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
        if self.base + len(wanted) + 2 * _ROOM > self._ctx.cells or self._store.has(wanted):
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
        self.prefix, self.base = wanted, len(wanted)

    def begin(self) -> None:
        """A new turn: only the prefix and the dialogue are left."""
        self.forget_fork()
        self._ctx.remove(TURN, self.base)
        self.prefill_ms = 0.0

    def remember(self, rows: F32, tokens: Sequence[int], most: int) -> bool:
        """The open turn's sound, with its last embeddings [n, width] and `tokens`, becomes part of the dialogue. False,
        and there is no dialogue any more, where that would hold more than `most` positions, or leave too few.
        """
        length = self._ctx.length(TURN) + len(rows) + len(tokens)
        if length - len(self.prefix) > most or length + self._ctx.length(self._ahead) + _ROOM > self._ctx.cells:
            self.forget_dialogue()
            return False
        self._embed(rows, TURN)
        self._ctx.prefill(tokens, self._ctx.length(TURN), TURN)
        self.prefilled += len(tokens)
        self.base = self._ctx.length(TURN)
        return True

    def forget_dialogue(self) -> None:
        """As if nothing had ever been said. No turn may be open."""
        self.base = len(self.prefix)
        self.begin()

    def append(self, rows: F32) -> None:
        """Final audio embeddings [n, width], for good."""
        begun = time.perf_counter()
        self._embed(rows, TURN)
        self.prefill_ms += (time.perf_counter() - begun) * 1000

    def fork(self, rows: F32, closing: Sequence[int], draft: Draft = NO_DRAFT) -> Fork:
        """Provisional embeddings [n, width], then closing tokens, then what may follow them."""
        begun = time.perf_counter()
        self._ctx.remove(FORK)
        self._ctx.copy(TURN, FORK)
        self._embed(rows, FORK)
        fork = self._close(closing, draft)
        self.prefill_ms += (time.perf_counter() - begun) * 1000
        return fork

    def fork_text(self, keep: int, tokens: Sequence[int]) -> Fork:
        """The first `keep` positions of the prefix, then `tokens`, on a fork."""
        begun = time.perf_counter()
        self._ctx.remove(FORK)
        self._ctx.copy(TURN, FORK, keep)
        if keep + len(tokens) + 128 > self._ctx.cells:
            raise InferenceError(f"a text of {len(tokens)} tokens is too long")
        fork = self._close(tokens, NO_DRAFT)
        self.prefill_ms += (time.perf_counter() - begun) * 1000
        return fork

    def _embed(self, rows: F32, seq: int) -> None:
        for at in range(0, len(rows), self._ctx.batch):
            part = rows[at : at + self._ctx.batch]
            self._ctx.embeddings(part, self._ctx.length(seq), seq)
            self.prefilled += len(part)

    def _close(self, tokens: Sequence[int], draft: Draft) -> Fork:
        """All tokens run through the lower layers at once; then those whose logits are wanted, each at the end of a
        sequence of its own, through all layers at once: two passes, whatever the draft's length.
        """
        ctx, begin = self._ctx, self._ctx.length(FORK)
        said = (*tokens, *draft.tokens)
        *between, end = lengths = [len(tokens), *(len(tokens) + n for n in draft.asked)]
        ctx.copy(FORK, DRAFT)
        ctx.prefill(said[: end - 1], begin, DRAFT)
        slots = range(FIRST_SLOT, FIRST_SLOT + len(between))
        for slot, length in zip(slots, between, strict=True):
            ctx.copy(DRAFT, slot, begin + length - 1)
        last = [begin + length - 1 for length in lengths]
        rows = ctx.decode([said[at - begin] for at in last], last, [*slots, DRAFT], [True] * len(last))
        for slot in slots:
            ctx.remove(slot)
        ctx.remove(FORK)
        ctx.copy(DRAFT, FORK, begin + len(tokens))
        self.prefilled += len(said)
        return Fork(rows[0], {draft.tokens[:n]: row for n, row in zip(draft.asked, rows[1:], strict=True)})

    def forget_fork(self) -> None:
        """Nothing of the fork or of the walk over it is left."""
        for seq in range(FORK, self._ahead):
            self._ctx.remove(seq)


class Slots:
    """The walk's hypotheses as sequences over the fork: `split` and `drop` move no data, `extend` runs the model."""

    def __init__(self, context: Context, read: Mapping[Tokens, F32] = NOTHING_READ) -> None:
        """`read` holds the logits that need no run any more, by what was said since the fork."""
        self._ctx, self._read = context, read
        self._begin = context.length(FORK)
        self._said: dict[int, Tokens] = {}
        self.clear()

    def split(self, source: int) -> int:
        """A new sequence that begins as `source`."""
        slot = self._free.pop()
        self._ctx.copy(source, slot)
        self._said[slot] = self._said[source]
        return slot

    def drop(self, slot: int) -> None:
        self._ctx.remove(slot)
        del self._said[slot]
        self._free.append(slot)

    def clear(self) -> None:
        """Begin again at the fork: another walk."""
        for slot in self._said.keys() - {FORK}:
            self._ctx.remove(slot)
        self._free = list(range(self._ctx.sequences - 2, FIRST_SLOT - 1, -1))
        self._said = {FORK: ()}

    def extend(self, parts: Sequence[tuple[int, Sequence[int]]], every: bool) -> F32:
        """Append tokens to sequences. Logits [rows, vocabulary] of every token, or each part's last.

        Tokens whose logits nobody wants go first, in a run of their own that ends in the lower half of the model:
        a third of what they would cost beside the others.
        """
        if every:
            return self._run(parts, wanted=True)
        known = {slot: row for slot, more in parts if (row := self._read.get((*self._said[slot], *more))) is not None}
        new = [(slot, more) for slot, more in parts if slot not in known]
        for slot, more in parts:
            if slot in known:
                self._said[slot] = (*self._said[slot], *more)
                self._ctx.remove(slot)
                self._ctx.copy(DRAFT, slot, self._begin + len(self._said[slot]))
        self._run([(slot, more[:-1]) for slot, more in new], wanted=False)
        rows = iter(self._run([(slot, more[-1:]) for slot, more in new], wanted=True))
        return np.stack([known[slot] if slot in known else next(rows) for slot, _ in parts])

    def read(self, paths: Sequence[Tokens]) -> dict[Tokens, F32]:
        """Logits [vocabulary] after each beginning of these paths, which all begin at the fork. One run, in which what
        they share is computed once. At most as many paths as there are slots, and `Context.batch` beginnings.
        """
        slots = [self.split(FORK) for _ in paths]
        owners: dict[Tokens, list[int]] = {}
        for slot, path in zip(slots, paths, strict=True):
            for length in range(1, len(path) + 1):
                owners.setdefault(path[:length], []).append(slot)
        begun = sorted(owners, key=len)  # a token comes behind those that it follows
        rows = self._ctx.decode(
            [path[-1] for path in begun],
            [self._begin + len(path) - 1 for path in begun],
            [owners[path][0] for path in begun],
            [True] * len(begun),
            {row: owners[path][1:] for row, path in enumerate(begun) if len(owners[path]) > 1},
        )
        for slot in slots:
            self.drop(slot)
        return dict(zip(begun, rows, strict=True))

    def _run(self, parts: Sequence[tuple[int, Sequence[int]]], wanted: bool) -> F32:
        tokens: list[int] = []
        positions: list[int] = []
        seqs: list[int] = []
        for slot, more in parts:
            at = self._begin + len(self._said[slot])
            tokens += more
            positions += range(at, at + len(more))
            seqs += [slot] * len(more)
            self._said[slot] = (*self._said[slot], *more)
        return self._ctx.decode(tokens, positions, seqs, [wanted] * len(tokens))
