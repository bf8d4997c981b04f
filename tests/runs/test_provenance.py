"""A submission is found again by its hash in the run that made it."""

from __future__ import annotations

from pathlib import Path

from cmivqa_kit.runs.directory import RunDirectory, start_run
from cmivqa_kit.runs.provenance import find_record, keep


def made(tmp_path: Path) -> tuple[RunDirectory, Path]:
    run = start_run(tmp_path / "runs", "toy", {}, 0, "published")
    run.finish()
    file = tmp_path / "submission.json"
    file.write_text("[1]", encoding="utf-8")
    return run, file


def test_a_file_is_found_by_what_is_in_it_whatever_it_is_called(tmp_path: Path) -> None:
    run, file = made(tmp_path)
    copy = keep(run, file, split="testA", command="cmivqa predict")
    assert copy.read_bytes() == file.read_bytes()
    assert copy.is_relative_to(run.path / "predictions")
    renamed = file.rename(tmp_path / "final (2).json")
    record = find_record(renamed, tmp_path / "runs")
    assert record is not None
    assert (record["run"], record["recipe"], record["split"]) == ("toy-1", "published", "testA")
    assert record["weights"] is None


def test_another_file_has_no_record(tmp_path: Path) -> None:
    run, file = made(tmp_path)
    keep(run, file)
    file.write_text("[2]", encoding="utf-8")
    assert find_record(file, tmp_path / "runs") is None
    assert find_record(file, tmp_path / "nowhere") is None
    assert find_record(tmp_path / "nothing.json", tmp_path / "runs") is None


def test_keeping_twice_is_one_copy_and_weights_are_named(tmp_path: Path) -> None:
    run, file = made(tmp_path)
    (run.path / "model.safetensors").write_bytes(b"weights")
    assert keep(run, file) == keep(run, file)
    assert len(list((run.path / "predictions").iterdir())) == 2
    record = find_record(file, tmp_path / "runs")
    assert record is not None and len(record["weights"]) == 64


def test_a_damaged_record_is_passed_over(tmp_path: Path) -> None:
    run, file = made(tmp_path)
    copy = keep(run, file)
    copy.with_suffix(".record.json").write_text("{", encoding="utf-8")
    assert find_record(file, tmp_path / "runs") is None
