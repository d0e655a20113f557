"""What a room, a microphone and a hurried speaker do to a clip. One generator draws all; a millisecond a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import lfilter

from voiced.adapters.noise import BLOCK_BYTES, DELAY_SAMPLES, NoiseSuppressor

from .corpora import Shelf
from .synth import RATE
from .voices import Pcm

Rng = np.random.Generator
Rows = np.ndarray[Any, np.dtype[np.float32]]


SUPPRESSION = 2
"""The level of noise suppression that the ear applies before this model hears anything."""


def suppressed(pcm: Pcm) -> Pcm:
    """What the ear's noise suppression, which has heard nothing before, leaves: `DELAY_SAMPLES` later, in 16 bits."""
    data = (np.clip(pcm, -1, 1) * 32767).astype(np.int16).tobytes()
    whole = data + bytes(-len(data) % BLOCK_BYTES)
    left = np.frombuffer(NoiseSuppressor(SUPPRESSION)(whole), np.int16)[: len(pcm)]
    y: Pcm = left.astype(np.float32) / np.float32(32768)
    return y


def high_pass(pcm: Pcm) -> Pcm:
    """The engine's streaming DC remover: y[n] = x[n] - x[n-1] + 0.995 y[n-1], state 0."""
    y: Pcm = lfilter([1.0, -1.0], [1.0, -0.995], pcm).astype(np.float32)
    return y


def noise_bank(rng: Rng, speech: Shelf, count: int = 60, seconds: int = 12) -> Rows:
    """Noises of unit power [count, samples]: coloured noise, babble, hum, music-like chords, kitchen-like clatter."""
    n = seconds * RATE
    t = np.arange(n) / RATE
    freq = np.fft.rfftfreq(n, 1 / RATE)
    out = np.zeros((count, n), np.float32)
    for i in range(count):
        kind = i % 6
        slope, knots = rng.uniform(-1.3, 0.3), np.sort(rng.uniform(50, 8000, 6))
        curve = np.maximum(freq, 40.0) ** slope * 10 ** (np.interp(freq, knots, rng.uniform(-8, 8, 6)) / 20)
        x = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * curve, n)
        x /= x.std() + 1e-9
        if kind in (1, 2):  # babble of two to six voices
            x *= 0.15
            for _ in range(int(rng.integers(1, 7))):
                at = 0
                while at < n:
                    clip = speech.clips[int(rng.integers(len(speech.clips)))]
                    p = speech.pcm(clip)[: n - at]
                    x[at : at + len(p)] += p / (p.std() + 1e-6) * rng.uniform(0.3, 1)
                    at += len(p) + int(rng.uniform(0.0, 0.6) * RATE)
        elif kind == 3:  # mains hum and a motor over the noise
            x *= rng.uniform(0.1, 0.6)
            for base in (rng.choice([50, 60]), rng.uniform(70, 300)):
                for k in range(1, 9):
                    x += np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6.28)) * rng.uniform(0, 1) / k
        elif kind == 4:  # chords and a beat
            x *= rng.uniform(0.02, 0.2)
            step = int(RATE * rng.uniform(0.25, 0.6))
            for at in range(0, n - step, step):
                env = np.exp(-np.arange(step) / (step * rng.uniform(0.3, 1.5)))
                for note in rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 16, 19], 3, replace=False):
                    f0 = 110 * 2 ** ((note + rng.integers(0, 2) * 12) / 12)
                    for k in range(1, 6):
                        x[at : at + step] += env * np.sin(2 * np.pi * f0 * k * t[:step]) / k * rng.uniform(0.1, 1)
                x[at : at + 800] += rng.standard_normal(800) * np.exp(-np.arange(800) / 200) * rng.uniform(0, 2)
        elif kind == 5:  # clatter: short bursts and struck dishes over quiet noise
            x *= 0.2
            for _ in range(int(rng.integers(5, 40))):
                at, m = int(rng.integers(0, n - 4000)), int(rng.integers(200, 4000))
                struck = rng.standard_normal(m) if rng.random() < 0.5 else ringing(rng, m)
                x[at : at + m] += struck * np.exp(-np.arange(m) / (m / 5)) * rng.uniform(0.5, 5)
        if rng.random() < 0.5:  # nearer and farther, on and off
            knots = np.linspace(0, n, int(rng.integers(6, 30)))
            x *= 10 ** (np.interp(np.arange(n), knots, rng.normal(0, rng.uniform(1, 8), len(knots))) / 20)
        out[i] = x / (x.std() + 1e-9)
    return out


