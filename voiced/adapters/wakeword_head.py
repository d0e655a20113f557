"""A wake word of one's own: a small ONNX network over openWakeWord's embeddings, for either backend.

A pickled verifier is never read: unpickling runs whatever the file's author wrote.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from voiced.arrays import F32
from voiced.errors import ModelFileError

EMBEDDING = 96


def session(path: Path) -> onnxruntime.InferenceSession:
    """One thread, silent, never spinning. ModelFileError where the file is missing or no ONNX model."""
    if not path.is_file():
        raise ModelFileError(f"the wake word model {path} is missing")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; the log would repeat it in red
    # Spinning threads would burn a core between two scores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen classes of its own
        raise ModelFileError(f"{path} is no ONNX model") from error


class WakeHead:
    """`frames`: how many embeddings (one each 80 ms) it looks at. ModelFileError for a file that is no such head."""

    def __init__(self, word: str, path: Path) -> None:
        self._session = session(path)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 3 or not isinstance(shape[1], int) or shape[2] != EMBEDDING:
            raise ModelFileError(f"the model of the wake word {word!r} does not take openWakeWord's embeddings")
        self._input, self.frames = inputs[0].name, int(shape[1])

    def score(self, embeddings: F32) -> float:
        """Score in [0, 1] of the last of `embeddings` [at least `frames`, 96]."""
        answer = self._session.run(None, {self._input: embeddings[None, -self.frames :]})
        return min(1.0, max(0.0, float(np.asarray(answer[0]).ravel()[0])))
