"""Random sentences for random homes: Home Assistant's templates (hassil) and our own, as the words that are spoken.

A sentence is lower-case words of a-z and apostrophes; numbers are words. Names are composed anew in every draw.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import home_assistant_intents
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)
from hassil.parse_expression import parse_sentence

from voiced.home.spoken import ONES, number_words

from . import templates as own
from . import words as w

# How often an intent of Home Assistant's is drawn, where it is not 1: what people say daily comes more often.
WEIGHTS = {
    "HassTurnOn": 7, "HassTurnOff": 7, "HassLightSet": 6, "HassGetState": 5, "HassStartTimer": 5, "HassSetPosition": 2,
    "HassClimateSetTemperature": 3, "HassClimateGetTemperature": 3, "HassListAddItem": 2, "HassNevermind": 1.5,
    "HassGetWeather": 2, "HassCancelTimer": 2, "HassBroadcast": 0.6, "HassMediaSearchAndPlay": 0.8, "HassRespond": 0.3,
}  # fmt: skip


def spoken(text: str) -> str:
    """Any text as lower-case words a-z and apostrophe, digits as number words; what cannot be said is dropped."""
    text = text.lower().replace("\u2019", "'").replace("%", " percent ").replace("\u00b0", " degrees ")
    text = re.sub(r"\d+(?:\.\d+)?", lambda m: f" {number_words(float(m[0]))} ", text)
    text = re.sub(r"[^a-z' ]", " ", text)
    return " ".join(t for t in (t.strip("'") if t.strip("'") in {"", "s"} else t for t in text.split()) if t)


class Sampler:
    """Draws sentences: `command`, `plain`, `anything`. All randomness comes from `rng`.

    `free` are words of the human corpora: names nobody would compose. `names`, when given, limits names of
    each kind to those lists (held-out homes). `openness` is the share of names made of free words.
    """

    def __init__(
        self,
        rng: random.Random,
        free: list[str] | None = None,
        names: dict[str, list[str]] | None = None,
        openness: float = 0.4,
    ) -> None:
        self.rng, self.openness = rng, openness if free else 0.0
        self.free = free or []
        self.names = names or {}
        self.rules: dict[str, Sentence] = {}
        self.lists: dict[str, Any] = {}
        self.blocks: list[tuple[float, list[Expression], str]] = []
        base = Path(home_assistant_intents.__file__).parent
        for part in ("data/en.json", "speech_to_phrase/en.json"):
            data = json.loads((base / part).read_text(encoding="utf-8"))
            for name, body in data.get("expansion_rules", {}).items():
                self.rules.setdefault(name, parse_sentence(body))
            for name, body in data.get("lists", {}).items():
                self.lists.setdefault(name, body)
            for intent, body in data["intents"].items():
                blocks = body["data"]
                for block in blocks:
                    domain = (
                        (block.get("requires_context") or {}).get("domain")
                        or (block.get("slots") or {}).get("domain")
                        or ""
                    )
                    if isinstance(domain, list):
                        domain = domain[0]
                    if isinstance(domain, dict):
                        domain = str(domain.get("value", ""))
                    parsed = [parse_sentence(s).expression for s in block["sentences"]]
                    self.blocks.append((WEIGHTS.get(intent, 1.0) / len(blocks), parsed, domain))
        self.own = [(weight, parse_sentence(text).expression) for weight, text in own.OWN]
        self.drink = [parse_sentence(t).expression for t in own.DRINK]
        self.plain_templates = [parse_sentence(t).expression for t in w.PLAIN if t.strip()]
        self.makers: dict[str, Callable[[], str]] = self._makers()
        self.domain = ""

    # -- names -------------------------------------------------------------------------------------------------------
    def _pick(self, kind: str, pool: list[str]) -> str:
        return self.rng.choice(self.names.get(kind) or pool)

    def area(self) -> str:
        """A room: mostly a usual one, else composed ("anna's blue room") or free words."""
        if self.names.get("area"):
            return self.rng.choice(self.names["area"])
        if self.rng.random() < self.openness / 2:
            return (
                f"{self._free(1)} {self.rng.choice(['room', 'room', 'house', 'zone', *w.ROOMS[:10]])}"
                if self.rng.random() < 0.6
                else self._free(1)
            )
        r = self.rng.random()
        if r < 0.66:
            return self.rng.choice(w.ROOMS)
        if r < 0.8:
            return f"{self.rng.choice(w.ADJECTIVES)} {self.rng.choice(w.ROOMS)}"
        if r < 0.92:
            return f"{self.rng.choice(w.FIRST_NAMES)}'s {self.rng.choice([*w.ROOMS[:12], 'room', 'room'])}"
        return f"{self._free(1)} {self.rng.choice(['room', 'corner', 'house', 'zone'])}"

    def _free(self, most: int) -> str:
        if not self.free:
            return self.rng.choice(w.OBJECTS)
        return " ".join(self.rng.choice(self.free) for _ in range(self.rng.randint(1, most)))

    def _device(self, kind: str, pool: list[str]) -> str:
        if self.names.get(kind):
            return self.rng.choice(self.names[kind])
        r, noun = self.rng.random(), self.rng.choice(pool)
        if self.rng.random() < self.openness:
            return f"{self._free(1)} {noun}"
        if r < 0.3:
            return noun
        if r < 0.5:
            return f"{self.area()} {noun}"
        if r < 0.68:
            return f"{self.rng.choice(w.ADJECTIVES)} {noun}"
        if r < 0.8:
            return f"{self.rng.choice(w.OBJECTS)} {noun}"
        if r < 0.88:
            return f"{self.rng.choice(w.FIRST_NAMES)}'s {noun}"
        if r < 0.94:
            return f"{self.rng.choice(w.BRANDS)} {noun}"
        return f"{self._free(2)} {noun}" if self.rng.random() < 0.6 else self._free(2)

    def _makers(self) -> dict[str, Callable[[], str]]:
        r = self.rng
        pools = {
            "light": w.LIGHTS, "switch": w.SWITCHES, "lock": w.LOCKS, "cover": w.COVERS, "media": w.MEDIA,
            "climate": w.CLIMATES, "sensor": w.SENSORS,
            "fan": ["fan", "ceiling fan"], "vacuum": ["vacuum", "robot", "roomba"],
        }  # fmt: skip
        makers: dict[str, Callable[[], str]] = {k: (lambda k=k, p=p: self._device(k, p)) for k, p in pools.items()}  # type: ignore[misc]
        makers |= {
            "area": self.area,
            "room": self.area,
            "floor": lambda: self._pick("floor", w.FLOORS),
            "place": lambda: self.area() if r.random() < 0.75 else self._pick("floor", w.FLOORS),
            "color": lambda: r.choice(w.COLOURS),
            "percent": lambda: number_words(
                r.choice([r.randint(0, 100), r.randrange(0, 101, 5), r.randrange(10, 101, 10)])
            ),
            "temp": lambda: number_words(r.choice([r.randint(10, 32), r.randint(55, 90), r.randint(20, 60) / 2])),
            "duration": self.duration,
            "timer": lambda: r.choice(w.TIMER_NAMES) if r.random() < 0.8 else self._free(2),
            "item": lambda: self._pick("item", w.ITEMS) if r.random() < 0.75 else self._free(3),
            "list": lambda: self._pick("list", w.LISTS),
            "scene": lambda: (
                self._pick("scene", w.SCENES) if r.random() < 0.8 - self.openness or self.names else self._free(2)
            ),
            "query": lambda: r.choice(w.QUERIES) if r.random() < 0.7 else self._free(3),
            "message": lambda: r.choice(w.MESSAGES) if r.random() < 0.7 else self._free(5),
            "spell": lambda: self._pick("spell", w.SPELLS) if r.random() < 0.7 or self.names else self._free(2),
            "alert": lambda: self._pick("alert", w.ALERTS),
            "drink": lambda: self._walk(r.choice(self.drink)),
            "digit": lambda: r.choice(ONES[:10]),
            "number": lambda: number_words(r.choice([r.randint(0, 20), r.randint(0, 100), r.randint(0, 1000)])),
            "clock": self.clock,
            "city": lambda: r.choice(w.CITIES),
            "person": lambda: r.choice(w.FIRST_NAMES),
            "object": lambda: r.choice(w.OBJECTS),
        }
        for key, values in own.DRINK_LISTS.items():
            makers[key] = lambda values=values: r.choice(values)  # type: ignore[misc]
        return makers

    def duration(self) -> str:
        """As in "three hours and ten minutes" or "half an hour"."""
        r = self.rng

        def unit(n: int, name: str) -> str:
            return f"{number_words(n)} {name}{'' if n == 1 else 's'}"

        x = r.random()
        if x < 0.55:
            return unit(
                r.choice([r.randint(1, 60), r.randrange(5, 61, 5), r.randint(1, 10)]),
                r.choice(["minute", "minute", "second"]),
            )
        if x < 0.68:
            return unit(r.randint(1, 12), "hour")
        if x < 0.82:
            return f"{unit(r.randint(1, 12), 'hour')} and {unit(r.randint(1, 59), 'minute')}"
        if x < 0.9:
            return f"{unit(r.randint(1, 59), 'minute')} and {unit(r.randint(1, 59), 'second')}"
        return r.choice(
            [
                "half an hour",
                "an hour",
                "a minute",
                "one and a half hours",
                "half a minute",
                "an hour and a half",
                "a quarter of an hour",
            ]
        )

    def clock(self) -> str:
        """A time of day: "seven thirty", "quarter past nine", "six a m"."""
        r, hour = self.rng, number_words(self.rng.randint(1, 12))
        return r.choice([
            f"{hour} {number_words(r.randint(10, 59))}", f"{hour} o'clock", f"{hour} a m", f"{hour} p m",
            f"half past {hour}",
            f"quarter {r.choice(['past', 'to'])} {hour}",
            f"{hour} {number_words(r.randrange(10, 60, 5))} {r.choice(['a m', 'p m'])}",
        ])  # fmt: skip

    # -- templates ---------------------------------------------------------------------------------------------------
    def _slot(self, name: str) -> str:
        if name == "name":
            kinds = ["light", "light", "light", "switch", "cover", "lock", "media", "scene", "sensor"]
            kind = {"media_player": "media", "script": "scene"}.get(self.domain, self.domain)
            return self.makers[kind if kind in self.makers else self.rng.choice(kinds)]()
        if name in self.makers and name != "temperature":
            return self.makers[name]()
        wild = {
            "timer_name": "timer",
            "shopping_list_item": "item",
            "todo_list_item": "item",
            "search_query": "query",
            "zone": "city",
            "timer_command": "spell",
        }
        if name in wild:
            return self.makers[wild[name]]()
        if name == "temperature":
            return self.makers["temp"]()
        body = self.lists.get(name)
        if body is None or body.get("wildcard"):
            return self._free(2)
        if "range" in body:
            lo, hi, step = body["range"]["from"], body["range"]["to"], body["range"].get("step", 1)
            if self.rng.random() < 0.5 and hi - lo >= 50:
                step = max(step, 5 if hi <= 100 else 500)
                lo = lo if lo % step == 0 else 5
            return number_words(abs(self.rng.randrange(lo, hi + 1, step)))
        value = self.rng.choice(body["values"])
        return self._walk(parse_sentence(value if isinstance(value, str) else str(value["in"])).expression)

    def _walk(self, e: Expression) -> str:
        if isinstance(e, TextChunk):
            return e.original_text
        if isinstance(e, ListReference):
            return self._slot(e.list_name)
        if isinstance(e, RuleReference):
            return self._walk(self.rules[e.rule_name].expression)
        if isinstance(e, Permutation):
            items = list(e.items)
            self.rng.shuffle(items)
            return " ".join(self._walk(i) for i in items)
        if isinstance(e, Alternative):
            if e.is_optional:  # [x|y]: the empty way is one of the items; take it in six cases of ten
                full = [
                    i
                    for i in e.items
                    if not (isinstance(i, TextChunk) and not i.text) and not (isinstance(i, Group) and not i.items)
                ]
                return self._walk(self.rng.choice(full)) if full and self.rng.random() < 0.42 else ""
            return self._walk(self.rng.choice(e.items))
        if isinstance(e, Group):
            return "".join(self._walk(i) for i in e.items)
        raise TypeError(type(e))

    def command(self) -> str:
        """A command, half from Home Assistant's templates and half from ours, sometimes with polite words around it."""
        for _ in range(50):
            self.domain = ""
            if self.rng.random() < 0.42:
                _, choices, self.domain = self.rng.choices(self.blocks, [b[0] for b in self.blocks])[0]
                text = self._walk(self.rng.choice(choices))
            else:
                text = self._walk(self.rng.choices([e for _, e in self.own], [x for x, _ in self.own])[0])
            if self.rng.random() < 0.08:
                text = f"{self.rng.choice(own.POLITE_FRONT)} {text}"
            if self.rng.random() < 0.05:
                text = f"{text} {self.rng.choice(own.POLITE_BACK)}"
            text = spoken(text)
            if 1 <= len(text.split()) <= 16:
                return text
        return "turn on the light"

    def plain(self) -> str:
        """A sentence that is no command."""
        self.domain = ""
        return spoken(self._walk(self.rng.choice(self.plain_templates)))

    def anything(self) -> str:
        """What synthesis reads: commands, a tenth of plain sentences, some bare names."""
        r = self.rng.random()
        if r < 0.86:
            return self.command()
        if r < 0.94:
            return self.plain()
        return spoken(
            self._slot(self.rng.choice(["light", "switch", "cover", "area", "scene", "sensor", "item", "spell"]))
        )
