"""A run's feature rows and those it is asked about are as long as each other, or both lengths are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import RunDirectory, make_run
from cmivqa_kit.runs.feature_clock import require_clock_of, with_clock_of
from tests.data.clocked import clocked


def run_of(folder: Path, seconds: object = None) -> RunDirectory:
    return make_run(folder, "prior", {}, 0, data={} if seconds is None else {"seconds_per_row": seconds})


@pytest.mark.parametrize("kept", [None, "2", 0, -1.0, float("inf"), [2.0]])
def test_a_run_that_says_nothing_usable(tmp_path: Path, kept: object) -> None:
    if kept == float("inf"):
        run = run_of(tmp_path / "run", 0.5)
        record = run.path / "run.json"
        record.write_text(record.read_text(encoding="utf-8").replace("0.5", "1e999"), encoding="utf-8")
    else:
        run = run_of(tmp_path / "run", kept)
    assert run.seconds_per_row is None
    root = catalogue(clocked(tmp_path / "data"), None, 3.0)
    assert with_clock_of(run, root) is root
    require_clock_of(run, load_split(root, "train"))


@pytest.mark.parametrize(("stated", "fine"), [(None, True), (2.0, True), (0.0, True), (1.0, False), (2.5, False)])
def test_what_is_stated_is_held_against_the_run(tmp_path: Path, stated: float | None, fine: bool) -> None:
    run = run_of(tmp_path / "run", 2.0)
    assert run.seconds_per_row == 2
    root = with_clock_of(run, catalogue(clocked(tmp_path / "data", lambda rows: rows[::2]), None, stated))
    split = load_split(root, "train")
    if fine:
        require_clock_of(run, split)
        assert split.features.seconds_per_row == 2
        assert {video.duration_source for video in split.videos.values()} == {"features"}
        return
    with pytest.raises(
        UserError, match=r"(?s)is stated \(--seconds-per-row.*run was trained with one row per 2 s.*2 if"
    ):
        require_clock_of(run, split)


def test_what_is_measured_is_held_against_the_run_too(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", 1.0)
    root = catalogue(clocked(tmp_path / "data", lambda rows: np.repeat(rows, 4, axis=0)), None, 0.0)
    with pytest.raises(UserError, match=r"4 rows a second is measured .* was trained with one row per second"):
        require_clock_of(run, load_split(root, "train"))
    without = clocked(tmp_path / "none", name="clip-9{}.npy")  # no features, no question
    require_clock_of(run, load_split(catalogue(without, None, 3.0), "train"))
