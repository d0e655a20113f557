"""Discovery messages in the shapes in which bridges and firmwares publish them (written for these tests)."""

from __future__ import annotations

import json
from collections.abc import Mapping

Message = tuple[str, Mapping[str, object]]


def raw(message: Message) -> tuple[str, bytes]:
    return message[0], json.dumps(message[1]).encode()


def _z2m(component: str, object_id: str, device: str, more: Mapping[str, object], area: str = "") -> Message:
    base = f"zigbee2mqtt/{device}"
    config = {
        "availability": [{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}],
        "device": {
            "identifiers": [f"zigbee2mqtt_{device}"], "manufacturer": "IKEA", "model": "TRADFRI", "name": device,
            **({"suggested_area": area} if area else {}), "via_device": "zigbee2mqtt_bridge_0x1",
        },
        "origin": {"name": "Zigbee2MQTT", "sw": "2.6.0", "url": "https://www.zigbee2mqtt.io"},
        "unique_id": f"{device}_{object_id}_zigbee2mqtt",
        "state_topic": base,
        **more,
    }  # fmt: skip
    return f"homeassistant/{component}/{device.encode().hex()}/{object_id}/config", config


Z2M_LAMP = _z2m("light", "light", "Bed Lamp", {
    "name": None, "object_id": "bed_lamp", "default_entity_id": "light.bed_lamp", "schema": "json",
    "brightness": True, "brightness_scale": 254, "supported_color_modes": ["xy", "color_temp"], "effect": True,
    "effect_list": ["blink", "breathe"], "min_mireds": 250, "max_mireds": 454,
    "command_topic": "zigbee2mqtt/Bed Lamp/set",
}, "Bedroom")  # fmt: skip
Z2M_SIGNAL = _z2m("sensor", "linkquality", "Bed Lamp", {
    "name": "Linkquality", "enabled_by_default": False, "entity_category": "diagnostic", "unit_of_measurement": "lqi",
    "value_template": "{{ value_json.linkquality }}",
})  # fmt: skip
Z2M_PLUG = _z2m("switch", "switch", "heater_plug", {
    "name": None, "payload_off": "OFF", "payload_on": "ON", "value_template": "{{ value_json.state }}",
    "command_topic": "zigbee2mqtt/heater_plug/set",
})  # fmt: skip
Z2M_CONTACT = _z2m("binary_sensor", "contact", "Window Contact", {
    "device_class": "door", "payload_off": True, "payload_on": False, "value_template": "{{ value_json.contact }}",
})  # fmt: skip
Z2M_BLIND = _z2m("cover", "cover", "Office Blind", {
    "name": None, "position_topic": "zigbee2mqtt/Office Blind", "position_template": "{{ value_json.position }}",
    "set_position_topic": "zigbee2mqtt/Office Blind/set", "set_position_template": '{ "position": {{ position }} }',
    "command_topic": "zigbee2mqtt/Office Blind/set", "state_open": "OPEN", "state_closed": "CLOSE",
    "state_stopped": "STOP",
    "value_template": "{% if \"moving\" in value_json and value_json.moving %} {{ value_json.moving }} "
    "{% else %} {{ value_json.state }} {% endif %}",
}, "Office")  # fmt: skip
Z2M_LOCK = _z2m("lock", "lock", "Front Door", {
    "name": None, "value_template": "{{ value_json.state }}", "state_locked": "LOCK", "state_unlocked": "UNLOCK",
    "payload_lock": "LOCK", "payload_unlock": "UNLOCK", "command_topic": "zigbee2mqtt/Front Door/set",
})  # fmt: skip
Z2M_VALVE = _z2m("climate", "climate", "Radiator", {
    "name": None, "temperature_unit": "C", "temp_step": 0.5, "min_temp": 5, "max_temp": 30,
    "modes": ["off", "heat", "auto"], "mode_state_topic": "zigbee2mqtt/Radiator",
    "mode_state_template": "{{ value_json.system_mode }}", "mode_command_topic": "zigbee2mqtt/Radiator/set/system_mode",
    "temperature_state_topic": "zigbee2mqtt/Radiator",
    "temperature_state_template": "{{ value_json.occupied_heating_setpoint }}",
    "temperature_command_topic": "zigbee2mqtt/Radiator/set/occupied_heating_setpoint",
    "current_temperature_topic": "zigbee2mqtt/Radiator",
    "current_temperature_template": "{{ value_json.local_temperature }}",
    "action_template": "{% set values = {None:None,'idle':'idle'} %}{{ values[value_json.running_state] }}",
}, "Bathroom")  # fmt: skip

