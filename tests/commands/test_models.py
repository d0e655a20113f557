"""`voiced models` as its user has it: a program, a hub, a disk, and what becomes of them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands.hub_stand_in import Hub
from tests.gemma.tiny import tiny_folder
from voiced.gemma.models import resolve

TEXT, AUDIO = "tiny-text.gguf", "tiny-mmproj.gguf"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as one:
        one.files = {name: (tiny_folder() / name).read_bytes() for name in (TEXT, AUDIO)}
        yield one


def write_manifest(path: Path, files: dict[str, bytes], **changed: object) -> Path:
    lines = ['[[pair]]\nname = "tiny"\ndialect = "sentences"', f'text = "{TEXT}"\naudio = "{AUDIO}"\n']
    for name, content in files.items():
        facts = {
            "file": name,
            "source": "somebody/tiny",
            "licence": "Apache-2.0",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        } | changed
        lines += ["[[file]]", *(f"{key} = {json.dumps(value)}" for key, value in facts.items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


class Program:
    """`voiced models` against a hub and a folder of its own."""

    def __init__(self, hub: Hub, folder: Path, manifest: Path) -> None:
        self.folder, self.manifest = folder, manifest
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))},
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(folder.parent / "hf"),
            "NO_PROXY": "127.0.0.1",
        }

    def start(self, *arguments: str, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
        options = ["--manifest", str(self.manifest)]
        if arguments[0] != "list":
            options += ["tiny", "--folder", str(self.folder)]
        return subprocess.Popen(
            [sys.executable, "-m", "voiced", "models", arguments[0], *options, *arguments[1:]],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before,
        )  # fmt: skip

    def run(self, *arguments: str, before: Callable[[], None] | None = None) -> tuple[int, str, str]:
        child = self.start(*arguments, before=before)
        out, err = child.communicate(timeout=120)
        return child.returncode, out, err


@pytest.fixture
def program(hub: Hub, tmp_path: Path) -> Program:
    return Program(hub, tmp_path / "models" / "tiny", write_manifest(tmp_path / "manifest.toml", hub.files))


def test_pulled_verified_prepared_and_run(program: Program) -> None:
    code, out, err = program.run("pull")
    assert code == 0, err
    assert "Apache-2.0" in err
    assert "voiced models prepare tiny" in out
    assert {p.name for p in program.folder.iterdir()} == {TEXT, AUDIO}, "no leftovers"
    code, out, _ = program.run("verify", "--json")
    assert (code, json.loads(out)["files"]) == (0, {TEXT: "right", AUDIO: "right"})
    code, out, err = program.run("prepare", "--json")
    assert code == 0, err
    made = json.loads(out)
    pair = resolve(program.folder)
    pair.verify()
    assert pair.audio.name == made["projector"]
    assert pair.audio.stat().st_size == made["bytes"]


def test_pulling_again_fetches_nothing(program: Program, hub: Hub) -> None:
    assert program.run("pull")[0] == 0
    asked = len(hub.starts)
    assert program.run("pull", "--json")[0] == 0
    assert len(hub.starts) == asked


def test_killed_in_the_middle_it_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.files[TEXT] = random.Random(1).randbytes(45 << 20)
    manifest = write_manifest(tmp_path / "manifest.toml", hub.files)
    program = Program(hub, tmp_path / "tiny", manifest)
    hub.stop_after = 35 << 20
    child = program.start("pull")
    assert hub.stopped.wait(60)
    ends = time.monotonic() + 30
    part = program.folder / f"{TEXT}.part"
    while not (part.exists() and part.stat().st_size) and time.monotonic() < ends:
        time.sleep(0.05)
    child.kill()
    child.communicate()
    assert not (program.folder / TEXT).exists(), "half a file never has the whole one's name"
    hub.stop_after = None
    code, _, err = program.run("pull")
    assert code == 0, err
    assert max(hub.starts) >= 10 << 20, "it went on where it had stopped"
    assert program.run("verify")[0] == 0


def test_wrong_bytes_are_removed_and_said_so(program: Program, hub: Hub) -> None:
    content = hub.files[TEXT]
    hub.files[TEXT] = content[:-1] + bytes([content[-1] ^ 1])
    code, _, err = program.run("pull")
    assert code == 1
    assert "not what was published" in err
    assert not (program.folder / TEXT).exists()
    hub.files[TEXT] = content
    assert program.run("pull")[0] == 0


def test_a_file_that_rots_is_found(program: Program) -> None:
    assert program.run("pull")[0] == 0
    path = program.folder / AUDIO
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    code, out, _ = program.run("verify", "--json")
    assert (code, json.loads(out)["files"][AUDIO]) == (1, "wrong")
    code, _, err = program.run("prepare")
    assert code == 1
    assert "is not the file that was meant" in err


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(hub: Hub, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "manifest.toml", hub.files, bytes=10**15)
    code, _, err = Program(hub, tmp_path / "tiny", manifest).run("pull")
    assert code == 1
    assert "MB are needed" in err
    assert not hub.starts


def test_a_disk_that_fills_leaves_no_half_file(program: Program) -> None:
    """RLIMIT_FSIZE stands for the full disk: writing fails in the middle of a file."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    code, _, err = program.run("pull", before=small)
    assert code == 1
    assert err.strip().splitlines()[-1].startswith("voiced: tiny-")
    assert not (program.folder / TEXT).exists()
    assert program.run("pull")[0] == 0
    code, _, err = program.run("prepare", before=small)
    assert code == 1
    assert "is the disk full?" in err
    assert {p.name for p in program.folder.iterdir()} == {TEXT, AUDIO}


def test_a_hub_that_wants_its_licence_accepted_says_where(program: Program, hub: Hub) -> None:
    hub.gated = True
    code, _, err = program.run("pull")
    assert code == 1
    assert "licence must be accepted" in err
    assert "somebody/tiny" in err


def test_no_hub_is_one_line(program: Program, hub: Hub) -> None:
    program.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    program.environment["HF_HUB_ETAG_TIMEOUT"] = "1"
    code, _, err = program.run("pull")
    assert code == 1
    assert "call again to go on" in err.strip().splitlines()[-1]


def test_listing_says_what_is_there(program: Program) -> None:
    code, out, _ = program.run("list", "--json")
    (one,) = json.loads(out)["models"]
    assert (code, one["name"], one["prepared"]) == (0, "tiny", False)
    assert {f["state"] for f in one["files"]} == {"missing"}
    assert {f["licence"] for f in one["files"]} == {"Apache-2.0"}
