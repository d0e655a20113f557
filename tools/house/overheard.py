"""`python -m tools.house.overheard FOLDER --home HOME.toml`: what speech that is no command makes the house do.

Every recording is heard once by the real ear, listener and engine, and judged by the real policy. Without --wake a
turn is open all the time: when one ends, the next one opens, as if every sentence had followed the wake word. Printed:
hours, turns, actions and questions, with the upper 95 % bound of a rate per hour.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.progress import track

from tools.mix.__main__ import sounds
from tools.wake.measure import most
from voiced.app import real_house
from voiced.bench.follow import Asked, final, follow, frames_for, open_turn
from voiced.configfile import read_config
from voiced.home.load import load_home
from voiced.home.model import Home
from voiced.home.unsaid import slots_left
from voiced.listen.endpoint import Endpoint
from voiced.listen.listener import Listener
from voiced.listen.settings import ListenerSettings
from voiced.messages import SAMPLE_RATE_HZ, Decision, Ended, Frame
from voiced.workers.engine import EngineCore
from voiced.workers.engine_load import load_model


def decided(
    core: EngineCore, frames: Iterable[Frame], listener: Listener, home: Home, *, wake: bool = True
) -> Iterator[Decision]:
    """What was decided by each turn's end, as the daemon ends it. Without `wake` a turn is always open."""
    endpoint = Endpoint()
    last: Decision | None = None
    for frame in frames:
        if not wake and listener.turn is None:
            open_turn(core, listener, window_ms=60_000)
        for event in follow(core, listener.hear(frame)):
            match event:
                case Asked(decision=last):
                    silence_ms = endpoint.silence_ms(last, slots_left=slots_left(home, last.calls))
                    listener.set_end(event.hush.turn, silence_ms)
                case Ended(turn=turn):
                    if last is not None:
                        yield final(core, turn, last)
                    last = None


def decisions(core: EngineCore, path: Path, home: Home, *, wake: bool) -> tuple[list[Decision], float]:
    """What was decided at each turn's end, and the hours heard."""
    listener = Listener(ListenerSettings())
    frames = frames_for(core, path, wake=wake, silence_ms=2000)
    found = list(decided(core, frames, listener, home, wake=wake))
    return found, listener.now / SAMPLE_RATE_HZ / 3600


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.house.overheard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="+", help="recordings, or folders of them")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument(
        "--wake", action="store_true", help="a turn opens where hey jarvis or alexa is heard, as always"
    )
    given = parser.parse_args()
    home = load_home(given.home.read_text("utf-8"), str(given.home))
    core = load_model(read_config(given.config).model.path)
    core.load_home(home.to_dict())
    house = real_house(home, device_id="overheard", random_digits=lambda: "47")
    kinds: Counter[str] = Counter()
    hours = 0.0
    acted: list[dict[str, object]] = []
    paths = [path for folder in given.folder for path in sounds(folder)]
    for path in track(paths, "listening", disable=not sys.stderr.isatty()):
        found, some = decisions(core, path, home, wake=given.wake)
        hours += some
        for decision in found:
            judgement = house.judge(decision)
            kinds[str(judgement.kind)] += 1
            if str(judgement.kind) not in ("ignore", "refuse"):
                acted.append({"audio": f"{path.parent.name}/{path.name}", "kind": str(judgement.kind),
                              "heard": decision.sentence, "certainty": round(decision.certainty, 3)})  # fmt: skip
    core.close()
    actions = kinds["act"]
    print(json.dumps({
        "hours": round(hours, 3), "turns": sum(kinds.values()), **kinds, "actions_per_hour": round(actions / hours, 2),
        "actions_per_hour_most_95": round(most(actions, hours), 2), "acted": acted,
    }))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
