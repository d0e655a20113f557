"""A checkpoint becomes a model that can ship: files, parity, certainty, what was measured, the card. One folder.

Needs the project beside PyTorch: calibration and figures come from the very engine that ships.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch

from voiced.config import DEMO_HOME
from voiced.gemma import llama

from . import align, card, features
from .augment import high_pass
from .evaluate import evaluate
from .export import export, load_checkpoint

PARITY_CLIPS = 6
MOST_WRONG = 0.05
"""Of all that it is fitted to, long orders with a slot in every other word included: of house commands about half."""


@dataclass(frozen=True)
class Told:
    """A set that figures come from. `what` is its line in the card."""

    what: str
    manifest: Path
    home: Path
    free: str = ""
    """The card's line for errors without a grammar; none where empty."""


def told(heldout: Path, recordings: Path | None) -> tuple[Told, ...]:
    """`recordings`: a folder with commands.jsonl and home.toml, of people."""
    human = "human: house commands, one American speaker, real rooms"
    held = "synthetic: voices, names and house held out of training, half in noisy rooms"
    return (
        *((Told(f"{human}, under the grammar (used while developing, not for training)", recordings / "commands.jsonl",
                recordings / "home.toml", "human, no grammar"),) if recordings else ()),
        Told(f"{held}, under the grammar (half of the set; the other half fitted the calibration)",
             heldout / "report.jsonl", heldout / "home.toml", "synthetic held-out, no grammar"),
        Told("synthetic: the demo's recordings, two kinds of voice that were trained on, under the grammar",
             DEMO_HOME.parent / "demo" / "manifest.jsonl", DEMO_HOME),
    )  # fmt: skip


@torch.no_grad()
def parity(checkpoint: Path, model: Path, clips: Sequence[Path]) -> list[float]:
    """By how much llama.cpp's audio embeddings differ from PyTorch's in float32, a clip each (relative norm)."""
    net, _ = load_checkpoint(checkpoint)
    llama.start_backend()
    text = llama.TextModel(model / "nano-text.gguf")
    encoder = llama.AudioEncoder(model / "nano-mmproj.gguf", text, 1)
    found = []
    for path in clips:
        pcm = high_pass(sf.read(path, dtype="float32")[0])
        mel = features.mel(torch.from_numpy(pcm)[None])
        want = net.ear(mel, torch.tensor([mel.shape[1]]))[1][0].numpy()
        got = encoder.encode(pcm)
        n = min(len(got), len(want))
        found.append(float(np.linalg.norm(got[:n] - want[:n]) / np.linalg.norm(want[:n])))
    return found


def calibrated(model: Path, heldout: Path, checkpoint: Path) -> str:
    """The `[calibration]` table; reliability.png and .md into the model's folder."""
    commands = [heldout / "fit.jsonl", heldout / "more" / "manifest.jsonl"]
    fits = [
        *commands,
        *(heldout / name / "manifest.jsonl" for name in ("orders", "people")),
        heldout / "others" / "fit.jsonl",
    ]
    begun = align.broken_off(checkpoint, commands, heldout / "begun")
    checks = [heldout / "report.jsonl", heldout / "others" / "check.jsonl"]
    return _python("tools.calibrate", *fits, "--home", heldout / "home.toml", "--model", model,
                   "--most-wrong", MOST_WRONG, "--begun", begun, "--check", *checks, "--out", model)  # fmt: skip


def measured(model: Path, one: Told) -> dict[str, Any]:
    """What `voiced evaluate` prints."""
    config = model / "evaluate.ini"
    config.write_text(f'[model]\npath = "{model.absolute()}"\n', "utf-8")
    try:
        printed = _python("voiced", "evaluate", one.manifest, "--home", one.home, "--config", config, "--json")
    finally:
        config.unlink()
    figures: dict[str, Any] = json.loads(printed)
    return figures


def joined(logs: Sequence[Path], hours: float) -> list[dict[str, float]]:
    """Rows of runs that went on from each other, every hour once, up to `hours`; minutes count on where a run's own
    clock began anew.
    """
    rows: list[dict[str, float]] = []
    for log in logs:
        more = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        rows = [row for row in rows if row["hours"] < more[0]["hours"]]
        before = rows[-1]["minutes"] if rows and more[0]["minutes"] < rows[-1]["minutes"] else 0.0
        rows += [row | {"minutes": row["minutes"] + before} for row in more]
    return [row for row in rows if row["hours"] <= hours]


def finish(
    checkpoint: Path, cache: Path, out: Path, heldout: Path, recordings: Path | None, logs: Sequence[Path]
) -> dict[str, Any]:
    """Everything into `out`; the figures as `voiced evaluate` prints them, by set."""
    tokenizer = cache / "tokenizer.json"
    described = export(checkpoint, tokenizer, out)
    toml = out / "nano.toml"
    toml.write_text(f"{toml.read_text('utf-8')}\n{calibrated(out, heldout, checkpoint)}", "utf-8")
    figures: dict[str, str] = {}
    results: dict[str, Any] = {}
    for one in told(heldout, recordings):
        results[one.what] = r = measured(out, one)
        figures[one.what] = (
            f"{r['exact']:.1%} exact, {r['wrong_action']:.1%} wrong action, {r['wrong_reply']:.1%} wrong reply, "
            f"{r['rejected']:.1%} rejected "
            f"(n = {r['n']}, 95 % interval of exact {r['interval'][0]:.1%} to {r['interval'][1]:.1%})"
        )
        if one.free:
            e = evaluate(checkpoint, tokenizer, one.manifest)
            line = f"{e['cer']:.1%} / {e['wer']:.1%} / {e['exact']:.1%} (n = {e['n']})"
            figures[f"{one.free}: letter errors / word errors / sentence exact"] = line
    heard = told(heldout, recordings)[0].manifest
    clips = [heard.parent / json.loads(row)["audio"] for row in heard.read_text("utf-8").splitlines()[:PARITY_CLIPS]]
    off = parity(checkpoint, out, clips)
    figures["export: llama.cpp against PyTorch (float32), audio embeddings of six clips"] = (
        f"{min(off):.2%} to {max(off):.2%} relative error (norm)"
    )
    hours = float(str(described["hours"]))
    log = out / "log.jsonl"
    rows = joined([*([log] if log.exists() else []), *logs], hours)
    minutes = rows[-1]["minutes"]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    facts = {
        "parameters": described["parameters"], "hours": hours, "minutes": minutes, "speed": hours * 60 / minutes,
        "data": card.heard(cache), "figures": figures,
    }  # fmt: skip
    card.write(out, log, facts)
    (out / "reliability.md").unlink()
    return results


def _python(module: str, *arguments: object) -> str:
    """Runs a command of this project; its errors go where ours go."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
