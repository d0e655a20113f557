"""Row E6 of the target table: what is fetched is the right file or none, whatever happens on the way."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands.hub_stand_in import BLOCK, Hub
from tests.commands.test_models import AUDIO, TEXT, Program, write_manifest

Record = Callable[[str, object], None]
KILLS = 8


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as one:
        chance = random.Random(6)
        one.files = {TEXT: chance.randbytes(24 * BLOCK), AUDIO: chance.randbytes(BLOCK)}
        yield one


@pytest.fixture
def program(hub: Hub, tmp_path: Path) -> Program:
    return Program(hub, tmp_path / "models" / "tiny", write_manifest(tmp_path / "manifest.toml", hub.files))


@pytest.mark.row("E6")
def test_e6_killed_wherever_it_is_the_file_is_whole_or_not_there(
    program: Program, hub: Hub, record_property: Record
) -> None:
    """Killed again and again, each time a little later, resumed each time; at the end it is the very file."""
    chance = random.Random(7)
    for number in range(KILLS):
        hub.stop_after = (2 + number * 2) * BLOCK + chance.randrange(BLOCK)
        hub.stopped.clear()
        hub.go_on.clear()
        child = program.start("pull")
        assert hub.stopped.wait(120)
        time.sleep(chance.uniform(0.0, 0.2))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        hub.go_on.set()
        for name, content in hub.files.items():
            path = program.folder / name
            assert not path.exists() or path.read_bytes() == content, "half a file never has the whole one's name"
    hub.stop_after = None
    code, _, err = program.run("pull")
    assert code == 0, err
    assert {name: (program.folder / name).read_bytes() for name in hub.files} == hub.files
    record_property("kills", KILLS)


@pytest.mark.row("E6")
@pytest.mark.parametrize("wrong", ["content", "longer", "shorter"])
def test_e6_what_is_not_what_was_published_is_not_kept(program: Program, hub: Hub, wrong: str) -> None:
    published = hub.files[AUDIO]
    hub.files[AUDIO] = {
        "content": published[:-1] + b"?", "longer": published + b"?", "shorter": published[:-1],
    }[wrong]  # fmt: skip
    code, _, err = program.run("pull")
    assert code != 0
    assert AUDIO in err
    assert len(err.strip().splitlines()[-1]) < 300
    assert not (program.folder / AUDIO).exists()
