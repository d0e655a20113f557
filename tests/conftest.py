"""For all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import rows

# Generating values is slow where two cores have many users; that says nothing about the code under test.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

_accounts: dict[str, rows.Account] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rows", type=Path, metavar="FILE", help="a JSON line for each row of the target table")


Figure = Callable[..., None]


@pytest.fixture
def figure(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Figure:
    """`figure(name, value)`: for the rows that the test is marked with, or only for `row`."""
    marked = tuple(row for mark in request.node.iter_markers("row") for row in mark.args)

    def tell(name: str, value: float, row: str = "") -> None:
        record_property(f"{row}:{name}" if row else name, value)
        for one in (row,) if row else marked:
            most = rows.passes(one, name)
            assert value <= most, f"row {one}: {name} is {value:.3g}, and more than {most:g} means that it is broken"

    return tell


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes test, a file is one's; what mostly waits, the faults, is anybody's, but for the ear's."""
    for item in items:
        if "faults" not in item.path.parts or item.path.name == "test_ear.py":
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
        for mark in item.iter_markers("row"):
            item.user_properties += [("row", row) for row in mark.args]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        for name, row in report.user_properties:
            if name == "row":
                account = _accounts.setdefault(str(row), rows.Account())
                account.add(report.outcome, report.duration, _of(str(row), report.user_properties))


def _of(row: str, properties: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    for name, value in properties:
        whose, _, figure = name.rpartition(":")
        if whose in ("", row):
            yield figure, value


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--rows")
    if path and not hasattr(session.config, "workerinput"):  # one of several processes
        rows.write(path, _accounts)
