"""Lists by expected overlap of trained systems: what a run is repeated with, and when a temperature is fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from baselines.ccgs.baseline import CCGS
from baselines.mutualsl.baseline import MutualSLBaseline
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import RepeatsRuns
from cmivqa_kit.prediction.decoding import DecodingSettings, Temperatures
from cmivqa_kit.runs.directory import RunDirectory, start_run


def finished(folder: Path, baseline: str, fitted: float | None, **decode: Any) -> RunDirectory:
    run = start_run(folder, baseline, {"train": {"max_steps": 0}, "decode": {"overlap": 0.5, **decode}}, 4)
    run.write("outcome.json", {"steps": 90, "best_step": 60})
    if fitted is not None:
        Temperatures(fitted).write(run)
    run.finish()
    return run


@pytest.mark.parametrize(("baseline", "system"), [("ccgs", CCGS), ("mutualsl", MutualSLBaseline)])
def test_a_run_is_repeated_for_its_steps_under_its_temperature(baseline: str, system: Any, tmp_path: Path) -> None:
    made = system()
    assert isinstance(made, RepeatsRuns)
    cases = [
        (8.06, {"lists": "expected-overlap", "temperature": 0.0}, 8.06),
        (8.06, {"lists": "expected-overlap", "temperature": 2.0}, 2.0),
        (None, {"lists": "expected-overlap", "temperature": 0.0}, 0.0),
        (None, {"lists": "score", "temperature": 0.0}, 0.0),
    ]
    for fitted, decode, expected in cases:
        config = made.repeated(finished(tmp_path, baseline, fitted, **decode))
        assert config == {"train": {"max_steps": 60}, "decode": {"overlap": 0.5, **decode, "temperature": expected}}
    chose_none = start_run(tmp_path, baseline, {"train": {"max_steps": 0}}, 4)
    with pytest.raises(UserError, match="chose no number of steps") as refused:
        made.repeated(chose_none)
    assert f"cmivqa train -m {baseline}" in refused.value.fix


def test_a_temperature_is_fitted_where_lists_need_one_that_no_setting_gives() -> None:
    assert DecodingSettings("expected-overlap").to_fit
    assert not DecodingSettings("expected-overlap", 2.0).to_fit
    assert not DecodingSettings("score").to_fit
