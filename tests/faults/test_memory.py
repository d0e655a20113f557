"""Row D7 of the target table: what the daemon needs besides the model, and whom the kernel takes first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import Daemon, house_at
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto

Record = Callable[[str, object], None]


def memory_mb(pid: int, kind: str = "Pss") -> float:
    """Its own, and its share of what it shares with others; Pss_Anon: without what the kernel can read again."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{kind}:"))) / 1024


def willing(pid: int) -> int:
    """To be the one that ends where memory does."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text("ascii"))


@pytest.mark.row("D7")
@pytest.mark.parametrize("backend", ["pyopen", "onnx"])
async def test_d7_without_its_model_it_is_small_and_the_model_ends_first(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, record_property: Record, backend: str
) -> None:
    """Core, ear and mouth, after something was asked and answered; beside them the engine with nano."""
    if backend == "pyopen":
        pytest.importorskip("pyopen_wakeword", reason="pyopen-wakeword is not installed")
    more = f'[wake]\nbackend = "{backend}"'
    async with house_at(mosquitto.port) as house, Daemon(tmp_path, mosquitto.port, device="mic", more=more) as one:
        await one.ready()
        await one.obeys(house)
        await one.happens("first_sound")
        parts = {"core": one.process.pid, "ear": one.child("ear"), "mouth": one.child("mouth")}
        measured = {name: memory_mb(pid) for name, pid in parts.items()}
        for name, value in measured.items():
            record_property(f"{name}_{backend}_mb", value)
        record_property(f"{backend}_mb", sum(measured.values()))
        assert sum(measured.values()) < 450, "far from the target, and no further"
        assert willing(one.child("engine")) > max(map(willing, parts.values()))
