"""`python -m tools.mix MANIFEST --noise FILE_OR_FOLDER --snr 6 --out FOLDER`: recordings of a manifest in noise.

Speech level: active level as in ITU-T P.56 (see level.py). Noise level: its power over the stretch that is mixed in.
Writes FLAC files and a manifest.jsonl that `voiced evaluate` reads; each line tells what was mixed how, and is tagged
with its SNR. The same seed gives the same files, whatever else is in the manifest.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import track

from tools.mix.level import RATE_HZ, Sound
from tools.mix.mixing import in_room, mixed
from voiced.adapters.wavfile import Recording
from voiced.bench.manifest import read_manifest
from voiced.errors import AudioFileError, UsageError, VoicedError

_SOUNDS = (".flac", ".ogg", ".wav")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mix", description="Mixes noise into recordings.")
    parser.add_argument("manifest", type=Path, help="JSON lines, as voiced evaluate reads them")
    parser.add_argument("--noise", type=Path, required=True, help="a recording, or a folder of them")
    parser.add_argument("--snr", type=float, required=True, metavar="DB", help="active speech above the noise's power")
    parser.add_argument("--rir", type=Path, help="an impulse response, or a folder of them: one is drawn for each line")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new or empty")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        count = mix(options.manifest, options.noise, options.snr, options.out, rir=options.rir, seed=options.seed)
    except VoicedError as error:
        print(f"tools.mix: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{count} recordings at {options.snr:g} dB: {options.out / 'manifest.jsonl'}")
    return 0


def mix(manifest: Path, noise: Path, snr_db: float, out: Path, *, rir: Path | None = None, seed: int = 0) -> int:
    """How many recordings were written. UsageError, ConfigError, AudioFileError."""
    lines = read_manifest(manifest)
    rows: list[dict[str, Any]] = [json.loads(text) for text in manifest.read_text("utf-8").splitlines() if text.strip()]
    noises, responses = sounds(noise), sounds(rir) if rir else []
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise UsageError(f"{out} is not empty")
    console = Console(stderr=True)
    told = []
    for number, (line, row) in enumerate(
        track(list(zip(lines, rows, strict=True)), "mixing", console=console, disable=not console.is_terminal)
    ):
        rng = np.random.default_rng([seed, *hashlib.sha256(str(row["audio"]).encode()).digest()])
        chosen = noises[int(rng.integers(len(noises)))]
        response = responses[int(rng.integers(len(responses)))] if responses else None
        try:
            speech = read(line.audio)
            wet = in_room(speech, read(response)) if response else speech
            made = mixed(wet, read(chosen), snr_db, rng)
        except AudioFileError as error:
            raise AudioFileError(f"{line.audio} with {chosen.name}: {error}") from error
        name = f"{number:05d}-{line.audio.stem}.flac"
        soundfile.write(out / name, np.rint(made.sound * 32767).astype(np.int16), RATE_HZ, subtype="PCM_16")
        how = {
            "snr_db": snr_db, "noise": chosen.name, "offset_s": made.offset_s, "rir": response.name if response else "",
            "speech_db": round(made.speech_db, 2), "noise_db": round(made.noise_db, 2),
            "gain_db": round(made.gain_db, 2),
        }  # fmt: skip
        told.append({**row, "audio": name, "tags": [*line.tags, f"{snr_db:g} dB"], "mix": how})
    (out / "manifest.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told), "utf-8")
    return len(told)


def sounds(path: Path) -> list[Path]:
    """The recording, or those below the folder, in order of their names."""
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix.lower() in _SOUNDS)
    if not found:
        raise UsageError(f"{path}: no recordings there ({', '.join(_SOUNDS)})")
    return found


@functools.lru_cache(maxsize=8)
def read(path: Path) -> Sound:
    """16 kHz mono, full scale 1."""
    recording = Recording(path=path)
    try:
        return np.frombuffer(b"".join(recording.frames()), np.int16) / 32768.0
    finally:
        recording.close()


if __name__ == "__main__":
    raise SystemExit(main())