TASMOTA = {
    "homeassistant/light/A1B2C3_LI_1/config": {
        "name": "Desk", "stat_t": "tele/tasmota_A1B2C3/STATE", "avty_t": "tele/tasmota_A1B2C3/LWT",
        "pl_avail": "Online", "pl_not_avail": "Offline", "cmd_t": "cmnd/tasmota_A1B2C3/POWER",
        "stat_val_tpl": "{{value_json.POWER}}", "pl_off": "OFF", "pl_on": "ON", "uniq_id": "A1B2C3_LI_1",
        "dev": {"ids": ["A1B2C3"]}, "bri_cmd_t": "cmnd/tasmota_A1B2C3/Dimmer",
        "bri_stat_t": "tele/tasmota_A1B2C3/STATE", "bri_scl": 100, "on_cmd_type": "brightness",
        "bri_val_tpl": "{{value_json.Dimmer}}", "rgb_cmd_t": "cmnd/tasmota_A1B2C3/Color2",
        "rgb_stat_t": "tele/tasmota_A1B2C3/STATE",
        "rgb_val_tpl": "{{value_json.Color.split(',')[0:3]|join(',')}}",
    },
    "homeassistant/sensor/A1B2C3_SI7021_Temperature/config": {
        "name": "SI7021 Temperature", "stat_t": "tele/tasmota_A1B2C3/SENSOR", "uniq_id": "A1B2C3_SI7021_Temperature",
        "dev": {"ids": ["A1B2C3"]}, "unit_of_meas": "°C", "dev_cla": "temperature", "frc_upd": True,
        "val_tpl": "{{value_json['SI7021'].Temperature}}",
    },
}  # fmt: skip

ESPHOME_LAMP: Message = (
    "homeassistant/light/porch/porch_lamp/config",
    {
        "schema": "json", "brightness": True, "supported_color_modes": ["rgb"], "name": "Lamp",
        "stat_t": "porch/light/lamp/state", "cmd_t": "porch/light/lamp/command", "avty_t": "porch/status",
        "uniq_id": "ESPlightlamp", "default_entity_id": "light.porch_lamp",
        "dev": {"ids": "a4cf12aabbcc", "name": "Porch", "sw": "esphome v2026.8.0", "mdl": "esp32dev",
                "mf": "Espressif", "sa": "Porch"},
    },
)  # fmt: skip
ESPHOME_FAN: Message = (
    "homeassistant/fan/attic/fan/config",
    {
        "name": "Fan", "~": "attic/fan/fan", "stat_t": "~/state", "cmd_t": "~/command",
        "pct_cmd_t": "~/speed_level/command", "pct_stat_t": "~/speed_level/state", "spd_rng_max": 3,
        "uniq_id": "ESPfanfan", "dev": {"ids": "a4cf12aabbcd", "name": "Attic"},
    },
)  # fmt: skip
OMG_THERMOMETER: Message = (
    "homeassistant/sensor/A4C138112233-tempc/config",
    {
        "stat_t": "+/+/BTtoMQTT/A4C138112233", "dev_cla": "temperature", "unit_of_meas": "°C", "name": "temperature",
        "uniq_id": "A4C138112233-tempc", "val_tpl": "{{ value_json.tempc | is_defined }}", "stat_cla": "measurement",
        "device": {"ids": ["A4C138112233"], "cns": [["mac", "A4:C1:38:11:22:33"]], "mdl": "LYWSD03MMC",
                   "name": "Cellar", "mf": "Xiaomi", "via_device": "OMG"},
    },
)  # fmt: skip
WHOLE_DEVICE: Message = (
    "homeassistant/device/boiler_1/config",
    {
        "dev": {"ids": "boiler1", "name": "Boiler", "sa": "Cellar"},
        "o": {"name": "bla2mqtt", "sw": "2.1", "url": "https://bla2mqtt.example.com"},
        "stat_t": "boiler/state", "qos": 2,
        "cmps": {
            "heat": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°C", "uniq_id": "t1",
                     "val_tpl": "{{ value_json.temperature }}"},
            "boost": {"p": "switch", "name": "Boost", "uniq_id": "s1", "cmd_t": "boiler/boost/set",
                      "val_tpl": "{{ 'ON' if value_json.boost else 'OFF' }}"},
            "gone": {"p": "sensor"},
            "tag": {"p": "tag", "topic": "boiler/tag"},
        },
    },
)  # fmt: skip

