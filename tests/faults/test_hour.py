"""The beginning of row A9, which `tools/soak` measures whole: two minutes of its hour."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.hour import Hour, Look, heard, slope_an_hour

pytestmark = pytest.mark.whole


async def test_every_command_in_the_sound_is_decided_on_once(tmp_path: Path) -> None:
    figures = (await heard(tmp_path, 8)).figures()
    assert (figures["utterances"], figures["lost"], figures["double"]) == (8, 0, 0)
    assert (figures["files_more"], figures["threads_more"]) == (0, 0)


def test_what_starts_is_no_growth_and_what_grows_after_it_is() -> None:
    heard_s = [0.0, 1.0, 3.0, 26.0, 60.0, 99.0]  # a fast machine: nearly all of it is heard between two looks
    starting = [Look(at / 3600, 200, 20 if at < 2 else 28, 8 if at < 2 else 19) for at in heard_s]
    hour = Hour(8, 100.0, took_s=5.0, looks=starting)
    assert (hour.figures()["files_more"], hour.figures()["threads_more"]) == (0, 0)
    hour.looks = [*starting, Look(99.9 / 3600, 200, 29, 20)]
    assert (hour.figures()["files_more"], hour.figures()["threads_more"]) == (1, 1)
    hour.looks = starting[:4]
    with pytest.raises(ValueError, match="1 of 4"):
        hour.figures()


@pytest.mark.parametrize("leaks_mb", [0.0, 3.0])
def test_a_slope_is_told_with_what_it_may_be_at_most(leaks_mb: float) -> None:
    chance = random.Random(5)
    looks = [(at / 600, 200 + leaks_mb * at / 600 + chance.gauss(0, 0.5)) for at in range(600)]
    told = slope_an_hour(looks)
    assert told is not None
    slope, at_most = told
    assert slope == pytest.approx(leaks_mb, abs=0.4)
    assert slope < at_most < slope + 0.6
    assert slope_an_hour(looks[:19]) is None, "too few to tell"
