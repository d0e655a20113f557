"""PURE. Home Assistant's abbreviations of discovery keys (those that are read here), and names made fit to be said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_NAME_CHARS = 64
MAX_NAME_WORDS = 8

KEYS: Mapping[str, str] = {
    "act_stat_t": "activity_state_topic", "avty": "availability", "avty_mode": "availability_mode",
    "avty_t": "availability_topic", "avty_tpl": "availability_template",
    "bri_cmd_t": "brightness_command_topic", "bri_cmd_tpl": "brightness_command_template",
    "bri_scl": "brightness_scale", "bri_stat_t": "brightness_state_topic", "bri_val_tpl": "brightness_value_template",
    "clr_temp_cmd_t": "color_temp_command_topic", "clr_temp_cmd_tpl": "color_temp_command_template",
    "clr_temp_k": "color_temp_kelvin", "clr_temp_stat_t": "color_temp_state_topic",
    "clr_temp_val_tpl": "color_temp_value_template", "cmd_t": "command_topic", "cmd_tpl": "command_template",
    "cmd_on_tpl": "command_on_template", "cmd_off_tpl": "command_off_template", "r_tpl": "red_template",
    "g_tpl": "green_template", "b_tpl": "blue_template", "bri_tpl": "brightness_template",
    "clr_temp_tpl": "color_temp_template", "fx_tpl": "effect_template", "fx_list": "effect_list",
    "fx_cmd_t": "effect_command_topic", "fx_cmd_tpl": "effect_command_template", "fx_stat_t": "effect_state_topic",
    "fx_val_tpl": "effect_value_template", "hs_cmd_t": "hs_command_topic", "hs_cmd_tpl": "hs_command_template",
    "hs_stat_t": "hs_state_topic", "hs_val_tpl": "hs_value_template", "xy_cmd_t": "xy_command_topic",
    "xy_cmd_tpl": "xy_command_template", "xy_stat_t": "xy_state_topic", "xy_val_tpl": "xy_value_template",
    "rgbw_cmd_t": "rgbw_command_topic", "rgbw_cmd_tpl": "rgbw_command_template",
    "rgbw_stat_t": "rgbw_state_topic", "rgbw_val_tpl": "rgbw_value_template",
    "rgbww_cmd_t": "rgbww_command_topic", "rgbww_cmd_tpl": "rgbww_command_template",
    "rgbww_stat_t": "rgbww_state_topic", "rgbww_val_tpl": "rgbww_value_template",
    "on_cmd_type": "on_command_type", "max_k": "max_kelvin", "min_k": "min_kelvin",
    "cmps": "components", "cmp": "components", "curr_hum_t": "current_humidity_topic",
    "curr_hum_tpl": "current_humidity_template", "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template", "def_ent_id": "default_entity_id", "dev": "device",
    "dev_cla": "device_class", "e": "encoding", "en": "enabled_by_default", "ent_cat": "entity_category",
    "exp_aft": "expire_after",
    "hum_cmd_t": "target_humidity_command_topic", "hum_cmd_tpl": "target_humidity_command_template",
    "hum_stat_t": "target_humidity_state_topic", "hum_state_tpl": "target_humidity_state_template",
    "hum_stat_tpl": "target_humidity_state_template", "act_val_tpl": "activity_value_template",
    "dock_cmd_t": "dock_command_topic", "dock_cmd_tpl": "dock_command_template",
    "pause_cmd_t": "pause_command_topic", "pause_mw_cmd_t": "pause_command_topic",
    "pause_mw_cmd_tpl": "pause_command_template", "strt_mw_cmd_t": "start_mowing_command_topic",
    "strt_mw_cmd_tpl": "start_mowing_command_template",
    "max_hum": "max_humidity", "max_mirs": "max_mireds", "min_mirs": "min_mireds",
    "max_temp": "max_temp", "min_hum": "min_humidity", "min_temp": "min_temp",
    "mode_cmd_t": "mode_command_topic",
    "mode_cmd_tpl": "mode_command_template", "mode_stat_t": "mode_state_topic",
    "mode_stat_tpl": "mode_state_template", "o": "origin", "obj_id": "object_id", "ops": "options",
    "p": "platform", "pct_cmd_t": "percentage_command_topic", "pct_cmd_tpl": "percentage_command_template",
    "pct_stat_t": "percentage_state_topic", "pct_val_tpl": "percentage_value_template",
    "pl_arm_away": "payload_arm_away", "pl_arm_home": "payload_arm_home", "pl_arm_nite": "payload_arm_night",
    "pl_arm_vacation": "payload_arm_vacation", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "pr_mode_cmd_t": "preset_mode_command_topic", "pr_mode_cmd_tpl": "preset_mode_command_template",
    "pr_mode_stat_t": "preset_mode_state_topic", "pr_mode_val_tpl": "preset_mode_value_template",
    "pr_modes": "preset_modes", "t": "topic", "stat_tpl": "state_template", "pl_cln_sp": "payload_clean_spot",
    "pl_cls": "payload_close", "pl_disarm": "payload_disarm", "pl_lock": "payload_lock", "pl_off": "payload_off",
    "pl_on": "payload_on", "pl_open": "payload_open", "pl_paus": "payload_pause", "pl_prs": "payload_press",
    "pl_ret": "payload_return_to_base", "pl_stop": "payload_stop", "pl_strt": "payload_start",
    "pl_unlk": "payload_unlock", "pos": "reports_position", "pos_clsd": "position_closed", "pos_open": "position_open",
    "pos_t": "position_topic", "pos_tpl": "position_template", "pow_cmd_t": "power_command_topic",
    "pow_cmd_tpl": "power_command_template", "precision": "precision", "rgb_cmd_t": "rgb_command_topic",
    "rgb_cmd_tpl": "rgb_command_template", "rgb_stat_t": "rgb_state_topic", "rgb_val_tpl": "rgb_value_template",
    "send_cmd_t": "send_command_topic", "set_pos_t": "set_position_topic", "set_pos_tpl": "set_position_template",
    "spd_rng_max": "speed_range_max", "spd_rng_min": "speed_range_min", "stat_clsd": "state_closed",
    "stat_closing": "state_closing", "stat_jam": "state_jammed", "stat_locked": "state_locked",
    "stat_locking": "state_locking", "stat_off": "state_off", "stat_on": "state_on", "stat_open": "state_open",
    "stat_opening": "state_opening", "stat_stopped": "state_stopped", "stat_t": "state_topic",
    "stat_unlocked": "state_unlocked", "stat_unlocking": "state_unlocking", "stat_val_tpl": "state_value_template",
    "sup_clrm": "supported_color_modes", "temp_cmd_t": "temperature_command_topic",
    "temp_cmd_tpl": "temperature_command_template", "temp_stat_t": "temperature_state_topic",
    "temp_stat_tpl": "temperature_state_template", "temp_unit": "temperature_unit", "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip

DEVICE_KEYS: Mapping[str, str] = {
    "cns": "connections", "ids": "identifiers", "mdl": "model", "mf": "manufacturer", "sa": "suggested_area",
}  # fmt: skip
ORIGIN_KEYS: Mapping[str, str] = {"sw": "sw_version", "url": "support_url"}

_LETTERS_AND = " -'’.,&+/()%°:"
_HEX = re.compile(r"(?i)^(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]{8,}$")


def written(text: object) -> str:
    """A name from the network as it may be shown and said: letters, digits and a little punctuation, in one line.

    What could pass for markup or for an instruction's frame (brackets, bars, braces, quotes, line ends) is a space.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return ""
    plain = unicodedata.normalize("NFC", str(text)[: MAX_NAME_CHARS * 4]).replace("_", " ")
    kept = (c if c in _LETTERS_AND or unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    words = " ".join("".join(kept).split()).split(" ")[:MAX_NAME_WORDS]
    return " ".join(words)[:MAX_NAME_CHARS].strip(" -.,:/")


def is_serial(name: str) -> bool:
    """A radio's address or a chip's number, which nobody says: 0x00158d0001a2b3c4."""
    return any(_HEX.match(word.replace(":", "")) for word in name.split())


def spelled_out(config: Mapping[str, object], words: Mapping[str, str]) -> dict[str, object]:
    """The same with every abbreviated key in full; a key in full wins."""
    full = {words.get(key, key): value for key, value in config.items() if key in words}
    return {**full, **{key: value for key, value in config.items() if key not in words}}
