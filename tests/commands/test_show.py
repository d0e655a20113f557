"""What a person sees of a turn."""

from __future__ import annotations

import io

from rich.console import Console

from voiced.commands.show import Screen
from voiced.turn.timeline import Happening


def shown(happening: Happening, width: int = 60) -> list[str]:
    file = io.StringIO()
    Screen(Console(file=file, width=width)).show(happening)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_long_line_goes_on_below_its_words() -> None:
    text = "Which one: the kitchen ceiling, the standing light, the bed light or the desk light?"
    lines = shown({"event": "question", "t_ms": 1250.0, "turn": 1, "text": text})
    assert lines[0].startswith("   1.25 s  asks       Which one: ")
    assert len(lines) > 1
    assert all(line.startswith(" " * 11) and not line[11].isspace() for line in lines[1:])
    assert " ".join(line.strip() for line in lines).endswith(text)


def test_the_ledger_of_a_turn_stays_below_the_words() -> None:
    ledger = {"turn": 1, "hush_ms": 120.0, "end_ms": 200.0, "policy_ms": 201.0, "published_ms": 202.0,
              "confirmed_ms": 210.0, "spent_ms": 202.0}  # fmt: skip
    lines = shown({"event": "turn_end", "t_ms": 0.0, "turn": 1, "ledger": ledger})
    assert "202 of 300 ms" in " ".join(lines)
    assert all(line.startswith(" " * 11) for line in lines)


def test_what_was_ignored_is_told_in_words() -> None:
    assert shown({"event": "ignored", "t_ms": 0, "turn": 1, "reason": "not_for_me"}) == [
        "   0.00 s  ignored    no command of this house"
    ]
    assert shown({"event": "refused", "t_ms": 0, "turn": 1, "reason": "only_english"}) == [
        "   0.00 s  refused    only english"
    ]
