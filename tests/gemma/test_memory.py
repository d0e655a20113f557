from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gemma.tiny import tiny_pair
from voiced.errors import InferenceError
from voiced.gemma.automaton import Choice, Reading, State, Step
from voiced.gemma.decide import FORK, Draft, Walk, Walker, WalkSettings
from voiced.gemma.llama import Context, TextModel
from voiced.gemma.memory import NO_DRAFT, PrefixStore, Slots, TurnMemory
from voiced.gemma.prompt import after_audio, before_audio


@pytest.fixture(scope="module")
def model() -> Iterator[TextModel]:
    one = TextModel(tiny_pair().text)
    yield one
    one.close()


def memory(model: TextModel, folder: Path | None = None, cells: int = 1024) -> tuple[TurnMemory, Context]:
    context = Context(model, cells, 8, 1)
    return TurnMemory(context, PrefixStore(folder, "key")), context


def rows(n: int, width: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal((n, width)).astype(np.float32)


def test_a_decision_leaves_no_trace(model: TextModel) -> None:
    prefix = model.tokenize(before_audio("You hear a house."), special=True)
    closing = model.tokenize(after_audio(), special=True)
    asked, context = memory(model)
    unasked, _ = memory(model)
    logits = []
    for one in (asked, unasked):
        one.prepare(prefix)
        one.begin()
        for piece in range(5):
            one.append(rows(12, model.width, piece))
            if one is asked:
                one.fork(rows(3, model.width, 99), closing)
                slots = Slots(context)
                a = slots.split(FORK)
                b = slots.split(FORK)
                slots.extend([(a, [20, 21]), (b, [22])], every=True)
                slots.drop(a)
                one.forget_fork()
        logits.append(one.fork(rows(2, model.width, 7), closing).logits)
    assert np.array_equal(logits[0], logits[1])


def test_a_new_turn_knows_nothing_of_the_last(model: TextModel) -> None:
    prefix = model.tokenize(before_audio(), special=True)
    closing = model.tokenize(after_audio(), special=True)
    one, _ = memory(model)
    one.prepare(prefix)
    got = []
    for noise in (1, 2):
        one.begin()
        if noise == 2:
            one.append(rows(30, model.width, 5))
            one.begin()
        one.append(rows(12, model.width))
        got.append(one.fork(rows(1, model.width), closing).logits)
    assert np.array_equal(got[0], got[1])


def test_another_prefix_is_computed_between_turns(model: TextModel, tmp_path: Path) -> None:
    first = model.tokenize(before_audio("A small house. " * 8), special=True)
    second = model.tokenize(before_audio("A large house. " * 30), special=True)
    closing = model.tokenize(after_audio(), special=True)
    (one, context), (at_once, _) = memory(model, tmp_path, 2048), memory(model)

    def turn(memory: TurnMemory) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        memory.begin()
        memory.append(rows(12, model.width))
        return memory.fork(rows(1, model.width), closing).logits

    one.prepare(first)
    before = turn(one)
    steps = 0
    for _ in one.preparing(second):
        steps += 1
        assert np.allclose(turn(one), before, atol=1e-4)
    assert steps > 3
    one.begin()
    one.adopt(second)
    at_once.prepare(second)
    assert np.allclose(turn(one), turn(at_once), atol=1e-2)  # other batches, 16-bit keys and values
    assert not np.allclose(turn(one), before, atol=5e-2)
    assert context.length(context.sequences - 1) == 0
    assert not list(one.preparing(second))  # it is on disk
    too_long = [5] * 1500
    assert not list(one.preparing(too_long))  # no room for both: done at once, when it is adopted


def test_the_prefix_is_computed_once_and_kept(model: TextModel, tmp_path: Path) -> None:
    prefix = model.tokenize(before_audio("A long house. " * 20), special=True)
    closing = model.tokenize(after_audio(), special=True)
    logits = []
    for kept in (False, True):
        one, _ = memory(model, tmp_path / "cache")
        assert one.prepare(prefix) is kept
        assert (one.prefilled == 0) is kept
        one.begin()
        one.append(rows(12, model.width))
        logits.append(one.fork(rows(1, model.width), closing).logits)
    assert np.array_equal(logits[0], logits[1])
    assert not memory(model, tmp_path / "cache")[0].prepare(prefix[:-1]), "another prompt has another file"


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "folder"])
def test_a_damaged_file_is_a_missing_one(model: TextModel, tmp_path: Path, damage: str) -> None:
    prefix = model.tokenize(before_audio("House."), special=True)
    store = PrefixStore(tmp_path, "key")
    memory(model, tmp_path)[0].prepare(prefix)
    path = store.path(prefix)
    assert path is not None
    data = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {"cut": data[:-9], "bit": data[:99] + bytes([data[99] ^ 1]) + data[100:], "empty": b""}[damage]
        )
    assert not memory(model, tmp_path)[0].prepare(prefix)


