"""What the system's clock shows in another season."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from voiced.adapters.systemzone import SYSTEM
from voiced.app import local_time


@pytest.fixture(params=["America/New_York", "Europe/Berlin", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


def test_every_hour_of_a_year_is_as_the_zone_has_it(zone: ZoneInfo) -> None:
    for hours in range(366 * 24):
        there = dt.datetime(2026, 1, 1, 0, 30, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
        ours, theirs = there.astimezone(SYSTEM), there.astimezone(zone)
        assert (ours.replace(tzinfo=None), ours.fold) == (theirs.replace(tzinfo=None), theirs.fold)
        assert (ours.timestamp(), ours.tzname()) == (theirs.timestamp(), theirs.tzname())
    assert ours.dst() is None


def test_tomorrow_may_have_another_offset(zone: ZoneInfo) -> None:
    now = local_time()
    for month in (1, 7):
        at = dt.datetime(now.year, month, 4, 8, 0)
        assert at.replace(tzinfo=now.tzinfo).timestamp() == at.replace(tzinfo=zone).timestamp()
    assert abs(now.timestamp() - time.time()) < 5
