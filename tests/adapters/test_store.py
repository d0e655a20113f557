"""What must survive: power cuts at any byte, full and read-only disks, files that are none of ours."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.adapters.store import MAX_BYTES, Store
from voiced.errors import StateError

OLD, NEW = {"house": {"timers": [1, 2]}, "muted": True}, {"house": {"timers": [], "name": "café " * 40}, "muted": False}
STEPS = ("open", "write", "fsync", "replace", "fsync folder")


class PowerCutError(BaseException):
    """Nothing that the program does runs any more."""


@contextmanager
def power_cut(step: str, at_byte: int, *, lost: bool) -> Iterator[None]:
    """The system calls of a save, until the power goes: at `at_byte` of the writing, or before the named step.

    `lost`: what was written and not yet brought to the disk by fsync is gone, as after a real power cut.
    """
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace")}
    written = synced = 0
    name_of: dict[int, str] = {}

    def opened(path: Any, flags: int, *rest: Any) -> int:
        if step == "open" and flags & os.O_WRONLY:
            raise PowerCutError
        file = int(real["open"](path, flags, *rest))
        name_of[file] = str(path)
        return file

    def write(file: int, data: bytes) -> int:
        nonlocal written
        if step == "write":
            part = data[: max(0, at_byte - written)]
            written += real["write"](file, part)
            if len(part) < len(data):
                if lost:
                    os.ftruncate(file, synced)
                raise PowerCutError
            return len(data)
        return int(real["write"](file, data[:7]))  # short writes are allowed, too

    def fsync(file: int) -> None:
        nonlocal synced
        folder = Path(name_of[file]).is_dir()
        if step == ("fsync folder" if folder else "fsync"):
            if lost and not folder:
                os.ftruncate(file, synced)
            raise PowerCutError
        real["fsync"](file)
        synced = written

    def replace(old: Any, new: Any) -> None:
        if step == "replace":
            raise PowerCutError
        real["replace"](old, new)

    with pytest.MonkeyPatch.context() as patch:
        for name, fake in (("open", opened), ("write", write), ("fsync", fsync), ("replace", replace)):
            patch.setattr(os, name, fake)
        yield


@given(st.sampled_from(STEPS), st.integers(0, 400), st.booleans())
def test_a_power_cut_anywhere_leaves_the_old_state_or_the_new(
    tmp_path_factory: pytest.TempPathFactory, step: str, at_byte: int, lost: bool
) -> None:
    directory = tmp_path_factory.mktemp("state")
    Store(directory).save(OLD)
    try:
        with power_cut(step, at_byte, lost=lost):
            Store(directory).save(NEW)
    except PowerCutError:
        pass

    found = Store(directory).load()
    assert found == (NEW if step == "fsync folder" or (step == "write" and found != OLD) else OLD)
    Store(directory).save(NEW)
    assert Store(directory).load() == NEW
    assert [p.name for p in directory.iterdir()] == ["state.json"]


def test_nothing_is_there_at_first_and_nothing_is_written_by_looking(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "state")
    assert store.load() == {}
    assert not (tmp_path / "deep").exists()
    store.save(OLD)
    assert store.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b'{"version": 2, "state": {}}', b'{"version": 1}', b'{"version": 1, "state": 3}',
     b"\xff\xfe", b"[" * 100_000, b" " * (MAX_BYTES + 1)],
    ids=range(10),
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_said_and_set_aside(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "state.json").write_bytes(text)
    with pytest.raises(StateError, match=r"state\.json"):
        Store(tmp_path).load()
    assert Store(tmp_path).load() == {}
    assert (tmp_path / "state.damaged").read_bytes() == text


def test_a_full_disk_is_said_and_the_old_state_stays(tmp_path: Path) -> None:
    """A limit on the size of files in a process of its own: the kernel refuses in the middle of the write."""
    Store(tmp_path).save(OLD)
    code = f"""
        import resource, signal, sys
        from pathlib import Path
        from voiced.adapters.store import Store
        from voiced.errors import StateError
        signal.signal({int(signal.SIGXFSZ)}, signal.SIG_IGN)
        resource.setrlimit({resource.RLIMIT_FSIZE}, (20, 20))
        try:
            Store(Path(sys.argv[1])).save({NEW!r})
        except StateError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written: File too large" in done.stdout
    assert Store(tmp_path).load() == OLD


def test_a_disk_that_cannot_be_written_is_said() -> None:
    with pytest.raises(StateError, match="cannot be written"):
        Store(Path("/proc/voiced")).save(OLD)
    assert Store(Path("/proc/voiced")).load() == {}


def test_what_is_written_is_plain_json_with_a_version(tmp_path: Path) -> None:
    Store(tmp_path).save(OLD)
    assert json.loads((tmp_path / "state.json").read_text("utf-8")) == {"version": 1, "state": OLD}
