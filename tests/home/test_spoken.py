"""How unlike two texts are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiced.home.language.spoken import edits

TEXT = st.text("ab ", max_size=70)


def by_the_table(a: str, b: str) -> int:
    """Levenshtein's own way."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


@given(TEXT, TEXT)
def test_edits_are_levenshteins(a: str, b: str) -> None:
    assert edits(a, b) == by_the_table(a, b)


def test_words_count_as_letters_do() -> None:
    assert edits(["turn", "on", "the", "light"], ["turn", "off", "the", "kitchen", "light"]) == 2
