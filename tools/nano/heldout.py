"""What nano is calibrated and measured on: voices never trained on, a house of names in none of the word lists, clips in
simulated rooms; and people of the corpora who were set aside, saying what is no command.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import soxr

from voiced.home.language.spoken import number_words

from . import voices
from .augment import Room, noise_bank
from .corpora import Clip, Shelf, set_aside
from .synth import RATE, trimmed
from .voices import Pcm

Saying = Callable[[random.Random], tuple[str, str, dict[str, object]]]
"""Draws a command: words, intent, slots."""


@dataclass(frozen=True)
class Said:
    """A command's sound, dry and without silence around it, and what it means."""

    pcm: Pcm
    tags: tuple[str, str]
    text: str
    intent: str
    slots: dict[str, object]


AREAS = ["Scullery", "Orangery", "Map Room", "Observatory", "Kitchen", "Veterans Wing"]
LIGHTS = {
    "Comet Lamp": "Scullery",
    "Harbour Light": "Orangery",
    "Walnut Light": "Map Room",
    "Velvet Lantern": "Observatory",
    "Captain Light": "Kitchen",
}
LOCKS, COVERS = ["Postern Door", "Pilgrim Gate"], {"Meadow Blind": "Orangery", "Sparrow Curtain": "Map Room"}
SCENES = ["Midsummer Feast", "Silent Harvest"]
NOUNS = {"room", "light", "lamp", "door", "gate", "kitchen", "wing", "blind", "curtain", "lantern"}
WORDS = {w for n in (*AREAS, *LIGHTS, *LOCKS, *COVERS, *SCENES) for w in n.lower().split()} - NOUNS
"""In no sentence that is trained on."""


def free_words(said: Iterable[str], count: int = 15000) -> list[str]:
    """What names may be made of: words said in the human corpora and the `count` most frequent of written English
    (package wordfreq), 4 to 11 letters long, none of this test set's.
    """
    import wordfreq

    known = {*said, *wordfreq.top_n_list("en", count)} - WORDS
    return sorted(w for w in known if 3 < len(w) < 12 and w.isascii() and w.isalpha() and w.islower())


def home() -> str:
    """The house in the project's home file format."""
    out = [f'[[areas]]\nname = "{a}"\n' for a in AREAS]

    def entity(domain: str, name: str, area: str = "", extra: str = "") -> None:
        ident = f"{domain}.{name.lower().replace(' ', '_')}"
        place = f'area = "{area}"\n' if area else ""
        out.append(f'[[entities]]\nid = "{ident}"\nname = "{name}"\n{place}{extra}mqtt = {{ command_topic = "h/{ident}/set", state_topic = "h/{ident}"%s }}\n'
                   % (', schema = "json", brightness = true, color = true' if domain == "light" else ""))  # fmt: skip

    for name, area in LIGHTS.items():
        entity("light", name, area)
    for name in LOCKS:
        entity("lock", name)
    for name, area in COVERS.items():
        entity("cover", name, area, f'device_class = "{name.split()[1].lower()}"\n')
    for name in SCENES:
        ident = f"scene.{name.lower().replace(' ', '_')}"
        out.append(f'[[entities]]\nid = "{ident}"\nname = "{name}"\nmqtt = {{ command_topic = "h/scene" }}\n')
    return "\n".join(out)


def command(r: random.Random) -> tuple[str, str, dict[str, object]]:
    """Words, intent, slots."""
    light, area, lock, cover = (
        r.choice(list(LIGHTS)).lower(),
        r.choice(AREAS[:5]).lower(),
        r.choice(LOCKS).lower(),
        r.choice(list(COVERS)).lower(),
    )
    the, state = r.choice(["", "the "]), r.choice(["on", "off"])
    verb = "HassTurnOn" if state == "on" else "HassTurnOff"
    colour, n, scene = (
        r.choice(["red", "green", "blue", "purple", "white"]),
        r.randint(1, 20) * 5,
        r.choice(SCENES).lower(),
    )
    minutes, hours = r.randint(2, 59), r.randint(2, 9)
    choices: list[tuple[str, str, dict[str, object]]] = [
        (f"turn {state} {the}{light}", verb, {"name": light}),
        (f"turn {the}{light} {state}", verb, {"name": light}),
        (f"turn {state} the lights in the {area}", verb, {"area": area, "domain": "light"}),
        (f"turn {state} {the}{area} lights", verb, {"area": area, "domain": "light"}),
        (f"set {the}{light} to {colour}", "HassLightSet", {"name": light, "color": colour}),
        (f"set {the}{light} brightness to {number_words(n)} percent", "HassLightSet", {"name": light, "brightness": n}),
        (f"set {the}{area} lights to {colour}", "HassLightSet", {"area": area, "color": colour}),
        (f"open {the}{cover}", "HassOpenCover", {"name": cover}),
        (f"close {the}{cover}", "HassCloseCover", {"name": cover}),
        (f"lock {the}{lock}", "HassLock", {"name": lock}),
        (f"unlock {the}{lock}", "HassUnlock", {"name": lock}),
        (f"is {the}{lock} locked", "HassGetState", {"name": lock, "state": "locked"}),
        (f"set a timer for {number_words(minutes)} minutes", "HassStartTimer", {"minutes": minutes}),
        (f"set a timer for {number_words(hours)} hours and {number_words(minutes)} minutes", "HassStartTimer", {"hours": hours, "minutes": minutes}),
        ("cancel timer", "HassCancelTimer", {}),
        ("what time is it", "HassGetCurrentTime", {}),
        ("what's the date", "HassGetCurrentDate", {}),
        (f"activate {scene}", "HassTurnOn", {"name": scene}),
    ]  # fmt: skip
    return r.choice(choices)


