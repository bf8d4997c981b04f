"""`predict --all`: every file that the edition hands in, or none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa_here
from tests.data.corpora import mmivqa_2024

TRACK_1, CORPUS = "submission_track1.json", "submission.json"


def predict_all(folder: Path, *flags: str) -> CompletedProcess[bytes]:
    return cmivqa_here("predict", "--all", *flags, cwd=folder)


def train(folder: Path, baseline: str, *flags: str) -> None:
    done = cmivqa_here("train", "-m", baseline, *flags, cwd=folder)
    assert done.returncode == 0, done.stderr


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.json"))


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A run of BM25, and a newer one of the prior."""
    train(tmp_path, "bm25")
    train(tmp_path, "prior")
    return tmp_path


def test_the_newest_run_that_serves_a_track_answers_it(both: Path) -> None:
    done = predict_all(both)
    text = done.stdout.decode()
    assert done.returncode == 0 and written(both) == [CORPUS, TRACK_1]
    assert "Track 1: submission_track1.json, answered by prior, run runs/prior-1" in text
    assert "Tracks 2 and 3: submission.json, answered by bm25, run runs/bm25-1" in text
    assert "submission.json: valid for testA, Tracks 2 and 3; 113 items, 0 errors" in text
    assert text.endswith("Next: cmivqa score submission_track1.json submission.json\n")
    assert cmivqa_here("score", TRACK_1, CORPUS, cwd=both).returncode == 0


def test_the_files_are_those_of_single_calls(both: Path) -> None:
    predict_all(both)
    for flags, name in ((("--track", "1", "--run", "runs/prior-1"), TRACK_1), (("--run", "runs/bm25-1"), CORPUS)):
        assert cmivqa_here("predict", *flags, "--out", "single.json", "--force", cwd=both).returncode == 0
        assert (both / "single.json").read_bytes() == (both / name).read_bytes()


def test_as_json(both: Path) -> None:
    done = predict_all(both, "--split", "dev", "--out", "dev.json", "--format", "json")
    files = json.loads(done.stdout)["files"]
    assert [(file["path"], file["tracks"], file["baseline"], file["valid"]) for file in files] == [
        ("dev_track1.json", [1], "prior", True), ("dev.json", [2, 3], "bm25", True),
    ]  # fmt: skip


@pytest.mark.parametrize("taken", [TRACK_1, CORPUS])
def test_none_is_written_where_one_cannot_be(both: Path, taken: str) -> None:
    (both / taken).write_text("[]", encoding="utf-8")
    done = predict_all(both)
    assert done.returncode == 2 and f"{taken}: exists and is different" in done.stderr.decode()
    assert written(both) == [taken] and (both / taken).read_text(encoding="utf-8") == "[]"
    assert predict_all(both, "--force").returncode == 0 and written(both) == [CORPUS, TRACK_1]


def test_a_localizer_alone_answers_behind_an_untrained_retriever(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    train(tmp_path, "prior")
    done = predict_all(tmp_path)
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "Tracks 2 and 3: submission.json, answered by prior behind bm25, run runs/prior-1" in text
    assert "of the 64 videos of dev" in text and "of the dev questions among 64 videos" in text


def test_without_a_run_the_training_command_is_named(tmp_path: Path) -> None:
    done = predict_all(tmp_path)
    assert done.returncode == 2 and not list(tmp_path.iterdir())
    assert "runs: no finished run\nTrain first: cmivqa train" in done.stderr.decode()


@pytest.mark.parametrize(
    "flags",
    [("--track", "1"), ("-m", "bm25"), ("--set", "a.b=1"), ("--resume",), ("--dry-run",), ("--budget", "1m"),
     ("--retriever", "bm25"), ("--out", "-")],
)  # fmt: skip
def test_what_is_about_one_system_is_refused(tmp_path: Path, flags: tuple[str, ...]) -> None:
    done = predict_all(tmp_path, *flags)
    assert done.returncode == 2
    assert f"--all chooses a system for each file: {flags[0]}" in done.stderr.decode()


def test_one_file_per_track_where_the_edition_has_it_so(tmp_path: Path) -> None:
    mmivqa_2024(tmp_path / "data")
    train(tmp_path, "bm25", "--data", "data")
    done = predict_all(tmp_path, "--data", "data", "--split", "test")
    assert done.returncode == 0, done.stderr
    assert written(tmp_path) == [f"submission_track{track}.json" for track in (1, 2, 3)]
    assert "Ready to hand in: the organizers hold the answers of test." in done.stdout.decode()


@pytest.mark.parametrize(("track", "names"), [("track1", [CORPUS]), ("track23", [TRACK_1])])
def test_a_split_that_asks_some_tracks_only(both: Path, track: str, names: list[str]) -> None:
    shutil.copytree(demo_corpus(), both / "data")
    (missing,) = (both / "data").rglob(f"dataset_testA_for_{track}.json")
    missing.unlink()
    done = predict_all(both, "--data", "data")
    assert done.returncode == 0, done.stderr
    assert written(both) == names


def test_a_sample_is_written_and_said_to_be_none_to_hand_in(both: Path) -> None:
    done = predict_all(both, "--sample", "5")
    assert done.returncode == 0 and "A sample of the questions is no submission" in done.stdout.decode()


def test_a_workspace_of_several_runs_names_what_no_run_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tmp_path, "prior")
    monkeypatch.setattr("cmivqa_kit.prediction.all_tracks._retriever", lambda runs: "")
    done = predict_all(tmp_path)
    assert done.returncode == 2 and not written(tmp_path)
    assert "no finished run serves Tracks 2 and 3 (runs/prior-1 serves Track 1)" in done.stderr.decode()
    assert "Train one that does: cmivqa train" in done.stderr.decode()
