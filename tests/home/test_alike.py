"""Names that are mixed up when they are spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.config import DEMO_HOME
from voiced.home.language.alike import alike, sound_of
from voiced.home.load import load_home
from voiced.home.model import Entity, Home


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ben's lamp", "Pam's lamp"), ("Kids light", "Kitts light"), ("Mai room", "My room"), ("the fan", "fan"),
     ("Phil's fan", "Fill's van"), ("right lamp", "rite lamp")],
)  # fmt: skip
def test_these_sound_alike(one: str, other: str) -> None:
    home = Home(entities=(Entity("light.a", one), Entity("light.b", other)))
    assert len(alike(home)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("bed light", "desk light"), ("kitchen lights", "garage door"), ("office lamp", "hall lamp"), ("left", "right")],
)
def test_these_do_not(one: str, other: str) -> None:
    assert sound_of(one) != sound_of(other)


def test_the_demo_has_good_names() -> None:
    assert alike(load_home(DEMO_HOME.read_text("utf-8"))) == ()


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_name_has_a_sound_and_order_is_no_matter(one: str, other: str) -> None:
    pair = Entity("light.a", one), Entity("light.b", other)
    assert bool(alike(Home(entities=pair))) == bool(alike(Home(entities=pair[::-1])))
