from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.sound import SoundServer, sound_server
from voiced.adapters.mosquitto import Mosquitto


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    yield from sound_server(tmp_path, monkeypatch)


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker
