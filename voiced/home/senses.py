"""PURE. What the on and off of a binary sensor mean, by its device class, and which classes one word asks for."""

from __future__ import annotations

from collections.abc import Mapping

from voiced.home.model import Entity

_SENSED = ("detected", "clear")
_OPENED = ("open", "closed")
_WORDS: Mapping[str, tuple[str, str]] = {
    "door": _OPENED, "garage_door": _OPENED, "window": _OPENED, "opening": _OPENED, "lock": ("unlocked", "locked"),
    "motion": _SENSED, "moving": _SENSED, "occupancy": _SENSED, "presence": _SENSED, "sound": _SENSED,
    "vibration": _SENSED, "smoke": _SENSED, "gas": _SENSED, "carbon_monoxide": _SENSED, "tamper": _SENSED,
    "moisture": ("wet", "dry"), "battery": ("low", "normal"), "connectivity": ("connected", "disconnected"),
    "plug": ("plugged in", "unplugged"), "heat": ("hot", "normal"), "cold": ("cold", "normal"),
    "safety": ("unsafe", "safe"), "problem": ("in trouble", "okay"), "running": ("running", "not running"),
}  # fmt: skip
"""Home Assistant's words for (on, off)."""

ASKED_FOR: Mapping[str, frozenset[str]] = {
    "window": frozenset(["window"]), "door": frozenset(["door"]), "garage": frozenset(["garage_door"]),
    "motion": frozenset(["motion", "occupancy", "presence", "moving"]), "gas": frozenset(["gas", "carbon_monoxide"]),
    "smoke": frozenset(["smoke"]), "moisture": frozenset(["moisture"]), "vibration": frozenset(["vibration"]),
    "sound": frozenset(["sound"]),
}  # fmt: skip
"""A word's class -> the classes of binary sensors that can tell."""
OPENINGS = frozenset(cls for cls, words in _WORDS.items() if words is _OPENED)


def spoken_of(device_class: str) -> frozenset[str]:
    """The classes under which a sensor of this class is asked for."""
    return frozenset(asked for asked, classes in ASKED_FOR.items() if device_class in classes)


def in_words(entity: Entity, state: str) -> str:
    """A state as it is said: a window is open, not on."""
    if entity.domain == "binary_sensor" and state in ("on", "off"):
        return _WORDS.get(entity.device_class, ("on", "off"))[state == "off"]
    return "on standby" if state == "standby" else state.replace("_", " ")


_CAN_BE = {
    "lock": frozenset(["locked", "unlocked", "locking", "unlocking", "jammed"]),
    "cover": frozenset(["open", "closed", "opening", "closing", "stopped"]),
    "valve": frozenset(["open", "closed", "opening", "closing"]),
}


def can_be(entity: Entity, state: str) -> bool:
    """A lock is never "open", a cover never "locked"; for other things nothing is ruled out."""
    if entity.domain == "binary_sensor":
        return state in ("on", "off", *_WORDS.get(entity.device_class, ()))
    return state in _CAN_BE.get(entity.domain, frozenset([state]))


_OFF: Mapping[str, frozenset[str]] = {
    "climate": frozenset(["off"]), "water_heater": frozenset(["off"]), "media_player": frozenset(["off", "standby"]),
}  # fmt: skip
"""What is told of by what it does, "heat" or "playing" -> the states in which it is off; in every other it is on."""


def is_so(entity: Entity, state: str, wanted: str) -> bool:
    """Whether a thing in this state is what was asked for; both as its domain says it."""
    if entity.domain == "alarm_control_panel" and wanted == "armed":
        return state.startswith("armed")
    if wanted in ("on", "off") and (off := _OFF.get(entity.domain)):
        return (state in off) is (wanted == "off")
    return wanted in (state, in_words(entity, state))
