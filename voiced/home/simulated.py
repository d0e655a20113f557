"""PURE. How the devices of a home answer a command: for replays and the demo, never for a real house."""

from __future__ import annotations

import json
from collections.abc import Callable

from voiced.home.dispatch import PAYLOADS, proofs
from voiced.home.model import Entity, Home

Answer = Callable[[str, str], tuple[tuple[str, str], ...]]


def simulate(home: Home) -> Answer:
    """(command topic, payload) -> the state messages (topic, payload) that a good device would send."""

    def answer(topic: str, payload: str) -> tuple[tuple[str, str], ...]:
        return tuple(reply for e in home.entities for reply in _reply(e, topic, payload))

    return answer


def _reply(entity: Entity, topic: str, payload: str) -> tuple[tuple[str, str], ...]:
    for key in (
        k for k, v in entity.mqtt.items() if v == topic and k.endswith(("command_topic", "set_position_topic"))
    ):
        if key != "command_topic":
            state = entity.text(key.replace("command_topic", "state_topic").replace("set_position", "position"))
            return ((state, payload),) if state else ()
        state = entity.text("state_topic")
        if not state:
            return ()
        if entity.text("schema") == "json":
            return ((state, _echo(payload)),)
        verbs = {entity.text(key): verb for verb, key in reversed(list(PAYLOADS.items())) if entity.text(key)}
        led_to = proofs(entity, verbs.get(payload, ""))[:1]
        return ((state, led_to[0] if led_to else payload),)
    return ()


def _echo(payload: str) -> str:
    return json.dumps(json.loads(payload))


def first_states(home: Home) -> tuple[tuple[str, str], ...]:
    """Retained messages of a house at rest: everything off, closed and locked."""
    found: list[tuple[str, str]] = []
    for entity in home.entities:
        topic = entity.text("state_topic")
        rest = {"lock": entity.text("state_locked"), "cover": entity.text("state_closed")}.get(entity.domain, "OFF")
        if topic and entity.domain in ("light", "switch", "fan", "lock", "cover", "media_player"):
            found.append((topic, json.dumps({"state": "OFF"}) if entity.text("schema") == "json" else rest))
        for key, value in (("temperature_state_topic", "20"), ("current_temperature_topic", "20.5")):
            if entity.text(key):
                found.append((entity.text(key), value))
        if topic and entity.domain == "sensor":
            found.append((topic, "47"))
    return tuple(found)
