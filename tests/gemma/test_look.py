"""The ear's letters beside the decoder: they propose what it weighs, and settle what it leaves close."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.gemma.test_decide import END, VOCAB, Table, Trie, favours, random_table
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import Path, Walk, Walker, WalkSettings
from voiced.gemma.judge import judge
from voiced.gemma.letters import BLANK, Heard
from voiced.gemma.look import CLOSE_NATS, alike, look, spelled
from voiced.messages import Rule, Verdict

ALPHABET = "abcdefg"
"""Token n is spelled as the n-th letter."""
SEEDS = st.integers(0, 2**32 - 1)


def text(tokens: tuple[int, ...]) -> str:
    return "".join(ALPHABET[token - 1] for token in tokens)


def clearly(letters: str) -> Heard:
    """The letters, each for a row, and a row of nothing between any two."""
    classes = [c for letter in letters for c in (1 + ALPHABET.index(letter), BLANK)]
    probs = np.full((len(classes), 1 + len(ALPHABET)), 1e-4)
    probs[np.arange(len(classes)), classes] = 1
    return Heard(ALPHABET, np.log(probs / probs.sum(-1, keepdims=True)))


def found(
    trie: Trie, table: Table, heard: Heard | None, beam: int = 4, proposed: Sequence[tuple[int, ...]] | None = None
) -> Walk:
    walker = Walker(trie, WalkSettings(beam=beam, run=0))
    propose = None if proposed is None else lambda: proposed
    return look(walker, table.first(), table, heard, Calibration(), text, propose)


def test_what_the_decoder_leaves_close_the_letters_settle() -> None:
    trie = Trie({(1, 2): 0.0, (1, 3): 0.0})
    hears_b = favours((1, 2), also={(1,): {3: 5.0}})
    assert found(trie, hears_b, None).finished[0].tokens == (1, 2)
    walk = found(trie, hears_b, clearly("ac"))
    assert walk.finished[0].tokens == (1, 3)
    assert alike(walk, text)


def test_what_the_letters_propose_is_weighed_in_one_pass_and_walked_for_only_where_it_is_not_what_they_heard() -> None:
    trie = Trie({(1, 2): 0.0, (3, 4): 0.0})
    misses = favours((1, 2), also={(): {3: 5.0}, (3,): {4: 6.0}})
    assert found(trie, misses, clearly("cd"), beam=1).finished[0].tokens == (1, 2)

    proposed = found(trie, misses, clearly("cd"), beam=1, proposed=[(3, 4), (1, 2)])
    assert proposed.finished[0].tokens == (3, 4)
    assert alike(proposed, text)
    assert proposed.step_ms == ()
    assert proposed.free is not None
    assert (proposed.free.tokens, proposed.free_ended) == ((1, 2), True)
    assert proposed.free.behind > 10

    hears = favours((1, 2))
    walk = found(trie, hears, clearly("ab"), beam=1, proposed=[(3, 4)])
    assert [path.tokens for path in walk.finished][:1] == [(1, 2)]
    assert {path.tokens for path in walk.finished} <= {(1, 2), (3, 4)}
    assert len(walk.step_ms) == hears.batches - 1
    assert found(trie, favours((1, 2)), clearly("ab"), beam=1, proposed=[]).finished[0].tokens == (1, 2)


def test_what_the_model_says_unheld_is_weighed_where_it_is_a_sentence_of_the_house() -> None:
    """ "Turn off the office lights": the letters proposed "turn off the lights" only, and all lights went out."""
    hears_the_longer = favours((1, 2, 3), also={(): {1: 2.0}, (1,): {3: 3.0}})
    heard = clearly("ac")
    trie = Trie({(1, 3): 0.0, (1, 2, 3): 0.0})
    walk = found(trie, hears_the_longer, heard, proposed=[(1, 3)])
    assert walk.step_ms == ()
    assert {path.tokens for path in walk.finished} == {(1, 3), (1, 2, 3)}
    assert walk.free is not None
    weighed = next(path for path in walk.finished if path.tokens == walk.free.tokens)
    assert (weighed.score, weighed.behind) == (walk.free.score, walk.free.behind)

    unknown = found(Trie({(1, 3): 0.0}), hears_the_longer, heard, proposed=[(1, 3)])
    assert [path.tokens for path in unknown.finished] == [(1, 3)]


def test_a_beginning_that_costs_little_is_not_what_was_said_where_the_letters_go_on() -> None:
    """A long sentence in strange words costs the decoder more than to break off in it."""
    long = Path((1, 2, 3, 4), -30.0)
    broken_off, free = Path((1,), -12.0), Path((1, 2), -9.0)
    walk = Walk((long,), broken_off, float("-inf"), free, True, 4)
    trie = Trie({long.tokens: 0.0})
    assert judge(walk, trie, Calibration(least=0.0), text).verdict is Verdict.INCOMPLETE
    gone_on = spelled(walk, clearly("abcd"), Calibration(letters=1.0), text)
    assert judge(gone_on, trie, Calibration(least=0.0, letters=1.0), text).verdict is Verdict.CALLS
    stopped = spelled(walk, clearly("ab"), Calibration(letters=1.0), text)
    assert judge(stopped, trie, Calibration(least=0.0, letters=1.0), text).verdict is Verdict.INCOMPLETE


@given(seed=SEEDS, sharp=st.floats(0.5, 4), letters=st.text(ALPHABET, min_size=1, max_size=4))
def test_letters_change_the_order_of_paths_and_none_of_their_scores(seed: int, sharp: float, letters: str) -> None:
    paths: dict[tuple[int, ...], float] = {(a, b): 0.0 for a in range(1, 5) for b in range(1, 8)}
    walk = Walker(Trie(paths), WalkSettings(beam=8, run=0)).walk(*_begin(seed, sharp))
    by = Calibration()
    other = spelled(walk, clearly(letters), by, text)
    scores = {path.tokens: path.score for path in walk.finished}
    assert all(scores[path.tokens] == path.score for path in other.finished)
    together = [path.score - by.letters * path.behind for path in other.finished]
    assert together == sorted(together, reverse=True)
    left_out = scores.keys() - {path.tokens for path in other.finished}
    assert all(scores[tokens] <= walk.finished[0].score - CLOSE_NATS for tokens in left_out)


def _begin(seed: int, sharp: float) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], Table]:
    table = random_table(seed, sharp)
    return table.first(), table


def test_a_walk_that_found_nothing_is_not_what_was_heard() -> None:
    nothing = Walk((), None, float("-inf"), None, True, 0)
    assert spelled(nothing, clearly("a"), Calibration(), text) == nothing
    assert not alike(nothing, text)
    assert alike(Walk((Path((1,), -1.0, 0.1),), None, float("-inf"), None, True, 0), text)


@given(seed=SEEDS, silent=st.floats(0.0, 8.0))
def test_where_nothing_was_said_nothing_is_looked_for_and_the_decision_is_the_same(seed: int, silent: float) -> None:
    trie, speaks = Trie({(1, 2): 0.0, (3, 4): 0.0, (1,): 1.0}), random_table(seed, 1.0)
    table = Table(lambda tokens: speaks.logits(tokens) + (0 if tokens else silent * (np.arange(VOCAB) == END)))
    asked: list[str] = []

    def propose() -> list[tuple[int, ...]]:
        asked.append("proposed")
        return [(1, 2)]

    walker = Walker(trie, WalkSettings(beam=4, run=0))
    looked = judge(walker.walk(table.first(), table), trie, Calibration(), text)
    table.clear()
    walk = look(walker, table.first(), table, clearly("ab"), Calibration(), text, propose)
    nothing = looked.evidence is not None and looked.evidence.rule is Rule.NOTHING
    assert nothing == (not asked)
    if nothing:
        assert judge(walk, trie, Calibration(), text) == looked


def test_what_is_said_behind_a_short_sentence_is_heard_for_some_words_more() -> None:
    """ "Stop by the shop" must not end where "stop that" might have."""
    said = (1, 2, 3, 4, 5, 6, 7, 1, 2, 3)
    walker = Walker(Trie({(1,): 0.0}), WalkSettings(beam=2, run=0, most_tokens=12))
    table = favours(said)
    cut_off = walker.walk(table.first(), table)
    assert cut_off.free is not None
    assert not cut_off.free_ended
    table.clear()
    walk = look(walker, table.first(), table, clearly("abcdefgabc"), Calibration(), text)
    assert walk.free is not None
    assert len(walk.free.tokens) > len(cut_off.free.tokens)
    assert walk.free.tokens == said[: len(walk.free.tokens)]
    assert found(Trie({(1,): 0.0}), favours((1,)), clearly("a")).free_ended
