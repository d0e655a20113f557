"""Which sentences of a house the letters fit best, against spelling out every sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiced.gemma.letters import BLANK, Heard, log_likelihoods
from voiced.gemma.propose import BEAM, SURELY_BLANK, WIDTH, LetterTokens, Spellings
from voiced.home.language.wordgraph import Arc, WordGraph

ALPHABET = "ab "
SEEDS = st.integers(0, 2**32 - 1)
EVERY = 10_000
WORDS = st.text("ab", min_size=1, max_size=3)


def graph_of(sentences: dict[tuple[str, ...], float]) -> WordGraph:
    """A graph that says these, and what each costs; the names among them in a sub-graph of their own."""
    rows: list[tuple[Arc, ...]] = [(), ()]
    first: list[Arc] = []
    for words, cost in sentences.items():
        at = 0
        for number, word in enumerate(words):
            last = number == len(words) - 1
            arc = Arc(1 if last else len(rows), word=word, cost=0.0 if number else cost)
            if number:
                rows[at] = (arc,)
            else:
                first.append(arc)
            if not last:
                at = len(rows)
                rows.append(())
    rows[0] = (Arc(1, sub="all"),)
    inner = WordGraph(0, (tuple(first), *rows[1:]), frozenset({1}))
    return WordGraph(0, (rows[0], ()), frozenset({1}), {"all": inner})


def heard(seed: int, tokens: int) -> Heard:
    """No blank is certain, so that a letter may begin anywhere."""
    logits = np.clip(np.random.default_rng(seed).standard_normal((tokens, 1 + len(ALPHABET))) * 1.5, -2, 2)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    assert log_probs[:, BLANK].max() < SURELY_BLANK
    return Heard(ALPHABET, log_probs)


def classes(text: str) -> list[int]:
    return [1 + ALPHABET.index(letter) for letter in text]


def likeliest(
    spellings: Spellings,
    heard: Heard,
    most: int,
    near: float,
    weight: float,
    beam: int = BEAM,
    width: float = WIDTH,
) -> tuple[str, ...]:
    return spellings.search(weight, beam, width).hear(heard).likeliest(most, near)


SENTENCES = st.dictionaries(st.lists(WORDS, min_size=1, max_size=3).map(tuple), st.floats(0, 2), min_size=1, max_size=8)


@settings(deadline=None, max_examples=50)
@given(sentences=SENTENCES, seed=SEEDS, tokens=st.integers(1, 14), weight=st.floats(0.01, 3))
def test_a_wide_search_finds_what_spelling_out_every_sentence_finds(
    sentences: dict[tuple[str, ...], float], seed: int, tokens: int, weight: float
) -> None:
    one = heard(seed, tokens)
    texts = {" ".join(words): cost for words, cost in sentences.items()}
    likely = log_likelihoods(one.log_probs, [classes(text) for text in texts])
    exact = {text: float(x) - weight * cost for (text, cost), x in zip(texts.items(), likely, strict=True) if x > -600}
    found = likeliest(Spellings(graph_of(sentences), ALPHABET), one, EVERY, EVERY, weight, EVERY, EVERY)
    assert set(found) == set(exact)
    scores = [exact[text] for text in found]
    assert scores == pytest.approx(sorted(scores, reverse=True), abs=1e-4)


@settings(deadline=None, max_examples=50)
@given(sentences=SENTENCES, seed=SEEDS, beam=st.integers(1, 6), most=st.integers(1, 3), near=st.floats(0, 5))
def test_a_narrow_search_proposes_few_sentences_and_only_such_as_can_be_said(
    sentences: dict[tuple[str, ...], float], seed: int, beam: int, most: int, near: float
) -> None:
    one = heard(seed, 12)
    spellings = Spellings(graph_of(sentences), ALPHABET)
    found = likeliest(spellings, one, most, near, 1.0, beam)
    assert len(found) <= min(most, beam)
    assert set(found) <= {" ".join(words) for words in sentences}
    assert len(set(found)) == len(found)
    assert found == likeliest(spellings, one, most, near, 1.0, beam)


@settings(deadline=None, max_examples=50)
@given(sentences=SENTENCES, seed=SEEDS, cuts=st.lists(st.integers(0, 12), max_size=4), beam=st.integers(2, 20))
def test_sound_may_come_in_pieces_and_what_is_asked_meanwhile_leaves_no_trace(
    sentences: dict[tuple[str, ...], float], seed: int, cuts: list[int], beam: int
) -> None:
    one, other = heard(seed, 12), heard(seed + 1, 5)
    spellings = Spellings(graph_of(sentences), ALPHABET)
    whole = spellings.search(1.0, beam).hear(one).sentences()
    search = spellings.search(1.0, beam)
    for start, end in itertools.pairwise([0, *sorted(cuts), 12]):
        search.fork().hear(other).sentences()
        search.hear(Heard(ALPHABET, one.log_probs[start:end]))
    assert search.sentences() == whole
    joined = Heard.joined([Heard(ALPHABET, one.log_probs[:5]), Heard(ALPHABET, one.log_probs[5:])])
    assert np.array_equal(joined.log_probs, one.log_probs)


def test_thousands_of_beginnings_are_kept_apart() -> None:
    words = ["".join(letters) for letters in itertools.product("ab", repeat=11)]
    spellings, one = Spellings(graph_of({(word,): 0.0 for word in words}), ALPHABET), heard(0, 24)
    likely = log_likelihoods(one.log_probs, [classes(word) for word in words])
    found = likeliest(spellings, one, EVERY, EVERY, 1.0, EVERY, EVERY)
    assert list(found) == [words[i] for i in np.argsort(-likely, kind="stable") if likely[i] > -600]


def clearly(letters: str, blanks: int = 2) -> Heard:
    """Each letter, and rows of nothing that leave no doubt."""
    rows = [c for letter in letters for c in (1 + ALPHABET.index(letter), *[BLANK] * blanks)]
    probs = np.full((len(rows), 1 + len(ALPHABET)), 1e-6)
    probs[np.arange(len(rows)), rows] = 1
    return Heard(ALPHABET, np.log(probs / probs.sum(-1, keepdims=True)))


def test_a_letter_twice_is_only_heard_with_a_blank_between() -> None:
    spellings = Spellings(graph_of({("aa",): 0.0, ("a",): 0.0}), ALPHABET)
    assert likeliest(spellings, clearly("aa"), 1, EVERY, 1.0) == ("aa",)
    assert likeliest(spellings, clearly("aa", blanks=0), 1, EVERY, 1.0) == ("a",)


def test_what_is_given_up_and_begun_again_is_one_sentence_still() -> None:
    """With room for one beginning each token of sound gives up what the last one began."""
    spellings = Spellings(graph_of({("ab", "ab"): 0.0, ("ba",): 0.0}), ALPHABET)
    for seed in range(200):
        found = likeliest(spellings, heard(seed, 16), 9, EVERY, 1.0, beam=2)
        assert len(set(found)) == len(found)


def test_costs_count_as_much_as_they_are_given() -> None:
    spellings = Spellings(graph_of({("a",): 1.0, ("b",): 0.0}), ALPHABET)
    probs = np.log([[0.2, 0.5, 0.2, 0.1]])  # "a" is 0.92 nats likelier
    assert likeliest(spellings, Heard(ALPHABET, probs), 1, EVERY, 0.5) == ("a",)
    assert likeliest(spellings, Heard(ALPHABET, probs), 1, EVERY, 1.5) == ("b",)


def test_wildcards_and_words_of_other_letters_are_never_proposed() -> None:
    row = (Arc(1, open_words=3), Arc(1, word="c"), Arc(1, word="ab"), Arc(2, word="b"))
    graph = WordGraph(0, (row, (), (Arc(1, open_words=1),)), frozenset({1}))
    assert likeliest(Spellings(graph, ALPHABET), clearly("abb"), EVERY, EVERY, 1.0) == ("ab",)


def test_where_nothing_can_be_said_nothing_is_proposed() -> None:
    spellings = Spellings(WordGraph(0, ((Arc(1, word="c"),), ()), frozenset({1})), ALPHABET)
    assert likeliest(spellings, clearly("a"), 3, EVERY, 1.0) == ()


def ladders() -> Iterator[str]:
    for number in range(30):
        yield f"{number:05b}".replace("0", "a").replace("1", "b")


def test_states_are_made_ahead_and_forgotten_where_they_grow_too_many() -> None:
    graph = graph_of({(word, word): 0.0 for word in ladders()})
    cold, warm, small = (Spellings(graph, ALPHABET, most) for most in (10_000, 10_000, 40))
    warm.warm(25)
    assert cold.states == 1
    assert warm.states == 25
    warm.warm(10_000)
    every = warm.states
    for word in ladders():
        one = clearly(f"{word} {word}")
        assert [likeliest(some, one, 2, EVERY, 1.0) for some in (cold, warm, small)] == [(f"{word} {word}",)] * 3
    assert warm.states == every
    assert small.states < every


def test_letters_are_tokens_that_spell_themselves_and_only_the_blank_is_special() -> None:
    tokens = LetterTokens(ALPHABET)
    every = tokens.tokenize(ALPHABET)
    assert b"".join(map(tokens.piece, every)).decode() == ALPHABET
    assert {t for t in range(tokens.size) if tokens.is_special(t)} == {BLANK} == set(range(tokens.size)) - set(every)
    with pytest.raises(KeyError):
        tokens.special("<turn|>")
