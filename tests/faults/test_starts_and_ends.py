"""Rows D4 and D9 of the target table: what is missing or wrong at the start, and SIGTERM at any moment."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.daemon import Daemon, House, house_at
from tests.faults.houses import ALL, own
from tests.faults.sound import SoundServer
from voiced.adapters.mosquitto import Mosquitto
from voiced.config import MODELS


@pytest.mark.row("D4")
async def test_d4_without_microphone_loudspeaker_model_and_broker_it_stays_and_says_so(
    tmp_path: Path, server: SoundServer
) -> None:
    """All of them by their names; a model that is put in its place later is taken."""
    model = tmp_path / "model"
    broker = Mosquitto()
    async with Daemon(
        tmp_path, broker.port, device="no such thing", speaker="no such thing", more=f'[model]\npath = "{model}"'
    ) as one:
        await one.until(lambda: "READY=1" in one.notified)
        for said in ("no sound: there is no microphone called 'no such thing'", f"no model: {model}", "no voice",
                     "no broker"):  # fmt: skip
            await one.until(lambda: said in one.status)  # noqa: B023
        at = time.monotonic()
        await one.until(lambda: one.pings_since(at) >= 3)
        shutil.copytree(MODELS / "nano", model)
        (model / "nano.toml").rename(model / "model.toml")
        await one.until(lambda: "no model" not in one.status)
        with broker:
            await one.until(lambda: "no broker" not in one.status)
        assert "Traceback" not in "\n".join(one.log)


@pytest.mark.row("D4")
@pytest.mark.parametrize(
    ("text", "key"), [("[microphone]\ndevise = 1\n", "microphone.devise"), ("[turn]\nend_ms = -3\n", "turn.end_ms"),
                      ("= 3", "voiced.toml"), ('home = "nowhere.toml"\n', "nowhere.toml")],
)  # fmt: skip
def test_d4_a_wrong_configuration_is_one_line_and_status_78(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "voiced", "run", "--config", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert key in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.row("D9")
async def test_d9_sigterm_at_any_moment(tmp_path: Path, figure: Figure) -> None:
    async def leaves(moment: str) -> None:
        with own(tmp_path, moment) as (folder, broker):
            async with house_at(broker.port) as house, Daemon(folder, broker.port, scripted=ALL) as one:
                await one.until(lambda: one.status if moment == "starting" else one.status == "listening")
                match moment:
                    case "words":
                        one.speak()
                        await one.happens("speech_start")
                    case "no ear" | "no engine":
                        os.kill(one.child(moment.split()[1]), signal.SIGSTOP)
                    case "no broker":
                        broker.freeze()
                    case "muted":
                        await house.link.publish("voiced/t/mute", "on")
                        await one.until(lambda: one.status == "muted")
                figure(f"{moment.replace(' ', '_')}_s", await one.ends(signal.SIGTERM))
                broker.thaw()
                assert one.process.returncode == 0, one.log[-5:]
                assert "terminate" not in "\n".join(one.log)
                if moment != "no broker":
                    await one_says_offline(house)

    for moments in (("starting", "listening", "words", "muted"), ("no ear", "no engine", "no broker")):
        await asyncio.gather(*map(leaves, moments))


async def one_says_offline(house: House) -> None:
    async with asyncio.timeout(60):
        while house.state.get("state") != "offline":  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.row("D9")
async def test_d9_sigterm_while_real_parts_load_listen_and_speak(
    tmp_path: Path, server: SoundServer, mosquitto: Mosquitto, figure: Figure
) -> None:
    """The voice renders in a native thread, the microphone is read in another: none of them is torn."""
    async with house_at(mosquitto.port) as house:
        async with Daemon(tmp_path, mosquitto.port, device="mic") as one:
            await one.ready()
            await house.link.publish("voiced/t/say", "One. Two is a longer sentence, and it takes a while. Three.")
            await one.happens("announce")
            figure("speaking_s", await one.ends(signal.SIGTERM))
            assert one.process.returncode == 0
        async with Daemon(tmp_path, mosquitto.port, device="mic") as one:
            await one.until(lambda: one.status)
            figure("loading_s", await one.ends(signal.SIGTERM))
            assert one.process.returncode == 0
            said = "\n".join(one.log)
            assert "terminate" not in said
            assert "Traceback" not in said
