"""Templates from the network say what Jinja says, or nothing; what is beyond them is said in words."""

from __future__ import annotations

import contextlib
import json

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.home.network.templates import TemplateError, parse

LAMP = json.dumps(
    {"state": "ON", "brightness": 127, "color": {"x": 0.3, "h": 12}, "moving": None, "list": [1, 2], "on": True}
)

UNDERSTOOD = [
    ("{{ value_json.state }}", "ON"),
    ("{{value_json.brightness}}", "127"),
    ('{{ value_json["color"]["h"] }}', "12"),
    ("{{ value_json['color'].x | float | round(1) }}", "0.3"),
    ("{{ value_json.on }}", "True"),
    ("{{ value_json.moving }}", "None"),
    ("{{ value_json.list[1] }}", "2"),
    ("{{ value_json.absent | default('none') }}", "none"),
    ("{{ value_json.absent }}", None),
    ("{{ value_json.tempc | is_defined }}", None),
    ("{{ (value_json.brightness / 2.54) | round(0) | int }}", "50"),
    ("{{ value_json.brightness | float / 10 }}", "12.7"),
    ("{{ -value_json.brightness|abs }}", "127"),
    ("{{ 'on' if value_json.state == 'ON' else 'off' }}", "on"),
    ("{{ 'home' if value_json.brightness > 200 or value_json.absent is defined else 'away' }}", "away"),
    (
        "{% if value_json.state == 'OFF' %}closed{% elif value_json.brightness %} open {% else %}?{% endif %}",
        "open",
    ),
    ("{% set words = {'ON': 'heat', 'OFF': 'off'} %}{{ words[value_json.state] }}", "heat"),
    ("{{ {'OFF':0,'ON':3}[value_json.state] | default('None') }}", "3"),
    ("{{ value_json.get('absent', 'x') ~ value_json.state | lower }}", "xon"),
    ("{{ 'ON' in value_json.state and 'moving' in value_json }}", "True"),
    ("{{ value_json.state | upper | replace('O', 'U') }}", "UN"),
    ("{{ '1,2,3,4'.split(',')[0:3] | join(',') }}", "1,2,3"),
    ("{{ value_json.state[1:] }}", "N"),
    ("{{ value_json.list | join('-') }}", "1-2"),
    ("{{ float('3.5') * 2 }}", "7.0"),
    ("{{ int(value_json.brightness) // 2 }}", "63"),
    ("{{ float('much') }}", None),
    ("{{ float('much', 4) }}", "4.0"),
    ("{{ iif(value_json.on, 'open', 'closed') }}", "open"),
    ("{{ (value_json.brightness > 200) | iif('bright', 'dim') }}", "dim"),
    ("{{ value_json.moving | iif('yes', 'no', 'nobody knows') }}", "nobody knows"),
    ("{{ iif(false) }}", "False"),
    ("{{ 'off' | bool }}", "False"),
    ("{{ 'perhaps' | bool }}", None),
    ("{{ 'perhaps' | bool(true) }}", "True"),
    ("{{ value_json.brightness | multiply(0.5) | add(1) }}", "64.5"),
    ("{{ value_json.brightness | multiply }}", None),
    ("{{ value_json.on[0:1] }}", None),
    ("{{ 'a'.split('') }}", None),
    ("{{ (1000000 / 370) | round(0, 'floor') }}", "2702"),
    ("{{ (1000000 / 370) | round(1, 'ceil') }}", "2702.8"),
    ("{{ 1.5 | round(0, 'sideways') }}", None),
    ("{{ [[value_json.brightness * 2, 200] | min, 250] | max }}", "250"),
    ("{{ [] | min }}", None),
    ("plain {# and a remark #}text", "plain text"),
    ("{{ 1 if value_json.state not in ['OFF', 'NO'] }}", "1"),
    ("{%- if not value_json.on -%} a {%- else -%} b {%- endif -%}", "b"),
]


@pytest.mark.parametrize(("source", "said"), UNDERSTOOD)
def test_what_devices_publish_is_read(source: str, said: str | None) -> None:
    assert parse(source).read(LAMP) == said


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ states('light.x') }}", "calling 'states'"),
        ("{{ value_json.__class__.mro() }}", "calling 'mro'"),
        ("{{ value | regex_findall('x') }}", "filter 'regex_findall'"),
        ("{{ value | default(value=1) }}", "named arguments"),
        ("{{ value_json.split(',', 1, 2, 3) }}", "calling 'split'"),
        ("{{ range(9) }}", "calling 'range'"),
        ("{{ value.format('x') }}", "calling 'format'"),
        ("{{ 9 ** 9 }}", "'pow'"),
        ("{% for x in value_json %}{{ x }}{% endfor %}", "'for'"),
        ("{% include 'x' %}", "'include'"),
        ("{{ value_json.", "not understood"),
        ("{% if value %}x", "not understood"),
        ("{{ value is divisibleby 3 }}", "test 'divisibleby'"),
        ("{{ value__ ; }}", "not understood"),
        ("{{ }}", "not understood"),
        ("{{ " + "(" * 900 + "1" + ")" * 900 + " }}", "too deeply"),
        ("{{ " + "-" * 900 + "1 }}", "too deeply"),
        ("{% if 1 %}" * 100 + "{% endif %}" * 60, "not understood"),
        ("{% if 1 %}" * 60 + "{% endif %}" * 60, "too deeply"),
        ("x" * 3000, "longer than"),
    ],
)
def test_what_is_not_understood_is_named(source: str, why: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(source)
    assert why in str(caught.value)


def test_commands_put_values_in() -> None:
    body = parse('{"position": {{ position }}, "open": "{{ value }}"}').read("7", {"position": 7})
    assert json.loads(body or "") == {"position": 7, "open": "7"}
    assert parse("{{ {0:'off', 1:'low'}[value] | default('') }}").read("x", {}) == ""


@pytest.mark.parametrize("payload", ["", "{", "[" * 100_000, "null", '"x"', "9" * 5000, "9" * 400, "[]", "\x00"])
@pytest.mark.parametrize(
    "source", [*(source for source, _ in UNDERSTOOD), "{{ value_json > 3 }}", "{{ value_json * 2 }}"]
)
def test_no_payload_makes_it_raise(source: str, payload: str) -> None:
    parse(source).read(payload)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text("abcON", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_PATHS = st.sampled_from(["value_json", "value_json.a", "value_json['b']", "value_json.c[0]", "7"])
_TAILS = st.sampled_from(["", " * 2", " == 7", " is defined", " | default('x')", " | lower", " | abs", " in [7]"])
_JINJA = jinja2.Environment(autoescape=False, undefined=jinja2.ChainableUndefined)


@given(_PATHS, _TAILS, _PATHS, _JSON)
def test_where_both_speak_they_say_the_same(path: str, tail: str, other: str, value: object) -> None:
    source = f"{{% if {path}{tail} %}}{{{{ {other}{tail} }}}}{{% else %}}no{{% endif %}}"
    mine = parse(source).read(json.dumps(value))
    if mine is not None:
        assert mine == _JINJA.from_string(source).render(value=json.dumps(value), value_json=value).strip()


@given(st.text("{}%|.'\"()[]valuejson_ifed+-~0", max_size=60))
def test_any_text_is_a_template_or_a_reason(source: str) -> None:
    with contextlib.suppress(TemplateError):
        parse(source).read(LAMP)
