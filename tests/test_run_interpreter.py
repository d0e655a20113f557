"""The interpreter in the daemon: two models, two voices, a room that it hears. What a random model says means nothing;
when it may say it, and that nothing else comes of it, is real.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon import ATTEMPTS, Daemon, House, house_at
from tests.faults.sound import SoundServer
from tests.gemma.tiny import tiny_folder
from tests.test_run import CLOSE, GARAGE, Loudspeaker, broker, server
from voiced.adapters.mosquitto import Mosquitto
from voiced.adapters.piper import default_voice
from voiced.home.interpreter import NEITHER, SPOKEN, STOP
from voiced.turn.timeline import Happening

pytestmark = [pytest.mark.whole, pytest.mark.faults]
__all__ = ["broker", "server"]
CHOICES = [word.casefold() for word in ("English", "German", NEITHER, STOP)]


def two_models_and_voices(folder: Path) -> str:
    """The second voice is the first one's file under another name."""
    for suffix in ("", ".json"):
        Path(f"{folder / 'german.onnx'}{suffix}").symlink_to(f"{default_voice()}{suffix}")
    return (
        f'[model]\nsecond = "{tiny_folder("calls", talks=True)}"\n'
        f'[interpreter]\nlanguages = ["English", "German"]\nvoice = "{folder / "german.onnx"}"\nsilence_s = 20\n'
    )


def done_while_interpreting(happened: list[Happening]) -> list[Happening]:
    """Commands between its beginning and its end."""
    on, done = False, []
    for happening in happened:
        on = (on or happening["event"] == "interpreting") and happening["event"] != "interpreting_ended"
        done += [happening] if on and happening["event"] == "command" else []
    return done


async def begun(daemon: Daemon, house: House) -> None:
    await house.ask("be my interpreter for German")
    await daemon.happens("interpreting")
    await daemon.happens("listening", expect="interpret")


async def test_people_are_interpreted_until_nobody_speaks_and_the_house_does_nothing_meanwhile(
    server: SoundServer, broker: Mosquitto, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path, broker.port, more=two_models_and_voices(tmp_path))
    async with house_at(broker.port) as house, daemon:
        await daemon.ready()
        await daemon.until(lambda: any("the second engine is ready" in line for line in daemon.log))
        with Loudspeaker(tmp_path / "heard") as loudspeaker:
            await begun(daemon, house)
            assert loudspeaker.heard_s() > 2, "the greeting"
        await daemon.until(lambda: house.state["state"] == "interpreting")
        spoken: list[object] = []
        for _ in range(ATTEMPTS):  # where the machine is so busy that the ear is lost meanwhile, it is over before
            heard = await daemon.hears(GARAGE, "decision")  # a command, with the wake word
            assert isinstance(heard["calls"], list)
            spoken = [call["slots"]["language"] for call in heard["calls"] if call["intent"] == SPOKEN]
            if spoken:
                break
            await begun(daemon, house)
        assert len(spoken) == 1
        assert spoken[0] in CHOICES

        await daemon.happens("interpreting_ended")
        await daemon.until(lambda: house.state["state"] == "idle")
        assert done_while_interpreting(daemon.happened) == []
        await daemon.hears(GARAGE, "command")
        assert house.commands()[:1] == CLOSE