PIZZA = {
    "size": ["small", "medium", "large", "family size", "ten inch", "fourteen inch"],
    "crust": ["thin crust", "thick crust", "stuffed crust", "sourdough"],
    "pizza": ["margherita", "pepperoni pizza", "garden pizza", "four cheese", "white pizza", "house pizza", "calzone"],
    "extra": [f"{much}{what}" for what in ("mushrooms", "olives", "red onion", "green pepper", "goat cheese")
              for much in ("", "some ", "extra ", "a bit of ", "a lot of ", "no ")],
    "side": [f"{many}{what}" for what in ("garlic bread", "salad", "lemonade") for many in ("", "two ", "a side of ")],
}  # fmt: skip
"""Lists of an owner's own sentence. Long, with many slots, and one wrong slot makes it wrong: what the owner's own
sentences are like, and house commands are not.
"""
ORDER = (
    "[(get me|i want|can i have|order|please bring)] [(a|an)] ([{size}];[{crust}]) {pizza} [with {extra} [and {side}]]"
)


def orders_home() -> str:
    lists = "\n".join(f"{name} = {json.dumps(values)}" for name, values in PIZZA.items())
    return f'[lists]\n{lists}\n\n[[sentences]]\nintent = "orderPizza"\ntemplates = [{json.dumps(ORDER)}]\n'


def order(r: random.Random) -> tuple[str, str, dict[str, object]]:
    """Words, intent, slots."""
    slots: dict[str, object] = {"pizza": r.choice(PIZZA["pizza"])}
    front = [name for name in ("size", "crust") if r.random() < 0.6]
    r.shuffle(front)
    slots |= {name: r.choice(PIZZA[name]) for name in front}
    words = [r.choice(["", "get me ", "i want ", "can i have ", "order ", "please bring "]) + r.choice(["", "a "])]
    words += [f"{slots[name]} " for name in (*front, "pizza")]
    if r.random() < 0.75:
        slots["extra"] = r.choice(PIZZA["extra"])
        words.append(f"with {slots['extra']} ")
        if r.random() < 0.6:
            slots["side"] = r.choice(PIZZA["side"])
            words.append(f"and {slots['side']}")
    return "".join(words).strip(), "orderPizza", slots


PEOPLE = {"read_ocean": 80, "num_an4": 20, "read_libri": 10, "read_cv_en": 10}
"""Clips by corpus, where so many were set aside, that are commands to a house which knows them word for word."""
BESIDE = 3
"""Sentences of that house for each of them that differ in a word: wrong ones are as near as in a house of slots."""


def people(cache: Path, out: Path, seed: int) -> None:
    """What people who were set aside read, as commands: voices of people must not all be of others, who mean nothing."""
    r, nr = random.Random(seed), np.random.default_rng(seed)
    shelf = Shelf(cache / "human", "human-0")
    words = sorted({word for clip in shelf.clips for word in clip.text.split() if len(word) > 2})
    aside: dict[str, list[Clip]] = {}
    for clip in shelf.clips:
        if set_aside(clip.voice) and 2 <= len(clip.text.split()) <= 9 and clip.n < 7 * RATE:
            aside.setdefault(clip.kind, []).append(clip)
    chosen = {
        clip.text: clip for kind, most in PEOPLE.items() for clip in r.sample(aside[kind], min(most, len(aside[kind])))
    }
    house, said = [], list(chosen)
    for number, text in enumerate(said):
        near = [text.split() for _ in range(BESIDE)]
        for one in near:
            one[r.randrange(len(one))] = r.choice(words)
        for intent, templates in ((f"said{number}", [text]), (f"other{number}", [" ".join(one) for one in near])):
            house.append(f'[[sentences]]\nintent = "{intent}"\ntemplates = {json.dumps(templates)}\n')
    room = a_room(cache, nr)
    spoken = (
        Said(trimmed(shelf.pcm(chosen[text])), ("human", chosen[text].kind), text, f"said{number}", {})
        for number, text in enumerate(said)
    )
    store(out, "\n".join(house), spoken, room, r)


OTHERS = {
    "read_ocean": 40, "read_libri": 20, "num_an4": 20, "kw_gsc": 20, "read_cv_en": 20, "num_accents": 10,
    "read_lj": 10, "read_cv_all": 20,
}  # fmt: skip
"""Clips of other speech by corpus, where so many were set aside."""
ANSWERS = "kw_gsc"
"""Single words ("four", "stop") may be answers: they are in the manifest, in neither half."""


