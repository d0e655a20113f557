"""PURE. How loud the assistant itself speaks: "louder", "volume to fifty percent"."""

from __future__ import annotations

from voiced.home.model import Home
from voiced.home.relative import difference
from voiced.home.replies import Reply
from voiced.home.states import States
from voiced.messages import Call

VOICE = "VoiceVolume"
VOICE_INTENTS = frozenset([VOICE])
LOUDEST, SOFTEST, STEP = 100, 10, 20
"""Percent. It never falls silent by being told to be softer: nobody would know what it does."""
_OF_PLAYERS = frozenset(["HassSetVolume", "HassSetVolumeRelative"])
_OF_WHAT_PLAYS = frozenset(["HassMediaPause", "HassMediaNext", "HassMediaPrevious", "HassMediaPlayerMute"])
_SILENT = frozenset(["off", "idle", "standby", "paused", "stopped"])


def own(call: Call, home: Home, states: States) -> Call:
    """Without a name, "louder" and "pause" mean the only player that can be heard; where there is none, "louder" means
    the voice that just spoke.
    """
    if call.intent not in _OF_PLAYERS | _OF_WHAT_PLAYS or {"name", "area", "floor"} & call.slots.keys():
        return call
    players = (e for e in home.entities if e.domain == "media_player" and e.reachable)
    audible = [e for e in players if e.id not in states or states[e.id].state not in _SILENT]
    if len(audible) == 1:
        return Call(call.intent, {**call.slots, "name": audible[0].id})  # two may have one name
    return call if audible or call.intent in _OF_WHAT_PLAYS else Call(VOICE, call.slots)


def bounded(percent: float) -> int:
    return min(LOUDEST, max(SOFTEST, round(percent)))


def apply(volume: int, call: Call) -> tuple[int, Reply]:
    """The volume in percent that the call leads to, and what is said of it."""
    level, step = call.slots.get("volume_level"), call.slots.get("volume_step", 0)
    change = difference(step, STEP)
    new = bounded(volume + change if change or not isinstance(level, int | float) else level)
    if change and new == volume:
        return volume, Reply("voice_loudest" if change > 0 else "voice_softest")
    return new, Reply("voice_volume", {"percent": new})
