"""`python -m tools.house [--turns N] [--entities N] [--typed] [--json]`: a house on a real broker, and what comes true.

Devices describe themselves over MQTT discovery, voiced learns them, hears the turns (spoken by Piper with the wake
word, or typed) and the devices tell what arrived. Printed: how many turns were right (every device as it should be,
and no other one changed), sensitive actions without their code, and commands more than 5 s after the decision.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from tools.house.devices import Devices, State, settled
from tools.house.network import announce
from tools.house.script import Turn, script, things
from voiced.adapters.fakes import MemoryMouth
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.mqtt import MqttBroker
from voiced.app import engine, listener_settings, real_house, running, turn_settings
from voiced.assistant import Assistant
from voiced.bench.playlist import Hush, Playlist, Take
from voiced.configfile import read_config
from voiced.home.code import Lockout
from voiced.home.house import House
from voiced.home.judgement import Judgement
from voiced.home.load import HomeFile
from voiced.home.model import Home
from voiced.listen.listener import Listener
from voiced.messages import FRAME_SAMPLES, SAMPLE_RATE_HZ, Decision
from voiced.service.learning import Learning
from voiced.turn.reasons import Reasons
from voiced.turn.timeline import Happening
from voiced.workers.clients import EngineClient

LATE_S = 5.0
PATIENCE_SAMPLES = 15 * SAMPLE_RATE_HZ
"""Silence in which a turn may still wait for more words before the next one begins."""


@dataclass(slots=True)
class Score:
    turns: int = 0
    right: int = 0
    sensitive_without_code: int = 0
    late: int = 0
    wrong: list[dict[str, object]] = field(default_factory=list)
    acted_wrongly: int = 0
    """Of the wrong ones: a device did what nobody asked for."""


@dataclass(slots=True)
class Stage:
    """The turn that is going on, and what happened in it."""

    devices: Devices
    score: Score = field(default_factory=Score)
    turn: Turn = field(default_factory=lambda: Turn(""))
    before: dict[str, State] = field(default_factory=dict)
    first: int = 0
    decided_at_s: float = 0.0
    said: list[str] = field(default_factory=list)
    calls: list[object] = field(default_factory=list)
    asked: bool = False
    going_on: bool = False
    """The wake word was heard, and the turn has not ended: it may wait for more words."""
    reasons: Reasons = field(default_factory=Reasons)
    house: House | None = None

    def open(self, turn: Turn) -> None:
        if self.house:  # the turns are of days, not of one quarter of an hour: a lock-out does not last till the next
            self.house.lockout = Lockout()
        self.turn, self.said, self.calls, self.asked, self.reasons = turn, [], [], False, Reasons()
        self.before = {node: dict(state) for node, state in self.devices.states.items()}
        self.first = len(self.devices.arrived)

    def explain(self, turn: int, decision: Decision, judgement: Judgement) -> None:
        self.reasons.explain(turn, decision, judgement)

    def tell(self, happening: Happening) -> None:
        self.reasons.tell(happening)
        match happening["event"]:
            case "wake":
                self.going_on = True
            case "turn_end":
                self.going_on = False
            case "decision":
                self.decided_at_s = time.monotonic()
                calls = happening["calls"]
                self.calls += calls if isinstance(calls, list) else []
            case "reply":
                self.said.append(str(happening["text"]))
            case "question":
                self.asked = True

    def close(self) -> None:
        """Judge by the devices, not by what voiced thinks that it did."""
        states, score, turn = self.devices.states, self.score, self.turn
        wanted = {
            node: {**self.before[node], **_pressed(change, self.before[node])} for node, change in turn.effects.items()
        }
        missing = [n for n, want in wanted.items() if not _holds(states[n], want, turn.effects[n])]
        others = [n for n in states if n not in wanted and states[n] != self.before[n]]
        spoke = turn.says in " ".join(self.said).lower()
        arrived = self.devices.arrived[self.first :]
        granted = bool(turn.code) and turn.answered == turn.code
        for command in arrived:
            opens = command.payload == "UNLOCK" or (command.node == "garage_door" and command.payload == "OPEN")
            score.sensitive_without_code += opens and not (granted and command.node in turn.effects)
            score.late += command.at_s - self.decided_at_s > LATE_S
        right = not missing and not others and spoke and bool(turn.code) == self.asked
        score.turns += 1
        score.right += right
        score.acted_wrongly += bool(others)
        if not right:
            score.wrong.append(
                {"text": turn.text, "missing": missing, "changed": others, "said": self.said,
                 "stage": self.failed_at(), "turns": self.reasons.last()}
            )  # fmt: skip

    def failed_at(self) -> str:
        """The first stage that did not do its part."""
        turns = self.reasons.last()
        if not turns and not self.calls:
            return "wake"
        if self.calls:
            return "asked" if self.asked else "understood otherwise"
        return str(turns[0].get("rule", turns[0].get("ended_by", "wake")))


def _pressed(change: State, before: State) -> State:
    return {"pressed": int(str(before.get("pressed", 0))) + 1} if "pressed" in change else change


def _holds(state: State, wanted: State, named: State) -> bool:
    return all(state.get(key) == wanted.get(key) for key in named)


async def spoken(turns: tuple[Turn, ...], stage: Stage, folder: Path) -> AsyncIterator[Take | Hush]:
    """Each turn's recording, then silence for as long as the house is busy with it."""
    from tools.house.voice import speak  # Piper is not wanted for typed turns

    for number, turn in enumerate(turns):
        path = await asyncio.to_thread(speak, turn, number, folder)
        stage.open(turn)
        yield Take(path)
        for _ in range(0, PATIENCE_SAMPLES, FRAME_SAMPLES):
            if not stage.going_on:
                break
            yield Hush()
            await asyncio.sleep(FRAME_SAMPLES / SAMPLE_RATE_HZ / 4)  # whoever thinks meanwhile has time for it
        await settled(stage.devices, quiet_s=0.1)
        stage.close()
        _progress(stage)


