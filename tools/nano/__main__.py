"""The recipe, `python -m tools.nano COMMAND`: see README.md."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

HOURS = {
    "piper": 1.2, "flite": 0.6, "espeak": 0.5, "festival": 0.4, "open_piper": 1.5, "open_flite": 1.0,
    "kokoro": 4.0, "open_kokoro": 3.0,
}  # fmt: skip
"""Of each kind of voice; the slow ones last, so that an interrupted `prepare` leaves something to train on."""
OPENNESS = {"usual": 0.4, "open": 0.7}
"""Share of names made of any English words: in the shards whose kind begins with open_, and elsewhere."""
WAKES = ["hey jarvis", "alexa", "hey mycroft", "hey rhasspy", "okay nabu", "hey gemma", "computer"]


def prepare(o: argparse.Namespace) -> None:
    """Decodes the corpora, simulates rooms, synthesizes, trains the vocabulary. What is there stays."""
    from rich.progress import track

    from . import corpora, heldout, synth, train
    from .sentences import Sampler

    corpora.decode(o.speech, o.cache / "human")
    corpora.rooms(o.cache / "rooms.npy")
    free = heldout.free_words(t for c in corpora.Shelf(o.cache / "human", "human-0").clips for t in c.text.split())

    def sentences(openness: float, rng: random.Random) -> Iterator[str]:
        sampler = Sampler(rng, free, openness=openness)
        while True:
            words = sampler.anything()
            if not heldout.WORDS & set(words.split()):
                yield words

    def wakes(rng: random.Random) -> Iterator[str]:
        while True:
            yield rng.choice(WAKES)

    for kind in track(list(HOURS), "synthesizing"):
        said = partial(sentences, OPENNESS["open" if kind.startswith("open_") else "usual"])
        synth.shard(kind, o.cache, o.cache / "synth", o.part, HOURS[kind] * o.scale, said)
    for kind, hours in {"kokoro": 0.06, "piper": 0.03, "flite": 0.02}.items():
        synth.shard(kind, o.cache, o.cache / "wake", 0, hours, wakes)
    train.fit_tokenizer(o.cache)


def fit(o: argparse.Namespace) -> None:
    """A schedule of `--hours` of speech; with `--resume` behind what was trained before, or what is left of it."""
    import torch
    from rich.console import Console

    from .model import Shape
    from .train import Trainer, faster_type, saved_shape

    torch.set_num_threads(o.threads)
    kind = getattr(torch, o.type) if o.type else faster_type()
    print(f"computing in {kind}, {o.threads} threads")
    trainer = Trainer(o.cache, o.run, saved_shape(o.run) if o.resume else Shape(), o.seed, kind)
    if o.resume:
        trainer.resume()
    if o.within:
        trainer.hasten(o.within)
    if not o.eager:
        trainer.compile()
    trainer.fit(o.hours, o.rate, o.seconds, Console().print, o.minutes, o.beside)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.nano", description=__doc__)
    parser.add_argument(
        "--cache", type=Path, default=Path("build/nano"), help="prepared data, vocabulary, runs (several GB)"
    )
    sub = parser.add_subparsers(dest="command", required=True)

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return sub.add_parser(name, help=text, description=text)

    p = verb("prepare", "corpora, rooms, synthesis, vocabulary; resumable")
    p.add_argument("--speech", type=Path, required=True, help="folder of corpora, each with manifest.jsonl")
    p.add_argument(
        "--part",
        type=int,
        default=0,
        help="number of the synthesis shard; run one process per core with different ones",
    )
    p.add_argument("--scale", type=float, default=1.0, help="times the usual hours of each voice")
    p = verb("align", "long recordings cut into pieces, digits written as they were said; wants a model that hears")
    p.add_argument("--speech", type=Path, required=True, help="folder of corpora, each with manifest.jsonl")
    p.add_argument("--checkpoint", type=Path, default=Path("build/nano/run/last.pt"))
    p = verb("teach", "ask Whisper base's encoder what it makes of all clips; resumable, optional")
    p.add_argument("--threads", type=int, default=2)
    p = verb("restore", "the model that ships as a run to train on from, without its checkpoint")
    p.add_argument("--model", type=Path, default=Path("models/nano"))
    p.add_argument("--run", type=Path, default=Path("build/nano/run"))
    p.add_argument("--seed", type=int, default=0)
    p = verb("grow", "a run to train on from whose ear has more layers, and hears at first what the checkpoint heard")
    p.add_argument("--checkpoint", type=Path, default=Path("build/nano/run/last.pt"))
    p.add_argument("--layers", type=int, required=True, help="of the ear, in all")
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--seed", type=int, default=0)
    p = verb("train", "train, or train on with --resume")
    p.add_argument("--run", type=Path, default=Path("build/nano/run"))
    p.add_argument("--hours", type=float, default=0, help="of speech to hear; without it an interrupted run goes on")
    p.add_argument("--within", type=float, default=0, help="the interrupted schedule ends after so many more hours")
    p.add_argument("--minutes", type=float, default=float("inf"), help="interrupt it after so many")
    p.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    p.add_argument("--seconds", type=float, default=60, help="seconds of audio in a batch")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--type", choices=["float32", "bfloat16"], help="to compute in; without it what is faster here")
    p.add_argument("--resume", action="store_true")
    p.add_argument("--beside", type=Path, help="another run, in training at the same time: both share what they learn")
    p.add_argument("--eager", action="store_true", help="compile nothing: a fifth slower, needs no C++ compiler")
    p = verb("blend", "a checkpoint between the one that runs began with and their last")
    p.add_argument("--begun", type=Path, required=True)
    p.add_argument("--ended", type=Path, required=True, nargs="+", help="of several, side by side: their mean")
    p.add_argument("--share", type=float, default=0.4, help="of the weights at the end")
    p.add_argument("--out", type=Path, required=True)
    p = verb("heldout", "what to calibrate and measure on: held-out voices, names and house; people set aside")
    p.add_argument("--out", type=Path, required=True)
    for name, text in (
        ("finish", "checkpoint to a model that can ship: files, parity, certainty, figures, card"),
        ("export", "checkpoint to GGUF pair alone"),
        ("evaluate", "greedy errors on a manifest, no grammar"),
    ):
        p = verb(name, text)
        p.add_argument("--checkpoint", type=Path, default=Path("build/nano/run/last.pt"))
        if name != "evaluate":
            p.add_argument("--out", type=Path, default=Path("models/nano"))
        else:
            p.add_argument("manifest", type=Path)
        if name == "finish":
            p.add_argument("--heldout", type=Path, required=True, help="what `heldout` made")
            p.add_argument("--recordings", type=Path, help="folder of people's commands: commands.jsonl and home.toml")
            p.add_argument(
                "--log", type=Path, nargs="+", required=True, help="log.jsonl of each run since the model there"
            )
    o = parser.parse_args()
    result: Any = None
    if o.command == "prepare":
        prepare(o)
    elif o.command == "align":
        from .align import align

        result = align(o.speech, o.cache / "human", o.checkpoint)
    elif o.command == "teach":
        from . import teacher

        for folder in ("human", "synth"):
            teacher.teach(o.cache / folder, o.cache, threads=o.threads)
    elif o.command == "restore":
        from .restore import restore

        result = restore(o.model, o.cache, o.run, o.seed)
    elif o.command == "grow":
        from .grow import grow

        grow(o.checkpoint, o.layers, o.cache, o.run, o.seed)
    elif o.command == "train":
        fit(o)
    elif o.command == "blend":
        from .blend import blend

        blend(o.begun, o.ended, o.share, o.out)
    elif o.command == "heldout":
        from . import heldout

        heldout.sets(o.cache, o.out)
    elif o.command == "export":
        from .export import export

        result = export(o.checkpoint, o.cache / "tokenizer.json", o.out)
    elif o.command == "evaluate":
        from .evaluate import evaluate

        result = evaluate(o.checkpoint, o.cache / "tokenizer.json", o.manifest)
    else:
        from .finish import finish

        result = finish(o.checkpoint, o.cache, o.out, o.heldout, o.recordings, o.log)
    if result is not None:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
