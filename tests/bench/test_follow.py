"""What a recording is to the engine that measures hear it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from voiced.bench.common import RECORDINGS
from voiced.bench.follow import frames_for
from voiced.config import DEMO_HOME, WakeConfig

OWN = DEMO_HOME.parents[2] / "models" / "wake" / "hey_gemma.onnx"
CORE: Any = SimpleNamespace(noise_suppression=2)


def test_a_wake_word_of_ones_own_is_scored_beside_those_of_the_recordings() -> None:
    heard = frames_for(
        CORE, RECORDINGS / "joe-kitchen-lights-on.flac", wake=True, silence_ms=0, config=WakeConfig(words=(str(OWN),))
    )
    scored = next(frame.wake for frame in heard if frame.wake)
    assert set(scored) == {"hey_jarvis", "alexa", "hey_gemma"}


def test_where_no_wake_word_is_wanted_none_is_scored() -> None:
    heard = frames_for(CORE, RECORDINGS / "joe-kitchen-lights-on.flac", wake=False, silence_ms=0)
    assert not any(frame.wake for frame in heard)
