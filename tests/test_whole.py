"""Whole turns on real parts: the ear's process, the engine's process with nano, the mouth's process with Piper."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon import House
from voiced.adapters.fakes import MemoryBroker, MemoryMouth
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import engine, file_ear, real_house, running
from voiced.assistant import Assistant
from voiced.commands.replay import replay
from voiced.config import DEMO_HOME, BrokerConfig, Config
from voiced.errors import BrokerError
from voiced.home.load import load_home
from voiced.home.simulated import first_states, simulate
from voiced.listen.listener import Listener
from voiced.turn.timeline import Happening

RECORDING = DEMO_HOME.parent / "demo" / "joe-close-garage-door.flac"
pytestmark = pytest.mark.whole


async def told(*, wake: bool = True) -> list[Happening]:
    happened: list[Happening] = []
    await replay(Config(), RECORDING, tell=happened.append, wake=wake, realtime=False, mqtt=False)
    return happened


async def test_a_recording_gives_the_same_turn_every_time() -> None:
    """Same events at the same places of the sound; only what was measured on the wall's clock may differ."""
    first, second = await told(), await told()

    kinds = [str(h["event"]) for h in first]
    order = ["wake", "speech_start", "hush", "speech_end", "decision", "turn_end"]
    assert [k for k in kinds if k in order and k != "hush"] == [k for k in order if k != "hush"]
    same = [(h["event"], h["t_ms"], h.get("calls"), h.get("topic"), h.get("text")) for h in first]
    assert same == [(h["event"], h["t_ms"], h.get("calls"), h.get("topic"), h.get("text")) for h in second]


async def test_the_engine_killed_in_mid_turn_sends_nothing_and_apologizes() -> None:
    home = load_home(Path(DEMO_HOME).read_text("utf-8"))
    happened: list[Happening] = []
    mind, mouth, broker = engine(Config()), MemoryMouth(), MemoryBroker(answer=simulate(home))
    await mind.load_home(home.to_dict())

    def tell(happening: Happening) -> None:
        happened.append(happening)
        if happening["event"] == "speech_start":
            assert mind.supervisor.pid is not None
            os.kill(mind.supervisor.pid, signal.SIGKILL)

    ear = file_ear(Config(), RECORDING, wake=True, realtime=False)
    async with running(mind.supervisor):
        assert await mind.supervisor.wait_ready(60)
        async with running(ear.supervisor):
            assistant = Assistant(
                ear=ear, engine=mind, mouth=mouth, broker=broker, listener=Listener(),
                house=real_house(home), tell=tell, paced=False,
            )  # fmt: skip
            await assistant.run()
        assert "failed" in [h["event"] for h in happened]
        assert broker.published == []
        assert len(mouth.said) == 1
        assert await mind.supervisor.wait_ready(60), "the engine comes back by itself"


@pytest.mark.parametrize(
    ("recording", "commands", "said"),
    [
        ("joe-close-garage-door", [("demo/garage/door/set", "CLOSE")], "garage door"),
        ("joe-front-door-locked", [], "front door is locked"),
        ("joe-no-command", [], ""),
    ],
)
async def test_from_a_recording_to_the_wire_the_truth_and_the_voice(
    recording: str, commands: list[tuple[str, str]], said: str
) -> None:
    """Real ear, nano, Piper and mosquitto; the devices are simulated on a connection of their own."""
    happened: list[Happening] = []
    try:
        server = Mosquitto()
        server.start()
    except BrokerError as error:
        pytest.skip(str(error))
    with contextlib.closing(contextlib.ExitStack()) as stack:
        stack.callback(server.stop)
        house = House(MqttBroker(host=server.host, port=server.port, device_id="house"))
        config = Config(broker=BrokerConfig(server.host, server.port))
        async with house.open():
            for topic, payload in first_states(load_home(DEMO_HOME.read_text("utf-8"))):
                await house.link.publish(topic, payload, retain=True)
            path = RECORDING.with_name(f"{recording}.flac")
            await replay(config, path, tell=happened.append, wake=True, realtime=False, mqtt=True)

        assert house.commands() == commands
    kinds = [str(h["event"]) for h in happened]
    wanted = ["wake", "speech_start", "speech_end", "decision", *["command", "confirmed"] * len(commands)]
    wanted += ["reply", "first_sound"] if said else []
    assert [k for k in kinds if k in {*wanted, "command", "confirmed", "reply"}] == wanted
    assert said in " ".join(str(h["text"]) for h in happened if h["event"] == "reply").casefold()


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["replay", "nowhere.wav"], 1, "nowhere.wav: there is no such file"),
        (["check-config", "--config", "nowhere.toml"], 78, "nowhere.toml: cannot be read"),
        (["evaluate", "nowhere.jsonl"], 78, "nowhere.jsonl: cannot be read"),
    ],
)
def test_what_is_missing_is_said_in_one_line(arguments: list[str], status: int, said: str) -> None:
    done = subprocess.run([sys.executable, "-m", "voiced", *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_typed_words_go_the_same_way() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "voiced", "ask", "close the garage door", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert events[-1]["event"] == "turn_end"
    assert all(e.get("simulated") for e in events if e["event"] == "command")
