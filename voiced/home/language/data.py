"""PURE. All sentence templates: Home Assistant's two sets, our own, and what they need of a house.

Sources: the PyPI package `home-assistant-intents`, `data/en.json` (broad) and `speech_to_phrase/en.json` (narrow, meant
for speech; where both know a sentence, its meaning wins by cost), `everyday.py`, `devices.py`, `clock.py`,
`questions.py` and `home/interpreter.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from hassil.expression import Expression
from hassil.parse_expression import parse_sentence

from voiced.home import interpreter
from voiced.home.language import clock, devices, everyday, questions
from voiced.messages import SlotValue

NARROW_COST, OWN_COST, BROAD_COST = 0.0, 0.05, 0.2
BARE_NAME_COST = 1.5
"""Saying nothing but a device's name turns it on; possible, and rarely meant."""

NEEDS_DOMAIN = {
    "HassVacuum": ("vacuum",), "HassLawnMower": ("lawn_mower",), "HassMedia": ("media_player",),
    "HassSetVolume": ("media_player",), "HassFan": ("fan",), "HassClimateSet": ("climate",),
    "HassClimateGet": ("climate", "sensor", "water_heater"), "HassLightSet": ("light",), "HassGetWeather": ("weather",),
    "HassList": ("todo",), "HassShoppingList": ("todo",), "Panel": ("alarm_control_panel",),
    "LawnMower": ("lawn_mower",),
}  # fmt: skip
"""Intents that mean nothing in a house without one of these domains, by the beginning of their name."""

SKIPPED = ("{timer_command:", "{timer_name:name} timer status")
"""Templates with these are left out: an open beginning makes a command of any noise, and nothing is ever forced."""

COSTS = {"HassBroadcast": 1.0, "HassRespond": 1.0, "HassMediaSearchAndPlay": 0.5, "HassShoppingList": 0.5}
"""Beside the base: what people say rarely or what could be almost anything. By the beginning of the intent's name."""


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence template and what it means."""

    intent: str
    expression: Expression
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    """Constant slots."""
    domains: tuple[str, ...] = ()
    """The domains that its {name} may have; empty: any."""
    cost: float = 0.0
    text: str = ""
    """As written, for messages."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Templates with the rules and lists that they refer to. Shared: do not change."""

    templates: tuple[Template, ...]
    rules: Mapping[str, Expression]
    lists: Mapping[str, Mapping[str, Any]]


def _by_beginning(table: Mapping[str, Any], intent: str, default: Any) -> Any:
    return next((value for key, value in table.items() if intent.startswith(key)), default)


def needed_domains(intent: str) -> tuple[str, ...]:
    """Any of these domains must be in the house for `intent` to make sense; empty: none needed."""
    domains: tuple[str, ...] = _by_beginning(NEEDS_DOMAIN, intent, ())
    return domains


def unambiguous(intent: str, domain: str) -> str:
    """Home Assistant's HassTurnOn *locks* a lock and opens a cover; here each has its own verb."""
    if domain == "lock":
        return {"HassTurnOn": "HassLock", "HassTurnOff": "HassUnlock"}.get(intent, intent)
    if domain == "cover":
        return {"HassTurnOn": "HassOpenCover", "HassTurnOff": "HassCloseCover"}.get(intent, intent)
    return intent


def constant_slots(intent: str, slots: Mapping[str, SlotValue]) -> dict[str, SlotValue]:
    """Without the domain where the intent says it already."""
    return {k: v for k, v in slots.items() if k != "domain" or intent in {"HassTurnOn", "HassTurnOff", "HassGetState"}}


def _templates(intents: Mapping[str, Any], base: float) -> list[Template]:
    found = []
    for ha_intent, body in intents.items():
        for block in body["data"]:
            fixed = dict(block.get("slots") or {})
            context = (block.get("requires_context") or {}).get("domain") or []
            domains = (context,) if isinstance(context, str) else tuple(context)
            owner = str(fixed.get("domain", "")) or (domains[0] if len(domains) == 1 else "")
            intent = unambiguous(ha_intent, owner)
            slots = constant_slots(intent, fixed)
            if intent == "HassRespond":
                slots["response"] = str(block.get("response", "default"))
            if (block.get("metadata") or {}).get("slot_combination") == "domain_all":
                slots["everywhere"] = "yes"  # said with "all" and no place: not only the device's own area
            for text in block["sentences"]:
                if any(part in text for part in SKIPPED):
                    continue
                cost = base + _by_beginning(COSTS, intent, 0.0) + float(block.get("cost", 0.0))
                if text.replace("[<the>]", "").strip() == "{name}":
                    cost += BARE_NAME_COST
                expression = parse_sentence(text).expression
                found.append(Template(intent, expression, slots, domains, round(cost, 3), text))
    return found


@cache
def grammar() -> Grammar:
    """Home Assistant's and our own templates, parsed once per process."""
    package = resources.files("home_assistant_intents")
    narrow, broad = (
        json.loads((package / part / "en.json").read_text(encoding="utf-8")) for part in ("speech_to_phrase", "data")
    )
    rules: dict[str, str] = {
        **broad["expansion_rules"],
        **narrow["expansion_rules"],
        **everyday.RULES,
        **devices.RULES,
        **clock.RULES,
        **questions.RULES,
        **interpreter.RULES,
    }
    lists: dict[str, Mapping[str, Any]] = {
        **broad["lists"], **narrow["lists"], **everyday.LISTS, **devices.LISTS, **clock.LISTS,
        **questions.LISTS, **interpreter.LISTS,
    }  # fmt: skip
    templates = [
        *_templates(narrow["intents"], NARROW_COST),
        *_templates(everyday.intents(), OWN_COST),
        *_templates(everyday.intents(devices.TABLE), OWN_COST),
        *_templates(everyday.intents(clock.TABLE), OWN_COST),
        *_templates(everyday.intents(questions.TABLE), OWN_COST),
        *_templates(everyday.intents(interpreter.TABLE), OWN_COST),
        *_templates(broad["intents"], BROAD_COST),
    ]
    return Grammar(tuple(templates), {name: parse_sentence(body).expression for name, body in rules.items()}, lists)


def stopping() -> tuple[Template, ...]:
    """What silences a ring, without a wake word."""
    return tuple(_templates(everyday.intents(clock.STOP_TABLE), 0.0))


def own_template(intent: str, text: str) -> Template:
    """A template of the owner's."""
    return Template(intent, parse_sentence(text).expression, cost=0.0, text=text)


def list_values(body: Mapping[str, Any]) -> Sequence[tuple[str, SlotValue]]:
    """(template, value) of a text list: {"values": ["a", {"in": "b[s]", "out": "b"}]}."""
    pairs = []
    for value in body["values"]:
        if isinstance(value, Mapping):
            pairs.append((str(value["in"]), value["out"]))
        else:
            pairs.append((str(value), str(value).casefold()))
    return pairs
