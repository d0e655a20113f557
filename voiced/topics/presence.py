"""PURE. voiced as a device of Home Assistant's, through MQTT discovery: what it announces and what it then tells.

    homeassistant/device/voiced_<id>/config   retained: the description
    voiced/<id>/activity                      events that automations can wait for
    voiced/<id>/last_command                  retained: what was done last
    voiced/<id>/threshold, threshold/set      the wake words' threshold
    voiced/<id>/next_timer, next_alarm        retained: when the next timer ends, the next alarm rings
    voiced/<id>/volume, volume/set            retained: how loud it speaks, percent

State, mute, say, listen and cancel are the topics that voiced has anyway. What is told holds no words that were heard.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voiced import __version__
from voiced.home.model import slug
from voiced.home.voice import LOUDEST, SOFTEST


@dataclass(frozen=True, slots=True)
class Out:
    """A message to publish."""

    topic: str
    payload: str
    retain: bool = False


ACTIVITIES = ("wake", "command", "not_understood", "confirm_required", "refused", "timer_finished", "alarm", "failed")
_ACTIVITY: Mapping[str, str] = {
    "wake": "wake", "command": "command", "ignored": "not_understood", "question": "confirm_required",
    "refused": "refused", "timer_over": "timer_finished", "alarm": "alarm", "failed": "failed",
}  # fmt: skip
_ATTRIBUTES = ("turn", "word", "score", "entity", "verb", "reason")

_NOTHING = "None"


def announcement(device_id: str, area: str, prefix: str, *, lifts_mute: bool = False) -> Out:
    """The whole device in one retained message. `area` is where it stands; "" where nobody said. What a message may
    not lift (`lifts_mute`) is no switch but a button.
    """
    uid, base = "voiced_" + re.sub(r"[^a-zA-Z0-9_-]", "_", device_id), f"voiced/{device_id}"

    def component(platform: str, key: str, name: str, **more: object) -> dict[str, object]:
        return {
            "platform": platform, "unique_id": f"{uid}_{key}", "name": name,
            "default_entity_id": f"{platform}.{slug(uid)}_{key}", **more,
        }  # fmt: skip

    state = f"{base}/state"
    components = {
        "state": component(
            "sensor", "state", "State", state_topic=state, value_template="{{ value_json.state }}",
            device_class="enum", icon="mdi:account-voice",
            options=["online", "idle", "listening", "processing", "responding", "interpreting", "muted", "error"],
        ),
        "mute": component(
            "switch", "mute", "Mute", state_topic=state, command_topic=f"{base}/mute", payload_on="on",
            payload_off="off", state_on="True", state_off="False", value_template="{{ value_json.muted }}",
            entity_category="config", icon="mdi:microphone-off",
        ) if lifts_mute else component(
            "button", "mute", "Mute", command_topic=f"{base}/mute", payload_press="on", entity_category="config",
            icon="mdi:microphone-off",
        ),
        "problem": component(
            "binary_sensor", "problem", "Problem", state_topic=state, device_class="problem",
            value_template="{{ 'ON' if value_json.lacks else 'OFF' }}", json_attributes_topic=state,
            entity_category="diagnostic",
        ),
        "threshold": component(
            "number", "threshold", "Wake word threshold", state_topic=f"{base}/threshold",
            command_topic=f"{base}/threshold/set", min=0.05, max=1, step=0.01, mode="box", entity_category="config",
        ),
        "last_command": component(
            "sensor", "last_command", "Last command", state_topic=f"{base}/last_command",
            value_template="{{ value_json.command }}", json_attributes_topic=f"{base}/last_command",
        ),
        "next_timer": component(
            "sensor", "next_timer", "Next timer", state_topic=f"{base}/next_timer", device_class="timestamp"
        ),
        "next_alarm": component(
            "sensor", "next_alarm", "Next alarm", state_topic=f"{base}/next_alarm", device_class="timestamp",
            icon="mdi:alarm",
        ),
        "volume": component(
            "number", "volume", "Volume", state_topic=f"{base}/volume", command_topic=f"{base}/volume/set",
            min=SOFTEST, max=LOUDEST, step=1, unit_of_measurement="%", icon="mdi:volume-high",
        ),
        "latency": component(
            "sensor", "latency", "Time to action", state_topic=f"{base}/ledger", device_class="duration",
            unit_of_measurement="ms", state_class="measurement", entity_category="diagnostic",
            value_template="{{ value_json.published_ms | default(none) }}",
        ),
        "activity": component(
            "event", "activity", "Activity", state_topic=f"{base}/activity", event_types=list(ACTIVITIES)
        ),
        "announce": component("notify", "announce", "Announce", command_topic=f"{base}/say"),
        "listen": component("button", "listen", "Listen", command_topic=f"{base}/listen"),
        "cancel": component("button", "cancel", "Stop", command_topic=f"{base}/cancel"),
    }  # fmt: skip
    device = {
        "identifiers": [uid], "name": f"{area} voice" if area else "Voice", "manufacturer": "voiced",
        "sw_version": __version__, **({"suggested_area": area} if area else {}),
    }  # fmt: skip
    body = {
        "device": device,
        "origin": {"name": "voiced", "sw_version": __version__},
        "availability": [
            {"topic": state, "value_template": "{{ 'offline' if value_json.state == 'offline' else 'online' }}"}
        ],
        "components": components,
    }
    return Out(f"{prefix}/device/{uid}/config", json.dumps(body), retain=True)


def activity(device_id: str, happening: Mapping[str, object]) -> Iterator[Out]:
    """What Home Assistant is told of something that happened. Events are never retained."""
    kind = _ACTIVITY.get(str(happening["event"]))
    if kind is None:
        return
    more = {key: happening[key] for key in _ATTRIBUTES if key in happening}
    yield Out(f"voiced/{device_id}/activity", json.dumps({"event_type": kind, **more}))
    if kind == "command":
        said = {"command": f"{happening['verb']} {happening['entity']}"[:255], **more}
        yield Out(f"voiced/{device_id}/last_command", json.dumps(said), retain=True)


def next_timer(device_id: str, ends_in_s: float | None, now: dt.datetime) -> Out:
    """`now` with a time zone. To the second: a clock's jitter is no news."""
    return _next(device_id, "timer", ends_in_s, now)


def next_alarm(device_id: str, rings_in_s: float | None, now: dt.datetime) -> Out:
    return _next(device_id, "alarm", rings_in_s, now)


def _next(device_id: str, what: str, ends_in_s: float | None, now: dt.datetime) -> Out:
    when = None
    if ends_in_s is not None:
        when = (now + dt.timedelta(seconds=ends_in_s + 0.5)).replace(microsecond=0)  # the nearest second
    return Out(f"voiced/{device_id}/next_{what}", when.isoformat() if when else _NOTHING, retain=True)