TASMOTA_SENSORS: Message = (
    "tasmota/discovery/A4CF12345678/sensors",
    {
        "sn": {
            "Time": "2026-11-24T09:00:00", "SI7021": {"Temperature": 21.4, "Humidity": 47.2, "DewPoint": 9.7},
            "ENERGY": {"Total": 12.3, "Today": 0.8, "Power": 61, "Voltage": 230, "Current": 0.27}, "TempUnit": "C",
        },
        "ver": 1,
    },
)  # fmt: skip
TASMOTA_NATIVE: Message = (
    "tasmota/discovery/A4CF12345678/config",
    {
        "ip": "192.168.15.10", "dn": "Workbench", "fn": ["Work Light", "Soldering Iron", None], "hn": "tasmota-1234",
        "mac": "A4CF12345678", "md": "Generic", "ty": 0, "if": 0, "ofln": "Offline", "onln": "Online",
        "state": ["OFF", "ON", "TOGGLE", "HOLD"], "sw": "14.2.0", "t": "tasmota_345678", "ft": "%prefix%/%topic%/",
        "tp": ["cmnd", "stat", "tele"], "rl": [1, 2, 0, 0], "swc": [-1, -1], "so": {"4": 0, "26": 0}, "lk": 1,
        "lt_st": 5, "ver": 1,
    },
)  # fmt: skip

SHELLY_WARMTH: Message = (
    "homeassistant/sensor/shellyht-f3a1c2-temperature/config",
    {
        "name": "Attic Temperature", "stat_t": "~sensor/temperature", "unit_of_meas": "°C",
        "dev_cla": "temperature", "exp_aft": 43200, "frc_upd": "False", "uniq_id": "shellyht-f3a1c2-temperature",
        "qos": 0, "dev": {"ids": ["shellyht-f3a1c2"], "name": "Attic", "mdl": "Shelly H&T", "mf": "Allterco"},
        "~": "shellies/shellyht-f3a1c2/",
    },
)  # fmt: skip
SHELLY_WINDOW: Message = (
    "homeassistant/binary_sensor/shellydw2-8ce1d0-opening/config",
    {
        "name": "Larder Window", "stat_t": "~sensor/state", "pl_on": "open", "pl_off": "close", "dev_cla": "window",
        "uniq_id": "shellydw2-8ce1d0-opening", "qos": 0, "exp_aft": 43200,
        "dev": {"ids": ["shellydw2-8ce1d0"], "name": "Larder Window", "mdl": "Shelly DW2", "mf": "Allterco"},
        "~": "shellies/shellydw2-8ce1d0/",
    },
)  # fmt: skip
RTL_433_WARMTH: Message = (
    "homeassistant/sensor/Acurite-Tower-A-1234/Acurite-Tower-A-1234-T/config",
    {
        "device_class": "temperature", "name": "Greenhouse", "unit_of_measurement": "°C",
        "value_template": "{{ value|float|round(1) }}", "state_class": "measurement", "expire_after": 600,
        "state_topic": "rtl_433/pi/devices/Acurite-Tower/A/1234/temperature_C",
        "unique_id": "Acurite-Tower-A-1234-T", "availability_topic": "rtl_433/pi/availability",
        "device": {"identifiers": ["Acurite-Tower-A-1234"], "name": "Greenhouse", "manufacturer": "rtl_433"},
    },
)  # fmt: skip

