"""WebRTC's noise suppression (the package `webrtc-noise-gain`): a room's noise gets quieter, a voice does not."""

from __future__ import annotations

from webrtc_noise_gain import AudioProcessor

from voiced.errors import UsageError

BLOCK_BYTES = 320
"""10 ms of 16 kHz mono s16, what WebRTC works in."""
DELAY_SAMPLES = 96
"""By which sound leaves later than it entered: measured with a single sample, WebRTC's window less its step."""
LEVELS = range(1, 5)


class NoiseSuppressor:
    """One stream of sound. It learns the noise from what it has heard, and begins with none. What lies below about
    100 Hz goes, too. The same blocks give the same sound.

    `level` 1 to 4: mild to all that WebRTC can.
    """

    def __init__(self, level: int) -> None:
        if level not in LEVELS:
            raise UsageError(f"the level of noise suppression is 1, 2, 3 or 4, not {level}")
        self._processor = AudioProcessor(0, level)  # no automatic gain: the ear takes any level

    def __call__(self, pcm: bytes) -> bytes:
        """Blocks of 10 ms, any number of them, 16 kHz mono s16; as many come back."""
        if len(pcm) % BLOCK_BYTES:
            raise ValueError(f"{len(pcm)} bytes are no number of 10 ms blocks")
        blocks = range(0, len(pcm), BLOCK_BYTES)
        return b"".join(self._processor.Process10ms(pcm[at : at + BLOCK_BYTES]).audio for at in blocks)
