"""A user's own predictions never become answers or training data; answers do, by a name or the user's word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.answer_evidence import KnownPredictions
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import truth_records
from cmivqa_kit.data.intake import Intake, gather
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import sha256
from tests.data.corpora import (
    TEST_A_VIDEOS,
    TRAIN_VIDEOS,
    Record,
    annotated,
    hidden_test_a,
    make_zip,
    mmivqa_2024,
    read,
    track1,
    write,
)

ANSWERS = "answers/dataset_testA_for_task_1_answer.json"
SYSTEMS = KnownPredictions(systems=("bm25", "prior"))
TIMED = annotated(TEST_A_VIDEOS)


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return hidden_test_a(tmp_path / "downloads")


def placed(intake: Intake) -> set[str]:
    return {place.target.relative_to(intake.root).as_posix() for place in intake.placements}


def reasons(intake: Intake) -> dict[str, str]:
    return {note.subject: note.why for note in intake.ignored}


def of_size(count: int) -> list[Record]:
    videos = [f"v{number:09d}" for number in range(count)]
    return [
        {"id": n, "video_id": video, "question": f"第{n}问", "start_second": 1, "end_second": 5}
        for n, video in enumerate(videos)
    ]


@pytest.mark.parametrize("name", ["mine.json", "download (1).json", "testA_final.json", "a/b.json", "testA.json"])
def test_what_asks_the_questions_of_a_test_file_is_predictions(tmp_path: Path, downloads: Path, name: str) -> None:
    write(downloads / name, TIMED)
    intake = gather([downloads], tmp_path / "data")
    assert placed(intake) == {
        "testA/dataset_testA_for_track1.json", "testA/dataset_testA_for_track23.json", "testA/subtitle.json",
    }  # fmt: skip
    assert reasons(intake)[name].startswith("predictions or answers: it asks the questions of dataset_testA_for_track1")
    assert truth_records(catalogue(tmp_path / "data"), "testA", 1) is None


@pytest.mark.parametrize("count", [492, 511, 2937, 113])
def test_the_size_of_an_official_file_says_nothing(tmp_path: Path, count: int) -> None:
    """492 rows were answers of testA, 511 of testB, and anything else training data."""
    write(tmp_path / "downloads" / "x.json", of_size(count))
    write(tmp_path / "downloads" / "dataset_testA_for_track1.json", track1(TIMED))
    intake = gather([tmp_path / "downloads"], tmp_path / "data")
    assert placed(intake) == {"testA/dataset_testA_for_track1.json"}
    assert "its name says neither" in reasons(intake)["x.json"]


def test_predictions_of_an_earlier_test_file_are_known_too(tmp_path: Path, downloads: Path) -> None:
    gather([downloads], tmp_path / "data")
    later = write(tmp_path / "mine.json", TIMED)
    with pytest.raises(UserError, match="nothing usable") as caught:
        gather([later], tmp_path / "data")
    assert "asks the questions of dataset_testA_for_track1.json" in str(caught.value)


def test_a_name_that_says_train_does_not_make_predictions_training_data(tmp_path: Path, downloads: Path) -> None:
    write(downloads / "after_train.json", TIMED)
    intake = gather([downloads], tmp_path / "data")
    assert not (tmp_path / "data" / "train").exists()
    assert "asks the questions of" in reasons(intake)["after_train.json"]


def test_a_file_named_after_a_system_is_predictions(tmp_path: Path, downloads: Path) -> None:
    write(downloads / "prior_dev.json", annotated(TRAIN_VIDEOS, first=100))
    intake = gather([downloads], tmp_path / "data", known_predictions=SYSTEMS)
    assert not (tmp_path / "data" / "dev").exists()
    assert "named after the system prior" in reasons(intake)["prior_dev.json"]
    assert gather([downloads], tmp_path / "other").placements  # nothing known of systems: its name says dev
    assert (tmp_path / "other" / "dev").exists()


def test_what_a_run_made_is_known_whatever_it_is_called(tmp_path: Path, downloads: Path) -> None:
    made = write(downloads / "testA_answer.json", TIMED)
    known = KnownPredictions(lambda path: "bm25-1" if sha256(path) == sha256(made) else None)
    intake = gather([downloads], tmp_path / "data", known_predictions=known)
    assert reasons(intake) == {"testA_answer.json": "predictions: run bm25-1 made this file"}
    with pytest.raises(UserError, match="run bm25-1 predicted this"):
        gather([downloads], tmp_path / "other", answers=[made], known_predictions=known)
    assert not (tmp_path / "other").exists()


def test_records_of_runs_among_the_downloads_count(tmp_path: Path, downloads: Path) -> None:
    made = write(downloads / "testA_answer.json", TIMED)
    run = downloads / "runs" / "prior-3" / "predictions"
    write(run / "s-1.json", TIMED)
    write(run / "s-1.record.json", {"sha256": sha256(made), "run": "prior-3"})
    intake = gather([downloads], tmp_path / "data")
    assert reasons(intake) == dict.fromkeys(
        ("testA_answer.json", "runs/prior-3/predictions/s-1.json"), "predictions: run prior-3 made this file"
    )


def test_a_folder_of_submissions_holds_none_but_predictions(tmp_path: Path, downloads: Path) -> None:
    write(downloads / "our submissions" / "testB.json", annotated(["b"]))
    intake = gather([downloads], tmp_path / "data")
    assert reasons(intake) == {"our submissions/testB.json": "predictions, by the name of the folder our submissions"}


@pytest.mark.parametrize(
    "name", ["官方答案 testA.json", "testA_gold.json", "答案.json", "labels.json", "testA 标注.json", "gt/testA.json"]
)
def test_a_name_says_answers(tmp_path: Path, downloads: Path, name: str) -> None:
    write(downloads / name, TIMED)
    root = tmp_path / "data"
    assert ANSWERS in placed(gather([downloads], root))
    assert truth_records(catalogue(root), "testA", 2) == (TIMED, root / ANSWERS)


def test_answers_without_texts_find_their_split(tmp_path: Path, downloads: Path) -> None:
    bare = [{key: record[key] for key in ("id", "video_id", "start_second", "end_second")} for record in TIMED]
    write(downloads / "answer.json", bare)
    write(downloads / "mine.json", bare)
    intake = gather([downloads], tmp_path / "data")
    assert ANSWERS in placed(intake)
    assert "predictions or answers" in reasons(intake)["mine.json"]


@pytest.mark.parametrize("name", ["final.json", "our_output.json", "bm25_track1.json", "submission.json"])
def test_the_user_says_answers(tmp_path: Path, downloads: Path, name: str) -> None:
    file = write(downloads / name, TIMED)
    intake = gather([downloads], tmp_path / "data", answers=[file], known_predictions=SYSTEMS)
    assert ANSWERS in placed(intake)
    assert name not in reasons(intake)


def test_the_user_says_answers_of_several_splits_and_in_a_zip(tmp_path: Path, downloads: Path) -> None:
    write(downloads / "dataset_testB_for_track1.json", track1(annotated(["b", "c"], first=50)))
    one = make_zip(tmp_path / "a.zip", {"x/1.json": TIMED})
    two = write(tmp_path / "2.json", annotated(["b", "c"], first=50))
    intake = gather([downloads], tmp_path / "data", answers=[one, two])
    assert {ANSWERS, ANSWERS.replace("testA", "testB")} <= placed(intake)


def test_answers_of_an_edition_with_a_file_per_task(tmp_path: Path) -> None:
    downloads = mmivqa_2024(tmp_path / "downloads")
    answers = [
        {**record, "id": f"NLPCC2024_Task{task}_{n}", "language_type": "Chinese"}
        for task in (1, 2)
        for n, record in enumerate(annotated(["b"]))
    ]
    write(downloads / "test_task2_答案.json", answers[2:])
    write(downloads / "all test answers.json", answers)
    places = placed(gather([downloads], tmp_path / "data"))
    assert {"answers/dataset_test_for_task_2_answer.json", "answers/dataset_test_answer.json"} <= places
    files = catalogue(tmp_path / "data")
    names = [path.name if path else None for path in (files.answer_file("test", 1), files.answer_file("test", 2))]
    assert names == ["dataset_test_answer.json", "dataset_test_for_task_2_answer.json"]


def test_answers_come_later(tmp_path: Path, downloads: Path) -> None:
    gather([downloads], tmp_path / "data")
    intake = gather([], tmp_path / "data", answers=[write(tmp_path / "x.json", TIMED)])
    assert placed(intake) == {ANSWERS}


def test_what_the_user_calls_answers_has_times(tmp_path: Path, downloads: Path) -> None:
    with pytest.raises(UserError, match=r"--answers: 3 problems") as caught:
        gather([downloads], tmp_path / "data", answers=[downloads])
    assert "there are no times in it" in str(caught.value)
    with pytest.raises(UserError, match="no such file"):
        gather([], tmp_path / "data", answers=[tmp_path / "nope.json"])


def test_answers_of_no_known_split_are_asked_about(tmp_path: Path, downloads: Path) -> None:
    with pytest.raises(UserError, match="answers whose split cannot be told"):
        gather([downloads], tmp_path / "data", answers=[write(tmp_path / "x.json", annotated(["z"], first=900))])


def test_training_data_by_its_own_name_or_a_folders(tmp_path: Path) -> None:
    for name in ("train.json", "CMIVQA_Train_Dev.json", "train/q.json", "train answers.json"):
        source = write(tmp_path / "from" / name / name, annotated(TRAIN_VIDEOS))
        root = tmp_path / "to" / name
        assert [place.target.parent.name for place in gather([source.parent], root).placements] == ["train"]


def test_questions_of_one_text_in_train_and_test_are_no_reason(tmp_path: Path) -> None:
    """Ids and texts may repeat; the videos tell."""
    mmivqa_2024(tmp_path / "downloads")
    for file in (tmp_path / "downloads").rglob("*TASK*.json"):
        write(file, [{**record, "question": f"q {n}"} for n, record in enumerate(read(file))])
    places = placed(gather([tmp_path / "downloads"], tmp_path / "data"))
    assert {f"train/MMIVQA_TRAIN_TASK{track}.json" for track in (1, 2, 3)} <= {
        name.replace("train_task", "MMIVQA_TRAIN_TASK") for name in places
    }


# Several files of one split


def test_files_that_agree_are_one(tmp_path: Path, downloads: Path) -> None:
    turned = [dict(reversed(record.items())) for record in track1(TIMED)]
    write(downloads / "copy" / "testA_t1.json", turned[::-1])
    intake = gather([downloads], tmp_path / "data")
    assert len(intake.placements) == 3
    why = "says the same as downloads/dataset_testA_for_track1.json, which is used"
    assert reasons(intake) == {"downloads/copy/testA_t1.json": why}
    assert gather([downloads], tmp_path / "data").placements  # and again beside what is there


@pytest.mark.parametrize(
    ("change", "difference"),
    [({"question": "x"}, "1 of 6 ids ask something else, e.g. 3"), ({"id": 77}, "2 ids stand in one of them only")],
)
def test_files_that_differ_are_named(tmp_path: Path, downloads: Path, change: Any, difference: str) -> None:
    other = [{**record, **change} if record["id"] == 3 else record for record in track1(TIMED)]
    write(downloads / "copy" / "testA_t1.json", other)
    with pytest.raises(UserError, match="two different files for one place") as caught:
        gather([downloads], tmp_path / "data")
    assert difference in str(caught.value)