def ringing(rng: Rng, n: int) -> Pcm:
    """A dish or a pan that is struck: a few modes of unit power together."""
    t = np.arange(n) / RATE
    modes = [np.sin(2 * np.pi * rng.uniform(400, 7000) * t) * rng.uniform(0.1, 1) for _ in range(rng.integers(2, 9))]
    x = np.sum(modes, axis=0)
    y: Pcm = (x / (x.std() + 1e-9)).astype(np.float32)
    return y


def shifted_formants(x: Pcm, factor: float) -> Pcm:
    """The voice of a longer (factor below 1) or shorter throat at the same pitch: each short spectrum keeps its fine
    structure, its smooth envelope is stretched by `factor`.
    """
    size, hop, smooth = 512, 128, 24
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(x, (size, size + hop))
    starts = np.arange(0, len(padded) - size, hop)
    spectra = np.fft.rfft(padded[starts[:, None] + np.arange(size)] * window)
    cepstrum = np.fft.irfft(np.log(np.abs(spectra) + 1e-5))
    cepstrum[:, smooth : size - smooth + 1] = 0
    envelope = np.fft.rfft(cepstrum).real
    at = np.minimum(np.arange(envelope.shape[1]) / factor, envelope.shape[1] - 1)
    low = at.astype(int)
    share = at - low
    moved = envelope[:, low] * (1 - share) + envelope[:, np.minimum(low + 1, envelope.shape[1] - 1)] * share
    frames = np.fft.irfft(spectra * np.exp(moved - envelope)).astype(np.float32) * window
    out = np.zeros(len(padded), np.float32)
    for row, start in zip(frames, starts, strict=True):
        out[start : start + size] += row
    y: Pcm = out[size : size + len(x)] * np.float32(2 / 3)  # four squared windows over each sample sum to 1.5
    return y


def hurried(x: Pcm, tempo: float) -> Pcm:
    """The same voice at the same pitch, said `tempo` times as fast: a phase vocoder (Flanagan and Golden, 1966)."""
    size, hop = 512, 128
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    padded = np.pad(x, (size, size + 2 * hop))
    starts = np.arange(0, len(padded) - size, hop)
    spectra = np.fft.rfft(padded[starts[:, None] + np.arange(size)] * window)
    steps = np.arange(0, len(spectra) - 1, tempo)
    low = steps.astype(int)
    share = (steps - low)[:, None]
    level = np.abs(spectra)
    levels = level[low] * (1 - share) + level[low + 1] * share
    usual = 2 * np.pi * hop * np.arange(spectra.shape[1]) / size
    angles = np.angle(spectra)
    turned = angles[low + 1] - angles[low] - usual
    turned += usual - 2 * np.pi * np.round(turned / (2 * np.pi))
    phases = angles[0] + np.concatenate([np.zeros((1, len(usual))), np.cumsum(turned[:-1], 0)])
    frames = np.fft.irfft(levels * np.exp(1j * phases)).astype(np.float32) * window
    out = np.zeros(len(frames) * hop + size, np.float32)
    for at, row in enumerate(frames):
        out[at * hop : at * hop + size] += row
    begins = int(size / tempo)
    y: Pcm = out[begins : begins + int(len(x) / tempo)] * np.float32(2 / 3)  # as in `shifted_formants`
    return y


