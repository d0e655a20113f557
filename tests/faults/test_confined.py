"""Row E8 of the target table: under the unit's flags, as far as a process can put them on itself, all of it works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon import Daemon, house_at
from tests.faults.houses import CLOSE
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto


@pytest.mark.row("E8")
async def test_e8_sound_model_and_voice_work_where_no_memory_is_written_and_run(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto
) -> None:
    """MemoryDenyWriteExecute breaks libraries that make code as they run, and often only when a stream is opened."""
    async with (
        house_at(mosquitto.port) as house,
        Daemon(tmp_path, mosquitto.port, device="mic", fault="confined") as one,
    ):
        await one.ready()
        if "cannot be confined here" in one.log:
            pytest.skip("this kernel knows no such flag")
        await one.hears("joe-close-garage-door", "first_sound")
        assert house.commands()[-1:] == CLOSE
        assert server.recorded() == {"mic"}
        for name in ("ear", "engine", "mouth"):
            status = Path(f"/proc/{one.child(name)}/status").read_text("utf-8")
            assert "NoNewPrivs:\t1" in status
