"""How well a sentence fits the letters that the ear hears, against counting every way to spell it."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiced.errors import ModelFileError
from voiced.gemma.letters import BLANK, Heard, Letters, log_likelihoods

ALPHABET = "ab "
SEEDS = st.integers(0, 2**32 - 1)


def heard(seed: int, tokens: int, sharpness: float = 2.0) -> Heard:
    logits = np.random.default_rng(seed).standard_normal((tokens, 1 + len(ALPHABET))) * sharpness
    return Heard(ALPHABET, logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


def counted(one: Heard) -> dict[tuple[int, ...], float]:
    """The probability of every text: the sum over all rows of classes that spell it, repeats and blanks left out."""
    found: defaultdict[tuple[int, ...], float] = defaultdict(float)
    tokens, classes = one.log_probs.shape
    for way in itertools.product(range(classes), repeat=tokens):
        text = tuple(c for c, _ in itertools.groupby(way) if c != BLANK)
        found[text] += float(np.exp(sum(one.log_probs[t, c] for t, c in enumerate(way))))
    return found


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS, tokens=st.integers(1, 5))
def test_every_way_to_spell_a_text_counts_and_nothing_else(seed: int, tokens: int) -> None:
    one = heard(seed, tokens)
    expected = counted(one)
    texts = list(expected)
    got = np.exp(log_likelihoods(one.log_probs, texts))
    assert np.allclose(got, [expected[text] for text in texts], atol=1e-9)
    assert np.isclose(got.sum(), 1)


@given(seed=SEEDS, texts=st.lists(st.text(ALPHABET, max_size=9), min_size=1, max_size=5))
def test_a_text_fits_alike_alone_and_beside_others_and_strange_letters_are_not_heard(
    seed: int, texts: list[str]
) -> None:
    one = heard(seed, 12)
    together = one.behind(texts)
    assert np.allclose(together, [float(one.behind([text])[0]) for text in texts])
    assert np.allclose(together, one.behind([f"?{text}É" for text in texts]))


def test_what_needs_more_time_than_there_was_was_not_said() -> None:
    one = heard(0, 3)
    assert one.behind(["ab ab ab"])[0] > 600
    assert np.isfinite(one.behind(["ab ab ab", ""])).all()


def test_the_text_of_the_likeliest_letters_leads_on_clear_sound() -> None:
    spelled = [1, 0, 2, 2, 0, 3, 1, 0]
    logits = np.full((len(spelled), 4), -8.0)
    logits[np.arange(len(spelled)), spelled] = 8.0
    one = Heard(ALPHABET, logits - np.log(np.exp(logits).sum(-1, keepdims=True)))
    right, *others = one.behind(["ab a", "ab", "aba", "abb a"])
    assert abs(right) < 0.01
    assert min(others) > 10


def test_a_layer_for_other_letters_is_refused() -> None:
    with pytest.raises(ModelFileError, match="letters"):
        Letters(ALPHABET, np.zeros((3, 8), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ModelFileError, match="biases"):
        Letters(ALPHABET, np.zeros((4, 8), np.float32), np.zeros(3, np.float32))
    layer = Letters(ALPHABET, np.eye(4, 8, dtype=np.float32), np.zeros(4, np.float32))
    assert layer.hear(np.zeros((5, 8), np.float32)).best == pytest.approx(5 * np.log(1 / 4))


def test_a_layer_of_two_parts_hears_two_letters_of_each_token_one_after_the_other() -> None:
    classes = 1 + len(ALPHABET)
    weight = np.concatenate([np.eye(classes, 2 * classes, dtype=np.float32), np.eye(classes, 2 * classes, classes)])
    layer = Letters(ALPHABET, weight.astype(np.float32) * 9, np.zeros(2 * classes, np.float32))
    rows = np.zeros((2, 2 * classes), np.float32)
    for token, (first, second) in enumerate([(1, 2), (2, 3)]):
        rows[token, first] = rows[token, classes + second] = 1
    assert layer.hear(rows).log_probs.argmax(-1).tolist() == [1, 2, 2, 3]


@pytest.mark.parametrize("rows", [0, 3, 5, 7, 9])
def test_parts_are_whole(rows: int) -> None:
    with pytest.raises(ModelFileError, match="letters"):
        Letters(ALPHABET, np.zeros((rows, 8), np.float32), np.zeros(rows, np.float32))
