"""For all tests."""

from __future__ import annotations

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("row"):
            item.user_properties += [("row", row) for row in mark.args]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        for name, row in report.user_properties:
            if name == "row":
                account = _accounts.setdefault(str(row), rows.Account())
                account.add(report.outcome, report.duration, report.user_properties)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := session.config.getoption("--rows"):
        rows.write(path, _accounts)
