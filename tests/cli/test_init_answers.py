"""`cmivqa init` and the user's own predictions: they are named and left out, and a flag says what is an answer."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.running import cmivqa_here, made_by
from tests.data.corpora import TEST_A_VIDEOS, annotated, hidden_test_a, m4ivqa_record, subtitles, write

TIMED = annotated(TEST_A_VIDEOS)


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return hidden_test_a(tmp_path / "my downloads")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def test_own_predictions_are_left_out_and_score_nothing(downloads: Path, workspace: Path) -> None:
    for name in ("bm25_track1.json", "prior.json", "mine.json"):
        write(downloads / name, TIMED)
    done = cmivqa_here("init", "--from", downloads, "--format", "json", cwd=workspace)
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert {place["what"] for place in document["placed"]} == {"questions", "subtitles"}
    why = {note["what"]: note["why"] for note in document["ignored"]}
    assert set(why) == {"bm25_track1.json", "prior.json", "mine.json"}
    assert "named after the system prior" in why["prior.json"]
    assert not (workspace / "data" / "answers").exists()
    assert not (workspace / "data" / "train").exists()
    scored = cmivqa_here("score", downloads / "mine.json", cwd=workspace)
    assert scored.returncode == 2
    assert b"held by the organizers" in scored.stderr


def test_every_file_left_out_is_named(downloads: Path, workspace: Path) -> None:
    for number in range(4):
        write(downloads / f"mine {number}.json", TIMED)
    shown = cmivqa_here("init", "--from", downloads, cwd=workspace, COLUMNS="300").stdout.decode()
    line = next(line for line in shown.splitlines() if line.startswith("Left out: "))
    assert line.startswith("Left out: mine 0.json, mine 1.json, mine 2.json, mine 3.json: predictions or answers")


def test_a_file_that_a_run_of_the_workspace_made(
    downloads: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = write(downloads / "testA_answer.json", TIMED)
    monkeypatch.chdir(workspace)
    run = made_by("bm25", "kit", str(answers))
    done = cmivqa_here("init", "--from", downloads, "--format", "json", cwd=workspace)
    assert json.loads(done.stdout)["ignored"] == [
        {"what": "testA_answer.json", "why": f"predictions: run {run} made this file"}
    ]
    refused = cmivqa_here("init", "--answers", answers, "--force", cwd=workspace)
    assert refused.returncode == 2
    assert f"run {run} predicted this".encode() in refused.stderr


def test_the_flag_makes_answers_and_may_come_later(downloads: Path, workspace: Path) -> None:
    final = write(downloads / "final 2.json", TIMED)
    assert cmivqa_here("init", "--from", downloads, cwd=workspace).returncode == 0
    done = cmivqa_here("init", "--answers", final, cwd=workspace)
    assert done.returncode == 0
    assert b"kept as it was" in done.stdout
    scored = cmivqa_here("score", final, "--format", "json", cwd=workspace)
    assert scored.returncode == 0
    assert b"1.0" in scored.stdout


def test_the_flag_with_a_file_of_no_answers(downloads: Path, workspace: Path) -> None:
    done = cmivqa_here("init", "--answers", downloads / "subtitle.json", cwd=workspace)
    assert done.returncode == 2
    assert b"--answers: 1 problem" in done.stderr
    assert b"there are no times in it" in done.stderr
    assert not (workspace / "data").exists()


def test_a_path_without_the_flag_is_advised_as_it_pastes(downloads: Path, workspace: Path) -> None:
    done = cmivqa_here("init", downloads, cwd=workspace)
    assert done.returncode == 2
    assert f"Write: cmivqa init --from {shlex.quote(str(downloads))}".encode() in done.stderr


@pytest.mark.parametrize("spoken", ["captions", "one language", "nothing"])
def test_2025_predict_needs_no_more_than_check_saw(tmp_path: Path, workspace: Path, spoken: str) -> None:
    """What is missing is said by `data check`; what it does not miss is enough to predict."""
    data = tmp_path / "2025"
    for split in ("train", "test"):
        for task in (1, 2, 3):
            records = [m4ivqa_record(n, f"{split}{n}", id=f"NLPCC2025_Task{task}_{n}") for n in range(3)]
            dropped = {"video_captions"} if task > 1 or spoken != "captions" else set()
            dropped |= {"start_second", "end_second"} if split == "test" else set()
            dropped |= {"video_id"} if split == "test" and task > 1 else set()
            file = data / split / f"M4IVQA_{split}_task{task}.json"
            write(file, [{k: v for k, v in record.items() if k not in dropped} for record in records])
        if spoken == "one language":
            write(data / split / "subtitle.json", subtitles([f"{split}{n}" for n in range(3)]))
    assert cmivqa_here("init", "--from", data, cwd=workspace).returncode == 0
    checked = cmivqa_here("data", "check", "--baseline", "bm25", cwd=workspace, COLUMNS="200")
    if spoken == "nothing":
        assert checked.returncode == 1
        assert b"no-corpus (no video to choose from)" in checked.stdout
        return
    assert checked.returncode == 0, checked.stdout
    assert (b"English captions: 3 of 3 videos have none" in checked.stdout) == (spoken == "one language")
    assert cmivqa_here("train", "-m", "bm25", cwd=workspace).returncode == 0
    for track in ("1", "2", "3"):
        words = ("predict", "-m", "bm25", "--split", "test", "--track", track, "--out", f"track{track}.json")
        done = cmivqa_here(*words, cwd=workspace)
        assert done.returncode == 0, done.stderr
        assert b"6 questions" in done.stdout
