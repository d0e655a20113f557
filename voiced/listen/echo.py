"""Our own voice out of what the microphone hears. Pure: what is played and what is heard in, what is left of it out.

Whoever plays says what, and roughly when it was handed to the loudspeaker; how much later the room gives it back is
found out, for sound servers buffer and run dry as they like:

    delay    the peak of the generalized cross-correlation (Knapp and Carter 1976, phase transform) of what is heard
             with what is played, looked for until it is certain, and looked after from then on
    drift    of two clocks, of loudspeaker and microphone: the delay is followed to a part of a sample
    echo     an adaptive filter in blocks of the frequency domain, its step found by a Kalman filter for each bin and
             block (Enzner and Vary 2006; Kuech, Mabande and Enzner 2014): it learns fast while only we are heard, and
             hardly while somebody speaks as well, without a detector for it

What was learnt is kept from one reply to the next, for rooms seldom change. While nothing is played nothing is changed
and nothing is computed. Measured in `tests/listen/test_echo.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiced.arrays import F32
from voiced.messages import FRAME_SAMPLES, ms_to_samples

_BINS = FRAME_SAMPLES + 1
_FULL_SCALE = 32768.0
_TAPS = 12
"""To each side of a place between two samples."""
_DOUBT_MOVED = 0.05
"""Of the first doubt, what comes back with another delay."""


@dataclass(frozen=True, slots=True)
class EchoSettings:
    blocks: int = 10
    """Of 20 ms each: how long the room rings, as far as the filter follows."""
    most_delay_ms: int = 2400
    """From handing over to hearing: buffers of sound servers, mostly."""
    tail_ms: int = 500
    """After the last sound."""
    lead_ms: int = 6
    """The filter begins so long before the delay that was found: there may be weaker, shorter ways."""
    memory: float = 0.9995
    """How much of what is known of the room counts after 20 ms."""


class EchoCanceller:
    """`playing` what will be heard, `cancel` every frame in order. Samples are counted as they come in, one after the
    other: what was lost in between moves the delay, which is found again.
    """

    def __init__(self, settings: EchoSettings | None = None) -> None:
        self._settings = settings = settings or EchoSettings()
        self._played = Played()
        self._delay = Delay(ms_to_samples(settings.most_delay_ms))
        self._filter = KalmanFilter(settings.blocks, settings.memory)
        self._reach = ms_to_samples(settings.most_delay_ms + settings.tail_ms)
        self._lead = ms_to_samples(settings.lead_ms)

    @property
    def delay_samples(self) -> int | None:
        """From handing over to hearing; None while nobody knows."""
        return None if self._delay.now is None else round(self._delay.now)

    def playing(self, first_sample: int, pcm: bytes) -> None:
        """Sound (s16) that is handed to the loudspeaker from `first_sample` on, at its own pace."""
        self._played.add(first_sample, _floats(pcm))

    def silenced(self, at_sample: int) -> None:
        """What was to be played from here on was not."""
        self._played.cut(at_sample)

    def restart(self) -> None:
        """The ear counts from 0 again, and may be another."""
        self._played = Played()
        self._delay = Delay(ms_to_samples(self._settings.most_delay_ms))

    def cancel(self, first_sample: int, pcm: bytes) -> bytes:
        """A frame (s16, 20 ms) without our own voice; the very same bytes while there is none to be heard."""
        if not self._played.sounds_since(first_sample - self._reach):
            return pcm
        heard = _floats(pcm)
        moved = self._delay.look(first_sample, heard, self._played)
        if self._delay.now is None:
            return pcm
        at = first_sample - self._delay.now + self._lead
        if moved:
            self._filter.realign(self._played.near(at - self._filter.reach, self._filter.reach))
        left = self._filter.cancel(self._played.near(at, FRAME_SAMPLES), heard)
        return _pcm(left) if left @ left < heard @ heard else pcm  # the delay has just moved: not worse than before


class Played:
    """What was played and what will be, by the sample at which it was handed over."""

    def __init__(self) -> None:
        self._pieces: list[tuple[int, F32]] = []

    def add(self, first_sample: int, samples: F32) -> None:
        self.cut(first_sample)  # it is handed over once only
        self._pieces.append((first_sample, samples))

    def cut(self, at_sample: int) -> None:
        self._pieces = [
            (first, samples[: at_sample - first]) for first, samples in self._pieces if first < at_sample
        ]  # fmt: skip

    def sounds_since(self, sample: int) -> bool:
        """Whether anything was played from here on; what was before is forgotten."""
        if self._pieces:
            self._pieces = [piece for piece in self._pieces if piece[0] + len(piece[1]) > sample]
        return bool(self._pieces)

    def between(self, begin: int, end: int) -> F32:
        out = np.zeros(end - begin, np.float32)
        for first, samples in self._pieces:
            low, high = max(begin, first), min(end, first + len(samples))
            if low < high:
                out[low - begin : high - begin] = samples[low - first : high - first]
        return out

    def near(self, begin: float, count: int) -> F32:
        """`count` samples from `begin` on, which may lie between two of them."""
        whole = math.floor(begin)
        around = self.between(whole - _TAPS + 1, whole + count + _TAPS)
        return np.convolve(around, _between_samples(begin - whole), "valid").astype(np.float32)


def _between_samples(part: float) -> F32:
    """Filter (a sinc under a Hann window) for the sound `part` of a sample after where `_TAPS` points."""
    at = np.arange(1 - _TAPS, _TAPS + 1) - part
    taps: F32 = (np.sinc(at) * np.cos(np.pi * at / (2 * _TAPS + 1)) ** 2)[::-1].astype(np.float32)
    return taps


class Delay:
    """Looks for the delay 16 times a second, in the last half second of what was heard."""

    _FRAMES = 32
    _EVERY = 3
    _KEEP = 0.6
    """Of what earlier looks saw."""
    _CERTAIN = 8.0
    """A peak so many times as high as the usual of the correlation `_AROUND` it is one."""
    _AROUND = 4000
    _FIRST_WITHIN = 640
    """Samples before the highest peak in which the direct way may lie, for a reflection may be louder."""
    _FIRST_HEIGHT = 0.4
    """Of the highest: the first so high is the direct way."""
    _NEAR = 64
    """Samples around the delay of now in which a peak is taken for it, where it is at least `_STILL` of the highest."""
    _STILL = 0.5
    _JUMPED = 1.0
    """Samples: what is less comes from two clocks that drift apart."""
    _STEP = 0.1
    _DRIFT_STEP = 0.01
    """Of an error, what is corrected at once, and what is laid to the clocks at each look."""
    _MOST_DRIFT = 500e-6
    """No crystal is so wrong."""

    def __init__(self, most: int) -> None:
        self.now: float | None = None
        """Samples; None while nobody knows."""
        self._most = most
        self._heard = np.zeros(self._FRAMES * FRAME_SAMPLES, np.float32)
        self._next = -1
        self._frames = 0
        self._seen: NDArray[np.float64] | None = None
        self._size = 1 << (len(self._heard) + most).bit_length()
        self._drift = 0.0
        """Samples in one."""

    def look(self, first_sample: int, heard: F32, played: Played) -> bool:
        """True when the delay is another than was thought."""
        if first_sample != self._next:
            self._heard[:], self._frames, self._seen = 0.0, 0, None
        self._next = first_sample + FRAME_SAMPLES
        self._heard[:-FRAME_SAMPLES] = self._heard[FRAME_SAMPLES:]
        self._heard[-FRAME_SAMPLES:] = heard
        self._frames += 1
        if self.now is not None:
            self.now += self._drift * FRAME_SAMPLES
        if self._frames % self._EVERY or (delay := self._peak(played)) is None:
            return False
        if self.now is None or abs(error := delay - self.now) > self._JUMPED:
            self.now = delay
            return True
        self.now += self._STEP * error
        drift = self._drift + self._DRIFT_STEP * error / (self._EVERY * FRAME_SAMPLES)
        self._drift = min(self._MOST_DRIFT, max(-self._MOST_DRIFT, drift))
        return False

    def _peak(self, played: Played) -> float | None:
        """Where the correlation peaks, to a part of a sample."""
        begin = self._next - len(self._heard)
        reference = played.between(begin - self._most, self._next)
        if np.mean(reference[-len(self._heard) :] ** 2) < 1e-7 or self._frames < self._FRAMES // 2:
            self._seen = None
            return None
        cross = np.conj(np.fft.rfft(reference, self._size)) * np.fft.rfft(self._heard, self._size)
        cross /= np.abs(cross) + 1e-9 * len(self._heard)
        lags = np.fft.irfft(cross, self._size)
        # reference[i] is sample begin - most + i, heard[j] is begin + j: a lag of -k means a delay of most - k.
        seen = lags[-self._most :].astype(np.float64)
        self._seen = seen if self._seen is None else self._KEEP * self._seen + seen
        heights = np.abs(self._seen)
        peak = int(np.argmax(heights))
        around = heights[max(0, peak - self._AROUND) : peak + self._AROUND]  # farther away may be mere silence
        if heights[peak] < self._CERTAIN * float(np.sqrt(np.mean(around**2))):
            return None
        top = max(1, min(self._direct(heights, peak), self._most - 2))
        before, at, after = heights[top - 1 : top + 2]
        return top + 0.5 * float(before - after) / float(before - 2 * at + after - 1e-12)

    def _direct(self, heights: NDArray[np.float64], peak: int) -> int:
        """The direct way's peak: that of before, where it still stands, else the first that is high."""
        if self.now is not None:
            begin = max(0, round(self.now) - self._NEAR)
            near = heights[begin : round(self.now) + self._NEAR + 1]
            if len(near) and np.max(near) > self._STILL * heights[peak]:
                return begin + int(np.argmax(near))
        begin = max(0, peak - self._FIRST_WITHIN)
        first = begin + int(np.argmax(heights[begin : peak + 1] > self._FIRST_HEIGHT * heights[peak]))
        return first + int(np.argmax(heights[first : first + 4]))


