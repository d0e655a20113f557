"""Text in pieces, as sentences that can be spoken."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.speak.sentences import Sentences


def spoken(pieces: Iterable[str]) -> list[str]:
    sentences = Sentences()
    return [one for piece in pieces for one in sentences.feed(piece)] + list(sentences.rest())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Paris. It is in France!", ["Paris.", "It is in France!"]),
        ("It is 3.5 degrees. Cold", ["It is 3.5 degrees.", "Cold"]),
        ("Dr. Smith came, e.g. today. Yes.", ["Dr. Smith came, e.g. today.", "Yes."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("\u304a\u3084\u3002\u3055\u3088", ["\u304a\u3084\u3002", "\u3055\u3088"]),
        ("**Paris**\n\n* a city\n", ["Paris", "a city"]),
        (" ... ", []),
        ("", []),
    ],
)
def test_what_is_spoken(text: str, said: list[str]) -> None:
    assert spoken([text]) == said
    assert spoken(text) == said


def test_a_sentence_can_be_spoken_before_the_next_one_is_there() -> None:
    sentences = Sentences()
    assert sentences.feed("Paris.") == ()
    assert sentences.feed(" It") == ("Paris.",)


def test_what_never_ends_is_cut() -> None:
    said = spoken(["so and so, " * 100])
    assert max(map(len, said)) <= 240
    assert "".join(said).count("so and so") == 100


@given(st.text(alphabet="ab .!?\n,*\u3002\"'", max_size=700), st.lists(st.integers(1, 50), max_size=30))
def test_how_it_arrives_changes_nothing(text: str, cuts: list[int]) -> None:
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(text[at : at + cut])
        at += cut
    assert spoken([*pieces, text[at:]]) == spoken([text])
    letters = [c for c in text if c.isalnum()]
    assert [c for one in spoken([text]) for c in one if c.isalnum()] == letters
