"""[wake]: one threshold for all words, and those of words that differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiced.app import listener_settings, turn_settings
from voiced.config import Config
from voiced.configfile import load_config
from voiced.errors import ConfigError


def test_a_word_may_have_a_threshold_of_its_own() -> None:
    config = load_config(
        '[wake]\nwords = ["alexa", "hey_jarvis", "models/hey_gemma.onnx"]\nthreshold = 0.6\n'
        "[wake.thresholds]\nhey_jarvis = 0.4\nhey_gemma = 0.7\n"
    )
    settings = listener_settings(config)
    thresholds = {word: settings.word(word).threshold for word in ("alexa", "hey_jarvis", "hey_gemma")}
    assert thresholds == {"alexa": 0.6, "hey_jarvis": 0.4, "hey_gemma": 0.7}
    assert settings.word("alexa").tail_ms == 400


def test_a_model_of_ones_own_is_scored_by_its_files_name() -> None:
    config = load_config('[wake]\nwords = ["/models/hey_gemma.onnx"]\nthreshold = 0.8\n')
    assert listener_settings(config).word("hey_gemma").threshold == 0.8


def test_a_model_of_ones_own_lies_beside_the_configuration_whatever_folder_voiced_was_started_in() -> None:
    words = load_config('[wake]\nwords = ["hey_gemma.onnx", "alexa"]\n', base=Path("/etc/voiced")).wake.words
    assert words == ("/etc/voiced/hey_gemma.onnx", "alexa")


def test_a_stop_word_is_none_unless_it_is_asked_for_and_has_a_threshold_of_its_own() -> None:
    assert Config().wake.stop == ""
    config = load_config('[wake]\nthreshold = 0.8\nstop = "stop.onnx"\n', base=Path("/models"))
    assert config.wake.stop == "/models/stop.onnx"
    assert (turn_settings(config).stop_word, turn_settings(config).stop_threshold) == ("stop", 0.5)
    config = load_config('[wake]\nstop = "stop.onnx"\n[wake.thresholds]\nstop = 0.7\n')
    assert turn_settings(config).stop_threshold == 0.7
    assert set(listener_settings(config).words) == {"hey_jarvis"}, "it wakes nobody"


@pytest.mark.parametrize(
    ("line", "fault"),
    [("hey_jarvs = 0.4", "hey_jarvs: is none of the wake words: hey_jarvis"), ("hey_jarvis = 4", "between 0.01 and 1")],
)
def test_faults_are_named(line: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        load_config(f"[wake.thresholds]\n{line}\n")
