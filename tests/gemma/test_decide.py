"""The walk and the judgement on a model that is a table: every outcome can be worked out by hand or by force."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.gemma.automaton import Choice, Reading, State, Step
from voiced.gemma.calibration import Calibration
from voiced.gemma.decide import FORK, MOST_ASKED, Path, Walk, Walker, WalkSettings, log_softmax
from voiced.gemma.judge import READ_NATS, judge, judge_choice, judge_code, with_paths
from voiced.messages import Call, Decision, Rule, Verdict

END, VOCAB = 0, 8
F32 = npt.NDArray[np.float32]


class Trie:
    """The allowed paths, with a cost for each."""

    def __init__(self, paths: dict[tuple[int, ...], float], calls: dict[tuple[int, ...], Call] | None = None) -> None:
        self.paths, self.calls = paths, calls or {}
        self.start: State = ()
        self.end_token = END

    def choice(self, state: State) -> Choice:
        assert isinstance(state, tuple)
        n = len(state)
        onward = {p[n] for p in self.paths if p[:n] == state and len(p) > n}
        return Choice(
            {t: Step((*state, t)) for t in sorted(onward)}, state in self.paths, final_cost=self.paths.get(state, 0.0)
        )

    def readings(self, tokens: tuple[int, ...]) -> tuple[Reading, ...]:
        if tokens not in self.paths:
            return ()
        return (
            Reading(
                (self.calls.get(tokens, Call("say", {"path": "-".join(map(str, tokens))})),), " ".join(map(str, tokens))
            ),
        )


class Table:
    """Logits that depend on the tokens so far only. Checks that sequences are used as llama.cpp wants them used."""

    def __init__(self, logits: Any) -> None:
        self.logits = logits
        self.held: dict[int, tuple[int, ...]] = {FORK: ()}
        self.batches = 0
        self.most = 0

    def first(self) -> F32:
        return np.asarray(self.logits(()), np.float32)

    def split(self, source: int) -> int:
        slot = max(self.held) + 1
        self.held[slot] = self.held[source]
        self.most = max(self.most, len(self.held))
        return slot

    def drop(self, slot: int) -> None:
        assert slot != FORK
        del self.held[slot]

    def clear(self) -> None:
        self.held = {FORK: ()}

    def extend(self, parts: Sequence[tuple[int, Sequence[int]]], every: bool) -> F32:
        self.batches += 1
        assert len({slot for slot, _ in parts}) == len(parts)
        rows = []
        for slot, tokens in parts:
            assert slot != FORK
            for i, token in enumerate(tokens):
                self.held[slot] += (token,)
                if every or i == len(tokens) - 1:
                    rows.append(self.logits(self.held[slot]))
        return np.asarray(rows, np.float32)

    def read(self, paths: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], F32]:
        self.batches += 1
        begun = {path[:length] for path in paths for length in range(1, len(path) + 1)}
        return {one: np.asarray(self.logits(one), np.float32) for one in begun}


def random_table(seed: int, sharp: float) -> Table:
    def logits(tokens: tuple[int, ...]) -> F32:
        rng = np.random.default_rng([seed, len(tokens), *tokens])
        return (rng.standard_normal(VOCAB) * sharp).astype(np.float32)

    return Table(logits)


def favours(
    path: tuple[int, ...], strength: float = 6.0, also: dict[tuple[int, ...], dict[int, float]] | None = None
) -> Table:
    """A model that hears `path` and nothing else."""

    def logits(tokens: tuple[int, ...]) -> F32:
        row = np.zeros(VOCAB, np.float32)
        n = len(tokens)
        row[path[n] if tokens == path[:n] and n < len(path) else END] = strength
        for token, more in (also or {}).get(tokens, {}).items():
            row[token] = more
        return row

    return Table(logits)


def score(table: Table, path: tuple[int, ...], cost: float) -> float:
    whole = (*path, END)
    return (
        sum(float(log_softmax(np.asarray(table.logits(whole[:i]), np.float32))[t]) for i, t in enumerate(whole)) - cost
    )


PATHS = st.dictionaries(
    st.lists(st.integers(1, 4), min_size=1, max_size=5).map(tuple), st.floats(0, 2), min_size=1, max_size=12
)


@given(PATHS, st.integers(0, 1000), st.sampled_from([0.5, 2.0, 6.0]))
def test_a_wide_beam_finds_the_best_path(paths: dict[tuple[int, ...], float], seed: int, sharp: float) -> None:
    table = random_table(seed, sharp)
    walk = Walker(Trie(paths), WalkSettings(beam=16, width=1000, certain=0.0)).walk(table.first(), table)
    best = max(score(table, p, c) for p, c in paths.items())
    assert walk.finished[0].score == pytest.approx(best, abs=1e-3)
    for path in walk.finished:
        assert path.score == pytest.approx(score(table, path.tokens, paths[path.tokens]), abs=1e-3)


@given(PATHS, st.integers(0, 1000), st.integers(1, 4), st.booleans())
def test_a_narrow_beam_uses_few_sequences(
    paths: dict[tuple[int, ...], float], seed: int, beam: int, free: bool
) -> None:
    table = random_table(seed, 3.0)
    Walker(Trie(paths), WalkSettings(beam=beam, free=free)).walk(table.first(), table)
    assert table.most <= beam + 3  # the fork, the free path, and one that is split before its parent goes on


@given(PATHS, st.integers(0, 1000), st.integers(1, 3))
def test_choices_that_are_forgotten_are_worked_out_anew(
    paths: dict[tuple[int, ...], float], seed: int, most: int
) -> None:
    walks = [
        Walker(Trie(paths), WalkSettings(), *kept).walk(random_table(seed, 3.0).first(), random_table(seed, 3.0))
        for kept in ((), (most,))
    ]
    assert replace(walks[0], step_ms=()) == replace(walks[1], step_ms=())


def test_forced_runs_ride_in_one_batch() -> None:
    paths: dict[tuple[int, ...], float] = {(1, 2, 3, 4, 5): 0.0, (1, 2, 3, 4, 6): 0.0}
    table = favours((1, 2, 3, 4, 6))
    walker = Walker(Trie(paths), WalkSettings(beam=1, free=False, run=9))
    walk = walker.walk(table.first(), table)
    assert walk.finished[0].tokens == (1, 2, 3, 4, 6)
    assert table.batches == 2
    assert walk.choices == 2  # which of two, and that it ends there


def test_where_forced_tokens_are_not_scored_only_choices_cost_a_batch() -> None:
    paths: dict[tuple[int, ...], float] = {(1, 2, 3, 5, 7): 0.0, (1, 2, 4, 6, 7): 0.0, (1, 2, 4, 5, 7): 0.5}
    table = favours((1, 2, 4, 5, 7), 9.0)
    walker = Walker(Trie(paths), WalkSettings(beam=1, free=False, score_forced=False, run=9))
    opening, _ = walker.opening()
    assert opening == (1, 2)
    table.held[FORK] = opening
    walk = walker.walk(np.asarray(table.logits(opening), np.float32), table)
    assert walk.finished[0].tokens == (1, 2, 4, 5, 7)
    assert (walk.choices, table.batches) == (2, 1)


def test_the_walk_ends_when_no_path_can_win() -> None:
    paths = {(1,): 0.0, (1, 2, 3, 4, 5, 6): 0.0}
    table = favours((1,), 12.0)
    Walker(Trie(paths), WalkSettings(free=False)).walk(table.first(), table)
    assert table.batches == 1


def decide(table: Table, trie: Trie, **how: Any) -> Decision:
    return judge(walked(table, trie, **how), trie, Calibration(), lambda tokens: " ".join(map(str, tokens)))


def walked(table: Table, trie: Trie, **how: Any) -> Walk:
    return Walker(trie, WalkSettings(**how)).walk(table.first(), table)


HOUSE = Trie({(1, 2, 3): 0.0, (1, 2, 4): 0.0, (1, 5, 3, 2): 0.0})


@pytest.mark.parametrize("path", list(HOUSE.paths))
def test_what_is_said_clearly_is_certain(path: tuple[int, ...]) -> None:
    decision = decide(favours(path, 9.0), HOUSE)
    assert decision.verdict is Verdict.CALLS
    assert decision.sentence == " ".join(map(str, path))
    assert decision.certainty > 0.9


def test_what_sounds_like_two_things_is_uncertain_and_both_are_named() -> None:
    table = favours((1, 2, 3), 9.0, {(1, 2): {3: 9.0, 4: 8.8}})
    decision = decide(table, HOUSE)
    assert decision.sentence == "1 2 3"
    assert decision.alternatives[0].sentence == "1 2 4"
    assert decision.certainty < decide(favours((1, 2, 3), 9.0), HOUSE).certainty - 0.03


@pytest.mark.parametrize(("other", "asked"), [("HassTurnOn", True), ("HassTurnOff", False)])
def test_where_only_the_name_is_in_doubt_it_may_be_asked_and_what_is_in_doubt_otherwise_is_not_done(
    other: str, asked: bool
) -> None:
    named: dict[tuple[int, ...], Call] = {
        (1, 2, 3): Call("HassTurnOn", {"name": "lamp"}),
        (1, 2, 4): Call(other, {"name": "lamb"}),
    }
    house = Trie(dict.fromkeys(named, 0.0), named)
    walk = walked(favours((1, 2, 3), 9.0, {(1, 2): {3: 9.0, 4: 8.95}}), house)
    doubt = judge(walk, house, Calibration(bias=0.0, least=0.7), str)
    assert (doubt.verdict is Verdict.CALLS) == asked
    if asked:
        assert doubt.certainty < 0.7 < doubt.certainty + doubt.alternatives[0].certainty


@given(st.floats(-60, 0), st.floats(0, 5))
def test_what_is_hardly_believed_is_not_asked_about_either(score: float, behind: float) -> None:
    named: dict[tuple[int, ...], Call] = {
        (1, 2, 3): Call("HassTurnOn", {"name": "lamp"}), (1, 2, 4): Call("HassTurnOn", {"name": "lamb"})
    }  # fmt: skip
    paths = (Path((1, 2, 3), score), Path((1, 2, 4), score - behind))
    decision = judge(Walk(paths, None, -math.inf, Path((6,), -0.1), True, 1), Trie({}, named), Calibration(), str)
    if decision.verdict is Verdict.CALLS:
        second = decision.alternatives[0].certainty
        assert second <= decision.certainty
        assert decision.certainty + second <= 1.0001
        assert decision.certainty + second >= Calibration().least


def test_two_ways_to_say_one_thing_are_one_outcome() -> None:
    same = Call("HassTurnOn", {"name": "lamp"})
    house = Trie({(1, 2, 3): 0.0, (1, 2, 4): 0.0}, {(1, 2, 3): same, (1, 2, 4): same})
    decision = decide(favours((1, 2, 3), 9.0, {(1, 2): {3: 9.0, 4: 8.8}}), house)
    assert decision.calls == (same,)
    assert not decision.alternatives
    assert decision.certainty > 0.85


def test_other_words_are_not_for_me() -> None:
    assert decide(favours((6, 7, 6, 7, 6), 9.0), HOUSE).verdict is Verdict.NOT_FOR_ME
    assert decide(favours((), 9.0), HOUSE).verdict is Verdict.NOT_FOR_ME


def test_a_house_without_words_has_nothing_to_say() -> None:
    assert decide(favours((1,), 9.0), Trie({})).verdict is Verdict.NOT_FOR_ME


@pytest.mark.parametrize("path", [(1,), (1, 2), (1, 5), (1, 5, 3)])
@pytest.mark.parametrize("free", [True, False])
def test_a_beginning_is_incomplete(path: tuple[int, ...], free: bool) -> None:
    decision = decide(favours(path, 9.0), HOUSE, free=free)
    assert decision.verdict is Verdict.INCOMPLETE
    assert decision.sentence == " ".join(map(str, path))


@pytest.mark.parametrize(
    ("said", "rule"),
    [((1, 2, 3), Rule.BEST), ((6, 7, 6, 7, 6), Rule.UNSURE), ((), Rule.NOTHING), ((1, 2), Rule.CUT_OFF)],
)
def test_a_verdict_says_what_it_was_judged_by(said: tuple[int, ...], rule: Rule) -> None:
    walk = walked(favours(said, 9.0), HOUSE)
    decision = with_paths(judge(walk, HOUSE, Calibration(), str), walk, str)
    evidence = decision.evidence
    assert evidence is not None
    assert evidence.rule is rule
    assert (evidence.measured < evidence.limit) == (rule is Rule.UNSURE)
    scores = [path.nats for path in evidence.paths]
    assert scores == sorted(scores, reverse=True)
    assert evidence.free
    assert evidence.free.text == str(said)
    if rule is Rule.BEST:
        assert evidence.paths[0].text == str(said)
        assert evidence.paths[0].nats == pytest.approx(evidence.free.nats)


@given(st.floats(-40, 0), st.floats(0, 20))
def test_the_more_a_sentence_costs_the_less_certain_it_is_and_at_some_cost_it_was_none(
    score: float, more: float
) -> None:
    def certainty(cost: float) -> float:
        walk = Walk((Path((1, 2, 3), cost),), None, -math.inf, Path((6, 7), -0.1), True, 1)
        return judge(walk, HOUSE, Calibration(least=0.0), str).certainty

    assert certainty(score - more) <= certainty(score)
    assert certainty(-40) < Calibration().least < certainty(0)


def test_verdicts_may_be_calls() -> None:
    house = Trie({(1,): 0.0, (2,): 0.0, (3,): 0.0}, {(1,): Call("not_for_me"), (2,): Call("incomplete")})
    assert [decide(favours((n,)), house, free=False).verdict for n in (1, 2, 3)] == [
        Verdict.NOT_FOR_ME,
        Verdict.INCOMPLETE,
        Verdict.CALLS,
    ]


def test_two_digits_are_a_code() -> None:
    pairs = list(itertools.product((1, 2, 3), repeat=2))
    house = Trie(dict.fromkeys(pairs, 0.0), {p: Call("code", {"first": str(p[0]), "second": str(p[1])}) for p in pairs})
    decision = judge_code(walked(favours((2, 3), 9.0), house), house, Calibration())
    assert (decision.verdict, decision.digits, decision.calls) == (Verdict.DIGITS, "23", ())
    assert judge_code(walked(favours((2,), 9.0), house), house, Calibration()).verdict is Verdict.INCOMPLETE


def test_open_stretches_allow_any_token_but_the_excluded() -> None:
    class Open(Trie):
        def choice(self, state: State) -> Choice:
            assert isinstance(state, tuple)
            if state == (1,):
                return Choice({2: Step((1, 2), 0.5)}, False, Step((1, 9), 1.0), frozenset([END, 7]))
            return Choice({1: Step((1,))} if not state else {}, bool(state))

    arcs = Walker(Open({}), WalkSettings()).arcs((1,))
    best = arcs.best(np.zeros(VOCAB, np.float32), VOCAB)
    assert sorted(best, key=lambda b: b[1]) == [(-1.0, 1), (-0.5, 2), (-1.0, 3), (-1.0, 4), (-1.0, 5), (-1.0, 6)]
    assert arcs.best(np.zeros(VOCAB, np.float32), 1) == [(-0.5, 2)]
    assert arcs.step(5).state == (1, 9)


@given(st.floats(-50, 0), st.floats(-50, 0), st.floats(-200, 0))
def test_certainty_is_a_probability(a: float, b: float, free: float) -> None:
    finished = tuple(sorted((Path((1, 2, 3), a), Path((1, 2, 4), b)), key=lambda p: -p.score))
    walk = Walk(finished, None, -math.inf, Path((1, 2, 3), free), True, 1)
    decision = judge(walk, HOUSE, Calibration(), str)
    assert 0 <= decision.certainty <= 1
    assert all(0 <= x.certainty <= 1 for x in decision.alternatives)


def test_what_is_less_certain_than_the_least_is_not_done_and_a_code_is_heard_all_the_same() -> None:
    paths: dict[tuple[int, ...], float] = {(1, 2): 0.0, (1, 3): 0.0}
    table = favours((1, 2), strength=3.0, also={(1,): {3: 2.9}})
    trie = Trie(paths, {p: Call("SpokenCode", {"first": str(p[0]), "second": str(p[1])}) for p in paths})
    walk = Walker(trie, WalkSettings()).walk(table.first(), table)
    heard = judge(walk, trie, Calibration(least=0.0), lambda _: "")
    assert heard.verdict is Verdict.CALLS
    strict = Calibration(least=heard.certainty + 0.01)
    assert judge(walk, trie, strict, lambda _: "").verdict is Verdict.NOT_FOR_ME
    assert judge_code(walk, trie, strict).digits == "12"


@given(PATHS, st.lists(st.integers(1, 5), max_size=12).map(tuple))
def test_a_draft_is_a_beginning_of_what_is_allowed_and_asks_where_there_is_a_choice(
    paths: dict[tuple[int, ...], float], heard: tuple[int, ...]
) -> None:
    quiet = WalkSettings(score_forced=False, free=False)
    walker = Walker(Trie(paths), quiet)
    for path in (*paths, heard):
        draft = walker.draft(path)
        opening, _ = walker.opening()
        whole = opening + draft.tokens
        assert not draft.tokens or path[: len(whole)] == whole
        assert list(draft.asked) == sorted(set(draft.asked))
        assert len(draft.asked) <= MOST_ASKED
        for length in draft.asked:
            so_far = whole[: len(opening) + length]
            assert any(p[: len(so_far)] == so_far and len(p) > len(so_far) for p in paths), "there is a way on"
    assert not Walker(Trie(paths), WalkSettings()).draft(heard).tokens, "none where forced tokens are scored"


@given(PATHS, st.integers(0, 1000), st.integers(1, 4))
def test_no_path_is_walked_further_than_it_may_be(paths: dict[tuple[int, ...], float], seed: int, most: int) -> None:
    """But for a forced token, which rides along: what is longer is no way to end, nor is it waited for."""
    table = random_table(seed, 2.0)
    walk = walked(table, Trie(paths), most_tokens=most, width=1000.0, certain=1000.0, beam=16)
    finished = {path.tokens for path in walk.finished}
    assert {path for path in paths if len(path) <= most} <= finished <= {p for p in paths if len(p) <= most + 1}
    assert walk.free
    assert len(walk.free.tokens) <= most


def test_a_decision_that_no_walk_led_to_stays_as_it_is() -> None:
    typed = Decision(Verdict.CALLS, (Call("say", {}),), 1.0)
    assert with_paths(typed, walked(favours((1, 2, 3)), HOUSE), str) is typed


class Meeting(Trie):
    """Whose ways meet again: a state is the last token."""

    def choice(self, state: State) -> Choice:
        return Choice({t: Step((t,)) for t in (1, 2)}, final=state != ())


def test_ways_that_meet_are_worked_out_once() -> None:
    walker = Walker(Meeting({}), WalkSettings())
    walker.warm(100)
    assert set(walker._arcs) == {(), (1,), (2,)}


def test_what_was_worked_out_ahead_is_the_nearest_to_the_start() -> None:
    paths = {(1, 2, 3): 0.0, (1, 2, 4): 0.0, (5, 6): 0.0}
    for most, known in (
        (1, {()}),
        (3, {(), (1,), (5,)}),
        (100, {(), (1,), (5,), (1, 2), (5, 6), (1, 2, 3), (1, 2, 4)}),
    ):
        walker = Walker(Trie(paths), WalkSettings())
        walker.warm(most)
        assert set(walker._arcs) == known


@given(st.lists(st.floats(-60, -1), min_size=1, max_size=4))
def test_the_likeliest_of_a_few_wins_whatever_else_would_have_been_said(scores: list[float]) -> None:
    """Nothing counts of what a command is measured by: a beginning, silence, how well it is spelled."""
    paths = sorted((Path((n + 1,), score) for n, score in enumerate(scores)), key=lambda path: -path.score)
    few = Trie({path.tokens: 0.0 for path in paths})
    walk = Walk(tuple(paths), Path((7,), -0.1), -0.2, Path((), -0.01), free_ended=True, choices=1)
    decision = judge_choice(walk, few)
    assert (decision.verdict, decision.calls) == (Verdict.CALLS, few.readings(paths[0].tokens)[0].calls)
    near = sum(math.exp(path.score - paths[0].score) for path in paths if path.score >= paths[0].score - READ_NATS)
    assert decision.certainty == pytest.approx(1 / near)


def test_where_nothing_came_to_an_end_nothing_is_chosen() -> None:
    decision = judge_choice(Walk((), None, 0.0, None, free_ended=False, choices=0), Trie({(1,): 0.0}))
    assert (decision.verdict, decision.calls) == (Verdict.NOT_FOR_ME, ())
    assert decision.evidence is not None
    assert decision.evidence.rule is Rule.NO_PATH
