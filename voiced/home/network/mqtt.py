"""PURE. The keys that Home Assistant's MQTT platforms know, with their defaults: what an entity's `mqtt` may say.

A table, because it is one: platform -> key -> default. The default's type is the key's type; a key that ends in
`_topic` is an MQTT topic, and "" means that there is none; a tuple holds the choices that a thing has. Ours beside Home
Assistant's: a light's `color_space` (in which the json schema writes colours), and `on_command_type` "itself": any
value turns it on. A cover's tilt is not here: none of Home Assistant's intents reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping

Setting = str | bool | float | tuple[str, ...]

_SWITCH: dict[str, Setting] = {
    "command_topic": "", "state_topic": "", "payload_on": "ON", "payload_off": "OFF",
    "state_on": "ON", "state_off": "OFF",
}  # fmt: skip
_RUN: dict[str, Setting] = {"command_topic": "", "payload_on": "ON"}
_PRESS: dict[str, Setting] = {"command_topic": "", "payload_press": "PRESS"}
_SENSOR: dict[str, Setting] = {"state_topic": "", "expire_after": 0.0}

_CLIMATE: dict[str, Setting] = {
    "temperature_command_topic": "", "temperature_state_topic": "", "current_temperature_topic": "",
    "mode_command_topic": "", "mode_state_topic": "", "power_command_topic": "", "payload_on": "ON",
    "payload_off": "OFF", "temperature_unit": "C", "min_temp": 7.0, "max_temp": 35.0, "precision": 0.1,
}  # fmt: skip
_PRESENCE: dict[str, Setting] = {
    "availability_topic": "", "payload_available": "online", "payload_not_available": "offline",
    "availability_mode": "latest",
}  # fmt: skip
"""Of everything. A second source is `availability2_topic`, `payload_available2` ..., up to MOST_SOURCES."""
MOST_SOURCES = 5

_TABLE: Mapping[str, Mapping[str, Setting]] = {
    "light": _SWITCH | {
        "schema": "default", "brightness": False, "color": False, "color_space": "rgb", "color_temp": False,
        "color_temp_kelvin": False, "brightness_scale": 255.0, "brightness_command_topic": "",
        "brightness_state_topic": "", "rgb_command_topic": "", "rgb_state_topic": "", "hs_command_topic": "",
        "hs_state_topic": "", "xy_command_topic": "", "xy_state_topic": "", "rgbw_command_topic": "",
        "rgbw_state_topic": "", "rgbww_command_topic": "", "rgbww_state_topic": "", "color_temp_command_topic": "",
        "color_temp_state_topic": "", "min_mireds": 0.0, "max_mireds": 0.0, "min_kelvin": 0.0, "max_kelvin": 0.0,
        "effect": False, "effect_list": (), "effect_command_topic": "", "effect_state_topic": "",
        "on_command_type": "last", "command_on_template": "", "command_off_template": "",
    },
    "switch": _SWITCH,
    "input_boolean": _SWITCH,
    "siren": _SWITCH,
    "humidifier": _SWITCH | {
        "target_humidity_command_topic": "", "target_humidity_state_topic": "", "min_humidity": 0.0,
        "max_humidity": 100.0, "current_humidity_topic": "", "mode_command_topic": "", "mode_state_topic": "",
        "modes": (),
    },
    "fan": _SWITCH | {
        "percentage_command_topic": "", "percentage_state_topic": "", "speed_range_min": 1.0, "speed_range_max": 100.0,
        "preset_mode_command_topic": "", "preset_mode_state_topic": "", "preset_modes": (),
    },
    "cover": {
        "command_topic": "", "state_topic": "", "payload_open": "OPEN", "payload_close": "CLOSE",
        "payload_stop": "STOP",
        "state_open": "open", "state_closed": "closed", "state_opening": "opening", "state_closing": "closing",
        "state_stopped": "stopped", "set_position_topic": "", "position_topic": "", "position_open": 100.0,
        "position_closed": 0.0,
    },
    "valve": {
        "command_topic": "", "state_topic": "", "payload_open": "OPEN", "payload_close": "CLOSE",
        "payload_stop": "STOP",
        "state_open": "open", "state_closed": "closed", "state_opening": "opening", "state_closing": "closing",
        "reports_position": False, "position_open": 100.0, "position_closed": 0.0,
    },
    "lock": {
        "command_topic": "", "state_topic": "", "payload_lock": "LOCK", "payload_unlock": "UNLOCK",
        "state_locked": "LOCKED", "state_unlocked": "UNLOCKED", "state_locking": "LOCKING",
        "state_unlocking": "UNLOCKING", "state_jammed": "JAMMED",
    },
    "alarm_control_panel": {
        "command_topic": "", "state_topic": "", "payload_disarm": "DISARM", "payload_arm_away": "ARM_AWAY",
        "payload_arm_home": "ARM_HOME", "payload_arm_night": "ARM_NIGHT", "payload_arm_vacation": "ARM_VACATION",
    },
    "climate": _CLIMATE | {
        "modes": ("auto", "off", "cool", "heat", "dry", "fan_only"), "preset_mode_command_topic": "",
        "preset_mode_state_topic": "", "preset_modes": (), "current_humidity_topic": "",
    },
    "water_heater": _CLIMATE | {
        "modes": ("off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance"), "min_temp": 43.0,
        "max_temp": 60.0,
    },
    "scene": _RUN,
    "script": _RUN,
    "button": _PRESS,
    "input_button": _PRESS,
    "sensor": _SENSOR,
    "binary_sensor": _SENSOR | {"payload_on": "ON", "payload_off": "OFF"},
    "number": {"command_topic": "", "state_topic": "", "min": 1.0, "max": 100.0, "step": 1.0},
    "select": {"command_topic": "", "state_topic": "", "options": ()},
    "media_player": _SWITCH | {
        "payload_play": "PLAY", "payload_pause": "PAUSE", "payload_next": "NEXT", "payload_previous": "PREVIOUS",
        "payload_mute": "MUTE", "payload_unmute": "UNMUTE", "volume_command_topic": "", "volume_state_topic": "",
        "payload_volume_up": "VOLUME_UP", "payload_volume_down": "VOLUME_DOWN",
    },
    "vacuum": {
        "command_topic": "", "state_topic": "", "payload_start": "start", "payload_pause": "pause",
        "payload_stop": "stop",
        "payload_return_to_base": "return_to_base", "payload_clean_spot": "clean_spot", "send_command_topic": "",
    },
    "lawn_mower": {
        "command_topic": "", "state_topic": "", "payload_start_mowing": "start_mowing", "payload_dock": "dock",
        "payload_pause": "pause", "start_mowing_command_topic": "", "dock_command_topic": "",
        "pause_command_topic": "",
    },
    "weather": {"state_topic": "", "temperature_topic": ""},
    "todo": {"command_topic": "", "state_topic": ""},
    "person": {"state_topic": ""},
}  # fmt: skip
"""Home Assistant has no MQTT platform for media players, lists, weather and persons: theirs follow the others."""


def _with_templates(keys: Mapping[str, Setting]) -> Mapping[str, Setting]:
    templates = (key.removesuffix("_topic") + "_template" for key in keys if key.endswith("_topic"))
    return {**keys, **dict.fromkeys(templates, "")}


PLATFORMS: Mapping[str, Mapping[str, Setting]] = {
    domain: _with_templates({**keys, **_PRESENCE}) for domain, keys in _TABLE.items()
}
"""Every topic `x_topic` may have an `x_template` (see templates.py): how to read it, or what to make of a value."""


def setting(domain: str, written: Mapping[str, Setting], key: str) -> Setting:
    """What the owner wrote, else Home Assistant's default, else ""."""
    return written.get(key, PLATFORMS.get(domain, {}).get(key, ""))
