"""Given paths in one pass, against the walk that finds them for itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gemma.test_decide import END, PATHS, Trie, favours, random_table
from voiced.gemma.decide import Walker, WalkSettings
from voiced.gemma.weigh import freely, read, weigh

SHARP = st.sampled_from([0.5, 2.0, 6.0])


@given(PATHS, st.integers(0, 1000), SHARP)
def test_all_paths_weighed_are_what_a_walk_of_all_paths_finds(
    paths: dict[tuple[int, ...], float], seed: int, sharp: float
) -> None:
    walked_on, weighed_on = random_table(seed, sharp), random_table(seed, sharp)
    walker = Walker(Trie(paths), WalkSettings(beam=64, width=math.inf, certain=math.inf, run=0))
    walk = walker.walk(walked_on.first(), walked_on)
    rows = read(walker, weighed_on.first(), list(paths), weighed_on)
    weighed = weigh(walker, rows, list(paths))
    assert weighed_on.batches == 1
    assert {p.tokens: pytest.approx(p.score, abs=1e-3) for p in walk.finished} == {
        p.tokens: p.score for p in weighed.finished
    }
    assert [p.score for p in weighed.finished] == sorted((p.score for p in weighed.finished), reverse=True)
    assert walk.cut_off is not None
    assert weighed.cut_off is not None
    assert weighed.cut_off.score == pytest.approx(walk.cut_off.score, abs=1e-3)
    free, ended = freely(rows, END, walker.settings.most_tokens - 1, weighed_on)
    assert walk.free is not None
    n = len(walk.free.tokens)
    assert free.tokens[:n] == walk.free.tokens  # a walk lets it go as soon as nothing depends on it
    assert not walk.free_ended or (ended and free.score == pytest.approx(walk.free.score, abs=1e-3))


def test_what_is_not_allowed_not_whole_or_too_long_is_left_out() -> None:
    table = favours((1, 2))
    walker = Walker(Trie({(1, 2): 0.0, (1, 2, 3, 4): 0.0}), WalkSettings(most_tokens=3))
    paths = [(1, 2), (1, 3), (1,), (1, 2, 3, 4)]
    rows = read(walker, table.first(), paths, table)
    walk = weigh(walker, rows, paths)
    assert [path.tokens for path in walk.finished] == [(1, 2)]
    assert set(rows) == {(), (1,), (1, 2)}
    none = weigh(walker, read(walker, table.first(), [], table), [])
    assert none.finished == ()
    assert none.cut_off is None


def test_nothing_is_likelier_than_certain_however_much_is_given_back() -> None:
    class Generous(Trie):
        def choice(self, state):  # type: ignore[no-untyped-def]
            made = super().choice(state)
            return type(made)(
                {t: type(s)(s.state, -50.0) for t, s in made.steps.items()}, made.final, final_cost=made.final_cost
            )

    table = favours((1,), 3.0)
    walker = Walker(Generous({(1,): 0.0}), WalkSettings())
    rows = read(walker, table.first(), [(1,)], table)
    walk = weigh(walker, rows, [(1,)])
    assert walk.finished[0].score == pytest.approx(float(rows[(1,)][END]), abs=1e-6)


def test_the_free_path_asks_only_for_what_no_path_knew() -> None:
    paths: dict[tuple[int, ...], float] = {(1, 2, 3): 0.0}
    walker = Walker(Trie(paths), WalkSettings())
    same = favours((1, 2, 3))
    rows = read(walker, same.first(), list(paths), same)
    free, ended = freely(rows, END, 9, same)
    assert (free.tokens, ended, same.batches) == ((1, 2, 3), True, 1)

    other = favours((1, 2, 4, 5))
    rows = read(walker, other.first(), list(paths), other)
    free, ended = freely(rows, END, 9, other)
    assert (free.tokens, ended, other.batches) == ((1, 2, 4, 5), True, 3)
    free, ended = freely(rows, END, 2, favours((1, 2, 4, 5)))
    assert (free.tokens, ended) == ((1, 2, 4), False)
    assert np.isfinite(free.score)
