"""Lists by expected overlap of trained systems: what a run is repeated with, and when a temperature is fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from baselines.ccgs.baseline import CCGS
from baselines.mutualsl.baseline import MutualSLBaseline
from cmivqa_kit.data.types import Split
from cmivqa_kit.data.usual_span import usual_length
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import PredictOptions, RepeatsRuns
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings
from cmivqa_kit.prediction.pairs.given_videos import calibrate
from cmivqa_kit.prediction.types import Scorer
from cmivqa_kit.runs.directory import RunDirectory, start_run
from tests.baselines.corpora import clinic


def finished(folder: Path, baseline: str, fitted: float | None, **decode: Any) -> RunDirectory:
    run = start_run(folder, baseline, {"train": {"max_steps": 0}, "decode": {"overlap": 0.5, **decode}}, 4)
    run.write("outcome.json", {"steps": 90, "best_step": 60})
    if fitted is not None:
        Calibration(fitted).write(run)
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


def test_lengths_are_kept_where_a_setting_names_the_temperature_too(tmp_path: Path) -> None:
    split = clinic(videos=80)
    run = start_run(tmp_path, "ccgs", {"decode": {"lists": "expected-overlap", "temperature": 2.0}}, 0)

    def never(split: Split, options: PredictOptions) -> Scorer:
        raise AssertionError("nothing is fitted")

    def unread(run: RunDirectory) -> None:
        raise AssertionError("no network is needed")

    calibrate(unread, never, split, None, run)
    known = Calibration.read(run)
    assert known == Calibration(length=usual_length(split))
    assert known.length is not None


def test_a_temperature_is_fitted_where_lists_need_one_that_no_setting_gives() -> None:
    assert DecodingSettings("expected-overlap").to_fit
    assert not DecodingSettings("expected-overlap", 2.0).to_fit
    assert not DecodingSettings("score").to_fit
