"""Features as users have them, by the real commands: names, length of a row, bad files; and sizes, notes, times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.running import cmivqa_here
from tests.data.clocked import SECONDS, WIDTH, Change, clocked
from tests.data.corpora import TRAIN_VIDEOS, annotated, lines, subtitles, track1, write

MUTUALSL = ("train", "-m", "mutualsl", "--preset", "tiny", "--set", f"visual.visual_dim={WIDTH}", "--set",
            "train.max_steps=1", "--device", "cpu")  # fmt: skip


def every_2s(rows: Any) -> Any:
    return rows[::2]


def said(*words: str | Path, cwd: Path, code: int) -> str:
    done = cmivqa_here(*words, cwd=cwd)
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == code, text
    return " ".join(text.split())


def checked(root: Path, *words: str, code: int = 0) -> str:
    return said("data", "check", "--data", root.name, *words, cwd=root.parent, code=code)


def document(root: Path, *words: str) -> Any:
    done = cmivqa_here("data", "check", "--data", root.name, "--format", "json", *words, cwd=root.parent)
    return json.loads(done.stdout)["splits"][0]


def test_check_says_the_rate_it_sees_and_the_next_step_settles_it(tmp_path: Path) -> None:
    root = clocked(tmp_path / "data", every_2s)
    text = checked(root, code=1)
    assert "features: 4 of 4 videos have half as many rows as seconds of subtitles: one row per 2 s?" in text
    assert "durations: 4 from subtitles" in text and "past-estimate" not in text
    assert text.endswith("Next: cmivqa data check --seconds-per-row 2 --data data")
    text = checked(root, "--seconds-per-row", "2")
    assert "stated one row per 2 s (so in 4 of 4 videos)" in text and "durations: 4 from features" in text
    assert "Next: cmivqa data split" in text
    assert "measured one row per 2 s (so in 4 of 4 videos)" in checked(root, "--seconds-per-row", "0")
    facts = document(root)["features"]
    assert (facts["seconds_per_row"], facts["stated"], facts["settled"]) == (1.0, None, False)
    assert facts["measured"] == {"seconds_per_row": 2.0, "videos": 4, "alike": 4}


def test_a_length_without_a_file_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = clocked(tmp_path / "data")
    for path in (root / "video_feature").iterdir():
        path.unlink()
    unused = "the length of a row is stated, but no video of this split has a feature file"
    assert f"note: features: {unused} (--seconds-per-row 2)" in checked(root, "--seconds-per-row", "2")
    assert unused not in checked(root)
    said("train", "-m", "prior", "--data", root, "--seconds-per-row", "2", cwd=tmp_path, code=0)
    assert unused in caplog.text


@pytest.mark.parametrize("wrong", ["-1", "x", "nan", "inf"])
def test_a_length_that_is_none(tmp_path: Path, wrong: str) -> None:
    assert "seconds-per-row" in checked(clocked(tmp_path / "data"), "--seconds-per-row", wrong, code=2)


@pytest.mark.parametrize(
    ("change", "warns"),
    [(lambda rows: rows, ""), (every_2s, "half as many rows"), (lambda rows: np.repeat(rows, 4, 0), "4 times as many"),
     (lambda rows: rows.T, "")],
)  # fmt: skip
def test_prior_learns_the_same_whatever_the_rows_are(
    tmp_path: Path, change: Change, warns: str, caplog: pytest.LogCaptureFixture
) -> None:
    root = clocked(tmp_path / "data", change)
    said("train", "-m", "prior", "--data", root, cwd=tmp_path, code=0)
    learnt = json.loads((tmp_path / "runs" / "prior-1" / "prior.json").read_text(encoding="utf-8"))
    assert learnt["start"] == pytest.approx(0.00556, abs=1e-4) and learnt["end"] == pytest.approx(0.095, abs=2e-3)
    assert warns in caplog.text and ("tell no durations" in caplog.text) == bool(warns)


def test_a_training_on_features_asks_first_and_its_run_remembers(tmp_path: Path) -> None:
    root = clocked(tmp_path / "data", every_2s)
    write(root / "testA" / "dataset_testA_for_track1.json", track1(annotated(list(SECONDS))))
    refused = said(*MUTUALSL, "--data", root, cwd=tmp_path, code=2)
    assert "4 of 4 videos have half as many rows" in refused and "give --seconds-per-row 2, or write" in refused
    assert not list((tmp_path / "runs").iterdir())
    said(*MUTUALSL, "--data", root, "--seconds-per-row", "0", cwd=tmp_path, code=0)
    record = json.loads((tmp_path / "runs" / "mutualsl-1" / "run.json").read_text(encoding="utf-8"))
    assert record["data"]["seconds_per_row"] == 2.0
    predict = ("predict", "--data", root, "--split", "testA", "--track", "1", "--set", "decode.spans=visual", "--out")
    said(*predict, "a.json", cwd=tmp_path, code=0)
    said(*predict, "b.json", "--seconds-per-row", "2", cwd=tmp_path, code=0)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    answers = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert all(answer["start_second"] % 2 == answer["end_second"] % 2 == 0 for answer in answers)  # rows of 2 s
    conflict = said(*predict, "c.json", "--seconds-per-row", "1", cwd=tmp_path, code=2)
    assert "one row per second is stated" in conflict and "was trained with one row per 2 s" in conflict
    assert not (tmp_path / "c.json").exists()


def test_a_workspace_remembers_it(tmp_path: Path) -> None:
    clocked(tmp_path / "data", every_2s)
    file = tmp_path / "cmivqa.toml"
    for value in ("2", "2.0", "0"):
        file.write_text(f'[data]\nroot = "data"\nseconds_per_row = {value}\n', encoding="utf-8")
        assert "one row per 2 s (so in 4 of 4 videos)" in said("data", "check", cwd=tmp_path, code=0)
    settings = json.loads(cmivqa_here("config", "--format", "json", cwd=tmp_path).stdout)["settings"]
    assert settings["data.seconds_per_row"] == {"value": 0, "origin": "cmivqa.toml"}
    for value, why in (("-1", "is not 0 or more"), ("inf", "is not 0 or more"), ('"2"', "is not a number"),
                       ("true", "is not a number")):  # fmt: skip
        file.write_text(f'[data]\nroot = "data"\nseconds_per_row = {value}\n', encoding="utf-8")
        assert why in said("data", "check", cwd=tmp_path, code=2)


def test_bad_files_are_found_by_check_and_before_a_training(tmp_path: Path) -> None:
    def spoilt(rows: Any) -> Any:
        rows[3] = np.nan
        return rows

    root = clocked(tmp_path / "data", vid0000000B=spoilt, vid0000000C=lambda rows: np.hstack([rows, rows]))
    text = checked(root, code=1)
    assert "1 bad feature file (not finite): vid0000000B.npy: 1 of 52 rows holds numbers that are not finite" in text
    assert "1 bad feature file (width): vid0000000C.npy: rows of 12 numbers, where 3 of 4 files have 6" in text
    assert "mend 2 files, then check again. Next: cmivqa data check --data data" in text
    states = {row["video_id"]: row["features"] for row in document(root, "--all")["ids"]}
    assert states == dict(zip(SECONDS, ("ok", "bad", "bad", "ok"), strict=True))
    assert [fault["kind"] for fault in document(root)["features"]["faults"]] == ["not finite", "width"]
    refused = said(*MUTUALSL, "--data", root, cwd=tmp_path, code=2)
    assert "2 of 4 feature files cannot be used" in refused and "12 is the odd one" in refused
    assert "step" not in refused and "visual_dim" not in refused
    assert "Fitted bm25" in said("train", "-m", "bm25", "--data", root, cwd=tmp_path, code=0)  # reads none


def test_names_of_extractors_from_init_to_training(tmp_path: Path) -> None:
    clocked(tmp_path / "rgb", name="v_{}_rgb.NPY")
    text = said("init", "--from", "rgb", cwd=tmp_path, code=0)
    assert "rgb/video_feature" in text and "video features" not in text and "named as a video" not in text
    assert (tmp_path / "data" / "train" / "video_feature").is_dir()
    assert "4 with features" in said("data", "check", cwd=tmp_path, code=0)
    assert "Fitted mutualsl" in said(*MUTUALSL, cwd=tmp_path, code=0)


def test_names_that_nobody_knows_are_said_everywhere(tmp_path: Path) -> None:
    clocked(tmp_path / "clips", name="clip9{}.npy")
    named = "4 files, none named as a video; e.g. clip9vid0000000A.npy"
    assert named in said("init", "--from", "clips", cwd=tmp_path, code=0)
    assert named in said("data", "check", cwd=tmp_path, code=0)
    assert named in said(*MUTUALSL, cwd=tmp_path, code=2)


def test_init_says_what_will_not_work(tmp_path: Path) -> None:
    clocked(tmp_path / "slow", every_2s)
    done = cmivqa_here("init", "--from", "slow", "--format", "json", cwd=tmp_path)
    [remark] = json.loads(done.stdout)["remarks"]
    assert remark.startswith("train: features: 4 of 4 videos have half as many rows")


def test_sizes_stand_first_and_notes_are_a_line_per_kind(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write(root / "train.json", annotated(TRAIN_VIDEOS))
    doubles = {f"{video}sr": lines() for video in TRAIN_VIDEOS}
    backwards = {video: [*reversed(spoken)] for video, spoken in subtitles(TRAIN_VIDEOS).items()}
    write(root / "subtitle.json", {**backwards, **doubles})
    text = checked(root)
    assert text.startswith(
        "Videos, questions, and mean lengths split videos questions video, s lines question, characters answer, s "
        "train 6 12 10.0 4.0 21.00 5.0 train (data/train.json"
    )
    assert text.count("note:") == 2
    assert "note: 6 times: left out: a second transcript of another video, not a video (train000001sr, train" in text
    assert "note: 6 times: lines start before the one above; sorted by start (train000001, train000002, train0" in text
    assert "and 3 more)" in text
    every = checked(root, "--verbose")
    assert every.count("note:") == 12 and "note: train000004: 3 lines start before the one above" in every
    facts = document(root)
    assert len(facts["notes"]) == 12
    assert (facts["statistics"]["videos"], facts["statistics"]["answer_seconds"]) == (6, 5.0)


def test_a_credit_until_the_end_of_days(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write(root / "train.json", annotated(TRAIN_VIDEOS))
    credit = {"text": "by a volunteer", "start": 10.0, "duration": 359989.0}
    write(root / "subtitle.json", {video: [*lines(), credit] for video in TRAIN_VIDEOS})
    assert "note: 6 times: a line outlasts all others by minutes: its end is not used (train000001," in checked(root)
    said("train", "-m", "prior", "--data", root, cwd=tmp_path, code=0)
    learnt = json.loads((tmp_path / "runs" / "prior-1" / "prior.json").read_text(encoding="utf-8"))
    assert learnt["end"] > 0.4
    (tmp_path / "subs").mkdir()
    cue = "1\n00:00:01,000 --> 00:00:03,000\nwash\n\n2\n00:00:03,000 --> 99:59:59,000\ngloves\n"
    (tmp_path / "subs" / "v.srt").write_text(cue, encoding="utf-8")
    text = said("data", "subtitles", "subs", "out.json", cwd=tmp_path, code=0)
    assert "Note: v.srt: 1 line from 00:00:03 to 99:59:59 outlasts the others by minutes" in text
