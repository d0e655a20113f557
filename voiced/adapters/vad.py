"""Is this 20 ms frame speech? One vote of webrtcvad (from `webrtcvad-wheels`; the original needs pkg_resources)."""

from __future__ import annotations

import webrtcvad

from voiced.errors import UsageError
from voiced.messages import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ


class WebRtcVad:
    """Votes frame by frame. It keeps a noise model of its own, so frames must come in order.

    `aggressiveness` 0 to 3: 0 calls most things speech, 3 only what surely is.
    """

    def __init__(self, *, aggressiveness: int = 2) -> None:
        if aggressiveness not in range(4):
            raise UsageError(f"the speech detector's aggressiveness is 0, 1, 2 or 3, not {aggressiveness}")
        self._vad = webrtcvad.Vad(aggressiveness)

    def is_speech(self, pcm: bytes) -> bool:
        """The vote on one frame of exactly 20 ms, 16 kHz mono s16."""
        if len(pcm) != FRAME_SAMPLES * BYTES_PER_SAMPLE:
            raise ValueError(f"a frame is {FRAME_SAMPLES} samples, not {len(pcm) / BYTES_PER_SAMPLE:g}")
        return bool(self._vad.is_speech(pcm, SAMPLE_RATE_HZ))
