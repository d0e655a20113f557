"""The beginning of row A9, which `tools/soak` measures whole: two minutes of its hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.hour import heard

pytestmark = pytest.mark.whole


async def test_every_command_in_the_sound_is_decided_on_once(tmp_path: Path) -> None:
    figures = (await heard(tmp_path, 8)).figures()
    assert (figures["utterances"], figures["lost"], figures["double"]) == (8, 0, 0)
    assert figures["threads_more"] == 0
