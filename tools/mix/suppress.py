"""`python -m tools.mix.suppress MANIFEST --noise 2 --out FOLDER`: recordings of a manifest, as the noise suppression
(and gain) of WebRTC would hand them to the ear. `voiced evaluate` on both manifests says whether it helps.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile

from tools.mix.__main__ import read
from tools.mix.level import RATE_HZ, Sound
from voiced.bench.manifest import read_manifest
from voiced.errors import UsageError, VoicedError

_STEP = RATE_HZ // 100


def suppressed(speech: Sound, process: Callable[[bytes], bytes]) -> Sound:
    """`process` takes and gives 10 ms of s16. What is left behind the last whole step is left out."""
    pcm = np.rint(speech * 32767).astype(np.int16)
    steps = [process(pcm[at : at + _STEP].tobytes()) for at in range(0, len(pcm) - _STEP + 1, _STEP)]
    return np.frombuffer(b"".join(steps), np.int16) / 32768.0


def suppress(manifest: Path, out: Path, *, noise: int, gain: int) -> int:
    """How many recordings were written. UsageError, ConfigError, AudioFileError."""
    try:
        library = importlib.import_module("webrtc_noise_gain")
    except ImportError as error:
        raise UsageError("webrtc-noise-gain is not installed: pip install webrtc-noise-gain") from error
    lines = read_manifest(manifest)
    rows = [json.loads(text) for text in manifest.read_text("utf-8").splitlines() if text.strip()]
    out.mkdir(parents=True, exist_ok=True)
    told = []
    for number, (line, row) in enumerate(zip(lines, rows, strict=True)):
        processor = library.AudioProcessor(gain, noise)

        def process(pcm: bytes) -> bytes:
            return bytes(processor.Process10ms(pcm).audio)  # noqa: B023 - called at once

        name = f"{number:05d}-{line.audio.stem}.flac"
        sound = suppressed(read(line.audio), process)
        soundfile.write(out / name, np.rint(sound * 32767).astype(np.int16), RATE_HZ, subtype="PCM_16")
        told.append({**row, "audio": name})
    (out / "manifest.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told), "utf-8")
    return len(told)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mix.suppress", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("manifest", type=Path, help="JSON lines, as voiced evaluate reads them")
    parser.add_argument("--noise", type=int, default=2, choices=range(5), help="suppression, 0 to 4 (default 2)")
    parser.add_argument("--gain", type=int, default=0, choices=range(32), help="automatic gain, 0 to 31 (default 0)")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        count = suppress(options.manifest, options.out, noise=options.noise, gain=options.gain)
    except VoicedError as error:
        print(f"tools.mix.suppress: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{count} recordings: {options.out / 'manifest.jsonl'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
