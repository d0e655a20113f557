"""`python -m tools.wake "hey gemma" --cache FOLDER`: makes a wake word of your own, a small ONNX file.

The phrase, and what sounds near it, is synthesized by every voice that is installed (Piper; flite, festival, espeak-ng;
Kokoro where its files lie in --cache), spoken at several speeds into simulated rooms and noise, alone, after other
words, and with a command in the same breath. It is told apart from what sounds near it, from other sentences of the
same voices, and from people who do not say it (both of them what `python -m tools.nano prepare` left in --cache, and
--speech). Voices and speakers that are not trained on choose the moment to stop and the point that the threshold 0.5
stands for, and others give the table at the end: how often the word is missed, how often something else wakes.

Everything is kept in --cache: an interrupted run goes on where it was. Then set in voiced.toml:

    [wake]
    words = ["hey_gemma.onnx"]    # from the folder in which voiced.toml lies
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from tools.nano.corpora import Clip, Shelf, rooms
from tools.nano.synth import RATE
from tools.nano.voices import Pcm
from tools.wake import network, speech
from tools.wake.house import STEP, Carried, House
from tools.wake.measure import lines, quickest, table
from tools.wake.near import Near, alike
from tools.wake.network import FRAMES, Floats, Head
from tools.wake.replies import Kitchen, over_replies, replies_alone
from voiced.adapters.wakeword import WakeWords

HIT_S = (-0.04, 0.24)
"""Windows that end so long after the phrase are to be told as it."""
BEFORE_S = -0.3
"""Windows that end earlier have not heard it yet: they are to be told as other speech."""
AFTER_S = 0.8
"""What is embedded so long after it has forgotten it."""
STREAM_S = 45
NATURAL = ("kokoro",)
"""Engines with so many voices that some can be spared."""
VALID = 8
"""One voice and one speaker in so many does not train but says when to stop."""


class Ear:
    """Embeddings of sound, from silence on."""

    def __init__(self) -> None:
        self._words: WakeWords = quickest([])

    def embeddings(self, pcm: NDArray[np.int16]) -> Floats:
        """[steps, 96]"""
        self._words.reset()
        steps = range(0, len(pcm) // STEP * STEP, STEP)
        return np.stack([self._words.embed(pcm[at : at + STEP].tobytes()).copy() for at in steps])


def after_phrase(steps: int, end: int, low_s: float, high_s: float) -> list[int]:
    """Numbers of windows that end between these times after sample `end`."""
    return [n for n in range(steps - FRAMES + 1) if low_s * RATE <= (n + FRAMES) * STEP - end <= high_s * RATE]


def set_aside(voice: str, share: int = VALID) -> bool:
    return zlib.crc32(voice.encode()) % share == 0


class Heard:
    """What trains, or what judges."""

    def __init__(self) -> None:
        self.phrases: list[Floats] = []
        """Windows [n, FRAMES, 96] that end with the phrase, by recording."""
        self.near: list[Floats] = []
        """Embeddings [steps, 96] of what sounds near it, and of its own beginning."""
        self.others: list[Floats] = []
        """Of other speech."""

    def add(self, embeddings: Floats, ends: Sequence[int]) -> None:
        """Of a recording in which the phrase ends before the samples `ends`."""
        at = 0
        for end in ends:
            if hits := after_phrase(len(embeddings), end, *HIT_S):
                self.phrases.append(network.windows(embeddings)[hits])
            early = after_phrase(len(embeddings), end, -float("inf"), BEFORE_S)
            self._add_near(embeddings[at : early[-1] + FRAMES] if early else embeddings[:0])
            at = int(end + AFTER_S * RATE) // STEP + 1
        self._add_near(embeddings[at:])

    def _add_near(self, embeddings: Floats) -> None:
        if len(embeddings) >= FRAMES:
            self.near.append(embeddings)

    @property
    def hours(self) -> float:
        return sum(len(o) for o in self.others) * STEP / RATE / 3600

    def peaks(self, head: Head) -> tuple[Floats, Floats]:
        """The highest logit of each phrase, and of each second of the others, the highest first."""
        said = np.array([head.logit(group).max() for group in self.phrases], np.float32)
        seconds = [
            part.max()
            for other in self.others
            if len(other) >= FRAMES
            for part in np.array_split(head.along(other), max(1, len(other) * STEP // RATE))
            if len(part)
        ]
        return said, np.sort(np.array(seconds, np.float32))[::-1]

    def liking(self, head: Head, per_hour: float = 1.0) -> float:
        """Of the phrases those that wake where others do so `per_hour`; and a little for how clearly."""
        said, others = self.peaks(head)
        threshold = others[min(len(others) - 1, int(per_hour * self.hours))]
        return float(np.mean(said > threshold) + 0.01 * np.tanh((np.median(said) - threshold) / 10))


def streams(house: House, clips: Iterable[Pcm], hours: float) -> Iterable[Carried]:
    """Clips strung together, about `STREAM_S` each, until there are so many hours."""
    part: list[Pcm] = []
    left = hours * 3600 * RATE
    for pcm in clips:
        part.append(pcm)
        left -= len(pcm)
        if sum(map(len, part)) > STREAM_S * RATE or left <= 0:
            yield house.stream(part)
            part = []
        if left <= 0:
            return
    if part:
        yield house.stream(part)


def drawn(shelf: Shelf, rng: random.Random, clips: list[Clip]) -> Iterable[Pcm]:
    rng.shuffle(clips)
    return (shelf.pcm(clip) for clip in clips)


def kinds_installed(cache: Path, only: Sequence[str]) -> list[str]:
    programs = {"flite": "flite", "festival": "text2wave", "espeak": "espeak-ng"}
    kinds = [kind for kind, program in programs.items() if shutil.which(program)]
    kinds += ["piper", *(["kokoro"] if (cache / "kokoro").is_dir() else [])]
    return [kind for kind in kinds if not only or kind in only]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.wake", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("phrase", help="as people say it, in small letters; two or three words of four syllables wake best")
    add("--out", type=Path, help="default: the phrase with underscores, .onnx")
    add("--cache", type=Path, default=Path("build/nano"), help="what tools.nano prepared; what is made here lies there")
    add("--speech", type=Path, action="append", default=[], help="more recordings in which nobody says the phrase")
    add("--near", action="append", default=[], help="something that must not wake, besides what is found to sound near")
    add("--same", action="append", default=[], help="another spelling that sounds the same: never a negative")
    add("--voices", default="", help="only these, by comma: piper, kokoro, flite, festival, espeak")
    add("--takes", type=int, default=900, help="half of them the phrase, half of them near it")
    add("--hours", type=float, default=3.0, help="of people to train on; as much again of other synthesized sentences")
    add(
        "--over-replies", action="store_true", help="a stop word: also said over our own replies, as the ear hears them"
    )
    add("--rooms", type=int, default=4, help="rooms that each take is put into")
    add("--epochs", type=int, default=25)
    add("--seed", type=int, default=1)
    add("--json", action="store_true", help="print the table as one JSON object")
    given = parser.parse_args()
    given.phrase = " ".join(given.phrase.lower().split())
    given.out = given.out or Path(given.phrase.replace(" ", "_") + ".onnx")
    given.kinds = kinds_installed(given.cache, [v for v in given.voices.split(",") if v])
    if not given.kinds:
        parser.error(f"none of the voices {given.voices} is installed here")
    if not (given.cache / "human").is_dir():
        parser.error(
            f"{given.cache} holds no speech: run `python -m tools.nano prepare` first, see tools/nano/README.md"
        )
    return given


def collect(o: argparse.Namespace, tell: Callable[[str], None]) -> tuple[Heard, Heard, Heard]:
    """What trains, what says when to stop, and what is measured at the end."""
    rooms(o.cache / "rooms.npy")
    responses = np.load(o.cache / "rooms.npy")
    sentences, human = Shelf(o.cache / "synth"), Shelf(o.cache / "human", "human-*")
    babble = Shelf(o.cache / "human", "foreign-*")
    words = {w for clip in human.clips for w in clip.text.split() if len(w) > 2 and w.isalpha()}
    near = Near(o.phrase, alike(o.phrase, words), tuple(o.near), tuple(o.same))
    folder = o.cache / "wake" / o.phrase.replace(" ", "_")
    ear, rng = Ear(), random.Random(o.seed)
    many = [kind for kind in o.kinds if kind in NATURAL] or o.kinds
    train, valid, test = Heard(), Heard(), Heard()

    def side(clip: Clip, held_out: bool) -> Heard:
        judges = clip.kind in many and set_aside(clip.voice)
        return test if held_out else valid if judges else train

    for held_out, takes in ((False, o.takes), (True, max(60, o.takes // 4))):
        house = House(o.seed + held_out, responses, babble, sentences)
        place = folder / ("held" if held_out else "train")
        shelf = speech.synthesize(
            o.phrase, near, kinds=o.kinds, cache=o.cache, folder=place, takes=takes, held_out=held_out, told=tell
        )
        tell("rooms")
        for clip in shelf.clips:
            said, into = clip.text == o.phrase, side(clip, held_out)
            for _ in range(o.rooms if said and into is train else max(1, o.rooms // 2)):
                carried = house.phrase(shelf.pcm(clip))
                into.add(ear.embeddings(carried.pcm), [carried.end] if said else [])
        if o.over_replies:
            tell("our own replies")
            own = speech.replies(o.phrase, cache=o.cache, folder=folder / "replies", held_out=held_out)
            kitchen = Kitchen(o.seed + held_out, responses, house.noises)
            for into in (train, valid, test):
                clips = [clip for clip in shelf.clips if side(clip, held_out) is into]
                rng.shuffle(clips)
                for heard, ends in over_replies(kitchen, shelf, clips, own, o.phrase, rng):
                    into.add(ear.embeddings(heard.pcm), ends)
                into.others += [ear.embeddings(heard.pcm) for heard in replies_alone(kitchen, own, len(clips), rng)]
        tell("other speech")
        for voices, hours in ((human, o.hours), (sentences, o.hours), (babble, o.hours / 2)):
            of_others = [c for c in voices.clips if f" {o.phrase} " not in f" {c.text} "]
            # a speaker in sixteen is measured on, and another one says when to stop
            if held_out:
                sounds = drawn(voices, rng, [c for c in of_others if set_aside(c.voice, 16)])
                test.others += [ear.embeddings(s.pcm) for s in streams(house, sounds, hours / 6)]
            else:
                training = [c for c in of_others if not set_aside(c.voice, 16)]
                for into, aside, share in ((valid, True, 0.2), (train, False, 1.0)):
                    sounds = drawn(voices, rng, [c for c in training if set_aside(c.voice) == aside])
                    into.others += [ear.embeddings(s.pcm) for s in streams(house, sounds, hours * share)]
        into = test if held_out else train
        into.others += [
            ear.embeddings(s.pcm) for s in streams(house, speech.recordings(o.speech, held_out, o.seed), o.hours)
        ]
    return train, valid, test


def main() -> int:
    o = arguments()
    console = Console(stderr=True)
    console.print(f"voices: {', '.join(o.kinds)}")
    with Progress(console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("speech", total=None)
        train, valid, test = collect(o, lambda what: bar.update(task, description=what, advance=1))
        task = bar.add_task("training", total=o.epochs * network.Shape().members)
        head = network.train(
            np.concatenate(train.phrases), [*train.near, *train.others], judge=valid.liking, epochs=o.epochs,
            seed=o.seed, told=lambda done, _: bar.update(task, completed=done + 1),
        )  # fmt: skip
    _, others = valid.peaks(head)
    # 0.5 shall wake less than once in two hours of what did not train
    head.shift = -float(others[int(0.5 * valid.hours)]) - 0.1
    said = [sigmoid(head.logit(group)) for group in test.phrases]
    rows = table(said, [sigmoid(head.along(other)) for other in test.others])
    near = [float(sigmoid(head.along(other)).max()) for other in test.near]
    for row in rows:
        woke = sum(score >= float(str(row["threshold"])) for score in near)
        row["near_woke"] = round(woke / max(1, len(near)), 4)
    about = {"phrase": o.phrase, "voices": o.kinds, "held_out": rows}
    network.write(head, o.out, about=json.dumps(about))
    digest = hashlib.sha256(o.out.read_bytes()).hexdigest()
    if o.json:
        print(json.dumps({"file": str(o.out), "sha256": digest, **about}))
        return 0
    print(f"{o.out}: {o.out.stat().st_size} bytes, sha256 {digest}")
    print("synthesized voices and people that were not trained on, in rooms and noise:")
    print(lines(rows))
    return 0


def sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -40, 40))), np.float32)


if __name__ == "__main__":
    raise SystemExit(main())
