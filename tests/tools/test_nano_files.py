"""The nano that ships: what its description, its two files and its vocabulary promise."""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import pytest

from tools.nano.sentences import Sampler
from voiced.gemma.llama import TextModel, start_backend

FOLDER = Path(__file__).parents[2] / "models" / "nano"
TEXT, AUDIO = FOLDER / "nano-text.gguf", FOLDER / "nano-mmproj.gguf"
CONSTANTS = ("rope_freqs.weight", "layer_output_scale.weight")
"""What llama.cpp wants to read and no training moved."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "nano.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def text_file() -> gguf.GGUFReader:
    return gguf.GGUFReader(str(TEXT))


@pytest.fixture(scope="module")
def audio_file() -> gguf.GGUFReader:
    return gguf.GGUFReader(str(AUDIO))


@pytest.fixture(scope="module")
def vocabulary() -> Iterator[TextModel]:
    start_backend()
    model = TextModel(TEXT)
    yield model
    model.close()


def field(file: gguf.GGUFReader, key: str) -> Any:
    found = file.get_field(key)
    assert found is not None, key
    return found.contents()


def test_the_description_names_both_files_by_their_hash_and_they_are_small(described: dict[str, Any]) -> None:
    assert described["dialect"] == "sentences"
    for path in (TEXT, AUDIO):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == described["sha256"][path.name]
    assert TEXT.stat().st_size + AUDIO.stat().st_size <= 20_000_000


def test_the_parameters_are_as_many_as_the_files_hold(
    described: dict[str, Any], text_file: gguf.GGUFReader, audio_file: gguf.GGUFReader
) -> None:
    trained = [t for file in (text_file, audio_file) for t in file.tensors if not t.name.endswith(CONSTANTS)]
    assert described["n_params"] == sum(int(t.n_elements) for t in trained)


def test_the_calibration_is_one_that_the_judge_knows(described: dict[str, Any]) -> None:
    assert {"share", "level", "least", "cut_cost", "temperature"} <= set(described["calibration"])


def test_the_files_are_a_gemma_4_text_model_and_its_audio_projector(
    text_file: gguf.GGUFReader, audio_file: gguf.GGUFReader
) -> None:
    assert field(text_file, "general.architecture") == "gemma4"
    assert field(audio_file, "clip.audio.projector_type") == "gemma4a"
    assert field(text_file, "gemma4.embedding_length") == field(audio_file, "clip.audio.projection_dim")
    layers, shared = field(text_file, "gemma4.block_count"), field(text_file, "gemma4.attention.shared_kv_layers")
    assert shared >= 2
    own = {t.name.split(".")[1] for t in text_file.tensors if t.name.endswith("attn_k.weight")}
    assert own == {str(i) for i in range(layers - shared)}


def test_gemma_4s_marks_are_single_tokens(vocabulary: TextModel) -> None:
    for mark in ("<bos>", "<|turn>", "<turn|>", "<|audio>", "<audio|>", "<|channel>", "<channel|>", '<|"|>'):
        (token,) = vocabulary.tokenize(mark, special=True)
        assert token == vocabulary.special(mark)


def test_sentences_come_back_from_tokens_and_no_token_crosses_a_space(vocabulary: TextModel) -> None:
    sampler = Sampler(random.Random(11), ["quixotic", "zephyr"])
    for _ in range(200):
        text = sampler.anything()
        pieces = [vocabulary.piece(token).decode() for token in vocabulary.tokenize(text)]
        assert "".join(pieces) == text
        assert all(" " not in piece[1:] for piece in pieces), pieces
