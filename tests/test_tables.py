"""A file with several faults says them all, each with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiced.errors import ConfigError
from voiced.tables import Table


def faults_of(text: str) -> list[str]:
    root = Table.parse(text, "x.toml")
    broker = root.table("broker")
    broker.string("host")
    broker.integer("port", 1883, low=1, high=65535)
    broker.done()
    for wake in root.tables("wake"):
        wake.string("word", choices=("hey_jarvis", "alexa"))
        wake.number("threshold", 0.5, low=0, high=1)
        wake.done()
    root.done()
    with pytest.raises(ConfigError) as caught:
        root.raise_faults()
    return str(caught.value).splitlines()


def test_all_faults_come_at_once_each_with_its_key() -> None:
    text = """
    [broker]
    hots = "pi"
    port = 0
    [[wake]]
    word = "hey_jarvs"
    [[wake]]
    word = 3
    threshold = nan
    [colour]
    """
    assert faults_of(text) == [
        "x.toml: broker.host: missing, is it 'hots' misspelt?",
        "x.toml: broker.port: must be between 1 and 65535, is 0",
        "x.toml: broker.hots: unknown key, did you mean 'host'?",
        "x.toml: wake[0].word: unknown value 'hey_jarvs', did you mean 'hey_jarvis'?",
        "x.toml: wake[1].word: must be text, not an integer",
        "x.toml: wake[1].threshold: must be between 0 and 1, is nan",
        "x.toml: colour: unknown key; known here: broker, wake",
    ]


def test_a_true_is_no_number() -> None:
    assert faults_of('[broker]\nhost = "a"\nport = true') == [
        "x.toml: broker.port: must be an integer, not true or false"
    ]


def test_a_single_table_where_many_are_meant_says_how_to_write_it() -> None:
    assert faults_of('broker.host = "a"\n[wake]\nword = "alexa"') == [
        "x.toml: wake: must be written [[wake]], a table each; it is a table"
    ]


def test_no_toml_is_one_line_with_the_place() -> None:
    with pytest.raises(ConfigError, match=r"^x.toml: not valid TOML: .*line 2") as caught:
        Table.parse("a = 1\nb = = 2", "x.toml")
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_table_or_a_config_error(text: str) -> None:
    try:
        root = Table.parse(text, "x.toml")
    except ConfigError as error:
        assert str(error).startswith("x.toml: ")
    else:
        asked = list(root)
        root.done()
        assert len(root.faults.lines) == len(asked)