class KalmanFilter:
    """The echo path as `blocks` of 20 ms in the frequency domain, by overlap-save."""

    def __init__(self, blocks: int, memory: float) -> None:
        self._memory = memory
        self._input = np.zeros(2 * FRAME_SAMPLES, np.float32)
        self._inputs = np.zeros((blocks, _BINS), np.complex64)
        self._noise = np.zeros(_BINS, np.float32)
        self._path = np.zeros_like(self._inputs)
        self._doubt = np.full(self._inputs.shape, 1.0, np.float32)
        self.reach = (blocks + 1) * FRAME_SAMPLES
        """Samples that it looks back on."""

    def realign(self, played: F32) -> None:
        """What was played before the next block comes from another place in time than was thought: `reach` samples.
        The room is the same, though less certainly.
        """
        pairs = played.reshape(-1, FRAME_SAMPLES)
        windows = np.concatenate([pairs[:-1], pairs[1:]], axis=1)[::-1]
        self._inputs[:] = np.fft.rfft(windows, axis=1)
        self._input[:] = windows[0]
        self._doubt = np.maximum(self._doubt, _DOUBT_MOVED)

    def cancel(self, played: F32, heard: F32) -> F32:
        """One block: what was heard without the echo of what was played."""
        self._input[:FRAME_SAMPLES], self._input[FRAME_SAMPLES:] = self._input[FRAME_SAMPLES:], played
        self._inputs[1:] = self._inputs[:-1]
        self._inputs[0] = np.fft.rfft(self._input)
        echo = np.fft.irfft((self._inputs * self._path).sum(axis=0))[FRAME_SAMPLES:]
        left = (heard - echo).astype(np.float32)
        self._learn(left)
        return left

    def _learn(self, left: F32) -> None:
        error = np.fft.rfft(np.concatenate([np.zeros(FRAME_SAMPLES, np.float32), left]))
        power = np.abs(self._inputs) ** 2
        self._noise += 0.3 * (np.abs(error) ** 2 - self._noise)
        expected = 0.5 * (self._doubt * power).sum(axis=0) + np.maximum(self._noise, np.abs(error) ** 2) + 1e-9
        step = self._doubt / expected
        change = np.fft.irfft(step * np.conj(self._inputs) * error, axis=1)
        change[:, FRAME_SAMPLES:] = 0.0
        self._path += np.fft.rfft(change, axis=1).astype(np.complex64)
        keep = self._memory**2
        self._doubt *= keep * (1.0 - 0.5 * step * power)
        self._doubt += (1.0 - keep) * np.abs(self._path) ** 2


def _floats(pcm: bytes) -> F32:
    return np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(_FULL_SCALE)


def _pcm(samples: F32) -> bytes:
    return bytes(np.clip(np.rint(samples * _FULL_SCALE), -32768, 32767).astype(np.int16))
