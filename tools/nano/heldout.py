"""A held-out test set: voices never trained on, a house of names in none of the word lists, clips in simulated rooms."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from voiced.home.spoken import number_words

from . import voices
from .augment import Room, noise_bank
from .corpora import Shelf
from .synth import RATE, trimmed

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


def make(cache: Path, out: Path, count: int = 200, seed: int = 7) -> None:
    """Writes home.toml, manifest.jsonl and the clips; half dry at a quiet level, half in a room with noise at 10 to 30 dB."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "home.toml").write_text(home(), encoding="utf-8")
    r, nr = random.Random(seed), np.random.default_rng(seed)
    room = Room(nr, np.load(cache / "rooms.npy"), noise_bank(nr, Shelf(cache / "human", "foreign-*"), count=12), [])
    engines = {k: voices.make(k, cache) for k in ("kokoro", "flite", "festival", "espeak")}
    with (out / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for i in range(count):
            text, intent, slots = command(r)
            kind = r.choices(list(engines), [14, 3, 1, 2])[0]
            pcm, rate, _ = engines[kind].say(text, r, True)
            x = trimmed(soxr.resample(pcm, rate, RATE).astype(np.float32))
            noisy = i % 2 == 1
            x = np.concatenate(
                [np.zeros(int(r.uniform(0.1, 0.6) * RATE), np.float32), x, np.zeros(RATE // 4, np.float32)]
            )
            if noisy:
                x = room.filtered(x, True, True)
                noise = room.noises[int(nr.integers(len(room.noises)))][: len(x)]
                noise = np.pad(noise, (0, len(x) - len(noise))) * np.float32(10 ** (-r.uniform(10, 30) / 20))
                x = x / (x.std() + 1e-9) + noise
            x = x / np.abs(x).max() * 10 ** (-r.uniform(3, 20) / 20)
            sf.write(out / f"{i:04d}.flac", x, RATE)
            row = {
                "audio": f"{i:04d}.flac",
                "wake": False,
                "expect": [{"intent": intent, "slots": slots}],
                "text": text,
                "tags": ["synthetic", kind, "room" if noisy else "dry"],
            }
            manifest.write(json.dumps(row) + "\n")
            manifest.flush()