def _progress(stage: Stage) -> None:
    score = stage.score
    print(f"\r{score.turns} turns, {score.right} right", end="", file=sys.stderr, flush=True)


async def play(options: argparse.Namespace) -> dict[str, object]:
    config = replace(read_config(options.config), id="house")
    announced = announce(options.entities)
    turns = script(things(announced), options.turns, options.seed)
    async with contextlib.AsyncExitStack() as stack:
        server = stack.enter_context(Mosquitto())
        folder = options.recordings or Path(stack.enter_context(tempfile.TemporaryDirectory()))

        async def client(name: str) -> MqttBroker:
            broker = MqttBroker(host="127.0.0.1", port=server.port, device_id=name)
            await stack.enter_async_context(broker)
            await broker.wait_connected(20)
            return broker

        devices = Devices(await client("devices"), announced)
        broker, mind = await client("house"), engine(config)
        stage = Stage(devices)
        house = stage.house = real_house(Home(), device_id="house", random_digits=lambda: stage.turn.code or "00")
        await mind.load_home(Home().to_dict())
        await stack.enter_async_context(running(mind.supervisor))
        await mind.started()
        obeying = asyncio.create_task(devices.run())
        stack.callback(obeying.cancel)
        learned = await _learn(broker, mind, house, devices, stack)
        assistant = Assistant(
            ear=Playlist(config, spoken(turns, stage, folder), realtime=False), engine=mind, mouth=MemoryMouth(),
            broker=broker,
            listener=Listener(listener_settings(config)), house=house, tell=stage.tell, explain=stage.explain,
            settings=turn_settings(config), paced=False,
        )  # fmt: skip
        following = asyncio.create_task(assistant.follow_states())
        stack.callback(following.cancel)
        for topic in house.home.topics():
            await broker.subscribe(topic)
        await settled(devices, quiet_s=0.3)
        if options.typed:
            for turn in (t for t in turns if not t.answered):  # a code is only ever spoken
                stage.open(turn)
                await assistant.ask(turn.text)
                await assistant.cancel()
                await settled(devices, quiet_s=0.05)
                stage.close()
                _progress(stage)
        else:
            following.cancel()
            await assistant.run()
        print(file=sys.stderr)
        score = stage.score
        return {
            "entities": len(house.home.entities), "typed": options.typed, "turns": score.turns, "right": score.right,
            "sensitive_without_code": score.sensitive_without_code, "late": score.late,
            "acted_wrongly": score.acted_wrongly, **learned,
            "failed_at": dict(Counter(str(one["stage"]) for one in score.wrong)), "wrong": score.wrong,
        }  # fmt: skip


async def _learn(
    broker: MqttBroker, mind: EngineClient, house: House, devices: Devices, stack: contextlib.AsyncExitStack
) -> dict[str, object]:
    """The house from its own messages; what that took of time and memory."""
    ready = asyncio.Event()
    spent: dict[str, object] = {}

    async def move(home: Home) -> None:
        begun, worked = time.monotonic(), _cpu_s(mind)
        await mind.load_home(home.to_dict())
        house.move(home)
        spent["compile_s"] = round(time.monotonic() - begun, 2)
        spent["compile_cpu_s"] = round(_cpu_s(mind) - worked, 2)
        if len(home.entities) == len(devices.announced):
            ready.set()

    before = _memory_mb(mind)
    await devices.move_in()
    begun = time.monotonic()
    learning = asyncio.create_task(Learning(broker, HomeFile()).run(move))
    stack.callback(learning.cancel)
    await asyncio.wait_for(ready.wait(), 300)
    spent["learned_s"] = round(time.monotonic() - begun, 2)
    return {**spent, "engine_mb": _memory_mb(mind), "engine_mb_before": before}


def _cpu_s(mind: EngineClient) -> float:
    """What the engine has worked so far: on a busy machine its wall clock says little."""
    fields = Path(f"/proc/{mind.supervisor.state.facts.get('pid')}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(mind: EngineClient) -> float:
    pid = mind.supervisor.state.facts.get("pid")
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return round(kib / 1024, 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.house", description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--entities", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--typed", action="store_true", help="typed turns: without ear and voice, and without codes")
    parser.add_argument("--recordings", type=Path, help="keep the spoken turns there, and use those that are there")
    parser.add_argument("--config", type=Path, help="voiced.toml: another model, other thresholds")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    result = asyncio.run(play(options))
    if options.json:
        print(json.dumps(result))
        return 0
    console, wrong = Console(), result.pop("wrong")
    for key, value in result.items():
        console.print(f"{key.replace('_', ' ')}: {value}")
    assert isinstance(wrong, list)
    for one in wrong:
        console.print(f"  [dim]not:[/dim] {json.dumps(one)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
