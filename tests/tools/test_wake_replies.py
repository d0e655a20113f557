"""Our own replies in a simulated room, and somebody who says "stop" over them: what a stop word is made from."""

from __future__ import annotations

import random

import numpy as np
import pytest
import soundfile

pytest.importorskip("scipy", reason="SciPy is installed only where nano is trained, and beside openwakeword")

from tools.wake.house import STEP
from tools.wake.over import along, stopped
from tools.wake.replies import EXAMPLES, Kitchen, Overheard, Scene, texts
from voiced.config import DEMO_HOME
from voiced.home.load import load_home
from voiced.speak import en
from voiced.speak.phrases import say

DEMO = DEMO_HOME.parent / "demo"
NAMES = ("kitchen-lights-on", "close-garage-door", "timer-five-minutes", "temperature-twenty-one")
HOME = load_home(DEMO_HOME.read_text("utf-8"))


def clips(voice: str) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    return [soundfile.read(DEMO / f"{voice}-{name}.flac", dtype="float32")[0] for name in NAMES]


def kitchen(scene: Scene) -> Kitchen:
    rng = np.random.default_rng(0)
    rooms = (rng.standard_normal((4, 4000)) * 10 ** (-np.arange(4000) / 1000) * 0.1).astype(np.float32)
    rooms[:, 0] = 1
    return Kitchen(1, rooms, rng.standard_normal((2, 32_000)).astype(np.float32), scene)


def power(heard: Overheard, span: tuple[int, int]) -> float:
    return float(np.mean(heard.pcm[span[0] : span[1]].astype(np.float64) ** 2))


def test_every_phrase_is_among_what_we_say_and_none_has_the_word_in_it() -> None:
    assert set(en.PHRASES) == {reply.key for reply in EXAMPLES}
    said = texts(HOME, "stop")
    assert {text for reply in EXAMPLES if (text := say(reply)) and "stop" not in text.lower()} <= set(said)
    assert not any("stop" in text.lower() for text in said)


def test_the_canceller_takes_us_out_and_leaves_who_speaks_over_us() -> None:
    quiet = Scene(words_db=(0, 0), noise_db=(-60, -60), loudspeaker=0)
    alone = kitchen(quiet).hears(clips("joe"), [None] * 4)
    over = kitchen(quiet).hears(clips("joe"), [None, None, None, clips("espeak-us")[0][:8000]])

    assert len(alone.pcm) % STEP == len(over.pcm) % STEP == 0
    assert len(over.words) == 1
    assert power(alone, alone.replies[3]) < 0.2 * power(alone, alone.replies[0])
    assert power(over, over.words[0]) > 5 * power(over, over.replies[2])


class Scores:
    """A model that scores what the test wants."""

    def __init__(self, scores: list[float]) -> None:
        self._scores = iter(scores)

    def score(self, pcm: bytes) -> dict[str, float]:
        assert len(pcm) == 2 * STEP
        return {"stop": next(self._scores)}

    def embed(self, pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        raise NotImplementedError

    def reset(self) -> None: ...


def test_a_reply_is_stopped_as_the_daemon_would() -> None:
    heard = Overheard(np.zeros(40 * STEP, np.int16), (), ((10 * STEP, 30 * STEP),), (False,) * 40)
    rng = random.Random(0)
    for _ in range(50):
        at = rng.randrange(40)
        scores = along(Scores([0.9 if step == at else 0.1 for step in range(40)]), "stop", heard)
        assert stopped(scores, heard.replies[0], 0.5) == (10 < at + 1 <= 30)
        assert not stopped(scores, heard.replies[0], 0.95)
        assert not stopped(scores, heard.replies[0], 0.5, since=31 * STEP)


def test_we_are_alone_in_what_is_left_of_us_until_somebody_speaks() -> None:
    quiet = Scene(words_db=(0, 0), noise_db=(-60, -60), loudspeaker=0)
    words = [None, None, None, clips("espeak-us")[0][:8000]]
    heard = kitchen(quiet).hears(clips("joe"), words)
    begin, end = heard.words[0]

    def share(first: int, last: int) -> float:
        return float(np.mean(heard.alone[first // STEP + 5 : last // STEP]))

    assert len(heard.alone) == len(heard.pcm) // STEP
    assert share(*heard.replies[2]) > 0.6
    assert share(begin, end) < 0.2
    assert not any(heard.alone[: heard.replies[0][0] // STEP]), "before we speak we take nothing out"
