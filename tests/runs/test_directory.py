"""Run directories: numbered, never half, never written again, the newest finished one found."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.errors import ExitCode, RunFailed, UserError
from cmivqa_kit.runs.directory import RECORD, RunDirectory, open_run, start_run
from cmivqa_kit.runs.finished_runs import finished_runs, newest_run
from cmivqa_kit.temporary_files import temporary_file

CONFIG = {"index": {"k1": 1.5}}


def finished(folder: Path, name: str = "bm25", **facts: Any) -> RunDirectory:
    run = start_run(folder, name, CONFIG, 7)
    run.finish(**facts)
    return run


def test_a_run_reads_back(tmp_path: Path) -> None:
    run = start_run(tmp_path / "runs", "bm25", CONFIG, 7, data={"name": "demo"})
    assert run.path == tmp_path / "runs" / "bm25-1"
    assert not run.finished
    assert run.write("index.json", {"词": [1.25]}) == run.path / "index.json"
    run.log({"step": 1, "loss": 0.5})
    run.log({"step": 2, "loss": 0.25})
    run.finish(seconds=1)
    again = open_run(run.path)
    assert (again.baseline, again.config, again.seed, again.finished) == ("bm25", CONFIG, 7, True)
    assert again.read("index.json") == {"词": [1.25]}
    record = again.record()
    assert record["data"] == {"name": "demo"}
    assert record["seconds"] == 1
    assert record["started"] <= record["finished"]
    log = (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in log] == [1, 2]


def test_numbers_go_up(tmp_path: Path) -> None:
    assert [start_run(tmp_path, "bm25", {}, 0).path.name for _ in range(3)] == ["bm25-1", "bm25-2", "bm25-3"]
    assert start_run(tmp_path, "bm25-x", {}, 0).path.name == "bm25-x-1"
    (tmp_path / "bm25-9").touch()  # a file, no run
    (tmp_path / "bm25-7").mkdir()
    (tmp_path / "notes").mkdir()
    assert [start_run(tmp_path, "bm25", {}, 0).path.name for _ in range(2)] == ["bm25-8", "bm25-10"]


def test_no_two_runs_get_the_same_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: start_run(tmp_path, "bm25", {}, 0).path.name, range(24)))
    assert len(set(names)) == 24


def test_a_new_run_takes_away_what_killed_ones_left_and_not_what_running_ones_hold(tmp_path: Path) -> None:
    killed, running = (start_run(tmp_path, "bm25", CONFIG, 0).path for _ in range(2))
    (killed / ".run.json.x.cmivqa.tmp").write_text("{", encoding="utf-8")
    (killed / ".cmivqa-state-x").mkdir()
    with temporary_file(running, "bm25.json") as held:
        start_run(tmp_path, "prior", CONFIG, 0)
        assert held.exists()
    assert [path.name for path in killed.iterdir()] == [RECORD]


def test_nothing_is_written_into_a_finished_run(tmp_path: Path) -> None:
    run = finished(tmp_path)
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    for write in (lambda: run.write("x.json", 1), lambda: run.log({"a": 1}), lambda: run.finish()):
        with pytest.raises(UserError, match="this run is finished"):
            write()
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


def test_a_document_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    run = start_run(tmp_path, "bm25", {}, 0)
    with pytest.raises(RunFailed, match="NaN or infinite"):
        run.write("weights.json", {"w": float("nan")})
    assert [path.name for path in run.path.iterdir()] == [RECORD]


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    run = start_run(tmp_path, "bm25", {}, 0)
    with pytest.raises(UserError, match=r"did not finish \(state 'running'\)"):
        open_run(run.path)
    with pytest.raises(UserError, match="no finished run"):
        newest_run(tmp_path)


@pytest.mark.parametrize(
    ("record", "part"),
    [
        ("[{", "not JSON"),
        ("[]", "damaged (baseline, config, seed, state missing"),
        ("{}", "damaged (baseline, config, seed, state missing"),
        ('{"baseline": "x", "config": {}, "seed": "7", "state": "finished"}', "damaged (seed missing"),
        ('{"baseline": "x", "config": [], "seed": 7, "state": "finished"}', "damaged (config missing"),
        ('{"baseline": "x", "config": {"a": 1}, "seed": 7, "state": "finished"}', "damaged (config missing"),
        ('{"baseline": "x", "config": {}, "seed": 7, "state": null}', "damaged (state missing"),
    ],
)
def test_a_damaged_record(tmp_path: Path, record: str, part: str) -> None:
    run = finished(tmp_path)
    (run.path / RECORD).write_text(record, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        open_run(run.path)
    assert part in caught.value.message
    assert caught.value.code == ExitCode.USAGE
    with pytest.raises(UserError, match="no finished run"):  # never chosen by itself
        newest_run(tmp_path)


def test_no_run_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a run directory"):
        open_run(tmp_path)
    with pytest.raises(UserError, match="no finished run of mine") as caught:
        newest_run(tmp_path / "none", "mine")
    assert caught.value.fix == "Train first: cmivqa train -m mine"


def test_the_newest_is_the_one_that_finished_last(tmp_path: Path) -> None:
    first, second = start_run(tmp_path, "bm25", {}, 0), start_run(tmp_path, "bm25", {}, 0)
    second.finish(finished="overridden by the true time")
    first.finish()
    start_run(tmp_path, "bm25", {}, 0)
    assert newest_run(tmp_path).path == first.path
    other = finished(tmp_path, "prior")
    assert newest_run(tmp_path).path == other.path
    assert newest_run(tmp_path, "bm25").path == first.path


def test_runs_of_a_benchmark_are_taken_for_that_benchmark_alone(tmp_path: Path) -> None:
    own = finished(tmp_path)
    learnt = start_run(tmp_path, own.baseline, {}, 0, data={"name": "vatex-en2cn", "benchmark": "vatex-en2cn"})
    learnt.finish()
    assert newest_run(tmp_path).path == own.path
    assert [run.path for run in finished_runs(tmp_path, benchmark="vatex-en2cn")] == [learnt.path]
    assert finished_runs(tmp_path, benchmark="tacos") == []


def test_odd_times_do_not_stop_the_search(tmp_path: Path) -> None:
    good, odd = finished(tmp_path), finished(tmp_path)
    (odd.path / RECORD).write_text(json.dumps({**odd.record(), "finished": None}), encoding="utf-8")
    assert newest_run(tmp_path).path in (good.path, odd.path)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    run = finished(tmp_path)
    with pytest.raises(UserError, match=r"the run lacks index\.json"):
        run.read("index.json")
    (run.path / "index.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="not JSON"):
        run.read("index.json")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunFailed, match="cannot be written"):
        start_run(tmp_path / "file", "bm25", {}, 0)
