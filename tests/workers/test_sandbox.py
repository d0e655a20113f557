"""What the engine's process can still do, seen from inside and from outside."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from voiced.app import engine
from voiced.config import DEMO_HOME, Config
from voiced.home.load import load_home
from voiced.messages import Verdict

_INSIDE = """
    import errno, json, os, resource, socket, subprocess, sys
    from pathlib import Path
    from voiced.adapters.sandbox import confine

    folder = Path(sys.argv[1])
    ours, theirs = socket.socketpair()
    confined = confine(files=(folder / "model",), cache=folder / "cache")
    found = {"by": confined.by, "missing": confined.missing}

    def attempt(name, work):
        try:
            work()
        except OSError as error:
            found[name] = errno.errorcode[error.errno]
        else:
            found[name] = "done"

    attempt("tcp", lambda: socket.socket(socket.AF_INET))
    attempt("unix", lambda: socket.socket(socket.AF_UNIX))
    attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
    attempt("program", lambda: subprocess.run(["/bin/true"], check=True))
    attempt("secret", lambda: (folder / "secret").read_text())
    attempt("model", lambda: (folder / "model").read_text())
    attempt("model written", lambda: (folder / "model").write_text("x"))
    attempt("cache", lambda: (folder / "cache" / "new").write_text("x"))
    attempt("passwd", lambda: Path("/etc/passwd").read_text())
    attempt("device", lambda: Path("/dev/zero").open("rb").close())
    attempt("thread", lambda: __import__("threading").Thread(target=lambda: None).start())
    attempt("link to the core", lambda: (ours.send(b"x"), theirs.recv(1)))
    found["core"] = resource.getrlimit(resource.RLIMIT_CORE)
    print(json.dumps(found))
"""


def test_it_keeps_what_it_has_and_reaches_nothing_else(tmp_path: Path) -> None:
    for name in ("model", "secret"):
        (tmp_path / name).write_text(name)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_INSIDE), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if "seccomp" in found["by"]:
        assert {found[name] for name in ("tcp", "unix", "netlink", "program")} == {"EPERM"}
    if not any(one.startswith("Landlock") for one in found["by"]):
        pytest.skip(f"this kernel has no Landlock: {found['missing']}")
    assert {found[name] for name in ("secret", "model written", "passwd", "device")} == {"EACCES"}
    assert {found[name] for name in ("model", "cache", "thread", "link to the core")} == {"done"}
    assert found["core"] == [0, 0]


_OFFLINE = """
    import errno, json, os, socket
    from voiced.adapters.sandbox import offline

    found = {"can": offline()}
    for family in ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"):
        try:
            socket.socket(getattr(socket, family), socket.SOCK_DGRAM).close()
        except OSError as error:
            found[family] = errno.errorcode[error.errno]
        else:
            found[family] = "done"
    found["program"] = os.system("true")
    print(json.dumps(found))
"""


def test_no_child_has_a_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_OFFLINE)], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    if not found.pop("can"):
        pytest.skip("no seccomp filters for this machine")
    assert found.pop("AF_UNIX") == "done"
    assert found.pop("program") == 0
    assert set(found.values()) == {"EPERM"}


_WITHOUT_FILTERS = """
    import ctypes, errno, json, platform
    from pathlib import Path
    from voiced.adapters import sandbox

    libc, call = ctypes.CDLL(None, use_errno=True), {"x86_64": 157, "aarch64": 167}[platform.machine()]
    sandbox._prctl(libc, sandbox._PR_SET_NO_NEW_PRIVS, 1)
    refused = 0x00050000 | errno.EINVAL
    sandbox._filter(libc, [(0x20, 0, 0, 0), (0x15, 0, 3, call), (0x20, 0, 0, 16), (0x15, 0, 1, 21), (6, 0, 0, refused),
                           (6, 0, 0, 0x7FFF0000)])
    print(json.dumps([sandbox.offline(), *sandbox.confine(files=()).missing]))
"""


def test_a_kernel_without_filters_is_told_and_stops_nobody() -> None:
    """One that answers as it would (EINVAL to PR_GET_SECCOMP, prctl(2))."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_WITHOUT_FILTERS)], capture_output=True, text=True, check=False
    )
    if "prctl 22" in done.stderr:
        pytest.skip("no seccomp filters for this machine")
    assert done.returncode == 0, done.stderr
    can, *missing = json.loads(done.stdout)
    assert can is False
    assert any(one.startswith("seccomp") for one in missing)


async def test_the_engine_itself_is_shut_in_and_works(tmp_path: Path) -> None:
    mind = engine(replace(Config(), state_dir=tmp_path))
    await mind.load_home(load_home(DEMO_HOME.read_text("utf-8")).to_dict())
    async with mind.supervisor:
        assert await mind.supervisor.wait_ready(120), mind.supervisor.state
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{mind.supervisor.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        decision, _ = await asyncio.wait_for(mind.ask(1, "close the garage door"), 60)
        assert isinstance(decision.verdict, Verdict)