SHELLY_RGBW: Message = (
    "homeassistant/light/shellyrgbw2-1a2b3c-0/config",
    {
        "schema": "template", "name": "Strip", "cmd_t": "~color/0/set", "stat_t": "~color/0/status",
        "avty_t": "~online", "pl_avail": "true", "pl_not_avail": "false",
        "fx_list": ["Off", "Meteor Shower", "Gradual Change", "Flash"],
        "cmd_on_tpl": '{"turn":"on"{% if brightness is defined %},"gain":{{brightness|float|multiply(0.3922)|round}}'
        '{% endif %}{% if red is defined and green is defined and blue is defined %},"red":{{red}},"green":{{green}}'
        ',"blue":{{blue}}{% endif %}{% if white_value is defined %},"white":{{white_value}}{% endif %}'
        '{% if effect is defined %}{% if effect == "Meteor Shower" %}"effect":1{% elif effect == "Gradual Change" %}'
        '"effect":2{% elif effect == "Flash" %}"effect":3{% else %}"effect":0{% endif %}{% else %}"effect":0'
        "{% endif %}}",
        "cmd_off_tpl": '{"turn":"off"}', "stat_tpl": "{% if value_json.ison %}on{% else %}off{% endif %}",
        "bri_tpl": "{{value_json.gain|float|multiply(2.55)|round}}", "r_tpl": "{{value_json.red}}",
        "g_tpl": "{{value_json.green}}", "b_tpl": "{{value_json.blue}}", "whit_val_tpl": "{{value_json.white}}",
        "fx_tpl": "{% if value_json.effect == 1 %}Meteor Shower{% elif value_json.effect == 2 %}Gradual Change"
        "{% elif value_json.effect == 3 %}Flash{% else %}Off{% endif %}",
        "uniq_id": "shellyrgbw2-1a2b3c-light-0", "qos": "0", "~": "shellies/shellyrgbw2-1a2b3c/",
        "dev": {"ids": ["1A2B3C"], "name": "Strip", "mdl": "Shelly RGBW2", "sw": "1.8.3", "mf": "Allterco Robotics"},
    },
)  # fmt: skip
SHELLY_DUO: Message = (
    "homeassistant/light/shellyduo-4d5e6f-0/config",
    {
        "schema": "template", "name": "Reading Lamp", "cmd_t": "~light/0/set", "stat_t": "~light/0/status",
        "avty_t": "~online", "pl_avail": "true", "pl_not_avail": "false",
        "cmd_on_tpl": '{"turn":"on"{% if brightness is defined %},"brightness":{{brightness|float|multiply(0.3922)'
        '|round}}{% endif %}{% if color_temp is defined %},"temp":{{(1000000/(color_temp|int))|round(0,"floor")}}'
        "{% endif %}}",
        "cmd_off_tpl": '{"turn":"off"}', "stat_tpl": "{% if value_json.ison %}on{% else %}off{% endif %}",
        "bri_tpl": "{{value_json.brightness|float|multiply(2.55)|round}}",
        "clr_temp_tpl": '{{((1000000/(value_json.temp|int))|round(0,"floor"))}}', "max_mireds": 370,
        "min_mireds": 153, "uniq_id": "shellyduo-4d5e6f-light-0", "qos": "0", "~": "shellies/shellyduo-4d5e6f/",
        "dev": {"ids": ["4D5E6F"], "name": "Reading Lamp", "mdl": "Shelly DUO", "mf": "Allterco Robotics"},
    },
)  # fmt: skip
HS_LAMP: Message = (
    "homeassistant/light/arilux-00d1/config",
    {
        "name": "Aquarium", "state_topic": "lights/00d1/state", "command_topic": "lights/00d1/set",
        "brightness_state_topic": "lights/00d1/brightness/state", "brightness_scale": 100,
        "brightness_command_topic": "lights/00d1/brightness/set", "hs_state_topic": "lights/00d1/hs/state",
        "hs_command_topic": "lights/00d1/hs/set", "effect_command_topic": "lights/00d1/effect/set",
        "effect_state_topic": "lights/00d1/effect/state", "effect_list": ["Rainbow", "Sun_rise", "none"],
        "unique_id": "00d1", "device": {"identifiers": ["00d1"], "name": "Aquarium"},
    },
)  # fmt: skip
XY_LAMP: Message = (
    "homeassistant/light/hall_cie/config",
    {
        "name": "Hallway", "stat_t": "dali/7/state", "cmd_t": "dali/7/set", "xy_cmd_t": "dali/7/xy/set",
        "xy_cmd_tpl": '{"cie":[{{ x }},{{ y }}]}', "xy_stat_t": "dali/7/state",
        "xy_val_tpl": "{{ value_json.cie | join(',') }}", "stat_val_tpl": "{{ value_json.power }}",
        "pl_on": "on", "pl_off": "off", "on_cmd_type": "first", "uniq_id": "dali7",
        "dev": {"ids": "dali7", "name": "Hallway"},
    },
)  # fmt: skip
