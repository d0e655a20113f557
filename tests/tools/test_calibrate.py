"""The least certainty of an action: as few right ones are lost to it as keep the wrong ones rare."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.calibrate import __main__ as calibrate
from tools.calibrate.__main__ import COSTS, Clip, cut_cost, least_certain
from tools.calibrate.reliability import Judged
from voiced.config import MODELS
from voiced.gemma.calibration import Calibration
from voiced.gemma.models import ModelPair, resolve

SURE = st.floats(0.01, 0.99)


def judged(certainty: float, right: bool, command: bool = True) -> Judged:
    return Judged(certainty, acted=True, right=right, command=command)


@given(right=st.lists(SURE), wrong=st.lists(SURE), share=st.floats(0, 1))
def test_no_more_are_wrong_than_may_be_and_no_right_one_is_lost_needlessly(
    right: list[float], wrong: list[float], share: float
) -> None:
    results = [judged(c, True) for c in right] + [judged(c, False) for c in wrong]
    least = least_certain(results, share, right)
    assert sum(c >= least for c in wrong) <= int(share * len(results))
    if least:
        most_lost = max(c for c in wrong if c < least)
        assert all(c >= least for c in right if c > most_lost)


def test_other_speech_sets_no_higher_bar_than_the_surest_that_must_not_act_needs() -> None:
    overheard = [judged(c, False, command=False) for c in (0.8, 0.6, 0.1)]
    right = [0.2, 0.61, 0.9]
    assert 0.6 < least_certain(overheard, 1 / 3, right) < 0.61


@pytest.mark.parametrize(("whole", "begun", "cost"), [([2.2] * 10, [7.0] * 10, 2.5), ([9.0], [0.0] * 9 + [8.0], 9.5)])
def test_a_beginning_costs_what_whole_commands_need_and_no_more(
    whole: list[float], begun: list[float], cost: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures: nats by which the beginning is likelier; whoever acts on one that goes on is wrong."""

    def as_if(clips: list[float], by: Calibration) -> list[Judged]:
        return [Judged(0.9, by.cut_cost > nats, clips is whole and by.cut_cost > nats, True) for nats in clips]

    monkeypatch.setattr(calibrate, "judged", as_if)
    assert cut_cost(whole, begun, Calibration()) == cost  # type: ignore[arg-type]
    assert cost in COSTS


def test_nobody_is_acted_on_early_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, begun = [0.0] * 99 + [5.0], [1.0] * 4

    def as_if(clips: list[float], by: Calibration) -> list[Judged]:
        return [Judged(0.9, by.cut_cost > nats, clips is whole and by.cut_cost > nats, True) for nats in clips]

    monkeypatch.setattr(calibrate, "judged", as_if)
    assert cut_cost(whole, begun, Calibration()) <= 1.0  # type: ignore[arg-type]


def test_what_is_fitted_does_not_depend_on_what_the_model_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The decision at a hush moves the end of a turn, and so what is fitted to."""
    walked_by: list[Calibration] = []

    class Core:
        def __init__(self, pair: ModelPair) -> None:
            self.calibration = pair.calibration

    def walked(core: Core, *_: object) -> list[Clip]:
        walked_by.append(core.calibration)
        return []

    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "own.toml").write_text((MODELS / "nano" / "nano.toml").read_text("utf-8"), "utf-8")
    assert resolve(folder).calibration != Calibration()
    monkeypatch.setattr(calibrate, "EngineCore", Core)
    monkeypatch.setattr(calibrate, "walked", walked)
    monkeypatch.setattr("sys.argv", ["calibrate", "none.jsonl", "--home", "home.toml", "--model", str(folder)])
    assert calibrate.main() == 0
    assert walked_by == [Calibration()]
    assert "[calibration]" in capsys.readouterr().out
