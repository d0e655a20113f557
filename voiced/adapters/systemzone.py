"""The system's time zone, with its rules: what a clock on the wall shows tomorrow, and next summer."""

from __future__ import annotations

import datetime as dt


class SystemZone(dt.tzinfo):
    """As `TZ` or the system's settings have it. The offset that `datetime.astimezone()` gives is that of one moment,
    and an hour off after the clocks have changed.
    """

    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta | None:
        return when.replace(tzinfo=None).astimezone().utcoffset() if when else None

    def dst(self, _when: dt.datetime | None) -> dt.timedelta | None:
        return None

    def tzname(self, when: dt.datetime | None) -> str | None:
        return when.replace(tzinfo=None).astimezone().tzname() if when else None

    def fromutc(self, when: dt.datetime) -> dt.datetime:
        """`when` is UTC's clock under this zone's name: that is how datetime asks."""
        seconds = when.replace(tzinfo=dt.UTC).timestamp()
        return dt.datetime.fromtimestamp(seconds).replace(tzinfo=self)  # noqa: DTZ006


SYSTEM = SystemZone()
