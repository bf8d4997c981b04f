"""`cmivqa_kit.predict` and `train`: a run, a split that is named or open, and what stays in the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cmivqa_kit as ck
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.provenance import find_record
from tests.cli.running import cmivqa_here
from tests.submission.small import root_2023, root_2024


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return ck.train("bm25", runs=tmp_path / "runs")


def test_the_same_file_as_the_command_writes(tmp_path: Path, run: RunDirectory) -> None:
    [written] = ck.predict(run.path.parent, out=tmp_path / "python.json")
    assert (written.tracks, written.questions, written.split) == ((2, 3), 113, "testA")
    record = find_record(tmp_path / "python.json", tmp_path / "runs")
    assert record is not None and record["run"] == run.path.name
    assert record["command"] == f"cmivqa_kit.predict({str(run.path)!r}, 'testA')"
    assert cmivqa_here("predict", "--run", run.path, "--out", "command.json", cwd=tmp_path).returncode == 0
    assert (tmp_path / "python.json").read_bytes() == (tmp_path / "command.json").read_bytes()


def test_a_split_that_is_open(tmp_path: Path, run: RunDirectory) -> None:
    root = root_2023(tmp_path / "root")
    [written] = ck.predict(run, ck.open_split(root, "testA", track=2), tmp_path / "open.json")
    [named] = ck.predict(run, "testA", tmp_path / "named.json", data=root)
    assert written.path.read_bytes() == named.path.read_bytes()
    [track_1] = ck.predict(run, ck.open_split(root, "testA", track=1), tmp_path / "spans.json", track=1)
    assert track_1.tracks == (1,) and "start_second" in json.loads(track_1.path.read_text(encoding="utf-8"))[0]


def test_an_edition_with_a_file_per_track(tmp_path: Path, run: RunDirectory) -> None:
    root = root_2024(tmp_path / "root")
    split = ck.open_split(root, "test", track=3)
    with pytest.raises(ck.UserError, match="has other questions on every track"):
        ck.predict(run, split, tmp_path / "open.json")
    [written] = ck.predict(run, split, tmp_path / "open.json", track=3)
    both = ck.predict(run, "test", tmp_path / "named.json", data=root)
    assert [file.path.name for file in both] == ["named_track2.json", "named_track3.json"]
    assert written.path.read_bytes() == both[1].path.read_bytes()


def test_settings_and_what_is_refused(tmp_path: Path, run: RunDirectory) -> None:
    out = tmp_path / "out.json"
    ck.predict(run, out=out, sample=5)
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 5
    with pytest.raises(ck.UserError, match="exists and is different"):
        ck.predict(run, out=out)
    with pytest.raises(ck.UserError, match=r"unknown setting 'index\.k9'"):
        ck.predict(run, out=out, settings=["index.k9=1"], force=True)
    with pytest.raises(ck.UserError, match="nothing can stand in front"):
        ck.predict(run, out=out, retriever="bm25", force=True)
    with pytest.raises(ck.UserError):
        ck.predict(tmp_path / "nothing", out=out)


def test_training_takes_a_preset_of_its_own_on_the_embedded_corpus_only(tmp_path: Path) -> None:
    run = ck.train("prior", root_2023(tmp_path / "root"), tmp_path / "runs", seed=3)
    assert run.finished and (run.baseline, run.seed, run.path.name) == ("prior", 3, "prior-1")
    with pytest.raises(ck.UserError, match="unknown baseline"):
        ck.train("bm52", runs=tmp_path / "runs")
