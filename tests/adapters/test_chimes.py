"""Chimes: short, soft, and none like another."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from voiced.adapters.chimes import RATE_HZ, chime
from voiced.ports import Chime


@pytest.mark.parametrize("kind", list(Chime))
def test_a_chime_is_short_and_neither_clips_nor_clicks(kind: Chime) -> None:
    pcm = chime(kind)
    assert pcm.dtype == np.int16
    assert 0.05 < len(pcm) / RATE_HZ < 1.0
    loud = np.abs(pcm.astype(int))
    assert 1000 < loud.max() < 32_000
    assert max(loud[0], loud[-1]) < 500, "it begins and ends in silence"
    assert np.abs(np.diff(pcm.astype(int))).max() < 12_000


def test_no_two_are_alike() -> None:
    for one, other in combinations(Chime, 2):
        a, b = chime(one).astype(float), chime(other).astype(float)
        size = min(len(a), len(b))
        assert len(a) != len(b) or np.corrcoef(a[:size], b[:size])[0, 1] < 0.9