def test_a_full_disk_costs_only_the_next_start(model: TextModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    prefix = model.tokenize(before_audio("House."), special=True)
    assert not memory(model, tmp_path / "file" / "cache")[0].prepare(prefix)


def test_the_store_keeps_the_newest_few(tmp_path: Path) -> None:
    store = PrefixStore(tmp_path, "key", most=2)
    for n in range(5):
        store.save([n], b"state")
    assert len(list(tmp_path.iterdir())) == 2
    assert store.load([4]) == b"state"


def test_typed_words_share_the_prefix_but_for_the_audio_token(model: TextModel) -> None:
    audio = model.tokenize(before_audio("House."), special=True)
    typed = model.tokenize("lights on<turn|>", special=True)
    one, _ = memory(model)
    one.prepare(audio)
    one.begin()
    one.append(rows(12, model.width))
    got = one.fork_text(len(audio) - 1, typed).logits
    one.forget_fork()
    fresh, _ = memory(model)
    fresh.prepare((*audio[:-1], *typed[:-1]))
    want = fresh.fork(rows(0, model.width), typed[-1:]).logits
    assert np.abs(got - want).max() < 1e-2


def test_a_house_that_is_too_large_is_said_so(model: TextModel) -> None:
    one, _ = memory(model)
    with pytest.raises(InferenceError, match="too large"):
        one.prepare([20] * 900)


@dataclass(frozen=True)
class Calls:
    """Any of some token paths."""

    paths: frozenset[tuple[int, ...]]
    end_token: int = 1
    start: State = ()

    def choice(self, state: State) -> Choice:
        assert isinstance(state, tuple)
        n = len(state)
        onward = {path[n] for path in self.paths if path[:n] == state and len(path) > n}
        return Choice({token: Step((*state, token)) for token in sorted(onward)}, state in self.paths)

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        return ()


PATHS = st.frozensets(st.lists(st.integers(20, 23), min_size=2, max_size=7).map(tuple), min_size=2, max_size=9)


@pytest.fixture(scope="module")
def warm(model: TextModel) -> tuple[TurnMemory, Context]:
    one, context = memory(model)
    one.prepare(model.tokenize(before_audio("House."), special=True))
    return one, context


@settings(max_examples=60, deadline=None)
@given(PATHS, st.lists(st.integers(20, 23), max_size=7), st.integers(0, 99), st.integers(1, 2))
def test_a_draft_changes_what_a_decision_costs_and_nothing_else(
    model: TextModel, warm: tuple[TurnMemory, Context], paths: frozenset[tuple[int, ...]], guess: list[int], seed: int,
    beam: int,
) -> None:  # fmt: skip
    one, context = warm
    walker = Walker(Calls(paths), WalkSettings(beam=beam, free=False, score_forced=False, run=64))
    closing = (*model.tokenize(after_audio(), special=True), *walker.opening()[0])

    def walked(draft: Draft) -> tuple[Walk, int]:
        one.begin()
        one.append(rows(4, model.width, seed))
        fork = one.fork(rows(2, model.width, seed + 1), closing, draft)
        before = context.passes
        walk = walker.walk(fork.logits, Slots(context, fork.read))
        return walk, context.passes - before

    plain, passes = walked(NO_DRAFT)
    guessed, fewer = walked(walker.draft(guess))
    known, none = walked(walker.draft(plain.finished[0].tokens))
    for other in (guessed, known):
        assert [path.tokens for path in other.finished] == [path.tokens for path in plain.finished]
        # kernels of 16 bits round with the shape of the batch: up to 2e-3 seen in a path of five tokens
        assert np.allclose([p.score for p in other.finished], [p.score for p in plain.finished], atol=1e-2)
    assert fewer <= passes
    best = plain.finished[0].tokens
    goes_on = any(path[: len(best)] == best and path != best for path in paths)
    assert beam > 1 or goes_on or none == 0, "what was foreseen needs no pass at all"


def test_paths_read_at_once_say_what_each_says_alone(model: TextModel) -> None:
    """What they share is one row in the memory of several."""
    one, context = memory(model)
    one.prepare(model.tokenize(before_audio("You hear a house."), special=True))
    one.begin()
    one.append(rows(9, model.width))
    one.fork(rows(3, model.width, 1), model.tokenize(after_audio(), special=True))
    slots = Slots(context)
    paths = [(20, 21, 22), (20, 21), (20, 23, 24, 25), (30,)]
    begun, passes = context.length(FORK), context.passes
    read = slots.read(paths)
    assert context.passes == passes + 1
    assert set(read) == {path[:n] for path in paths for n in range(1, len(path) + 1)}
    assert context.length(FORK) == begun
    for _ in range(2):  # nothing of it is left: the same slots say the same again
        for path in paths:
            slot = slots.split(FORK)
            alone = slots.extend([(slot, path)], every=True)
            slots.drop(slot)
            for n, row in enumerate(alone, 1):
                assert np.allclose(read[path[:n]], row, atol=1e-3)
    assert all(np.allclose(row, read[path], atol=1e-3) for path, row in slots.read(paths).items())
    assert slots.read([]) == {}
