from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.gemma.tiny import tiny_pair
from voiced.errors import InferenceError, ModelFileError
from voiced.gemma.llama import AudioEncoder, Context, TextModel, let_go_of
from voiced.gemma.machine import filling, has_amx


@pytest.fixture(scope="module")
def model() -> Iterator[TextModel]:
    one = TextModel(tiny_pair().text)
    yield one
    one.close()


@pytest.fixture
def context(model: TextModel) -> Iterator[Context]:
    one = Context(model, 512, 4, 1)
    yield one
    one.close()


def test_special_tokens_are_themselves_only_where_asked(model: TextModel) -> None:
    turn = model.special("<|turn>")
    assert model.tokenize("<|turn>", special=True) == (turn,)
    assert turn not in model.tokenize("<|turn>")
    assert model.is_special(turn)
    with pytest.raises(KeyError):
        model.special("<|nobody|>")
    with pytest.raises(KeyError):
        model.special("turn")


def test_pieces_spell_the_text(model: TextModel) -> None:
    text = "turn on the kitchen lights"
    tokens = model.tokenize(text)
    assert b"".join(map(model.piece, tokens)).decode() == text
    assert len(tokens) < len(text)
    assert not any(map(model.is_special, tokens))


def test_logits_of_a_batch_are_those_of_single_tokens(model: TextModel, context: Context) -> None:
    tokens = model.tokenize("<bos>turn on the lights", special=True)
    n = len(tokens)
    at_once = context.decode(tokens, range(n), [0] * n, [True] * n)
    assert at_once.shape == (n, model.size)
    singly = np.concatenate([context.decode([t], [i], [1], [True]) for i, t in enumerate(tokens)])
    assert np.abs(at_once - singly).max() < 1e-2  # keys and values are kept in 16 bit


def test_rollback_and_copies_leave_no_trace(model: TextModel, context: Context) -> None:
    tokens = model.tokenize("turn on the lights")
    context.prefill(tokens, 0, 0)
    want = context.decode([7], [len(tokens)], [0], [True])
    context.remove(0, len(tokens))
    context.copy(0, 2)
    assert context.length(2) == len(tokens)
    context.decode([9], [len(tokens)], [2], [True])
    context.remove(2)
    assert np.array_equal(context.decode([7], [len(tokens)], [0], [True]), want)


def test_a_state_moves_between_contexts(model: TextModel, context: Context) -> None:
    tokens = model.tokenize("turn on the kitchen lights")
    context.prefill(tokens, 0, 0)
    want = context.decode([7], [len(tokens)], [0], [True])
    context.remove(0, len(tokens))
    state = context.save(0)
    other = Context(model, 512, 4, 1)
    other.restore(0, state)
    assert np.array_equal(other.decode([7], [len(tokens)], [0], [True]), want)
    with pytest.raises(InferenceError):
        other.restore(0, state[: len(state) // 2])
    assert other.length(0) == 0
    other.close()


def test_audio_embeddings_of_a_prefix_are_final_but_for_the_last(model: TextModel) -> None:
    encoder = AudioEncoder(tiny_pair().audio, model, 1)
    heard = np.random.default_rng(1).standard_normal(32000).astype(np.float32) * 0.1
    whole = encoder.encode(heard)
    assert whole.shape == (50, model.width)
    for tokens in (1, 5, 13, 40):
        part = encoder.encode(heard[: tokens * 640])
        assert len(part) == tokens
        assert np.allclose(part[:-1], whole[: tokens - 1], atol=1e-4)
    encoder.close()


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + b"\0" * 64, b"no model" * 1000]
)
def test_what_is_no_model_is_a_model_file_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"broken\.gguf"):
        TextModel(path)


def test_a_text_model_is_no_projector(model: TextModel) -> None:
    with pytest.raises(ModelFileError):
        AudioEncoder(tiny_pair().text, model, 1)


def test_amx_is_seen() -> None:
    assert has_amx("flags : avx512f amx_bf16 amx_tile amx_int8\n")
    assert not has_amx("flags : avx512f avx2\n")


def resident_kb(path: Path) -> int:
    """Of this process's mappings of a file."""
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            inside = line.endswith(str(path.resolve()))
        elif inside and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found


def test_pages_of_a_model_that_were_copied_are_given_back(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"x" * (8 << 20))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
        assert set(pages[:: mmap.PAGESIZE]) == {ord("x")}
        assert resident_kb(path) >= 8000
        assert let_go_of(path) == 8 << 20
        assert resident_kb(path) < 1000
        assert set(pages[:: mmap.PAGESIZE]) == {ord("x")}


def test_batches_are_filled_up_to_fours_where_that_is_cheaper() -> None:
    assert [filling(n, "x86_64") for n in range(1, 9)] == [0, 0, 1, 0, 0, 0, 1, 0]
    assert [filling(n, "aarch64") for n in range(1, 9)] == [0, 2, 1, 0, 0, 2, 1, 0]


def test_what_fills_a_batch_leaves_no_trace(model: TextModel) -> None:
    filled, plain = Context(model, 512, 4, 1), Context(model, 512, 4, 1, flash=False)
    rows = np.random.default_rng(0).standard_normal((7, model.width)).astype(np.float32)
    logits = []
    for one in (filled, plain):
        one.prefill([20, 21, 22], 0, 0)
        one.embeddings(rows, 3, 0)
        logits.append(one.decode([7, 8, 9], [10, 11, 12], [0, 0, 0], [False, False, True]))
        assert one.length(0) == 13
        assert one.length(4 if one is filled else 3) == 0
    assert logits[0].shape == (1, model.size)
    assert np.abs(logits[0] - logits[1]).max() < 0.02  # another attention kernel
    filled.close()
    plain.close()
