"""llama.cpp and its mtmd library through llama-cpp-python's low-level bindings: the only module that knows them.

Text model, tokenizer, context (batches, sequences, state) and audio projector, as plain objects over numpy arrays.
Every failure is a ModelFileError (loading) or an InferenceError (running). Not thread-safe: one thread owns them all.

Sources: llama.h and mtmd.h of llama.cpp 0c1e57098 as vendored by llama-cpp-python 0.3.36.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# Threads that wait by spinning starve each other on a busy machine (measured: a turn of 40 ms took 15 s): they must
# sleep. OpenMP reads this when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import llama_cpp.llama_cpp as lib
import llama_cpp.mtmd_cpp as mtmd

from voiced.arrays import F32
from voiced.errors import InferenceError, ModelFileError
from voiced.gemma.lower_half import LowerHalf
from voiced.gemma.machine import filling, has_amx

_NOT_WORDS = (
    lib.LLAMA_TOKEN_ATTR_UNKNOWN | lib.LLAMA_TOKEN_ATTR_UNUSED | lib.LLAMA_TOKEN_ATTR_CONTROL
    | lib.LLAMA_TOKEN_ATTR_USER_DEFINED | lib.LLAMA_TOKEN_ATTR_BYTE
)  # fmt: skip
_ERROR_LEVEL = 4  # GGML_LOG_LEVEL_ERROR
_STOPPED = 2
"""What llama_decode returns where it was told to stop."""
_recent_errors: list[str] = []


@lib.llama_log_callback  # type: ignore[untyped-decorator]
def _on_log(level: int, text: bytes | None, _data: object) -> None:
    """Keeps the C libraries quiet; their last errors become part of ours."""
    if level == _ERROR_LEVEL and text:
        _recent_errors.append(text.decode("utf-8", "replace").strip())
        del _recent_errors[:-4]


@functools.cache
def start_backend() -> None:
    """Once per process; harmless again."""
    lib.llama_log_set(_on_log, None)
    mtmd.mtmd_log_set(_on_log, None)
    mtmd.mtmd_helper_log_set(_on_log, None)
    lib.llama_backend_init()


def _why() -> str:
    said = "; ".join(_recent_errors)
    _recent_errors.clear()
    return said or "no reason given"


def let_go_of(path: Path) -> int:
    """Give back the pages of a file that this process has mapped; what is asked for again is read again.

    Weights that llama.cpp repacks for this CPU are copied out of the mapped file, whose pages would stay beside the
    copy: 1 GB of E2B's. Returns the bytes that were given back at most.
    """
    wanted, found = str(path.resolve()), 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
        span, *_, where = line.split(maxsplit=5)
        if where == wanted:
            start, end = (int(part, 16) for part in span.split("-"))
            madvise(start, end - start, mmap.MADV_DONTNEED)
            found += end - start
    return found


class TextModel:
    """An E-series text GGUF with its tokenizer. Satisfies `grammar.Tokenizer`."""

    def __init__(self, path: Path, lazy: bool = False) -> None:
        """`lazy` leaves the per-layer embedding table on disk, row by row. ModelFileError if llama.cpp refuses it."""
        start_backend()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = 0
        params.load_mode = lib.LLAMA_LOAD_MODE_MMAP
        params.lazy_mode = lib.LLAMA_LAZY_MODE_ON if lazy else lib.LLAMA_LAZY_MODE_AUTO
        params.use_extra_bufts = not has_amx()
        self.model: Any = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not self.model:
            raise ModelFileError(f"{path.name}: llama.cpp cannot load it: {_why()}")
        let_go_of(path)
        self._vocab: Any = lib.llama_model_get_vocab(self.model)
        self.layers: int = lib.llama_model_n_layer(self.model)
        self.owning_layers = self.layers - int(self._meta("gemma4.attention.shared_kv_layers") or 0)
        """The lower layers; only these have keys and values of their own."""
        self.size: int = lib.llama_vocab_n_tokens(self._vocab)
        self.width: int = lib.llama_model_n_embd(self.model)
        self._specials: dict[str, int] = {}
        self._piece = ctypes.create_string_buffer(256)

    def _meta(self, key: str) -> str:
        out = ctypes.create_string_buffer(64)
        n = lib.llama_model_meta_val_str(self.model, key.encode(), out, len(out))
        return out.value.decode() if n >= 0 else ""

    def close(self) -> None:
        if self.model:
            lib.llama_model_free(self.model)
            self.model = None

    def tokenize(self, text: str, special: bool = False) -> tuple[int, ...]:
        """Token ids; no BOS is added. With `special`, names of special tokens in the text become these tokens."""
        raw = text.encode()
        room = len(raw) + 8
        out = (ctypes.c_int32 * room)()
        n = lib.llama_tokenize(self._vocab, raw, len(raw), out, room, False, special)
        if n < 0:
            raise InferenceError(f"cannot tokenize {len(raw)} bytes")
        return tuple(out[:n])

    def piece(self, token: int) -> bytes:
        """The text of a token; special tokens by their name."""
        n = lib.llama_token_to_piece(self._vocab, token, self._piece, len(self._piece), 0, True)
        if n < 0:
            self._piece = ctypes.create_string_buffer(-n)
            n = lib.llama_token_to_piece(self._vocab, token, self._piece, len(self._piece), 0, True)
        return self._piece.raw[: max(n, 0)]

    def special(self, name: str) -> int:
        """Id of a special token. KeyError if the vocabulary has none of that name."""
        if name not in self._specials:
            tokens = self.tokenize(name, special=True)
            if len(tokens) != 1 or not self.is_special(tokens[0]):
                raise KeyError(name)
            self._specials[name] = tokens[0]
        return self._specials[name]

    def is_special(self, token: int) -> bool:
        """Control, user-defined, unknown, unused and byte tokens."""
        return bool(lib.llama_vocab_get_attr(self._vocab, token) & _NOT_WORDS)


class Context:
    """KV memory of a text model and the batches that fill it. Unified cells; full-size windows, so it rolls back."""

    def __init__(
        self, model: TextModel, cells: int, sequences: int, threads: int, short: bool = True, flash: bool = True
    ) -> None:
        """`short` ends runs without wanted logits after the layers that own keys and values.

        Without `flash` attention is plain matrix products: for the narrow batches of a small model on a CPU a batch
        of nine rows takes 0.85 instead of 1.5 ms (measured, AVX-512).
        """
        self._lower = LowerHalf(model.owning_layers) if short and model.owning_layers < model.layers else None
        params = lib.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = params.n_ubatch = 512
        params.n_seq_max = sequences + 1
        self._spare, self._fills = sequences, flash
        params.n_threads = params.n_threads_batch = threads
        params.swa_full = True
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_AUTO if flash else lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.kv_unified = True
        params.no_perf = True
        # asked between any two operations, so it is C's own: strlen of this text is not 0 where the run is to end
        self._stop = ctypes.create_string_buffer(2)
        params.abort_callback = ctypes.cast(ctypes.CDLL(None).strlen, lib.ggml_abort_callback)
        params.abort_callback_data = ctypes.addressof(self._stop)
        if self._lower:
            params.cb_eval = self._lower.callback
        self.ctx: Any = lib.llama_init_from_model(model.model, params)
        if not self.ctx:
            raise ModelFileError(f"llama.cpp makes no context of {cells} cells: {_why()}")
        self._memory: Any = lib.llama_get_memory(self.ctx)
        self._vocab_size, self._width = model.size, model.width
        self.cells, self.sequences, self.batch = cells, sequences, int(params.n_batch)
        self.passes = 0
        """Runs so far: each reads the model's weights once, or those of its lower layers."""
        self._make_batch()

    def _make_batch(self) -> None:
        """One llama_batch over numpy memory, filled by slices: no ctypes loop per token."""
        n = self.batch
        self._token = np.zeros(n, np.int32)
        self._pos = np.zeros(n, np.int32)
        self._owners = np.ones(n, np.int32)
        self._seq = np.zeros((n, self._spare + 1), np.int32)
        self._wanted = np.zeros(n, np.int8)
        self._seq_at = self._seq.ctypes.data + 4 * (self._spare + 1) * np.arange(n, dtype=np.uint64)
        self._raw = lib.llama_batch()
        for name, array in (
            ("token", self._token), ("pos", self._pos), ("n_seq_id", self._owners), ("seq_id", self._seq_at),
            ("logits", self._wanted),
        ):  # fmt: skip
            self._put(name, array)

    def _put(self, name: str, array: npt.NDArray[Any] | None) -> None:
        kind = {f[0]: f[1] for f in lib.llama_batch._fields_}[name]
        setattr(self._raw, name, kind() if array is None else ctypes.cast(array.ctypes.data, kind))

    def close(self) -> None:
        if self.ctx:
            lib.llama_free(self.ctx)
            self.ctx = None

    def stop(self) -> None:
        """From any thread: the run that is under way ends at once, and none begins until `go`. InferenceError there."""
        self._stop[0] = b"s"

    def go(self) -> None:
        self._stop[0] = b"\0"

    def check_wanted(self) -> None:
        """InferenceError between `stop` and `go`."""
        if self._stop[0] != b"\0":
            raise InferenceError("stopped, for nobody waits for it any more")

    def decode(
        self, tokens: Sequence[int], positions: Sequence[int], seqs: Sequence[int], wanted: Sequence[bool],
        more: Mapping[int, Sequence[int]] | None = None,
    ) -> F32:  # fmt: skip
        """Run tokens, at most `batch` of them. Returns logits float32 [rows wanted, vocabulary], in order (a copy).

        `more`: for a row that several sequences share, the others.
        """
        n = len(tokens)
        if not n:
            return np.empty((0, self._vocab_size), np.float32)
        self._token[:n], self._pos[:n], self._seq[:n, 0], self._wanted[:n] = tokens, positions, seqs, wanted
        for row, others in (more or {}).items():
            self._owners[row] += len(others)
            self._seq[row, 1 : 1 + len(others)] = others
        self._put("token", self._token)
        self._put("embd", None)
        self._run(n)
        rows = int(np.count_nonzero(self._wanted[:n]))
        if not rows:
            return np.empty((0, self._vocab_size), np.float32)
        return np.ctypeslib.as_array(lib.llama_get_logits(self.ctx), (rows, self._vocab_size)).copy()

    def prefill(self, tokens: Sequence[int], position: int, seq: int) -> None:
        """Run any number of tokens of one sequence without asking for logits."""
        for at in range(0, len(tokens), self.batch):
            part = tokens[at : at + self.batch]
            self.decode(part, range(position + at, position + at + len(part)), [seq] * len(part), [False] * len(part))

    def embeddings(self, rows: F32, position: int, seq: int) -> None:
        """Run float32 [n, width] in place of tokens, n <= batch; no logits."""
        n = len(rows)
        rows = np.ascontiguousarray(rows, np.float32)
        if rows.shape != (n, self._width) or n > self.batch:
            raise InferenceError(f"embeddings of shape {rows.shape} for a width of {self._width}")
        self._pos[:n] = range(position, position + n)
        self._seq[:n, 0] = seq
        self._wanted[:n] = 0
        if self._fills:  # room for what fills the batch up
            rows = np.concatenate([rows, np.zeros((4, self._width), np.float32)])
        self._put("token", None)
        self._put("embd", rows)
        self._run(n)

    def _run(self, n: int) -> None:
        more = filling(n) if self._fills and n + 4 <= self.batch else 0
        self._raw.n_tokens = n + more
        if more:
            self._token[n : n + more], self._pos[n : n + more] = 0, range(more)
            self._seq[n : n + more, 0], self._wanted[n : n + more] = self._spare, 0
        if self._lower:
            self._lower.arm(short=not self._wanted[:n].any())
        self.passes += 1
        status = lib.llama_decode(self.ctx, self._raw)
        self._owners[:n] = 1
        if more:
            self.remove(self._spare)
        if status == _STOPPED:
            self.check_wanted()
        if status != 0:
            raise InferenceError(f"llama_decode: status {status} ({_why()})")
        if self._lower and not self._lower.reached:
            raise InferenceError("this llama.cpp stores keys and values otherwise than the pinned one")

    def remove(self, seq: int, start: int = 0) -> None:
        """Forget a sequence from a position on."""
        if not lib.llama_memory_seq_rm(self._memory, seq, start, -1):
            raise InferenceError(f"cannot roll sequence {seq} back to {start}")

    def copy(self, source: int, target: int, end: int = -1) -> None:
        """`target` (empty) shares the cells of `source`, up to position `end`: no data moves."""
        lib.llama_memory_seq_cp(self._memory, source, target, -1, end)

    def length(self, seq: int) -> int:
        """Positions that a sequence holds."""
        return int(lib.llama_memory_seq_pos_max(self._memory, seq)) + 1

    def save(self, seq: int) -> bytes:
        """The sequence's keys and values as llama.cpp serialises them."""
        size = lib.llama_state_seq_get_size(self.ctx, seq)
        buffer = (ctypes.c_uint8 * size)()
        if lib.llama_state_seq_get_data(self.ctx, buffer, size, seq) != size:
            raise InferenceError("the state of a sequence cannot be saved")
        return bytes(buffer)

    def restore(self, seq: int, state: bytes) -> None:
        """Replace a sequence by a saved one. InferenceError if the state does not fit this model."""
        self.remove(seq)
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if lib.llama_state_seq_set_data(self.ctx, buffer, len(state), seq) != len(state):
            self.remove(seq)
            raise InferenceError("a saved state does not fit this model")


