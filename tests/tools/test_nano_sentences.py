"""What nano is trained to write down: sentences of random houses, as words that can be spoken."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.nano import corpora, voices
from tools.nano.sentences import Sampler, spoken

WORDS = re.compile(r"[a-z']+( [a-z']+)*")
FREE = ["heron", "gravel", "parsley", "anvil", "meridian"]


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler(random.Random(0), FREE)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_sentence_is_words_and_short_enough_to_say_in_one_breath(sampler: Sampler, seed: int) -> None:
    sampler.rng.seed(seed)
    for text in (sampler.command(), sampler.plain(), sampler.anything()):
        assert WORDS.fullmatch(text), text
    assert len(sampler.command().split()) <= 18


def test_the_same_seed_draws_the_same_sentences_and_another_draws_others() -> None:
    def drawn(seed: int) -> list[str]:
        one = Sampler(random.Random(seed), FREE)
        return [one.anything() for _ in range(30)]

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_names_are_open_words_that_no_list_holds_come_up_as_names(sampler: Sampler) -> None:
    sampler.rng.seed(1)
    texts = [sampler.command() for _ in range(600)]
    named = sum(any(word in text.split() for word in FREE) for text in texts)
    assert named > 60


def test_a_house_of_given_names_is_spoken_of_by_those_names_only() -> None:
    names = {"light": ["heron lamp"], "area": ["gravel room"]}
    one = Sampler(random.Random(2), FREE, names)
    assert {one.makers["light"]() for _ in range(20)} == {"heron lamp"}
    assert {one.area() for _ in range(20)} == {"gravel room"}


def test_numbers_become_the_words_people_say() -> None:
    assert spoken("Set to 45%") == "set to forty five percent"
    assert spoken("21.5°") == "twenty one point five degrees"
    assert spoken("Anna’s  lamp!") == "anna's lamp"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_becomes_speakable_and_stays_as_it_is_the_second_time(text: str) -> None:
    once = spoken(text)
    assert once == "" or WORDS.fullmatch(once)
    assert spoken(once) == once


def test_one_speaker_in_sixteen_stays_out_of_training_and_always_the_same_ones() -> None:
    aside = [name for name in (f"corpus/{i}" for i in range(4000)) if corpora.set_aside(name)]
    assert 4000 / 16 * 0.7 < len(aside) < 4000 / 16 * 1.3
    assert all(corpora.set_aside(name) for name in aside)


def test_voices_that_are_held_out_are_in_no_list_to_train_on() -> None:
    assert not set(voices.HELD_OUT["flite"]) & set(voices.FLITE)
    assert not set(voices.HELD_OUT["festival"]) & set(voices.FESTIVAL)
    assert not set(voices.HELD_OUT["espeak"]) & set(voices.ESPEAK)
    assert len(voices.HELD_OUT["kokoro"]) >= 6
