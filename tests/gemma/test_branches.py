"""Trees of words give back the words that were put in, and trees that are alike are one."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from voiced.gemma.branches import Branches, Tree

WAYS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5])), min_size=1, max_size=5).map(tuple)
WORDS = st.sets(st.tuples(WAYS, st.integers(0, 2)), max_size=12)
Word = tuple[tuple[tuple[int, float], ...], int]


def grown(words: set[Word]) -> Tree:
    tree = Tree()
    for spelled, target in words:
        tree.add(spelled, target)
    return tree


def read(branches: Branches, number: int) -> Iterator[Word]:
    for token, cost, more, ends in branches[number]:
        for node in ends:
            yield ((token, cost),), node
        for spelled, node in read(branches, more) if more is not None else ():
            yield ((token, cost), *spelled), node


@given(WORDS)
def test_the_words_are_those_that_were_put_in(words: set[Word]) -> None:
    branches = Branches()
    found = list(read(branches, branches.number(grown(words))))
    assert sorted(found) == sorted(words)


@given(WORDS, WORDS)
def test_trees_are_one_exactly_where_their_words_are(some: set[Word], others: set[Word]) -> None:
    branches = Branches()
    assert (branches.number(grown(some)) == branches.number(grown(others))) == (some == others)