class AudioEncoder:
    """The audio half of an mmproj GGUF."""

    def __init__(self, path: Path, text: TextModel, threads: int) -> None:
        """ModelFileError if mtmd refuses the file, or it has no audio encoder."""
        params = mtmd.mtmd_context_params_default()
        params.use_gpu, params.n_threads, params.warmup, params.print_timings = False, threads, False, False
        self._ctx: Any = mtmd.mtmd_init_from_file(os.fsencode(path), text.model, params)
        if not self._ctx:
            raise ModelFileError(f"{path.name}: mtmd cannot load it: {_why()}")
        if not mtmd.mtmd_support_audio(self._ctx):
            mtmd.mtmd_free(self._ctx)
            raise ModelFileError(f"{path.name} has no audio encoder")
        self._width = text.width

    def close(self) -> None:
        if self._ctx:
            mtmd.mtmd_free(self._ctx)
            self._ctx = None

    def encode(self, sound: F32) -> F32:
        """float32 samples in [-1, 1] at 16 kHz, at most 30 s -> float32 [tokens, width], 640 samples a token."""
        sound = np.ascontiguousarray(sound, np.float32)
        pointer = sound.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        bitmap = mtmd.mtmd_bitmap_init_from_audio(len(sound), pointer)
        chunks = mtmd.mtmd_input_chunks_init()
        try:
            marker = mtmd.mtmd_default_marker()
            text = mtmd.mtmd_input_text()
            text.text, text.text_len, text.add_special, text.parse_special = marker, len(marker), False, True
            bitmaps = (mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap)
            status = mtmd.mtmd_tokenize(self._ctx, chunks, ctypes.byref(text), bitmaps, 1)
            if status != 0:
                raise InferenceError(f"mtmd_tokenize: status {status} for {len(sound)} samples ({_why()})")
            return self._encode_audio(chunks)
        finally:
            mtmd.mtmd_input_chunks_free(chunks)
            mtmd.mtmd_bitmap_free(bitmap)

    def _encode_audio(self, chunks: Any) -> F32:
        for i in range(mtmd.mtmd_input_chunks_size(chunks)):
            chunk = mtmd.mtmd_input_chunks_get(chunks, i)
            if mtmd.mtmd_input_chunk_get_type(chunk) != mtmd.MTMD_INPUT_CHUNK_TYPE_AUDIO:
                continue
            n = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
            if mtmd.mtmd_encode_chunk(self._ctx, chunk) != 0:
                raise InferenceError(f"mtmd_encode_chunk failed ({_why()})")
            flat = np.ctypeslib.as_array(mtmd.mtmd_get_output_embd(self._ctx), (n * self._width,))
            return flat.reshape(n, self._width).copy()
        raise InferenceError("mtmd found no audio in the sound")
