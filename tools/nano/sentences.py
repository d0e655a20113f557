"""Random sentences for random homes: the templates that the house understands, as the words that are spoken.

A sentence is lower-case words of a-z and apostrophes; numbers are words. Names are composed anew in every draw.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.parse_expression import parse_sentence

from voiced.home.language import data, everyday, polite
from voiced.home.language import sentences as said
from voiced.home.language.spoken import ONES, number_words

from . import templates as own
from . import words as w

# How often an intent is drawn, where it is not 1: what people say daily comes more often.
WEIGHTS = {
    "HassTurnOn": 8, "HassTurnOff": 8, "HassLightSet": 8, "HassGetState": 7, "HassStartTimer": 6, "HassSetPosition": 2,
    "HassOpenCover": 4, "HassCloseCover": 4, "HassLock": 3, "HassUnlock": 3, "AlarmSet": 4, "AlarmCancel": 1.5,
    "HassClimateSetTemperature": 4, "HassClimateGetTemperature": 3, "HassListAddItem": 3, "HassListRemoveItem": 2,
    "HassGetWeather": 2, "HassCancelTimer": 2, "HassNevermind": 1.5, "HassSetVolumeRelative": 1.5,
    "HassMediaSearchAndPlay": 0.8, "HassBroadcast": 0.6, "HassRespond": 0.3, "HassDecreaseTimer": 0.6,
    "HassIncreaseTimer": 0.6, "HassShoppingListAddItem": 0.6, "HassShoppingListCompleteItem": 0.3,
}  # fmt: skip
SPOKEN_TO_IT = 0.82
"""Share of commands from the house's own templates; the others are taught sentences, codes, answers (templates.py)."""
ANOTHER, ALSO, EXCEPT, POLITE_FRONT, POLITE_BACK, CORRECTED = 0.06, 0.03, 0.02, 0.1, 0.06, 0.03
"""Shares of commands with another one after "and", another thing, an exception, polite words, a false start."""
LONGEST = 18
"""Words in a sentence."""
KIND = {
    "media_player": "media", "script": "scene", "todo": "list", "binary_sensor": "sensor", "input_boolean": "switch",
    "humidifier": "switch", "siren": "switch", "valve": "cover", "input_button": "button", "lawn_mower": "mower",
    "water_heater": "boiler", "alarm_control_panel": "panel",
}  # fmt: skip
"""Which maker names the entities of a domain, where it is not called like it."""
ANY_KIND = ("light", "light", "light", "switch", "cover", "lock", "media", "scene", "sensor")


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
        grammar = data.grammar()
        self.rules, self.lists = grammar.rules, grammar.lists
        self.blocks: dict[str, list[data.Template]] = {}
        for template in (*grammar.templates, *data.stopping()):
            self.blocks.setdefault(template.intent, []).append(template)
        self.weights = [WEIGHTS.get(intent, 1.0) for intent in self.blocks]
        self.also, self.left_out = (
            [parse_sentence(t).expression for t in some] for some in (everyday.ALSO, everyday.EXCEPT)
        )
        self.own = [(weight, parse_sentence(text).expression) for weight, text in own.OWN]
        self.drink = [parse_sentence(t).expression for t in own.DRINK]
        self.plain_templates = [parse_sentence(t).expression for t in w.PLAIN if t.strip()]
        self.makers: dict[str, Callable[[], str]] = self._makers()
        self.domains: tuple[str, ...] = ()

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

    def _item(self) -> str:
        """What is to be bought or done, sometimes how much of it."""
        much = f"{self.rng.choice(own.AMOUNTS)} " if not self.names and self.rng.random() < 0.2 else ""
        return much + (self._pick("item", w.ITEMS) if self.rng.random() < 0.6 else self._free(3))

    def _makers(self) -> dict[str, Callable[[], str]]:
        r = self.rng
        pools = {
            "light": w.LIGHTS, "switch": w.SWITCHES, "lock": w.LOCKS, "cover": w.COVERS, "media": w.MEDIA,
            "climate": w.CLIMATES, "sensor": w.SENSORS,
            "fan": ["fan", "ceiling fan"], "vacuum": ["vacuum", "robot", "roomba"], "mower": ["mower", "lawn mower"],
            "boiler": ["boiler", "water heater", "hot water"], "panel": ["alarm", "house alarm", "alarm system"],
            "select": w.SELECTS, "number": w.NUMBERS, "button": w.BUTTONS,
        }  # fmt: skip
        makers: dict[str, Callable[[], str]] = {k: (lambda k=k, p=p: self._device(k, p)) for k, p in pools.items()}  # type: ignore[misc]
        makers |= {
            "area": self.area,
            "room": self.area,
            "floor": lambda: self._pick("floor", w.FLOORS),
            "person": lambda: r.choice(w.FIRST_NAMES),
            "weather": lambda: r.choice(w.CITIES),
            "list": lambda: self._pick("list", w.LISTS) if r.random() < 0.7 or self.names else f"{self._free(1)} list",
            "scene": lambda: (
                self._pick("scene", w.SCENES) if r.random() < 0.8 - self.openness or self.names else self._free(2)
            ),
            "option": lambda: r.choice(w.OPTIONS) if r.random() < 0.6 else self._free(2),
            "color": lambda: r.choice(w.COLOURS),
            "temperature": lambda: number_words(
                r.choice([r.randint(10, 32), r.randint(55, 90), r.randint(20, 60) / 2])
            ),
            "timer_name": lambda: r.choice(w.TIMER_NAMES) if r.random() < 0.6 else self._free(2),
            "item": self._item,
            "search_query": lambda: r.choice(w.QUERIES) if r.random() < 0.6 else self._free(3),
            "message": lambda: r.choice(w.MESSAGES) if r.random() < 0.6 else self._free(5),
            "spell": lambda: self._pick("spell", w.SPELLS) if r.random() < 0.7 or self.names else self._free(2),
            "alert": lambda: self._pick("alert", w.ALERTS),
            "city": lambda: r.choice(w.CITIES),
            "amount": lambda: r.choice(own.AMOUNTS),
            "drink": lambda: self._walk(r.choice(self.drink)),
            "digit": lambda: r.choice(ONES[:10]),
            "number_words": lambda: number_words(r.choice([r.randint(0, 20), r.randint(0, 100), r.randint(0, 1000)])),
            "object": lambda: r.choice(w.OBJECTS),
        }
        makers |= {"zone": makers["city"], "cl_task": makers["item"]}
        makers |= dict.fromkeys(("shopping_list_item", "todo_list_item"), makers["item"])
        for key, values in own.DRINK_LISTS.items():
            makers[key] = lambda values=values: r.choice(values)  # type: ignore[misc]
        return makers

    # -- templates ---------------------------------------------------------------------------------------------------
    def _slot(self, name: str) -> str:
        if name == "name":
            kind = self.rng.choice(self.domains or ANY_KIND)
            maker = self.makers.get(KIND.get(kind, kind))
            return maker() if maker else self._free(2)  # a kind that no list of words here names
        if name in self.makers:
            return self.makers[name]()
        body = self.lists.get(name)
        if body is None or body.get("wildcard"):
            return self._free(2)
        if "range" in body:
            lo, hi, step = body["range"]["from"], body["range"]["to"], body["range"].get("step", 1)
            if self.rng.random() < 0.5 and hi - lo >= 50:
                step = max(step, 5 if hi <= 100 else 500)
                lo = lo if lo % step == 0 else 5
            return f"{body['range'].get('before', '')} {number_words(self.rng.randrange(lo, hi + 1, step))}"
        value = self.rng.choice(body["values"])
        return self._walk(parse_sentence(value if isinstance(value, str) else str(value["in"])).expression)

    def _walk(self, e: Expression) -> str:
        if isinstance(e, TextChunk):
            return e.original_text
        if isinstance(e, ListReference):
            return self._slot(e.list_name)
        if isinstance(e, RuleReference):
            return self._walk(self.rules[e.rule_name])
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

    def _one(self) -> str:
        """A command without anything around it."""
        r = self.rng
        self.domains = ()
        if r.random() > SPOKEN_TO_IT:
            return self._walk(r.choices([e for _, e in self.own], [x for x, _ in self.own])[0])
        template = r.choice(self.blocks[r.choices(list(self.blocks), self.weights)[0]])
        self.domains = template.domains
        return self._walk(template.expression)

    def command(self) -> str:
        """A command, sometimes with another, more things, an exception, polite words."""
        r = self.rng
        for _ in range(50):
            text, domains = self._one(), self.domains
            if r.random() < ANOTHER:
                text = f"{text} {r.choice(polite.AND)} {self._one()}"
            self.domains = domains
            if r.random() < ALSO:
                text = f"{text} {r.choice(polite.AND)} {self._walk(r.choice(self.also))}"
            if r.random() < EXCEPT:
                text = f"{text} {r.choice(said.EXCEPT_WORDS)} {self._walk(r.choice(self.left_out))}"
            if r.random() < ALSO / 3:
                text = f"{r.choice(polite.FOLLOW_UP)} {self._walk(r.choice(self.also))}"
            if r.random() < CORRECTED:
                begun = self._one().split()
                text = f"{' '.join(begun[: r.randint(1, 4)])} {r.choice(own.CORRECTING)} {text}"
            if r.random() < POLITE_FRONT:
                text = f"{r.choice(polite.POLITE_FRONT)} {text}"
            if r.random() < POLITE_BACK:
                text = f"{text} {r.choice(polite.POLITE_BACK)}"
            text = spoken(text)
            if 1 <= len(text.split()) <= LONGEST:
                return text
        return "turn on the light"

    def plain(self) -> str:
        """A sentence that is no command."""
        self.domains = ()
        return spoken(self._walk(self.rng.choice(self.plain_templates)))

    def anything(self) -> str:
        """What synthesis reads: commands, a twelfth of plain sentences, an eighth of bare names."""
        r = self.rng.random()
        if r < 0.8:
            return self.command()
        if r < 0.88:
            return self.plain()
        return spoken(
            self._slot(self.rng.choice(["light", "switch", "cover", "area", "scene", "sensor", "item", "spell"]))
        )
