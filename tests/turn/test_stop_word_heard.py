"""All that we say, in our own voice, in simulated rooms and behind the real canceller: what the shipped stop word makes
of it, and of the word itself.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.conftest import Figure
from tools.wake.measure import quickest
from tools.wake.over import along, fours, rendered, stopped
from tools.wake.replies import TOGETHER, Kitchen, Scene, texts
from voiced.config import DEMO_HOME, MODELS
from voiced.home.load import load_home

pytestmark = [pytest.mark.whole, pytest.mark.faults]
MODEL = MODELS / "wake" / "stop.onnx"
THRESHOLD = 0.5
QUIET = Scene(words_db=(6, 6), noise_db=(-40, -30), before_s=0.5)


def kitchen(scene: Scene | None = None) -> Kitchen:
    rng = np.random.default_rng(3)
    falls = 10 ** (-3 * np.arange(8000) / 16_000 / rng.uniform(0.2, 0.5, (12, 1)))
    rooms = rng.standard_normal((12, 8000)) * falls * 0.1
    rooms[:, :40] = 0
    rooms[:, 40] = 1
    noises = np.cumsum(rng.standard_normal((6, 64_000)), axis=1)
    noises -= np.apply_along_axis(lambda x: np.convolve(x, np.ones(200) / 200, "same"), 1, noises)
    noises /= noises.std(axis=1, keepdims=True)
    return Kitchen(5, rooms.astype(np.float32), noises.astype(np.float32), scene)


@pytest.mark.row("A7")
def test_what_we_say_hardly_ever_stops_itself_and_stop_does(figure: Figure) -> None:
    own = rendered(texts(load_home(DEMO_HOME.read_text("utf-8")), "stop"))
    words, rng, room = quickest([str(MODEL)]), random.Random(0), kitchen()
    count = of = 0
    for replies in fours(rng.sample(own, len(own))):
        heard = room.hears(replies, [None] * TOGETHER)
        scores = along(words, "stop", heard)
        count += sum(stopped(scores, span, THRESHOLD) for span in heard.replies)
        of += TOGETHER
    figure("stopped_themselves", count)
    print(f"{count} of {of} stopped themselves")
    assert of > 150

    long = [pcm for pcm in own if len(pcm) > 2.5 * 16_000]
    room, caught, said = kitchen(QUIET), 0, rendered(["Stop!", "Stop.", "Stop! ", "Stop. "])
    for _ in range(5):
        heard = room.hears(rng.sample(long, TOGETHER), said)
        scores = along(words, "stop", heard)
        spans = zip(heard.replies, heard.words, strict=True)
        caught += sum(stopped(scores, span, THRESHOLD, begin) for span, (begin, _) in spans)
    print(f"{caught} of 20 caught")
    assert caught >= 12, f"{caught} of 20"
