"""Where the words of long recordings are, and how their digits were said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="pip install -r tools/nano/requirements.txt")

from tools.nano.align import PLACE, Lattice, Word, aligned, cut, lattice, pauses
from tools.nano.data import CODE, LETTERS
from tools.nano.synth import RATE


def written(text: str, rows: int = 2) -> np.ndarray:
    """Log-probabilities of an ear that writes the letters of `text`, each for `rows` tokens, and nothing in between."""
    classes = [c for letter in text for c in (*[CODE[letter]] * rows, 0)]
    probs = np.full((len(classes), 1 + len(LETTERS)), 1e-3, np.float32)
    probs[np.arange(len(classes)), classes] = 1
    log_probs: np.ndarray = np.log(probs / probs.sum(-1, keepdims=True))
    return log_probs


def every(said: Lattice) -> set[str]:
    """All sentences of a lattice."""
    ends: list[list[str]] = []
    for word, before in zip(said.words, said.before, strict=True):
        ends.append([f"{way} {word}" if way else word for b in before for way in ([""] if b < 0 else ends[b])])
    return {way for i in said.last for way in ends[i]}


def test_digits_may_be_said_in_all_the_ways_of_people() -> None:
    ways = every(lattice("107 Elm Street"))
    for number in ("one zero seven", "one oh seven", "ten seven", "one hundred seven", "one hundred and seven"):
        assert f"{number} elm street" in ways
    assert "double five one" in every(lattice("551"))
    assert every(lattice("Flat no 2")) == {"flat no two", "flat number two"}
    assert all(not any(c.isdigit() for c in way) for way in every(lattice("4127415553")))


@given(st.integers(0, 99_999), st.data())
def test_what_was_said_is_found_among_them(number: int, data: st.DataObject) -> None:
    said = lattice(f"number {number} please")
    text = data.draw(st.sampled_from(sorted(every(said))))
    words, fit = aligned(written(text), said)
    assert " ".join(word.text for word in words) == text
    assert fit > -0.5
    assert [word.first for word in words] == sorted(word.first for word in words)
    starts = [at for at, letter in enumerate(f" {text}") if letter == " "]
    assert [word.first for word in words] == [3 * at for at in starts]


def test_other_words_do_not_fit() -> None:
    _, fit = aligned(written("good morning"), lattice("flat 12"))
    assert fit < -2
    assert aligned(written("a"), lattice("far too long for so little sound"))[1] == -np.inf


def test_a_recording_is_cut_in_its_pauses_and_never_in_a_word() -> None:
    rng = np.random.default_rng(0)

    def speech(seconds: float) -> np.ndarray:
        return (0.2 * rng.standard_normal(int(seconds * RATE))).astype(np.float32)

    silence = np.zeros(int(0.4 * RATE), np.float32)
    pcm = np.concatenate([speech(2.0), silence, speech(3.0), silence, speech(9.0)])
    assert len(pauses(pcm)) == 2
    late = 4  # the ear writes a letter so many tokens behind its sound
    places = [(0.1, 1.8), (2.5, 3.5), (3.6, 5.2), (5.9, 14.6)]
    words = [
        Word(text, int(a * RATE / PLACE) + late, int(b * RATE / PLACE) + late)
        for text, (a, b) in zip(("one", "two", "three", "long"), places, strict=True)
    ]
    pieces = cut(pcm, words)
    assert [piece.text for piece in pieces] == ["one", "two three"]  # nine seconds are no command
    assert [piece.end / RATE for piece in pieces] == pytest.approx([2.2, 5.6], abs=0.05)

    slow = [Word("one", 0, int(2.6 * RATE / PLACE)), *words[1:]]  # still being written when the pause is over
    assert [piece.text for piece in cut(pcm, slow)] == ["one two three"]
