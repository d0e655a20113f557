"""`python -m tools.mix.pauses MANIFEST --out FOLDER`: recordings of a manifest, each with a pause in its words.

At a space of the text, drawn by `--seed`: where the sound is quietest within 150 ms of where that space must be if
every letter takes as long. The pause holds the recording's own quietest 100 ms.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from tools.mix.__main__ import read
from tools.mix.level import RATE_HZ, Sound
from voiced.bench.manifest import read_manifest

_NEAR = round(0.15 * RATE_HZ)
_QUIET = round(0.1 * RATE_HZ)


def paused(speech: Sound, text: str, pause_s: float, rng: np.random.Generator) -> Sound | None:
    """None where there are too few words to pause between."""
    spaces = [at for at, letter in enumerate(text) if letter == " "]
    level = np.convolve(np.abs(speech), np.ones(480) / 480, "same")
    loud = np.flatnonzero(level > 0.06 * level.max(initial=0.0))
    if not spaces or len(loud) < 2 or len(speech) < 3 * _QUIET:
        return None
    begin, end = int(loud[0]), int(loud[-1])
    near = begin + round((int(rng.choice(spaces)) + 0.5) / len(text) * (end - begin))
    low = max(begin, near - _NEAR)
    at = low + int(np.argmin(level[low : min(end, near + _NEAR)]))
    calm = int(np.argmin(level[_QUIET // 2 : -_QUIET // 2]))
    quiet = speech[calm : calm + _QUIET]
    silence = np.resize(np.concatenate([quiet, quiet[::-1]]), round(pause_s * RATE_HZ))
    return np.concatenate([speech[:at], silence, speech[at:]])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mix.pauses", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path, nargs="+", help="JSON lines with `text`")
    parser.add_argument("--pause-s", type=float, default=1.0)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, object]] = []
    for manifest in options.manifest:
        told = [json.loads(text) for text in manifest.read_text("utf-8").splitlines() if text.strip()]
        for line, row in zip(read_manifest(manifest), told, strict=True):
            sound = paused(read(line.audio), line.text, options.pause_s, rng)
            if sound is not None:
                name = f"{len(rows):04d}-{line.audio.stem}.flac"
                soundfile.write(options.out / name, np.rint(sound * 32767).astype(np.int16), RATE_HZ)
                rows.append({**row, "audio": name})
    (options.out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    print(f"{len(rows)} recordings with a pause: {options.out / 'manifest.jsonl'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
