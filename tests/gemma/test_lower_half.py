"""Prefill that ends at the last key and value: the same memory and logits to the last bit, for a third of the work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gemma.tiny import tiny_pair
from tools.replica.__main__ import NAMES, cache_folder
from voiced.gemma.llama import Context, TextModel

NANO = Path(__file__).parents[2] / "models" / "nano" / "nano-text.gguf"
F32 = npt.NDArray[np.float32]


@pytest.fixture(scope="module", params=["tiny", "nano"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[TextModel, Context, Context]]:
    """A model, and two contexts of it: one that ends early, one that never does."""
    model = TextModel(tiny_pair().text if request.param == "tiny" else NANO)
    short, whole = (Context(model, 1024, 4, 1, short=short) for short in (True, False))
    yield model, short, whole
    for one in (short, whole, model):
        one.close()


def fill(context: Context, rows: F32, tokens: Sequence[int], cuts: Sequence[int]) -> tuple[F32, bytes]:
    """Tokens, then embeddings in pieces, then one token whose logits are wanted."""
    context.remove(0)
    context.prefill(tokens, 0, 0)
    for piece in np.split(rows, sorted({min(cut, len(rows)) for cut in cuts} - {0, len(rows)})):
        context.embeddings(piece, context.length(0), 0)
    logits = context.decode([7], [context.length(0)], [0], [True])
    return logits, context.save(0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), cuts=st.lists(st.integers(1, 60), max_size=5), text=st.integers(1, 600))
def test_keys_values_and_logits_are_the_same_to_the_last_bit(
    pair: tuple[TextModel, Context, Context], seed: int, cuts: list[int], text: int
) -> None:
    model, short, whole = pair
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((60, model.width)).astype(np.float32)
    tokens = [2, *rng.integers(20, model.size, text).tolist()]
    got, want = fill(short, rows, tokens, cuts), fill(whole, rows, tokens, cuts)
    assert np.array_equal(got[0], want[0])
    assert got[1] == want[1]


def per_token_ms(context: Context, tokens: Sequence[int], step: int) -> float:
    context.remove(0)
    context.prefill(tokens[:step], 0, 0)
    took = []
    for at in range(step, len(tokens), step):
        begun = time.perf_counter()
        context.prefill(tokens[at : at + step], at, 0)
        took.append((time.perf_counter() - begun) * 1000 / step)
    return statistics.median(took)


def test_it_is_less_work(pair: tuple[TextModel, Context, Context]) -> None:
    model, short, whole = pair
    tokens = np.random.default_rng(1).integers(20, model.size, 480).tolist()
    assert per_token_ms(short, tokens, 12) < 0.7 * per_token_ms(whole, tokens, 12)


@pytest.mark.e2b
@pytest.mark.parametrize("step", [12, 64])
def test_on_the_replica_a_token_costs_two_fifths_at_most(step: int, capsys: pytest.CaptureFixture[str]) -> None:
    path = cache_folder() / NAMES[False][0]
    if not path.exists():
        pytest.skip("the replica is not made yet: python -m tools.replica --vocab ggml-vocab-gemma-4.gguf")
    model = TextModel(path, lazy=True)
    short, whole = (Context(model, 1024, 2, 2, short=short) for short in (True, False))
    tokens = np.random.default_rng(1).integers(300, model.size, 16 * step).tolist()
    costs = [per_token_ms(context, tokens, step) for context in (short, whole, short, whole)]
    states = [context.save(0) for context in (short, whole)]
    for one in (short, whole, model):
        one.close()
    ratio = min(costs[::2]) / min(costs[1::2])
    with capsys.disabled():
        print(f"\n{step} tokens a run: {costs} ms a token, ratio {ratio:.3f}")
    assert states[0] == states[1]
    assert ratio <= 0.40
