"""Which slots may be named behind which, against the library that reads templates."""

from __future__ import annotations

import pytest
from hassil.parse_expression import parse_sentence
from hypothesis import given, settings
from hypothesis import strategies as st

from voiced.home.language.build import Compiler, End, Into, Pieces
from voiced.home.slotorder import goes_on

NAMES = st.sampled_from(["size", "drink", "extra", "milk"])


def written(depth: int) -> st.SearchStrategy[str]:
    """Templates of words, slots, groups, options and free orders."""
    leaf = st.one_of(NAMES.map(lambda name: f"{{{name}}}"), NAMES.map(lambda name: f"{{a list:{name}}}"), st.just("a"))
    if not depth:
        return leaf
    inner = st.lists(written(depth - 1), min_size=1, max_size=3)
    return st.one_of(
        leaf,
        inner.map(" ".join),
        inner.map(lambda some: f"[{' '.join(some)}]"),
        inner.map(lambda some: f"({'|'.join(some)})"),
        inner.map(lambda some: f"({';'.join(some)})" if len(some) > 1 else some[0]),
    )


def orders(template: str) -> set[tuple[str, ...]]:
    """All ways to name slots by it, as hassil reads it."""
    pieces = Pieces()
    compiler = Compiler(pieces, {}, lambda _list, slot: Into(sub=slot))
    root = compiler.compile(parse_sentence(template).expression, pieces.end(End(())))

    def below(node: int) -> set[tuple[str, ...]]:
        return {
            ((label.sub,) if isinstance(label, Into) else ()) + rest
            for label, target in pieces.nodes[node]
            for rest in (below(target) if target else {()})
        }

    return below(root)


@settings(deadline=None, max_examples=200)
@given(template=written(3), said=st.sets(NAMES))
def test_it_goes_on_where_some_way_to_say_it_has_all_that_was_said_and_then_another(
    template: str, said: set[str]
) -> None:
    every = orders(template)
    expected = any(set(way[:n]) == said and way[n] not in said for way in every for n in range(len(way)))
    assert goes_on(template, said) == expected


@given(names=st.lists(NAMES, unique=True, min_size=1), said=st.sets(NAMES))
def test_an_order_goes_on_where_a_slot_comes_behind_all_that_were_said(names: list[str], said: set[str]) -> None:
    template = "please " + " ".join(f"[{{list:{name}}}]" for name in names)
    last = max((names.index(name) for name in said if name in names), default=-1)
    assert goes_on(template, said) == (said <= set(names) and last < len(names) - 1)


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ({"drink"}, True), ({"size", "drink"}, True), ({"roast", "drink", "milk"}, True), ({"drink", "sugar"}, True),
        ({"drink", "milk", "sugar"}, False), ({"size", "drink", "milk", "sugar"}, False), ({"size", "roast"}, True),
        ({"pizza"}, False), (set(), True),
    ],
)  # fmt: skip
def test_what_could_only_have_been_said_before_is_not_waited_for(said: set[str], more: bool) -> None:
    """Neither size nor roast, whose order is free, follow the drink; milk and sugar do, each behind the other."""
    templates = (
        "([{size}];[{roast}]) {drink} [with {milk} [and {sugar}]]",
        "([{size}];[{roast}]) {drink} [with {sugar} [and {milk}]]",
    )
    assert any(goes_on(template, said) for template in templates) == more
    assert any(goes_on(f"(get|bring) {template}", said) for template in templates) == more