def coded(x: Pcm, rng: Rng) -> Pcm:
    """What a cheap link leaves of it: 8-bit mu-law (G.711), or only the strong parts of each short spectrum."""
    if rng.random() < 0.5:
        peak = np.abs(x).max() + 1e-9
        squeezed = np.sign(x) * np.log1p(255 * np.abs(x) / peak) / np.log(256)
        steps = np.round(squeezed * 127) / 127
        y: Pcm = (np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255 * peak).astype(np.float32)
        return y
    size = 512
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
    padded = np.pad(x, (size, size + (-len(x)) % (size // 2)))
    starts = np.arange(0, len(padded) - size + 1, size // 2)
    spectra = np.fft.rfft(padded[starts[:, None] + np.arange(size)] * window)
    level = np.abs(spectra)
    kept = np.quantile(level, 1 - rng.uniform(0.08, 0.3), axis=1, keepdims=True)
    frames = np.fft.irfft(np.where(level >= kept, spectra, 0)).astype(np.float32) * window
    out = np.zeros(len(padded), np.float32)
    for row, start in zip(frames, starts, strict=True):
        out[start : start + size] += row
    return out[size : size + len(x)]


LED = 0.8
"""Share of turns that begin with something that is no part of the words, at full strength. Of 62 recordings of a person
at least a third do: the microphone thumps, half a second before the command."""


SNR = (-2.0, 30.0)
"""Decibels by which the words are louder than a room's noise."""


KNOWN_S = 1.5
"""The most that the noise suppression has heard of a room before a turn: it goes on learning for about as long."""


@dataclass(frozen=True)
class Turn:
    """What the engine is fed. Sample i of the dry words lies at `begins` + i / `factor`."""

    pcm: Pcm
    begins: int
    factor: float


class Room:
    """Turns a dry clip into what the engine is fed. `strength` 0..1 grows while training starts."""

    def __init__(self, rng: Rng, responses: Rows, noises: Rows, wakes: list[Pcm]) -> None:
        self.rng, self.responses, self.noises, self.wakes = rng, responses, noises, wakes

    def speed(self, x: Pcm, least: float = 0.84, most: float = 1.2) -> tuple[Pcm, float]:
        """Resampled by a random factor, which is told: tempo, pitch and formants move together."""
        factor = self.rng.uniform(least, most)
        n = int(len(x) / factor)
        return np.interp(np.arange(n) * factor, np.arange(len(x)), x).astype(np.float32), factor

    def filtered(self, x: Pcm, room: bool, colour: bool) -> Pcm:
        """A room's response and a microphone's curve, in one transform."""
        r = self.rng
        h = self.responses[int(r.integers(len(self.responses)))] if room else np.ones(1, np.float32)
        if room:
            h = h[: int(r.integers(2000, len(h)))]
        size = 1 << int(len(x) + len(h) - 1).bit_length()
        spectrum = np.fft.rfft(x, size) * np.fft.rfft(h, size)
        if colour:
            f = np.linspace(0, RATE / 2, len(spectrum))
            knots = np.array([0, 120, 300, 700, 1500, 3000, 5000, 8000.0])
            gains = np.cumsum(r.normal(0, 2.2, len(knots)))
            curve = np.interp(f, knots, gains - gains.mean())
            if r.random() < 0.35:
                curve = curve - 24 * np.maximum(0, np.log2(f / r.uniform(3000, 7000) + 1e-9))
            if r.random() < 0.35:
                curve = curve - 12 * np.maximum(0, np.log2(r.uniform(80, 350) / (f + 1e-9)).clip(0, 5))
            spectrum = spectrum * 10 ** (curve / 20)
        y: Pcm = np.fft.irfft(spectrum, size)[: len(x)].astype(np.float32)
        return y

    def piece(self, n: int) -> Pcm:
        """So many samples of a noise, of unit power over the whole noise."""
        noise = self.noises[int(self.rng.integers(len(self.noises)))]
        at = int(self.rng.integers(0, max(1, len(noise) - n)))
        piece: Pcm = noise[at : at + n]
        return np.pad(piece, (0, n - len(piece)), mode="wrap") if len(piece) < n else piece

    def behind(self, n: int) -> Pcm:
        """What goes on behind the words: nothing, or what the room holds, from a step to another's talk."""
        tail = np.zeros(n, np.float32)
        begins = int(self.rng.uniform(0.03, 0.3) * RATE)
        if n > begins + 800 and self.rng.random() < 0.3:
            rise = np.minimum(1.0, np.arange(n - begins) / self.rng.uniform(80, 4000)).astype(np.float32)
            tail[begins:] = self.piece(n - begins) * rise * 10 ** (-self.rng.uniform(0, 26) / 20)
        return tail

    def thump(self) -> Pcm:
        """A burst that rises and rings out within half a second: noise of any colour, six low tones, a ringing one."""
        r = self.rng
        t = np.arange(int(r.uniform(0.08, 0.5) * RATE)) / RATE
        noise = lfilter([1.0], [1.0, -r.uniform(0.0, 0.98)], r.standard_normal(len(t)))
        hum = sum(np.sin(2 * np.pi * k * r.uniform(70, 320) * t + r.uniform(0, 6.28)) / k for k in range(1, 7))
        ring = np.sin(2 * np.pi * r.uniform(300, 3000) * t) * np.exp(-t * r.uniform(3, 20))
        x = r.uniform(0, 1) * noise / noise.std() + r.uniform(0, 1) * hum + r.uniform(0, 0.3) * ring
        rise, fall = r.uniform(0.001, 0.08), r.uniform(0.02, 0.12)
        body: Pcm = (x * np.minimum(1, t / rise) * np.exp(-np.maximum(0, t - rise - r.uniform(0, 0.12)) / fall)).astype(
            np.float32
        )
        return body

    def leading(self, mate: Pcm) -> Pcm:
        """What the ear's pre-roll still holds of the time before the words, cut in where it begins: the end of a wake
        word or of anything else that was said, by another voice or the same (`mate`), the chime that answers it, or the
        thump of a microphone that is switched on.
        """
        r = self.rng
        kind = r.random()
        if kind < 0.25 and self.wakes:
            sound, _ = self.speed(self.wakes[int(r.integers(len(self.wakes)))])
            sound = sound[-int(r.uniform(0.04, 0.9) * RATE) :]
        elif kind < 0.55:  # never a whole word: who begins with one and hesitates means it
            sound = mate[-int(min(r.uniform(0.04, 0.45) * RATE, 0.6 * len(mate))) :]
        elif kind < 0.65:
            t = np.arange(int(r.uniform(0.04, 0.3) * RATE), dtype=np.float32) / RATE
            pitch = r.uniform(250, 2500) * 2 ** (r.integers(0, 3) * 4 / 12 * (t > t[-1] / 2))
            sound = (np.sin(2 * np.pi * pitch * t) * np.exp(-t * r.uniform(2, 30))).astype(np.float32)
        else:
            sound = self.thump()
        silence = np.zeros(int(r.choice([0, 0, r.uniform(0, 0.15)]) * RATE), np.float32)
        level = np.float32(10 ** (r.uniform(-10, 8) / 20) / (np.sqrt(np.mean(sound * sound)) + 1e-6))
        return np.concatenate([silence, sound * level]).astype(np.float32)

    def hear(self, words: Pcm, strength: float, lead: bool, mate: Pcm | None = None, tempo: float = 1.0) -> Turn:
        """Words (trimmed) -> a turn: pre-roll (`leading`, where `lead`), words, tail; room, noise, level, filter.

        `mate`: something else that the speaker said; the words themselves where it is not known. `tempo`: how many
        times as fast they are to be said, at the same pitch.
        """
        r = self.rng
        words = words if tempo == 1.0 else hurried(words, tempo)
        x, factor = self.speed(words) if r.random() < 0.75 * strength else (words, 1.0)
        factor *= tempo
        if r.random() < 0.4 * strength:
            x = shifted_formants(x, r.uniform(0.83, 1.2))
        x = x / (np.sqrt(np.mean(x * x)) + 1e-6)
        front = int(r.uniform(0.0, 0.8) * RATE)
        if lead and r.random() < LED * strength:
            gap = np.zeros(int(r.uniform(0.04, 0.9) * RATE), np.float32)
            before = np.concatenate([self.leading(x if mate is None else mate), gap])
            begins = len(before)
        elif r.random() < 0.1 * strength:  # the turn opened a little late
            late = min(int(r.uniform(0.01, 0.06) * RATE), len(x) // 8)
            x, before, begins = x[late:], x[:0], -late
        else:
            before, begins = np.zeros(front, np.float32), front
        tail = r.uniform(0.06, 0.4) if r.random() > 0.3 * strength else r.uniform(0.4, 2.5)
        n = len(x)
        known = int(r.uniform(0, KNOWN_S) * RATE)
        before, begins = np.concatenate([np.zeros(known, np.float32), before]), begins + known
        x = np.concatenate([before, x, self.behind(int(tail * RATE))]).astype(np.float32)
        room, colour = r.random() < 0.55 * strength, r.random() < 0.6 * strength
        if room or colour:
            x = self.filtered(x, room, colour)
            x = x / (np.sqrt(np.sum(x * x) / n) + 1e-6)
        if r.random() < 0.9 * strength:
            x = x + self.piece(len(x)) * 10 ** (-r.uniform(*SNR) / 20)
        level = r.uniform(-46, -13) if r.random() < strength else -26.0
        x = x * 10 ** (level / 20)
        if r.random() < 0.04 * strength:
            x = x * r.uniform(2, 8)
        if r.random() < 0.06 * strength:
            x = coded(np.clip(x, -1, 1), r)
        if r.random() < 0.8:
            x = x + r.standard_normal(len(x)).astype(np.float32) * 10 ** (-r.uniform(66, 95) / 20)
        if r.random() < 0.25:
            x = x + r.uniform(-0.03, 0.03)
        return Turn(high_pass(suppressed(x)[known:]), begins + DELAY_SAMPLES - known, factor)