def sets(cache: Path, out: Path) -> None:
    """All sets, in `out`: manifest.jsonl with its halves fit.jsonl and report.jsonl; more/, orders/ and people/ to fit;
    others/ likewise. What is there stays.
    """
    if not (out / "report.jsonl").exists():
        make(cache, out, 160, 7, home(), command)
        halves(out, ("fit", "report"), [(i >= 80) for i in range(160)])
    if not (out / "others" / "check.jsonl").exists():
        others(cache, out / "others", 11)
    for name, count, seed, house, saying in (
        ("more", 90, 23, home(), command),
        ("orders", 90, 31, orders_home(), order),
    ):
        if not (out / name / "manifest.jsonl").exists():
            make(cache, out / name, count, seed, house, saying)
    if not (out / "people" / "manifest.jsonl").exists():
        people(cache, out / "people", 41)


def halves(folder: Path, names: tuple[str, str], second: list[bool | None]) -> None:
    """Splits manifest.jsonl; None: in neither half."""
    lines = (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    for half, name in enumerate(names):
        kept = [line for line, which in zip(lines, second, strict=True) if which is not None and which == bool(half)]
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in kept), "utf-8")


def others(cache: Path, out: Path, seed: int) -> None:
    """People saying what is no command: manifest.jsonl, and every other clip in fit.jsonl, the rest in check.jsonl."""
    out.mkdir(parents=True, exist_ok=True)
    r, nr = random.Random(seed), np.random.default_rng(seed)
    aside: dict[str, list[tuple[Shelf, Clip]]] = {}
    for shelf in (Shelf(cache / "human", "human-0"), Shelf(cache / "human", "foreign-*")):
        for clip in shelf.clips:
            if set_aside(clip.voice) and 0.8 * RATE < clip.n < 7 * RATE:
                aside.setdefault(clip.kind, []).append((shelf, clip))
    rows: list[dict[str, Any]] = []
    for kind, most in OTHERS.items():
        for shelf, clip in r.sample(aside.get(kind, []), min(most, len(aside.get(kind, [])))):
            said, pause = shelf.pcm(clip), np.zeros(RATE // 4)
            x = np.concatenate([pause, said / np.abs(said).max() * 10 ** (-nr.uniform(3, 20) / 20), pause])
            x = x + nr.standard_normal(len(x)) * 10 ** (-nr.uniform(50, 80) / 20)
            name = f"{len(rows):04d}.flac"
            sf.write(out / name, np.clip(x, -1, 1), RATE)
            rows.append(
                {"audio": name, "wake": False, "expect": None, "text": clip.text, "tags": ["human", "negative", kind]}
            )
    (out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    halves(out, ("fit", "check"), [None if row["tags"][2] == ANSWERS else i % 2 == 1 for i, row in enumerate(rows)])


def a_room(cache: Path, rng: np.random.Generator) -> Room:
    """With a dozen noises."""
    return Room(rng, np.load(cache / "rooms.npy"), noise_bank(rng, Shelf(cache / "human", "foreign-*"), count=12), [])


def make(cache: Path, out: Path, count: int, seed: int, house: str, saying: Saying) -> None:
    """Synthesized commands of held-out voices: home.toml, the clips, manifest.jsonl."""
    r, nr = random.Random(seed), np.random.default_rng(seed)
    room = a_room(cache, nr)
    engines = {k: voices.make(k, cache) for k in ("kokoro", "flite", "festival", "espeak")}

    def said() -> Iterator[Said]:
        for _ in range(count):
            text, intent, slots = saying(r)
            kind = r.choices(list(engines), [14, 3, 1, 2])[0]
            pcm, rate, _ = engines[kind].say(text, r, True)
            yield Said(
                trimmed(soxr.resample(pcm, rate, RATE).astype(np.float32)), ("synthetic", kind), text, intent, slots
            )

    store(out, house, said(), room, r)


def store(out: Path, house: str, said: Iterable[Said], room: Room, r: random.Random) -> None:
    """Writes home.toml, the clips, then manifest.jsonl; half dry at a quiet level, half in a room with noise at 10 to
    30 dB.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / "home.toml").write_text(house, encoding="utf-8")
    rows: list[dict[str, Any]] = []
    for i, one in enumerate(said):
        x, noisy = one.pcm, i % 2 == 1
        x = np.concatenate([np.zeros(int(r.uniform(0.1, 0.6) * RATE), np.float32), x, np.zeros(RATE // 4, np.float32)])
        if noisy:
            x = room.filtered(x, True, True)
            noise = room.noises[int(room.rng.integers(len(room.noises)))][: len(x)]
            noise = np.pad(noise, (0, len(x) - len(noise))) * np.float32(10 ** (-r.uniform(10, 30) / 20))
            x = x / (x.std() + 1e-9) + noise
        x = x / np.abs(x).max() * 10 ** (-r.uniform(3, 20) / 20)
        sf.write(out / f"{i:04d}.flac", x, RATE)
        rows.append(
            {
                "audio": f"{i:04d}.flac",
                "wake": False,
                "expect": [{"intent": one.intent, "slots": one.slots}],
                "text": one.text,
                "tags": [*one.tags, "room" if noisy else "dry"],
            }
        )
    (out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
