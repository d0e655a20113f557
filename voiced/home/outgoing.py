"""PURE. One message to one topic of a thing, with what its state topic must then say."""

from __future__ import annotations

from collections.abc import Mapping

from voiced.home.intents import Step
from voiced.home.model import Entity, folded
from voiced.home.network.templates import TemplateError, parse
from voiced.messages import Command, SlotValue


def half_up(value: float) -> int:
    return int(value + 0.5)


def scaled(percent: float, scale: float) -> int:
    """A percentage on the device's own scale, rounded half up; more than nothing is never nothing."""
    level = half_up(percent * scale / 100)
    return max(1, level) if percent > 0 else 0


def number_text(value: SlotValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def chosen(entity: Entity, choices: str, said: str) -> str:
    """A choice as the thing calls it; "" where it has no such choice."""
    known = entity.choices(choices)
    return next((choice for choice in known if folded(choice.replace("_", " ")) == folded(said)), "")


def message(
    entity: Entity,
    step: Step,
    topic_key: str,
    payload: str,
    state_key: str,
    expected: Mapping[str, object],
    parts: Mapping[str, object] | None = None,
) -> Command | None:
    """None where it has no such topic, or nothing to say. `parts` are what a template may know besides the payload."""
    topic = entity.text(topic_key) if topic_key else ""
    if template := entity.text(topic_key.removesuffix("_topic") + "_template"):
        payload = filled(template, {**_value(payload), **(parts or {})}, payload)
    if not topic or not payload:
        return None
    provable = state_key and expected and expected.get("state") != []
    state_topic = entity.text(state_key) if provable else ""
    if read := entity.text(state_key.removesuffix("_topic") + "_template"):
        expected = {**expected, "template": read}
    return Command(entity.id, step.verb, topic, payload, state_topic, expected if state_topic else {})


def number(
    entity: Entity, step: Step, topic: str, state: str, payload: str, within: float | None = None
) -> Command | None:
    """`within` is how far off an answer may be, where it may be more than a rounding."""
    if not payload:
        return None
    tolerance = {"within": within} if within else {}
    return message(entity, step, topic, payload, state, {"number": float(payload), **tolerance})


def filled(template: str, known: Mapping[str, object], value: str = "") -> str:
    """What a device's template makes of what is known; "" where it makes nothing of it."""
    try:
        return parse(template).read(value, known) or ""
    except TemplateError:  # told when the home was read
        return ""


def _value(payload: str) -> dict[str, object]:
    """Under all the names that Home Assistant's platforms have for it."""
    try:
        value: object = int(payload) if payload.lstrip("-").isdigit() else float(payload)
    except ValueError:
        value = payload
    return dict.fromkeys(("value", "position", "action"), value)
