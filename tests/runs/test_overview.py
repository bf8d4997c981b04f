"""Runs at a glance: states, dev scores, what they answered, and folders that are no runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import OUTCOME, PREDICTIONS, RECORD, RunDirectory, start_run
from cmivqa_kit.runs.lock import locked
from cmivqa_kit.runs.overview import DevScore, OtherFolder, RunOverview, overview, overview_named, overview_of
from cmivqa_kit.runs.provenance import keep
from cmivqa_kit.runs.settings import ABSENT, SettingDifference, differing_settings
from cmivqa_kit.runs.training_log import LOG, read_log

CONFIG = {"index": {"k1": 1.5}}


def finished(folder: Path, **facts: Any) -> RunDirectory:
    run = start_run(folder, "bm25", CONFIG, 7, **facts)
    run.write(OUTCOME, {"steps": 9, "best_step": 6, "best": 1.25, "metric": "Overall"})
    run.finish()
    return run


def seen(path: Path) -> RunOverview:
    row = overview_of(path)
    assert isinstance(row, RunOverview)
    return row


def test_a_finished_run(tmp_path: Path) -> None:
    run = finished(tmp_path, preset="demo", data={"name": "corpus", "benchmark": "tvr"})
    row = seen(run.path)
    assert (row.state, row.preset, row.benchmark, row.dev) == (
        "finished",
        "demo",
        "tvr",
        DevScore("Overall", 1.25, 6, 9),
    )
    assert row.begun is not None
    assert row.ended is not None
    assert row.begun <= row.ended


def test_a_run_on_its_way_and_one_that_was_stopped(tmp_path: Path) -> None:
    run = start_run(tmp_path, "bm25", CONFIG, 7)
    assert seen(run.path).state == "unfinished"
    with locked(run.path):
        assert seen(run.path).state == "in progress"
    assert seen(run.path).state == "unfinished"


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    older, newer = finished(tmp_path), finished(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "bad-1").mkdir()
    (tmp_path / "bad-1" / RECORD).write_text("{", encoding="utf-8")
    (tmp_path / "bad-2").mkdir()
    (tmp_path / "bad-2" / RECORD).write_text('{"baseline": 3}', encoding="utf-8")
    (tmp_path / "file.json").write_text("", encoding="utf-8")
    runs, others = overview(tmp_path)
    assert [row.path for row in runs] == [newer.path, older.path]
    assert [(row.path.name, row.state) for row in others] == [
        ("bad-1", "damaged"), ("bad-2", "damaged"), ("notes", "foreign"),
    ]  # fmt: skip
    assert overview(tmp_path / "gone") == ([], [])
    for name in ("bad-1", "notes", "bm25-3", "../gone", "x" * 300):
        with pytest.raises(UserError):
            overview_named(tmp_path, name)


@pytest.mark.parametrize("outcome", ["{", "[]", '{"steps": "9"}', "{}"])
def test_a_damaged_outcome_is_damage(tmp_path: Path, outcome: str) -> None:
    run = finished(tmp_path)
    (run.path / OUTCOME).write_text(outcome, encoding="utf-8")
    assert isinstance(overview_of(run.path), OtherFolder)


@pytest.mark.parametrize("best", [None, float("nan"), "1.5", True])
def test_a_best_that_is_no_number_is_none(tmp_path: Path, best: object) -> None:
    run = finished(tmp_path)
    (run.path / OUTCOME).write_text(json.dumps({"steps": 9, "best_step": 6, "best": best}), encoding="utf-8")
    assert seen(run.path).dev == DevScore("", None, None, 9)


@pytest.mark.parametrize("time", [None, 12, "yesterday", "9999-99-99"])
def test_a_time_that_is_none(tmp_path: Path, time: object) -> None:
    run = finished(tmp_path)
    record = {**run.record(), "started": time}
    (run.path / RECORD).write_text(json.dumps(record), encoding="utf-8")
    assert seen(run.path).begun is None


def test_what_it_answered_the_newest_first(tmp_path: Path) -> None:
    run = finished(tmp_path)
    for number, (split, tracks) in enumerate((("dev", [2, 3]), ("testA", [1]), ("dev", [1, 7, "x"]))):
        (tmp_path / f"{number}.json").write_text(f"[{number}]", encoding="utf-8")
        copy = keep(run, tmp_path / f"{number}.json", split=split, tracks=tracks)
        os.utime(copy.with_suffix(".record.json"), (number, number))
    for name, text in (("x.record.json", "{"), ("y.record.json", "[]"), ("z.record.json", "{}")):
        (run.path / PREDICTIONS / name).write_text(text, encoding="utf-8")
    files = seen(run.path).answered
    assert [(file.split, file.tracks) for file in files] == [("dev", (1,)), ("testA", (1,)), ("dev", (2, 3))]


def test_the_log_has_curves(tmp_path: Path) -> None:
    lines = [
        '{"step": 2, "epoch": 0, "loss": 3.5, "rate": 1.0}',
        '{"step": 4, "epoch": 0, "loss": 3.0, "loss_rival": 2, "Overall": 1.5, "MRR": 0.25}',
        '{"step": 4, "epoch": 0, "loss": 2.5, "Overall": 1.75, "MRR": NaN}',
        "", '{"step": 5', "[]", '{"step": "x", "loss": 1}', '{"step": true, "loss": 1}', "[" * 9999,
    ]  # fmt: skip
    (tmp_path / LOG).write_text("\n".join(lines), encoding="utf-8")
    log = read_log(tmp_path)
    assert log.curves["loss"] == ((2, 3.5), (4, 2.5))
    assert log.curves["Overall"] == ((4, 1.75),)
    assert (log.damaged, log.metrics, set(log.losses)) == (5, ("MRR", "Overall"), {"loss", "rate", "loss_rival"})
    assert [log.deciding("MRR"), log.deciding("gone"), log.deciding()] == ["MRR", "Overall", "Overall"]
    assert read_log(tmp_path / "gone").deciding() is None


def test_settings_that_differ() -> None:
    first = {"train": {"lr": 1, "seed": 2, "old": True}}
    second = {"train": {"lr": 1.0, "seed": 2}, "index": {"k1": 1.5}}
    assert differing_settings(first, second) == (
        SettingDifference("train.lr", 1, 1.0),
        SettingDifference("train.old", True, ABSENT),
        SettingDifference("index.k1", ABSENT, 1.5),
    )
